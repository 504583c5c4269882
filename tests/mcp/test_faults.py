#!/usr/bin/env python3
"""What a server must survive: broken, oversized, doubled, batched and interleaved messages, clients
that go, read slowly or cancel; many calls, many sessions."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from client import *

os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="kta-mcp-")


def stdio(revision="2025-11-25", capabilities=None):
    s = Stdio([FIXTURE])
    s.initialize(revision, capabilities)
    return s


def alive(s):
    assert "result" in s.request("ping"), "ping"


def code_of(message):
    return message.get("error", {}).get("code")


def malformed_messages():
    s = stdio()
    cases = [
        (b"{nonsense\n", -32700),
        (b"\xff\xfe\xfa\n", -32700),
        (b'{"jsonrpc":"2.0","id":"\xff","method":"ping"}\n', -32700),
        (b'{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}\n', -32600),
        (b'{"jsonrpc":"2.0","id":1e400,"method":"ping"}\n', -32600),
        (b'{"jsonrpc":"2.0","id":[1],"method":"ping"}\n', -32600),
        (b'{"jsonrpc":"2.0","id":5,"method":"tools/list","params":{"cursor":"YXQgOTk5OQ=="}}\n', -32602),
        (b'{"jsonrpc":"2.0","id":5}\n', -32600),
        (b'{"jsonrpc":"1.0","id":5,"method":"ping"}\n', -32600),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}\n', -32600),
        (b'{"jsonrpc":"2.0","id":{},"method":"ping"}\n', -32600),
        (b'{"jsonrpc":"2.0","id":5,"method":7}\n', -32600),
        (b'{"jsonrpc":"2.0","id":5,"method":"ping","params":[]}\n', -32602),
        (b'{"jsonrpc":"2.0","id":5,"method":"ping","id":6}\n', -32600),
        (b'{"jsonrpc":"2.0","id":5,"method":"no/such"}\n', -32601),
        (b'{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"none"}}\n', -32602),
        (b'{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{}}\n', -32602),
        (b'{"jsonrpc":"2.0","id":5,"method":"tools/list","params":{"cursor":"xx"}}\n', -32602),
        (b"[]\n", -32600),
        (b'"text"\n', -32600),
        (b"[" * 100000 + b"\n", -32700),
        (b'{"a":"\\u0000"}\n', -32700),
    ]
    for data, code in cases:
        s.raw(data)
        got = code_of(s.next())
        assert got == code, (data[:60], got, code)
        alive(s)
    for id in (b"1.5", b"-1", b'""', b"9007199254740991", '"é😀"'.encode()):  # come back as they are
        s.raw(b'\xef\xbb\xbf{"jsonrpc":"2.0","id":%s,"method":"ping","params":null}\r\n' % id)
        assert s.next() == {"jsonrpc": "2.0", "id": json.loads(id), "result": {}}, id
    for answer in ('"id":99,"result":{}', '"id":null,"error":{"code":-32700,"message":"x"}', '"error":{}'):
        s.raw(b'{"jsonrpc":"2.0",%s}\n' % answer.encode())  # an answer is never answered
    alive(s)
    r = s.request("tools/call", {"name": "test_simple_text", "arguments": None})
    assert "result" in r, r
    s.raw(b"\n\r\n  \n")  # empty lines are nothing
    alive(s)
    assert s.close() == 0


def oversized_message():
    """an oversized message is refused, and the next one is read"""
    s = stdio()
    s.raw(b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"')
    for _ in range(80):
        s.raw(b"x" * 65536)
    s.raw(b'"}}\n')
    assert code_of(s.next()) == -32600
    alive(s)
    assert s.rss() < 12 * 1024, s.rss()
    s.close()
    h = Http([FIXTURE])
    status, _, text = h.post(b"x" * (5 << 20))
    assert status == 413, (status, text)
    h.close()


def doubled_id():
    """an id that is still under way is refused"""
    s = stdio()
    for _ in range(2):
        s.send(
            {
                "jsonrpc": "2.0",
                "id": "same",
                "method": "tools/call",
                "params": {"name": "test_sleep", "arguments": {"ms": 500}},
            }
        )
    first, second = s.next(), s.next()
    assert code_of(first) == -32600 and first["id"] == "same", first
    assert "result" in second and second["id"] == "same", second
    s.close()


def batch_by_revision():
    """a batch is answered until 2025-03-26 and refused afterwards"""
    s = stdio("2025-03-26")
    s.send(
        [
            {"jsonrpc": "2.0", "id": 1, "method": "ping"},
            {"jsonrpc": "2.0", "method": "notifications/initialized"},
            {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "test_simple_text"}},
            {"jsonrpc": "2.0", "id": 3, "method": "no/such"},
            7,
        ]
    )
    got = s.next()
    assert isinstance(got, list) and len(got) == 4, got
    assert {m.get("id") for m in got} == {1, 2, 3, None}, got
    s.send([{"jsonrpc": "2.0", "id": i, "method": "ping"} for i in range(65)])
    assert code_of(s.next()) == -32600
    s.close()
    s = stdio("2025-06-18")
    s.send([{"jsonrpc": "2.0", "id": 1, "method": "ping"}])
    assert code_of(s.next()) == -32600
    s.close()


def interleaved_calls():
    """calls run beside each other and are answered as they end"""
    s = stdio()
    slow = s.start("tools/call", {"name": "test_sleep", "arguments": {"ms": 1500}})
    quick = [s.start("tools/call", {"name": "test_simple_text"}) for _ in range(5)]
    ping = s.start("ping")
    order = [s.next()["id"] for _ in range(7)]
    assert order[-1] == slow and set(order) == {slow, ping, *quick}, order
    s.close()


def cancelled_call():
    """a cancelled call ends at once and is not answered"""
    s = stdio()
    begun = time.monotonic()
    id = s.start("tools/call", {"name": "test_sleep", "arguments": {"ms": 30000}})
    s.notify("notifications/cancelled", {"requestId": id})
    assert s.close() == 0
    assert time.monotonic() - begun < 20
    rest = [m for m in iter(lambda: s.lines.get(timeout=PATIENCE), None)]
    assert not rest, rest


def cancel_what_is_not():
    """a cancellation of what is not under way is ignored"""
    s = stdio()
    s.notify("notifications/cancelled", {"requestId": 999})
    s.notify("notifications/cancelled", {})
    s.notify("notifications/unknown")
    alive(s)
    s.close()


def piped_and_closed():
    """what came before the end of stdin is answered"""
    text = "\n".join(
        json.dumps(m)
        for m in [
            {"jsonrpc": "2.0", "id": 1, "method": "initialize",
             "params": {"protocolVersion": "2025-11-25", "capabilities": {}}},
            {"jsonrpc": "2.0", "id": 2, "method": "tools/call",
             "params": {"name": "test_sleep", "arguments": {"ms": 300}}},
        ]
    )
    out = subprocess.run([FIXTURE], input=text.encode(), capture_output=True, timeout=PATIENCE)
    got = [json.loads(l) for l in out.stdout.splitlines()]
    assert [m["id"] for m in got] == [1, 2] and out.returncode == 0, got


def client_gone():
    """a client that goes ends the server, also with a call under way"""
    p = subprocess.Popen([FIXTURE], stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # read by hand
    for id, method, params in (
        (0, "initialize", {"protocolVersion": "2025-11-25", "capabilities": {}}),
        (1, "tools/call", {"name": "test_sleep", "arguments": {"ms": 60000}}),
    ):
        p.stdin.write((json.dumps({"jsonrpc": "2.0", "id": id, "method": method, "params": params}) + "\n").encode())
    p.stdin.flush()
    assert json.loads(p.stdout.readline())["id"] == 0
    p.stdout.close()
    p.stdin.close()
    assert p.wait(PATIENCE) == 0
    s = stdio()
    s.start("tools/call", {"name": "test_sleep", "arguments": {"ms": 60000}})
    s.process.send_signal(signal.SIGTERM)
    assert s.process.wait(PATIENCE) in (0, 143)


def slow_reader():
    """a client that does not read stops the server, which keeps little and can be ended"""
    p = subprocess.Popen([FIXTURE], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    ask = lambda id, m, params: (json.dumps({"jsonrpc": "2.0", "id": id, "method": m, "params": params}) + "\n").encode()
    p.stdin.write(ask(0, "initialize", {"protocolVersion": "2025-11-25", "capabilities": {}}))
    for i in range(1, 41):
        p.stdin.write(ask(i, "tools/call", {"name": "test_large", "arguments": {"bytes": 200000}}))
    p.stdin.flush()
    time.sleep(0.5)
    with open(f"/proc/{p.pid}/status") as f:
        rss = [int(l.split()[1]) for l in f if l.startswith("VmRSS")][0]
    assert rss < 64 * 1024, rss
    ids = {json.loads(p.stdout.readline())["id"] for _ in range(41)}
    assert ids == set(range(41)), ids
    for i in range(50, 90):
        p.stdin.write(ask(i, "tools/call", {"name": "test_large", "arguments": {"bytes": 200000}}))
    p.stdin.flush()
    p.send_signal(signal.SIGTERM)
    assert p.wait(PATIENCE) in (0, 143)


def thousand_calls():
    """1,000 calls in one session: no growth; then the rate is limited"""
    s = stdio()
    for _ in range(100):
        s.tool("test_simple_text")
    before = s.rss()
    for _ in range(899):
        assert not s.tool("test_simple_text")["result"].get("isError")
    after = s.rss()
    assert after - before < 512, (before, after)
    assert after < 8 * 1024, after
    limited = False
    for _ in range(400):
        r = s.tool("test_simple_text")["result"]
        if r.get("isError"):
            assert "Too many calls" in r["content"][0]["text"], r
            limited = True
            break
    assert limited
    s.close()


def fuzzed_messages():
    """3,000 mutations of good messages: the server lives and answers"""
    rng = random.Random(9)
    seeds = [
        {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "test_simple_text", "arguments": {}}},
        {"jsonrpc": "2.0", "id": "x", "method": "resources/read", "params": {"uri": "test://static-text"}},
        {"jsonrpc": "2.0", "id": 2, "method": "prompts/get", "params": {"name": "test_simple_prompt"}},
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}},
        {"jsonrpc": "2.0", "id": 3, "method": "completion/complete",
         "params": {"ref": {"type": "ref/prompt", "name": "a"}, "argument": {"name": "b", "value": "c"}}},
        {"jsonrpc": "2.0", "id": 9, "result": {"action": "accept"}},
        modern("tools/call", {"name": "test_input_required_result_request_state",
                              "requestState": "AAAA", "inputResponses": {"confirm": {}}}, 4)[0],
        {"jsonrpc": "2.0", "id": 5, "method": "logging/setLevel", "params": {"level": "debug"}},
    ]
    s = stdio("2025-03-26")
    for n in range(3000):
        data = bytearray(json.dumps(rng.choice(seeds)).encode())
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(len(data))
            kind = rng.randrange(4)
            if kind == 0:
                data[at] = rng.randrange(256)
            elif kind == 1:
                del data[at : at + rng.randint(1, 9)]
            elif kind == 2:
                data[at:at] = rng.choice([b"[", b"{", b'"', b"null", b"-1e999", b"\\u0000", b"\xf0"])
            else:
                data[at:at] = data[at : at + rng.randint(1, 20)]
            if not data:
                data = bytearray(b"{")
        s.raw(bytes(data).replace(b"\n", b" ") + b"\n")
    s.send({"jsonrpc": "2.0", "id": "end", "method": "ping"})
    while True:
        m = s.next()
        if isinstance(m, dict) and m.get("id") == "end":
            break
    assert s.close() == 0


def stateless_over_stdio():
    """2026-07-28 over stdio: no initialize, discover, cancelled and unknown versions"""
    s = Stdio([FIXTURE])
    body, _ = modern("server/discover", {}, "d")
    s.send(body)
    r = s.next()["result"]
    assert r["resultType"] == "complete" and "2026-07-28" in r["supportedVersions"], r
    body, _ = modern("tools/call", {"name": "test_simple_text"}, "t")
    s.send(body)
    assert s.next()["result"]["resultType"] == "complete"
    body["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = "2030-01-01"
    s.send(body)
    e = s.next()["error"]
    assert e["code"] == -32022 and e["data"]["supported"] == ["2026-07-28"], e
    body, _ = modern("tools/call", {"name": "test_sleep", "arguments": {"ms": 30000}}, "c")
    s.send(body)
    s.notify("notifications/cancelled", {"requestId": "c"})
    assert s.close() == 0


def state_is_bound():
    """a requestState opens for its own request only, whole and unchanged"""
    h = Http([FIXTURE])

    def call(name, **more):
        body, headers = modern("tools/call", {"name": name, "arguments": {}, **more}, 1, {"elicitation": {}})
        return json.loads(h.post(body, headers)[2])

    state = call("test_input_required_result_request_state")["result"]["requestState"]
    answer = {"confirm": {"action": "accept", "content": {"ok": True}}}
    good = call("test_input_required_result_request_state", requestState=state, inputResponses=answer)
    assert good["result"]["content"][0]["text"] == "state-ok", good
    other = call("test_input_required_result_tampered_state", requestState=state, inputResponses=answer)
    assert other["error"]["code"] == -32602, other
    more = call("test_input_required_result_request_state", requestState=state, inputResponses=answer,
                arguments={"x": 1})
    assert more["error"]["code"] == -32602, more
    flipped = state[:-6] + ("A" if state[-6] != "A" else "B") + state[-5:]
    bad = call("test_input_required_result_request_state", requestState=flipped, inputResponses=answer)
    assert bad["error"]["code"] == -32602, bad
    fresh = call("test_input_required_result_request_state")["result"]["requestState"]
    h.close()
    h = Http([FIXTURE])  # another run cannot know what was used: it is asked again
    again = call("test_input_required_result_request_state", requestState=fresh, inputResponses=answer)
    assert again["result"]["resultType"] == "input_required", again
    h.close()


def elicitation_is_bound_to_its_session():
    """an answer from another session is not an answer"""
    h = Http([FIXTURE])
    asking = HttpSession(h, capabilities={"elicitation": {}})
    other = HttpSession(h, capabilities={"elicitation": {}})
    got = {}

    def ask():
        c = h.connect()
        c.request(
            "POST", "/mcp",
            json.dumps({"jsonrpc": "2.0", "id": 77, "method": "tools/call",
                        "params": {"name": "test_elicitation", "arguments": {"message": "m"}}}),
            {"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
             **asking.headers},
        )
        r = c.getresponse()
        for line in r:
            if line.startswith(b"data:"):
                m = json.loads(line[5:])
                got["question" if "method" in m else "answer"] = m

    t = threading.Thread(target=ask)
    t.start()
    assert until(lambda: "question" in got)
    reply = {"jsonrpc": "2.0", "id": got["question"]["id"], "result": {"action": "accept", "content": {}}}
    assert other.send(reply)[0] == 202
    time.sleep(0.3)
    assert "answer" not in got
    assert other.request("ping") is not None  # others are served meanwhile
    assert asking.send(reply)[0] == 202
    t.join(PATIENCE)
    assert "action=accept" in got["answer"]["result"]["content"][0]["text"], got
    h.close()


def fifty_sessions():
    """50 sessions at once over HTTP, and the memory they leave"""
    h = Http([FIXTURE])
    HttpSession(h).tool("test_simple_text")
    failures = []

    def one(i):
        try:
            s = HttpSession(h)
            notes = []
            for _ in range(4):
                assert "result" in s.tool("test_simple_text")
            s.ids += 1
            r = s.request(
                "tools/call",
                {"name": "test_tool_with_progress", "_meta": {"progressToken": f"p{i}"}}, notes)
            assert "result" in r
            assert [n["params"]["progress"] for n in notes] == [0, 50, 100], notes
            assert all(n["params"]["progressToken"] == f"p{i}" for n in notes), notes
        except Exception as e:
            failures.append(e)

    for _ in range(2):
        threads = [threading.Thread(target=one, args=(i,)) for i in range(50)]
        [t.start() for t in threads]
        [t.join(PATIENCE) for t in threads]
    assert not failures, failures[:3]
    assert h.rss() < 32 * 1024, h.rss()
    for _ in range(300):  # sessions that nobody ends do not pile up
        HttpSession(h)
    assert h.rss() < 32 * 1024, h.rss()
    assert h.close() in (0, 143)


def http_rules():
    """Host, Origin, token, methods, paths, media types, sessions"""
    h = Http([FIXTURE])
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    assert h.post(ping, {"Host": "evil.example"})[0] == 403
    assert h.post(ping, {"Origin": "http://evil.example"})[0] == 403
    assert h.post(ping, {"Origin": "null"})[0] == 403
    assert h.post(ping, {"Origin": "http://localhost:3000"})[0] == 400  # no session
    assert h.post(ping, {"Origin": "evil://localhost"})[0] == 403
    assert h.post(ping, {"Content-Type": "text/plain"})[0] == 415
    assert h.post(ping, {"Content-Type": "text/plain; x=application/json"})[0] == 415
    assert h.post(ping, {"Accept": "image/png"})[0] == 406
    assert h.post(ping, path="/other")[0] == 404
    assert h.post("", method="GET")[0] == 405
    assert h.post(ping, {"Mcp-Session-Id": "0" * 32})[0] == 404
    s = HttpSession(h)
    assert h.post(ping, {**s.headers, "Accept": "application/*"})[0] == 200
    status, _, text = h.post(ping, {**s.headers, "MCP-Protocol-Version": "1999-01-01"})
    assert status == 400 and json.loads(text)["error"]["code"] == -32022, text
    assert h.post("", path="/messages", method="GET")[1]["Allow"] == "POST"
    assert h.post("", s.headers, method="DELETE")[0] == 204
    assert s.send(ping)[0] == 404
    body, headers = modern("tools/call", {"name": "test_simple_text"})
    assert h.post(body, {**headers, "Mcp-Name": "other"})[0] == 400
    assert h.post(body, {**headers, "Mcp-Name": "=?base64?dGVzdF9zaW1wbGVfdGV4dA==?="})[0] == 200
    body, headers = modern("initialize", {"protocolVersion": "2025-11-25", "capabilities": {}})
    status, _, text = h.post(body, headers)
    assert status == 404 and json.loads(text)["error"]["code"] == -32601, text
    h.close()


def gone_over_http():
    """closing the stream cancels a stateless call; other clients are served on"""
    h = Http([FIXTURE])
    body, headers = modern("tools/call", {"name": "test_sleep", "arguments": {"ms": 60000}})
    for _ in range(70):  # more than may run at once: those that were left must be over
        c = h.connect()
        c.request("POST", "/mcp", json.dumps(body),
                  {"Content-Type": "application/json", "Accept": "application/json", **headers})
        if _ % 10 == 9:
            time.sleep(0.6)
        c.sock.close()
    body, headers = modern("tools/call", {"name": "test_simple_text"})
    assert until(lambda: h.post(body, headers)[0] == 200)
    half = socket.create_connection(("127.0.0.1", h.port))
    half.send(b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
    assert h.post(body, headers)[0] == 200
    half.close()
    assert h.close() in (0, 143)


def legacy_sse():
    """HTTP with SSE (2024-11-05): endpoint, answers on the stream, end"""
    h = Http([FIXTURE])
    c = h.connect()
    c.request("GET", "/sse", headers={"Accept": "text/event-stream"})
    r = c.getresponse()
    events = []

    def read():
        try:
            for line in r:
                if line.startswith(b"data:"):
                    events.append(line[5:].strip().decode())
        except (OSError, ValueError, AttributeError):
            pass

    threading.Thread(target=read, daemon=True).start()
    assert until(lambda: events)
    path = events[0]
    assert path.startswith("/messages?sessionId="), path
    init = {"jsonrpc": "2.0", "id": 1, "method": "initialize",
            "params": {"protocolVersion": "2024-11-05", "capabilities": {}}}
    assert h.post(init, path=path)[0] == 202
    assert until(lambda: len(events) == 2)
    assert json.loads(events[1])["result"]["protocolVersion"] == "2024-11-05"
    call = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "test_sleep", "arguments": {"ms": 200}}}
    assert h.post(call, path=path)[0] == 202
    assert until(lambda: len(events) == 3)
    assert json.loads(events[2])["result"]["content"][0]["text"] == "slept"
    assert h.post(init, path="/messages?sessionId=0")[0] == 404
    c.sock and c.sock.shutdown(socket.SHUT_RDWR) if c.sock else r.close()
    h.close()


def remote_needs_a_token():
    """another address than loopback needs --allow-remote and a token; the token is checked"""
    v6 = subprocess.Popen([FIXTURE, "--http", "[::1]:0"], stderr=subprocess.PIPE, text=True)
    address = v6.stderr.readline().split("http://")[1].split("/")[0]
    v6.terminate()
    assert address.startswith("[::1]:"), address
    run1 = lambda *a: subprocess.run([PROGRAM, "mcp", *a], capture_output=True, text=True, timeout=PATIENCE)
    r = run1("--http", "0.0.0.0:0")
    assert r.returncode == 2 and "--allow-remote" in r.stderr, r
    assert run1("--http", "127.0.0.1:99999").returncode == 2
    r = run1("--http", "0.0.0.0:0", "--allow-remote")
    assert r.returncode == 2 and "token" in r.stderr, r
    with tempfile.NamedTemporaryFile("w") as f:
        f.write("a-token-of-the-tests\n")
        f.flush()
        h = Http([PROGRAM, "mcp", "--token-file", f.name])
        body, headers = modern("tools/list")
        status, hs, _ = h.post(body, headers)
        assert status == 401 and "Bearer" in hs["WWW-Authenticate"]
        h.token = "a-token-of-the-test"
        assert h.post(body, headers)[0] == 401
        h.token = "a-token-of-the-tests"
        status, _, text = h.post(body, headers)
        assert status == 200 and json.loads(text)["result"]["ttlMs"] >= 0
        strangers_bodies(h)
        h.close()


def strangers_bodies(h):
    """without the token a body takes no memory, however many come"""
    size, open_ = 3 << 20, []
    before = h.rss()
    for _ in range(20):
        s = socket.create_connection(("127.0.0.1", h.port), timeout=PATIENCE)
        s.sendall(b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                  b"Content-Length: %d\r\n\r\n" % (size + 1))
        s.sendall(b" " * size)  # one byte is missing: the server waits for it
        open_.append(s)
    grown = h.rss() - before
    for s in open_:
        s.sendall(b" ")
        assert b" 401 " in s.recv(4096).split(b"\r\n")[0]
        s.close()
    assert grown < 20 << 10, grown


def narrowed():
    """--tools narrows what may be read as a resource, too; a snapshot's server changes nothing; a tool that is not there is told which are"""
    s = Stdio([PROGRAM, "mcp", "--snapshot", os.path.join(ROOT, "tests/demo/snapshot"), "--tools", "logs,history"])
    s.initialize()
    assert [r["uri"] for r in s.request("resources/list")["result"]["resources"]] == ["kagent://history"]
    templates = s.request("resources/templates/list")["result"]["resourceTemplates"]
    assert [t["uriTemplate"] for t in templates] == ["kagent://history/{id}"], templates
    r = s.request("resources/read", {"uri": "k8s://kta-test/demo/deployment/backend"})
    assert code_of(r) == -32002, r
    assert "result" in s.request("resources/read", {"uri": "kagent://history"})
    r = s.request("tools/call", {"name": "get", "arguments": {"kind": "pod", "name": "x"}})
    assert code_of(r) == -32602 and "logs, history" in r["error"]["message"], r
    s.close()
    s = Stdio([PROGRAM, "mcp", "--snapshot", os.path.join(ROOT, "tests/demo/snapshot")])
    s.initialize()
    assert not s.tool("list", {"kind": "pods"})["result"]["isError"]
    assert code_of(s.tool("restart_pods", {"label": "app=backend"})) == -32602  # also when it is open
    s.close()


def memory_at_the_start():
    """at most 8 MiB when initialize is answered; nothing of the cluster is opened (make bench times it)"""
    init = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize",
                       "params": {"protocolVersion": "2025-11-25", "capabilities": {}}}).encode() + b"\n"
    p = subprocess.Popen([PROGRAM, "mcp", "--kubeconfig", "/nonexistent"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    p.stdin.write(init)
    p.stdin.flush()
    assert b"kagent-k8s" in p.stdout.readline()
    with open(f"/proc/{p.pid}/status") as f:
        rss = [int(l.split()[1]) for l in f if l.startswith("VmRSS")][0]
    p.stdin.close()
    p.wait()
    print(f"# {rss} KiB when initialize is answered")
    assert rss <= 8 * 1024, rss


run([
    malformed_messages, oversized_message, doubled_id, batch_by_revision, interleaved_calls,
    cancelled_call, cancel_what_is_not, piped_and_closed, client_gone, slow_reader, thousand_calls,
    fuzzed_messages, stateless_over_stdio, state_is_bound, elicitation_is_bound_to_its_session,
    fifty_sessions, http_rules, gone_over_http, legacy_sse, remote_needs_a_token, narrowed, memory_at_the_start,
])
