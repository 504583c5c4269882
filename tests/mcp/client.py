"""client.py - a small MCP client for tests: JSON-RPC over stdio, Streamable HTTP or HTTP with SSE.

Nothing is hidden: tests send what they like, also what is wrong.
"""

import atexit
import http.client
import json
import os
import queue
import signal
import subprocess
import threading
import time

PATIENCE = 60  # seconds: a loaded machine


children = []  # a failed test leaves no server behind


@atexit.register
def _end_children():
    for p in children:
        if p.poll() is None:
            p.kill()


class Stdio:
    """A server as a child; messages both ways, a line each."""

    def __init__(self, argv, env=None):
        self.process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env
        )
        children.append(self.process)
        self.lines = queue.Queue()
        self.ids = 0
        threading.Thread(target=self._read, daemon=True).start()
        self.errors = []
        threading.Thread(target=self._read_errors, daemon=True).start()

    def _read(self):
        try:
            for line in self.process.stdout:
                self.lines.put(json.loads(line))
        except ValueError:
            pass  # a test closed it
        self.lines.put(None)

    def _read_errors(self):
        for line in self.process.stderr:
            self.errors.append(line.decode(errors="replace"))

    def raw(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, message):
        self.raw(json.dumps(message).encode() + b"\n")

    def notify(self, method, params=None):
        self.send({"jsonrpc": "2.0", "method": method, "params": params or {}})

    def next(self, patience=PATIENCE):
        message = self.lines.get(timeout=patience)
        if message is None:
            raise EOFError("the server ended: " + "".join(self.errors))
        return message

    def start(self, method, params=None):
        self.ids += 1
        message = {"jsonrpc": "2.0", "id": self.ids, "method": method}
        if params is not None:
            message["params"] = params
        self.send(message)
        return self.ids

    def answer(self, id, others=None):
        """The answer to id; what comes before it goes to others (a list, or a function)."""
        while True:
            message = self.next()
            if message.get("id") == id and "method" not in message:
                return message
            if callable(others):
                others(message)
            elif others is not None:
                others.append(message)

    def request(self, method, params=None, others=None):
        return self.answer(self.start(method, params), others)

    def initialize(self, revision="2025-11-25", capabilities=None):
        r = self.request(
            "initialize",
            {
                "protocolVersion": revision,
                "capabilities": capabilities or {},
                "clientInfo": {"name": "test", "version": "1"},
            },
        )
        self.notify("notifications/initialized")
        return r["result"]

    def tool(self, name, arguments=None, others=None):
        return self.request("tools/call", {"name": name, "arguments": arguments or {}}, others)

    def rss(self):
        """KiB"""
        with open(f"/proc/{self.process.pid}/status") as f:
            for line in f:
                if line.startswith("VmRSS"):
                    return int(line.split()[1])

    def close(self):
        """Ends stdin; the server's exit code."""
        self.process.stdin.close()
        return self.process.wait(PATIENCE)


class Http:
    """A server that listens; post() sends anything."""

    def __init__(self, argv, token=None, env=None):
        self.process = subprocess.Popen(
            argv + ["--http", "127.0.0.1:0"], stderr=subprocess.PIPE, text=True, env=env
        )
        children.append(self.process)
        for line in self.process.stderr:
            if "http://127.0.0.1:" in line:
                self.port = int(line.split("http://127.0.0.1:")[1].split("/")[0])
                break
        else:
            raise EOFError("the server did not listen")
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.port}/mcp"
        self.token = token

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def post(self, body, headers=None, path="/mcp", method="POST"):
        """status, headers, body"""
        c = self.connect()
        h = {
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            **({"Authorization": "Bearer " + self.token} if self.token else {}),
            **(headers or {}),
        }
        if not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        c.request(method, path, body, {k: v for k, v in h.items() if v is not None})
        r = c.getresponse()
        text = r.read().decode()
        c.close()
        return r.status, r.headers, text

    def rss(self):
        with open(f"/proc/{self.process.pid}/status") as f:
            for line in f:
                if line.startswith("VmRSS"):
                    return int(line.split()[1])

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


def messages(headers, text):
    """The messages of an answer, JSON or events."""
    if "text/event-stream" in (headers.get("Content-Type") or ""):
        return [json.loads(l[5:]) for l in text.splitlines() if l.startswith("data:")]
    return [json.loads(text)] if text else []


class HttpSession:
    """A session until 2025-11-25, over Streamable HTTP."""

    def __init__(self, server, revision="2025-11-25", capabilities=None):
        self.server, self.ids = server, 0
        status, headers, text = server.post(
            {
                "jsonrpc": "2.0",
                "id": 0,
                "method": "initialize",
                "params": {"protocolVersion": revision, "capabilities": capabilities or {}},
            }
        )
        assert status == 200, (status, text)
        self.id = headers["Mcp-Session-Id"]
        self.headers = {"Mcp-Session-Id": self.id, "MCP-Protocol-Version": revision}
        status, _, _ = self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        assert status == 202, status

    def send(self, message):
        return self.server.post(message, self.headers)

    def request(self, method, params=None, others=None):
        self.ids += 1
        status, headers, text = self.send(
            {"jsonrpc": "2.0", "id": self.ids, "method": method, "params": params or {}}
        )
        for m in messages(headers, text):
            if m.get("id") == self.ids and "method" not in m:
                return m
            if others is not None:
                others.append(m)
        raise AssertionError(f"no answer: {status} {text[:300]}")

    def tool(self, name, arguments=None, others=None):
        return self.request("tools/call", {"name": name, "arguments": arguments or {}}, others)


def modern(method, params=None, id=1, capabilities=None, **meta):
    """A request of 2026-07-28: body and headers."""
    params = dict(params or {})
    params["_meta"] = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": capabilities or {},
        **meta,
    }
    headers = {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": method}
    name = params.get("uri" if method == "resources/read" else "name")
    if name:
        headers["Mcp-Name"] = name
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": params}, headers


def until(what, patience=PATIENCE):
    """Waits until what() is true."""
    end = time.monotonic() + patience
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def run(tests):
    """Runs functions, prints ok and not ok."""
    import sys
    import traceback

    failed = 0
    only = sys.argv[1:]
    for t in tests:
        name = t.__name__.replace("_", " ")
        if only and not any(o in name for o in only):
            continue
        try:
            t()
            print(f"ok {t.__doc__ or name}", flush=True)
        except Exception as e:
            failed += 1
            for line in traceback.format_exc().splitlines():
                print("#", line)
            print(f"not ok {t.__doc__ or name}: {type(e).__name__} {str(e)[:200]}", flush=True)
    sys.exit(1 if failed else 0)


HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("KTA_BUILD", os.path.join(ROOT, "build"))
FIXTURE = os.path.join(BUILD, "mcp", "fixture_server")
PROGRAM = os.path.join(BUILD, "kubectl-todo-ai")
