#!/usr/bin/env python3
"""A scripted model endpoint: the OpenAI-compatible API, playing what a JSON file says.

    model_server.py SCRIPT.json [--log REQUESTS.jsonl] [--port N] [--tls CERT.pem KEY.pem]

listens on 127.0.0.1 (a free port unless --port), prints the port and a newline, and serves until
its standard input ends (with --stay: until it is killed). Each request is appended to the log as
one JSON line: {"method", "path", "headers", "body"} (body parsed where it is JSON).

The script is a list of turns, or an object:
    {"turns": [...], "loop": false, "window": 8192, "models": ["m"], "props": {...},
     "reject": ["tools", "stream_options", "temperature", "response_format", "system", "stream",
                "max_tokens", "max_completion_tokens", "empty"], "reject_status": 400, "no_v1": false}
Each POST to …/chat/completions plays the next turn; after the last one it is repeated with
"loop", else the answer is HTTP 500 "the script is at its end". A request that "reject" refuses
plays no turn. SCRIPT may be "-": then one turn {"text": "ok"} is played for ever.

A script {"routes": {"/a": SCRIPT, "/b": SCRIPT}} plays several endpoints: http://…/a/v1 and
http://…/b/v1, each with turns of its own.

A turn is one of
    {"text": "..."}                     an answer
    {"tool_calls": [{"name": "kubectl", "arguments": {...}}], "text": "..."}
    {"json": {...}}                     the text is this object (for the schema's way)
    {"status": 429, "retry_after": "2", "error": "slow down"}   an error in OpenAI's shape
    {"status": 502, "html": "Bad gateway"}    a web page
    {"status": 400, "body": "as it is", "content_type": "text/plain"}
    {"events": [{...}, ...]}            these documents as the event stream
    {"raw": "data: ...\n\n"}            these bytes as the event stream ("\\xNN" as in JSON "\\u00NN")
    {"close": true}                     the connection is closed without an answer
with any of
    "reasoning": "..."       as reasoning_content; "reasoning_key": another name for it
    "think": "..."           as <think>...</think> at the beginning of the text
    "finish": "length"       another finish_reason
    "usage": {"prompt_tokens": 10, "completion_tokens": 5, "cached_tokens": 8} or false
    "delay_ms": 100          before the head; "pause_ms": 20 between pieces; "stall_after": N pieces
    "chunk": 8               characters of text and arguments in one event (default 12)
    "split_bytes": 3         the stream is written in pieces of this many bytes
    "no_ids", "no_index", "same_index", "object_args", "one_piece"     tool calls' quirks
    "comments"               keep-alive comments between the events
    "eol": "\r\n"            line ends of the stream; "no_space": "data:{...}"
    "gzip"                   the stream is compressed, each event at once
    "bom"                    the stream begins with a byte order mark
    "cut": N                 the connection is cut after N bytes of the body
    "stall_at": N            nothing more comes after N bytes of the body
    "endless": "text"        after the head these bytes are sent again and again
    "no_done", "no_finish"   the end is not marked by [DONE], by finish_reason
    "stream": false          one JSON document though a stream was asked for
    "error_in_stream": "..." an error event after the text
    "wait_for": "text"       answered with HTTP 500 unless the request's body holds this text
"""
import json
import socket
import ssl
import sys
import threading
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def pieces(text, n):
    return [text[i:i + n] for i in range(0, len(text), n)] or []


def arguments_of(call):
    args = call.get("arguments", {})
    return args if isinstance(args, str) else json.dumps(args)


def full_text(turn):
    text = json.dumps(turn["json"]) if "json" in turn else turn.get("text", "")
    return ("<think>" + turn["think"] + "</think>\n\n" if "think" in turn else "") + text


def finish_of(turn):
    return turn.get("finish", "tool_calls" if turn.get("tool_calls") else "stop")


def usage_of(turn):
    usage = turn.get("usage", {"prompt_tokens": 100, "completion_tokens": 20})
    if not usage:
        return None
    usage = dict(usage)
    cached = usage.pop("cached_tokens", None)
    usage.setdefault("total_tokens", usage.get("prompt_tokens", 0) + usage.get("completion_tokens", 0))
    if cached is not None:
        usage["prompt_tokens_details"] = {"cached_tokens": cached}
    return usage


def call_entry(turn, i, call, first, args):
    """One element of tool_calls: the first piece of a call, or a later one."""
    f = {"arguments": args}
    entry = {"function": f}
    if not turn.get("no_index"):
        entry["index"] = 0 if turn.get("same_index") else i
    if first:
        f["name"] = call.get("name", "")
        entry["type"] = "function"
        if not turn.get("no_ids"):
            entry["id"] = call.get("id", "call_%d_%d" % (id(turn) % 997, i))
    return entry


