"""The way of one question, on the real cluster, with a model that answers at once."""
import os
import pty
import re
import socket
import subprocess
import threading
import time

import bench
from cluster import Cluster

QUESTION = "why is the backend pod crashing"
# The first word must not be in the finding's headline, which is on the screen before the model answers.
WORDS = ["Somebody took ", "DATABASE_URL ", "away."]


def event(delta, finish=None):
    import json
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


class Model(threading.Thread):
    """Answers each request at once, over plain sockets so that it costs next to nothing. at: when
    the last question had come in whole; first: when the first word had gone out."""

    def __init__(self, pause=0.0):
        super().__init__(daemon=True)
        self.pause, self.at, self.first = pause, 0.0, 0.0
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = "http://127.0.0.1:%d/v1" % self.socket.getsockname()[1]
        self.start()

    def run(self):
        while True:
            peer, _ = self.socket.accept()
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        buffer = b""
        try:
            while True:
                while b"\r\n\r\n" not in buffer:
                    piece = peer.recv(1 << 20)
                    if not piece:
                        return
                    buffer += piece
                head, buffer = buffer.split(b"\r\n\r\n", 1)
                length = re.search(rb"content-length: *(\d+)", head, re.I)
                need = int(length.group(1)) if length else 0
                while len(buffer) < need:
                    buffer += peer.recv(1 << 20)
                body, buffer = buffer[:need], buffer[need:]
                if head.startswith(b"POST"):
                    self.at = time.monotonic()
                    self.answer(peer)
                    del body
                else:
                    peer.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}")
        except OSError:
            pass
        finally:
            peer.close()

    def answer(self, peer):
        def chunk(data):
            return b"%x\r\n%s\r\n" % (len(data), data)
        start = (b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                 b"Transfer-Encoding: chunked\r\n\r\n")
        words = [chunk(event({"content": w})) for w in WORDS]
        end = (chunk(event({}, "stop") + b"data: [DONE]\n\n") + b"0\r\n\r\n")
        if not self.pause:
            peer.sendall(start + b"".join(words) + end)
            return
        peer.sendall(start)
        time.sleep(self.pause)
        self.first = time.monotonic()
        peer.sendall(words[0])
        time.sleep(self.pause)
        peer.sendall(b"".join(words[1:]) + end)


def argv(cluster, model):
    return [bench.BINARY, "-n", cluster.ns, "--read-only", "--llm-provider", "openai-compatible",
            "--endpoint", model.url, "--model", "instant", QUESTION]


def on_the_wire(cluster, model):
    """Milliseconds from the start of the process until the model has the question."""
    times = []

    def started(t0):
        times.append(t0)
    bench.run(argv(cluster, model), started=started)
    return (model.at - times[0]) * 1000


def on_screen(cluster, model):
    """Milliseconds from the first word's way out of the server until a terminal has it."""
    master, slave = pty.openpty()
    process = subprocess.Popen(argv(cluster, model), stdin=subprocess.DEVNULL, stdout=slave,
                               stderr=subprocess.DEVNULL, close_fds=True,
                               env=dict(os.environ, TERM="xterm"))
    os.close(slave)
    seen, at = b"", None
    try:
        while True:
            piece = os.read(master, 65536)
            if not piece:
                break
            seen += piece
            if at is None and b"Somebody" in seen:
                at = time.monotonic()
    except OSError:  # the other side is closed
        pass
    process.wait()
    os.close(master)
    return (at - model.first) * 1000 if at else float("nan")


TURNS = ["get pods -o wide", "describe pods -l app=backend", "logs deployment/backend --tail=50",
         "get events"]


def peers_way(cluster, model):
    """Four turns, each a request to the model and then a kubectl process, as kubectl-ai works."""
    t0 = time.monotonic()
    for turn in TURNS:
        bench.run(["curl", "-sS", "--noproxy", "*", model.url + "/chat/completions", "-d", "{}"])
        bench.run(["kubectl", "-n", cluster.ns, *turn.split()])
    bench.run(["curl", "-sS", "--noproxy", "*", model.url + "/chat/completions", "-d", "{}"])
    return (time.monotonic() - t0) * 1000


def kubectl_ai(cluster, model, program):
    env = {"OPENAI_API_KEY": "k", "OPENAI_ENDPOINT": model.url}
    return bench.run([program, "--llm-provider", "openai", "--model", "instant", "--quiet",
                      "--skip-permissions", QUESTION], env=env)


def main():
    cluster = Cluster()
    try:
        cluster.workloads()
        measure(cluster)
    finally:
        cluster.done()


def measure(cluster):
    model, slow = Model(), Model(pause=0.05)
    reads = cluster.reads(argv(cluster, model))
    curl = cluster.curl_all(reads)

    def whole():
        return bench.run(argv(cluster, model)).ms

    got = bench.paired({
        "wire": lambda: on_the_wire(cluster, model),
        "curl": lambda: bench.run(curl).ms,
        "answer": whole,
    })
    beside = "curl -Z of the same %d URLs: %s" % (len(reads), bench.spread(got["curl"]))
    r = bench.ratio(got["wire"], got["curl"])
    bench.row("question → request to the model", bench.spread(got["wire"]), beside,
              "≤ 1.5×: %.2f×" % r, r <= 1.5)
    r = bench.ratio(got["answer"], got["curl"])
    bench.row("question → whole answer, instant model", bench.spread(got["answer"]), "the same curl",
              "≤ 1.3×: %.2f×" % r, r <= 1.3)
    got = bench.paired({"ours": whole, "theirs": lambda: peers_way(cluster, model)},
                       runs=max(5, bench.RUNS // 3), warm=1)
    r = bench.ratio(got["theirs"], got["ours"])
    bench.row("the same", bench.spread(got["ours"]),
              "four turns with a kubectl process each: " + bench.spread(got["theirs"]),
              "≥ 5× less: %.1f×" % r, r >= 5)
    program = os.environ.get("KTA_KUBECTL_AI")
    if program:
        got = bench.paired({"ours": whole, "theirs": lambda: kubectl_ai(cluster, model, program).ms},
                           runs=max(5, bench.RUNS // 3), warm=1)
        bench.row("the same", bench.spread(got["ours"]), "kubectl-ai: " + bench.spread(got["theirs"]),
                  "%.1f× less" % bench.ratio(got["theirs"], got["ours"]))
    first = [on_screen(cluster, slow) for _ in range(bench.RUNS)]
    bench.row("first token received → on screen", bench.spread(first), "", "≤ 5 ms",
              bench.median(first) <= 5)
    pods = ["kubectl", "-n", cluster.ns, "get", "pods"]
    got = bench.paired({"ours": lambda: bench.peak_mib(argv(cluster, model)),
                        "kubectl": lambda: bench.peak_mib(pods)}, runs=5, warm=1)
    bench.row("peak memory of an answer", bench.spread(got["ours"], "MiB"),
              "kubectl get pods: " + bench.spread(got["kubectl"], "MiB"), "≤ 16 MiB",
              bench.median(got["ours"]) <= 16)


if __name__ == "__main__":
    main()
