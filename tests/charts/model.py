#!/usr/bin/python3
"""A scripted model behind an OpenAI-compatible endpoint: model.py ADDRESS prints its port and serves.

"add X": calls add_todo, and then says that it did. Anything else: says what it was told.
"""
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Model(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        messages = body["messages"]
        last = messages[-1]
        if last["role"] == "tool":
            message = {"content": "I added " + json.loads(last["content"])["title"] + "."}
        elif "add " in last["content"]:
            arguments = json.dumps({"title": last["content"].split("add ")[1]})
            call = {"id": "call-1", "type": "function", "function": {"name": "add_todo", "arguments": arguments}}
            message = {"content": None, "tool_calls": [call]}
        else:
            key = self.headers["Authorization"] == "Bearer key-for-tests"
            told = "oat milk" in messages[0]["content"]
            message = {"content": f"key:{'yes' if key else 'no'} list:{'yes' if told else 'no'}"}
        answer = json.dumps({"choices": [{"message": {"role": "assistant"} | message}]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


server = ThreadingHTTPServer((sys.argv[1], 0), Model)
print(server.server_port, flush=True)
server.serve_forever()
