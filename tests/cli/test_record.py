#!/usr/bin/env python3
"""--record and --replay: the session again, byte for byte, with neither cluster nor model.

Each row is a session with scripted servers; the replay is run after they have ended, with another
HOME and no kubeconfig.
"""
import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BINARY = ROOT / "build" / "kubectl-todo-ai"
SNAPSHOT = ROOT / "tests" / "demo" / "snapshot"
SECRET = "hunter2-is-secret"
failed = 0


def check(name, good, why=""):
    global failed
    failed += not good
    print(("ok record: %s" % name) if good else ("not ok record: %s: %s" % (name, why)), flush=True)


def server(script, *args):
    process = subprocess.Popen([sys.executable, str(ROOT / "tests" / "servers" / script), *args],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)
    line = process.stdout.readline()
    return process, "".join(c for c in line.split(":")[-1] if c.isdigit())


class Session:
    def __init__(self, model, kubectl="echo no"):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="kta-record-"))
        for name in ("home", "other", "bin"):
            (self.dir / name).mkdir()
        (self.dir / "turns.json").write_text(json.dumps(model))
        tool = self.dir / "bin" / "kubectl"
        tool.write_text("#!/bin/sh\n" + kubectl + "\n")
        tool.chmod(0o755)
        root = self.dir / "snapshot"
        shutil.copytree(SNAPSHOT, root)
        for log in root.glob("**/backend.txt"):
            log.write_text(log.read_text() + "\nlogin with password=%s failed\n" % SECRET)
        self.servers = [server("api_server.py", "--root", str(root), "--kubeconfig",
                               str(self.dir / "config"), "--namespace", "demo"),
                        server("model_server.py", str(self.dir / "turns.json"), "--log",
                               str(self.dir / "log"))]
        self.file = self.dir / "session.rec"

    def run(self, home, args, env=None, stdin=None):
        full = {"HOME": str(self.dir / home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8",
                "TERM": "dumb", **(env or {})}
        return subprocess.run([str(BINARY), *args], env=full, capture_output=True, text=True,
                              input=stdin, stdin=None if stdin is not None else subprocess.DEVNULL,
                              timeout=60, check=False)

    def record(self, args, stdin=None):
        env = {"KUBECONFIG": str(self.dir / "config"), "OPENAI_API_KEY": "sk-key-never-recorded",
               "OPENAI_ENDPOINT": "http://127.0.0.1:%s/v1" % self.servers[1][1],
               "OPENAI_MODEL": "m", "PATH": "%s/bin:/usr/bin:/bin" % self.dir}
        return self.run("home", ["--record", str(self.file), *args], env, stdin)

    def end_servers(self):
        for process, _ in self.servers:
            process.terminate()
            process.wait()

    def replay(self, *args):
        return self.run("other", ["--replay", str(self.file), *args])

    def done(self):
        shutil.rmtree(self.dir)


READ = {"tool_calls": [{"name": "kubectl", "arguments": {"args": ["get", "pods"]}}]}
CHOICE = {"tool_calls": [{"name": "apply_fix", "arguments": {"id": "f1.a"}}]}
ANSWER = {"text": "The variable **DATABASE_URL** is gone [e1], says ⟦secret:1⟧."}
WHY = "why is backend crashing"
ROWS = [
    ("an answer", [ANSWER], ["--dry-run", WHY], None),
    ("an answer as JSON", [ANSWER], ["--dry-run", "-o", "json", WHY], None),
    ("a chosen fix", [CHOICE, ANSWER], ["--dry-run", "-o", "json", WHY], None),
    ("a read by kubectl", [READ, ANSWER], ["--dry-run", "-o", "json", WHY], None),
    ("a model that fails at first", [{"status": 500, "retry_after": 0}, ANSWER],
     ["--dry-run", WHY], None),
    ("a model that is down", {"turns": [{"status": 401}], "loop": True}, ["--dry-run", WHY], None),
    ("a model without tools", {"turns": [{"json": {"answer": "Yes.", "fixes": ["f1.a"]}}],
                               "reject": ["tools"]}, ["--dry-run", "-o", "json", WHY], None),
    ("no model", [], ["--llm-provider", "none", "--dry-run", WHY], None),
    ("diagnose", [], ["diagnose", "-o", "json"], None),
    ("a piped text", [ANSWER], ["--dry-run", "explain this"], "login password=%s\n" % SECRET),
]


def row(name, model, args, stdin):
    s = Session(model, "echo 'pod password=%s'" % SECRET)
    try:
        first = s.record(args, stdin)
        s.end_servers()
        text = s.file.read_text() if s.file.exists() else ""
        check(name + ": it is recorded", text.startswith("{"), first.stderr)
        check(name + ": for its owner alone", stat.S_IMODE(os.stat(s.file).st_mode) == 0o600)
        check(name + ": no secret is in it", SECRET not in text and "sk-key-never" not in text)
        again = s.replay()
        check(name + ": the same bytes", first.stdout and again.stdout == first.stdout,
              "\n# ".join(["differs", again.stderr, *first.stdout.splitlines()[:40], "---",
                           *again.stdout.splitlines()[:40]]))
        check(name + ": the same exit code", again.returncode == first.returncode,
              "%d, not %d: %s" % (again.returncode, first.returncode, again.stderr))
        left = list((s.dir / "other").rglob("*"))
        check(name + ": a replay leaves nothing behind", not left, left)
    finally:
        s.end_servers()
        s.done()


def bad_input():
    s = Session([ANSWER])
    try:
        s.end_servers()
        for what, text in (("empty", ""), ("garbage", "x\n"), ("another document", "{}\n"),
                           ("cut", '{"kind":"Recording","apiVersion":"todo-ai/v1"}\n{"http":"GE')):
            s.file.write_text(text)
            got = s.replay(WHY)
            check("a file that is %s ends with 2" % what,
                  got.returncode == 2 and "recording" in got.stderr, got.stderr)
        s.file.write_text('{"kind":"Recording","apiVersion":"todo-ai/v1"}\n')
        got = s.replay("--llm-provider", "none", WHY)
        check("what was never asked is said", "the recording has no answer to" in got.stderr
              and got.returncode == 5, got.stderr)
        got = s.replay("--record", "/dev/null", WHY)
        check("--record and --replay exclude each other", got.returncode == 2, got.stderr)
        got = s.run("home", ["--record", "/nonexistent/x", "--llm-provider", "none", WHY],
                    {"KUBECONFIG": str(s.dir / "config")})
        check("a file that cannot be written ends with 2", got.returncode == 2, got.stderr)
    finally:
        s.done()


for r in ROWS:
    row(*r)
bad_input()
sys.exit(failed > 0)
