#!/usr/bin/env python3
"""kill_points.py - kill -9 at every boundary of a change; then history and undo must tell the truth.

usage: kill_points.py PLUGIN NAMESPACE STOP_AT.so

The plan has two steps, on two ConfigMaps. At each boundary (see stop_at.c) a run of its own, with a
state folder and objects of its own, is killed. Afterwards: an object that changed has a step in
history that says so (never "planned"); a step that is said to be done has changed its object; undo
puts everything back; the rest can be resumed.
"""
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

PLUGIN, NS, PRELOAD = sys.argv[1:4]
TOP = tempfile.mkdtemp()
ENV = {k: v for k, v in os.environ.items() if not k.startswith("XDG_")}


def run(argv, env=None, stdin=None, timeout=90):
    return subprocess.run(argv, env=env or ENV, input=stdin, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=timeout, start_new_session=True,
                          **({} if stdin else {"stdin": subprocess.DEVNULL}))


def configmap(name):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"mode": "a"}}


def names(n):
    return ["stop-%d-x" % n, "stop-%d-y" % n]


def create(points):
    items = [configmap(name) for n in points for name in names(n)]
    done = run(["kubectl", "create", "-n", NS, "-f", "-"], stdin=json.dumps(
        {"apiVersion": "v1", "kind": "List", "items": items}))
    if done.returncode:
        sys.exit("not ok kill: set up: " + done.stderr)


def data(n):
    out = run(["kubectl", "get", "-n", NS, "-o", "json", "configmap"] + names(n)).stdout
    return [o["data"] for o in json.loads(out)["items"]]


def plan(n, home):
    steps = [{"argv": ["kubectl", "patch", "configmap", name, "--type=merge", "-p",
                       '{"data":{"mode":"b","more":"c"}}']} for name in names(n)]
    path = os.path.join(home, "plan.json")
    with open(path, "w") as f:
        json.dump(steps, f)
    return path


def plugin(home, *args, **env):
    return run([PLUGIN, *args, "-n", NS, "--no-color"], env=dict(ENV, HOME=home, **env))


def settled(n):
    """kubectl may outlive the plugin: its end is awaited."""
    end = time.monotonic() + 30
    while run(["pgrep", "-f", "kubectl.*patch.*stop-%d-" % n]).returncode == 0:
        if time.monotonic() > end:
            raise AssertionError("kubectl does not end")
        time.sleep(0.1)


def one(n):
    home = os.path.join(TOP, str(n))
    os.makedirs(home)
    killed = plugin(home, "apply", plan(n, home), "--yes=high", LD_PRELOAD=PRELOAD, STOP_AT=str(n))
    assert killed.returncode == -9, "it was not killed: exit %d %s" % (killed.returncode, killed.stderr)
    settled(n)
    changed = [d["mode"] == "b" for d in data(n)]
    listed = json.loads(plugin(home, "history", "-o", "json").stdout)["changes"]
    states = [s["state"] for c in listed for s in c["plan"]] or ["none", "none"]
    assert len(listed) <= 1 and len(states) == 2, "history: %s" % listed
    for was, state in zip(changed, states):
        assert not was or state in ("executed", "verified", "unknown"), \
            "changed, but history says '%s'" % state
        assert was or state not in ("executed", "verified"), "history says '%s', nothing changed" % state
        assert state != "running", "history says it is running"
    if n % 2 and listed and not all(changed):  # the rest is run, then all of it is undone
        done = plugin(home, "history", listed[0]["id"], "--resume", "--yes=high")
        assert done.returncode == 0, "resume: exit %d %s" % (done.returncode, done.stderr[-300:])
        assert all(d["mode"] == "b" for d in data(n)), "resumed, but not all is changed"
        done = plugin(home, "undo", "--yes=high")
        assert done.returncode == 0, "undo of the rest: %s" % done.stderr[-300:]
    if any(changed):
        done = plugin(home, "undo", listed[0]["id"], "--yes=high")
        assert done.returncode == 0, "undo: exit %d %s" % (done.returncode, done.stderr[-300:])
    else:
        plugin(home, "undo", "--yes=high")  # nothing to undo, or a step whose fate is unknown
    after = data(n)
    assert all(d == {"mode": "a"} for d in after), "not restored: %s" % after
    return states


def is_durable(trace):
    """Before each program starts, its pre-image is in a file that was synced, in a folder that was."""
    wanted = iter(["1.before", "2.before"])
    for i, line in enumerate(trace):
        if line != "start kubectl":
            continue
        image = trace.index("rename " + next(wanted))
        synced = trace[image - 1].replace("from ", "sync ") in trace[:image]
        if image > i or not synced or "sync folder" not in trace[image:i]:
            return False
    return next(wanted, None) is None


def main():
    home = os.path.join(TOP, "0")
    os.makedirs(home)
    create([0])
    log, trace = os.path.join(home, "log"), os.path.join(home, "trace")
    whole = plugin(home, "apply", plan(0, home), "--yes=high", LD_PRELOAD=PRELOAD, STOP_LOG=log, TRACE=trace)
    if whole.returncode:
        sys.exit("not ok kill: the whole run: exit %d %s" % (whole.returncode, whole.stderr))
    points = [line.rstrip("\n").split(" ", 1)[1] for line in open(log)]
    create(range(1, len(points) + 1))
    order = open(trace).read().splitlines()
    lost = 0 if is_durable(order) else 1
    print("%s kill: pre-images are durable before the programs start%s" % (
        ("not ok", ": %s" % order) if lost else ("ok", "")))

    def work(n):
        try:
            return None, one(n)
        except (AssertionError, ValueError, KeyError, subprocess.TimeoutExpired) as why:
            return str(why).replace("\n", " ") or repr(why), None

    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(work, range(1, len(points) + 1)))
    for n, (why, states) in enumerate(results, 1):
        lost += bool(why)
        print("%s kill: before %s (%d)%s" % ("not ok" if why else "ok", points[n - 1].strip(), n,
                                             ": " + why if why else ""))
        if states:
            print("#   history said: %s" % ", ".join(states))
    print("%s kill: at least 12 boundaries%s" % (
        "ok" if len(points) >= 12 else "not ok", "" if len(points) >= 12 else ": %d" % len(points)))
    print("# %d boundaries, %d lost" % (len(points), lost))
    subprocess.run(["rm", "-rf", TOP])
    sys.exit(lost > 0 or len(points) < 12)


main()