def call_entries(turn):
    size = turn.get("chunk", 12)
    for i, call in enumerate(turn.get("tool_calls", [])):
        if turn.get("object_args"):
            yield call_entry(turn, i, call, True, call.get("arguments", {}))
            continue
        args = arguments_of(call)
        if turn.get("one_piece"):
            yield call_entry(turn, i, call, True, args)
            continue
        yield call_entry(turn, i, call, True, "")
        for piece in pieces(args, size):
            yield call_entry(turn, i, call, False, piece)


def deltas(turn):
    size = turn.get("chunk", 12)
    yield {"role": "assistant", "content": ""}
    for piece in pieces(turn.get("reasoning", ""), size):
        yield {turn.get("reasoning_key", "reasoning_content"): piece}
    for piece in pieces(full_text(turn), size):
        yield {"content": piece}
    for entry in call_entries(turn):
        yield {"tool_calls": [entry]}


def events(turn, model):
    """The stream's documents, in order."""
    def chunk(delta, finish=None):
        return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": int(time.time()),
                "model": model, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    if "events" in turn:
        yield from turn["events"]
        return
    for delta in deltas(turn):
        yield chunk(delta)
    if "error_in_stream" in turn:
        yield {"error": {"message": turn["error_in_stream"], "type": "server_error"}}
        return
    if not turn.get("no_finish"):
        yield chunk({}, finish_of(turn))
    usage = usage_of(turn)
    if usage:
        yield {"id": "chatcmpl-1", "object": "chat.completion.chunk", "choices": [], "usage": usage}


def stream_pieces(turn, model):
    """The stream as byte strings, an event each."""
    if "raw" in turn:
        yield turn["raw"].encode("latin-1", "replace") if turn.get("latin1") else turn["raw"].encode()
        return
    eol = turn.get("eol", "\n")
    head = "data:" if turn.get("no_space") else "data: "
    out = "\ufeff" if turn.get("bom") else ""
    for event in events(turn, model):
        if turn.get("comments"):
            out += ": keep-alive" + eol + eol
        text = json.dumps(event, ensure_ascii=bool(turn.get("ascii")))
        yield (out + head + text + eol + eol).encode()
        out = ""
    if not turn.get("no_done") and "error_in_stream" not in turn:
        yield (head + "[DONE]" + eol + eol).encode()


def document(turn, model):
    """The same turn as one JSON document."""
    message = {"role": "assistant", "content": full_text(turn) or None}
    if "reasoning" in turn:
        message[turn.get("reasoning_key", "reasoning_content")] = turn["reasoning"]
    calls = []
    for i, call in enumerate(turn.get("tool_calls", [])):
        args = call.get("arguments", {}) if turn.get("object_args") else arguments_of(call)
        calls.append(call_entry(turn, i, call, True, args))
    if calls:
        message["tool_calls"] = calls
    doc = {"id": "chatcmpl-1", "object": "chat.completion", "model": model,
           "choices": [{"index": 0, "message": message, "finish_reason": finish_of(turn)}]}
    usage = usage_of(turn)
    if usage:
        doc["usage"] = usage
    return doc


class Script:
    def __init__(self, doc):
        if isinstance(doc, list):
            doc = {"turns": doc}
        self.doc = doc
        self.turns = doc.get("turns", [])
        self.next = 0
        self.lock = threading.Lock()
        self.routes = {name: Script(sub) for name, sub in doc.get("routes", {}).items()}

    @staticmethod
    def read(path):
        if path == "-":
            return Script({"turns": [{"text": "ok"}], "loop": True})
        with open(path, encoding="utf-8") as f:
            return Script(json.load(f))

    def route(self, path):
        """The script for this path, and the path below it."""
        for name, sub in self.routes.items():
            if path.startswith(name + "/"):
                return sub, path[len(name):]
        return self, path

    def turn(self):
        with self.lock:
            at = self.next
            self.next += 1
        if at < len(self.turns):
            return self.turns[at]
        if self.doc.get("loop") and self.turns:
            return self.turns[at % len(self.turns)]
        return {"status": 500, "error": "the script is at its end"}

    def refusal(self, body):
        """What of the request the script rejects, or None."""
        for part in self.doc.get("reject", []):
            if part == "system":
                if any(m.get("role") == "system" for m in body.get("messages", [])):
                    return "System role not supported"
            elif part == "empty":
                if any(m.get("content") == "" for m in body.get("messages", [])):
                    return "text content blocks must be non-empty"
            elif part == "stream":
                if body.get("stream"):
                    return "stream is not supported"
            elif part in body:
                return self.doc.get("reject_message", "Unsupported parameter: '%s'" % part)
        return None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    root = None
    script = None
    log_file = None
    log_lock = threading.Lock()

    def log_message(self, *args):
        pass

    def record(self, raw):
        if not self.log_file:
            return
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            body = raw.decode("utf-8", "replace")
        line = json.dumps({"method": self.command, "path": self.path,
                           "headers": {k.lower(): v for k, v in self.headers.items()},
                           "body": body})
        with self.log_lock, open(self.log_file, "a", encoding="utf-8") as f:
            f.write(line + "\n")

    def whole(self, status, data, content_type="application/json", headers=()):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def as_json(self, status, doc, headers=()):
        self.whole(status, json.dumps(doc).encode(), headers=headers)

    def cut_off(self):
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def do_GET(self):
        self.record(b"")
        self.script, path = self.root.route(self.path.split("?")[0])
        doc = self.script.doc
        if path.endswith("/models"):
            window = doc.get("window")
            extra = {"max_model_len": window} if window else {}
            self.as_json(200, {"object": "list", "data": [
                dict({"id": m, "object": "model"}, **extra) for m in doc.get("models", ["m"])]})
        elif path == "/props" and "props" in doc:
            self.as_json(200, doc["props"])
        elif path == "/api/ps" and "ps" in doc:
            self.as_json(200, doc["ps"])
        else:
            self.as_json(404, {"error": {"message": "no such path"}})

    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.record(raw)
        self.script, path = self.root.route(self.path.split("?")[0])
        if not path.endswith("/chat/completions") or \
                (self.script.doc.get("no_v1") and path.startswith("/v1/")):
            self.as_json(404, {"detail": "Not Found"})
            return
        try:
            body = json.loads(raw)
        except ValueError:
            self.as_json(400, {"error": {"message": "the request's body is not JSON"}})
            return
        refusal = self.script.refusal(body)
        if refusal:
            self.as_json(self.script.doc.get("reject_status", 400),
                         {"error": {"message": refusal, "type": "invalid_request_error"}})
            return
        try:
            self.play(self.script.turn(), body, raw)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def play(self, turn, body, raw):
        time.sleep(turn.get("delay_ms", 0) / 1000)
        headers = [("Retry-After", str(turn["retry_after"]))] if "retry_after" in turn else []
        if "wait_for" in turn and turn["wait_for"].encode() not in raw:
            self.as_json(500, {"error": {"message": "the request does not hold '%s'" % turn["wait_for"]}})
        elif turn.get("close"):
            self.cut_off()
        elif "html" in turn:
            page = "<!DOCTYPE html><html><head><title>%s</title></head><body><h1>%s</h1></body></html>"
            self.whole(turn.get("status", 200), (page % (turn["html"], turn["html"])).encode(),
                       "text/html", headers)
        elif "body" in turn:
            self.whole(turn.get("status", 200), turn["body"].encode(),
                       turn.get("content_type", "text/plain"), headers)
        elif turn.get("status", 200) >= 300:
            self.as_json(turn["status"], {"error": {
                "message": turn.get("error", "error %d" % turn["status"]),
                "type": turn.get("type", "error"), "code": turn.get("code")}}, headers)
        elif turn.get("stream") is False or not body.get("stream"):
            self.as_json(200, document(turn, body.get("model", "m")))
        else:
            self.stream(turn, body.get("model", "m"))

    def stream(self, turn, model):
        self.send_response(200)
        self.send_header("Content-Type", turn.get("content_type", "text/event-stream"))
        self.send_header("Connection", "close")
        self.close_connection = True
        chunked = not turn.get("close_delimited")
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        pack = zlib.compressobj(wbits=31) if turn.get("gzip") else None
        if pack:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        sent = 0
        if "endless" in turn:
            block = turn["endless"].encode() * (65536 // len(turn["endless"]) + 1)
            while True:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(block), block) if chunked else block)
        if "stall_at" in turn:
            whole = b"".join(stream_pieces(turn, model))[:turn["stall_at"]]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(whole), whole) if chunked else whole)
            self.wfile.flush()
            time.sleep(30)
        for i, event in enumerate(stream_pieces(turn, model)):
            if "stall_after" in turn and i >= turn["stall_after"]:
                time.sleep(30)
            if pack:
                event = pack.compress(event) + pack.flush(zlib.Z_SYNC_FLUSH)
            for part in pieces(event, turn.get("split_bytes", len(event) or 1)):
                if "cut" in turn and sent + len(part) > turn["cut"]:
                    part = part[:turn["cut"] - sent]
                if part:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part) if chunked else part)
                    self.wfile.flush()
                sent += len(part)
                if "cut" in turn and sent >= turn["cut"]:
                    self.cut_off()
                    return
            if turn.get("pause_ms"):
                time.sleep(turn["pause_ms"] / 1000)
        if chunked:
            self.wfile.write(b"0\r\n\r\n")


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        pass


def option(argv, name, n=1):
    if name not in argv:
        return None
    at = argv.index(name)
    values = argv[at + 1:at + 1 + n]
    return values[0] if n == 1 else values


def main(argv):
    if len(argv) < 2:
        sys.exit(__doc__)
    Handler.root = Script.read(argv[1])
    Handler.log_file = option(argv, "--log")
    server = Server(("127.0.0.1", int(option(argv, "--port") or 0)), Handler)
    tls = option(argv, "--tls", 2)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls[0], tls[1])
        server.socket = context.wrap_socket(server.socket, server_side=True,
                                            do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    if "--stay" in argv:
        threading.Event().wait()
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv)
