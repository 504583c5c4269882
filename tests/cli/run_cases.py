#!/usr/bin/env python3
"""Runs the command-line cases: arguments, environment, scripted servers → stdout, stderr, exit code.

A case is an object of a JSON list under cases/ (FILE.json):
  name      unique within its file
  args      the arguments (list); {MODEL} {API} {DIR} {SNAPSHOT} are replaced, here and in env, files
  env       more environment (a HOME of its own and a PATH of its own are always set)
  stdin     text; absent: /dev/null; {"open": true}: a pipe that nobody writes to
  files     {path below the case's folder: text}; "home/…" is its HOME; "bin/…" is executable, on PATH
  model     script for tests/servers/model_server.py
  api       arguments for tests/servers/api_server.py; a kubeconfig for it is made in HOME
  exit      the exit code
  stdout, stderr            the exact text
  stdout_has, stderr_has    lists of texts that must occur (regular expressions with "re:" in front)
  stdout_lacks, stderr_lacks
  stderr_lines              how many lines stderr has at most
  json      {path: value}: of the document on stdout ("plan.0.state"); {"has": text} for a part
  saw / saw_not             texts in the servers' logs of what they were sent
  signal    {"after": text on stderr or stdout, "send": "INT"}
  closed_stdout  true: nobody reads stdout
  seconds   at most this long (20)
Usage: run_cases.py [--bin PROGRAM] [--only TEXT] [FILE.json…]
"""
import argparse, json, os, pathlib, re, shutil, signal, subprocess, sys, tempfile, time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SERVERS = ROOT / "tests" / "servers"


class Server:
    """A scripted server; its first line on stdout is its port."""

    def __init__(self, script, args, log):
        self.log = log
        self.proc = subprocess.Popen([sys.executable, str(SERVERS / script), *args],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=subprocess.DEVNULL, text=True)
        line = self.proc.stdout.readline().strip()
        if not line:
            raise RuntimeError(f"{script} did not start")
        found = re.search(r"(\d+)\D*$", line)
        self.port = int(found.group(1))

    def stop(self):
        self.proc.terminate()
        self.proc.wait()


def look(text, wanted):
    if wanted.startswith("re:"):
        return re.search(wanted[3:], text, re.M | re.S) is not None
    return wanted in text


def at(doc, path):
    for part in path.split("."):
        doc = doc[int(part)] if isinstance(doc, list) else doc.get(part) if doc else None
    return doc


class Case:
    def __init__(self, spec, binary, snapshot):
        self.spec, self.binary, self.snapshot = spec, binary, snapshot
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="kta-case-"))
        self.servers, self.subst = [], {}

    def fill(self, text):
        for key, value in self.subst.items():
            text = text.replace("{" + key + "}", value)
        return text

    def prepare(self):
        for sub in ("home", "bin", "work"):
            (self.dir / sub).mkdir()
        self.subst = {"DIR": str(self.dir), "SNAPSHOT": str(self.snapshot)}
        self.write_files()  # a server may read them
        if "model" in self.spec:
            script = self.dir / "model.json"
            script.write_text(json.dumps(self.spec["model"]))
            log = self.dir / "model.log"
            self.servers.append(Server("model_server.py", [str(script), "--log", str(log)], log))
            self.subst["MODEL"] = f"http://127.0.0.1:{self.servers[-1].port}/v1"
        if "api" in self.spec:
            log = self.dir / "api.log"
            kube = self.dir / "home" / ".kube"
            kube.mkdir(exist_ok=True)
            server = Server("api_server.py", ["--log", str(log), "--kubeconfig",
                                              str(kube / "config"), "--namespace", "demo",
                                              *(self.fill(a) for a in self.spec["api"])], log)
            self.servers.append(server)
            self.subst["API"] = f"127.0.0.1:{server.port}"
        self.write_files()  # again: they may name the servers

    def write_files(self):
        for name, text in self.spec.get("files", {}).items():
            path = self.dir / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.fill(text))
            if name.startswith("bin/"):
                path.chmod(0o755)

    def environment(self):
        env = {"HOME": str(self.dir / "home"), "PATH": f"{self.dir}/bin:/usr/bin:/bin",
               "LANG": "C.UTF-8", "TERM": "dumb",
               "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:exitcode=99",
               "LSAN_OPTIONS": f"suppressions={HERE}/lsan.supp:print_suppressions=0"}
        for key in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
            env[key] = str(self.dir / "home" / key.lower())
        env.update({k: self.fill(v) for k, v in self.spec.get("env", {}).items()})
        return env

    def wait_and_signal(self, proc, out, err, deadline):
        after, send = self.spec["signal"]["after"], self.spec["signal"]["send"]
        while time.monotonic() < deadline and proc.poll() is None:
            said = out.read_text(errors="replace") + err.read_text(errors="replace")
            log = "".join(s.log.read_text(errors="replace") for s in self.servers if s.log.exists())
            if after in said or after in log:
                proc.send_signal(getattr(signal, "SIG" + send))
                return
            time.sleep(0.01)

    def run(self):
        self.prepare()
        out, err = self.dir / "stdout", self.dir / "stderr"
        args = [str(self.binary), *(self.fill(a) for a in self.spec.get("args", []))]
        stdin = self.spec.get("stdin")
        seconds = self.spec.get("seconds", 20)
        with open(out, "wb") as fo, open(err, "wb") as fe:
            stdout = fo
            if self.spec.get("closed_stdout"):
                r, w = os.pipe()
                os.close(r)
                stdout = w
            proc = subprocess.Popen(args, cwd=self.dir / "work", env=self.environment(),
                                    stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
                                    stdout=stdout, stderr=fe, start_new_session=True)
            deadline = time.monotonic() + seconds
            try:
                if isinstance(stdin, str):
                    try:
                        proc.stdin.write(stdin.encode())
                        proc.stdin.close()
                    except BrokenPipeError:
                        pass
                if "signal" in self.spec:
                    self.wait_and_signal(proc, out, err, deadline)
                code = proc.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(proc.pid, signal.SIGKILL)
                proc.wait()
                return [f"it did not end within {seconds} s"], "", err.read_text(errors="replace")
        stdout, stderr = out.read_text(errors="replace"), err.read_text(errors="replace")
        return self.judge(code, stdout, stderr), stdout, stderr

    def judge(self, code, stdout, stderr):
        spec, wrong = self.spec, []
        if code != spec.get("exit", 0):
            wrong.append(f"exit code {code}, not {spec.get('exit', 0)}")
        for stream, text in (("stdout", stdout), ("stderr", stderr)):
            if stream in spec and text != self.fill(spec[stream]):
                wrong.append(f"{stream} differs")
            for wanted in spec.get(stream + "_has", []):
                if not look(text, self.fill(wanted)):
                    wrong.append(f"{stream} lacks {wanted!r}")
            for unwanted in spec.get(stream + "_lacks", []):
                if look(text, self.fill(unwanted)):
                    wrong.append(f"{stream} has {unwanted!r}")
        if "stderr_lines" in spec and stderr.count("\n") > spec["stderr_lines"]:
            wrong.append(f"stderr has {stderr.count(chr(10))} lines")
        if "json" in spec:
            wrong += self.judge_json(stdout)
        saw = "".join(s.log.read_text(errors="replace") for s in self.servers if s.log.exists())
        wrong += [f"the servers did not see {w!r}" for w in spec.get("saw", [])
                  if not look(saw, self.fill(w))]
        wrong += [f"the servers saw {w!r}" for w in spec.get("saw_not", []) if look(saw, w)]
        return wrong

    def judge_json(self, stdout):
        try:
            doc = json.loads(stdout)
        except ValueError as e:
            return [f"stdout is not one JSON document: {e}"]
        wrong = []
        for path, wanted in self.spec["json"].items():
            try:
                got = at(doc, path)
            except (IndexError, KeyError, ValueError, AttributeError):
                got = None
            if isinstance(wanted, dict) and "has" in wanted:
                if not look(json.dumps(got, ensure_ascii=False), self.fill(wanted["has"])):
                    wrong.append(f"{path} is {got!r}, without {wanted['has']!r}")
            elif got != wanted:
                wrong.append(f"{path} is {got!r}, not {wanted!r}")
        return wrong

    def close(self):
        for s in self.servers:
            s.stop()
        shutil.rmtree(self.dir, ignore_errors=True)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--bin", default=str(ROOT / "build" / "kubectl-todo-ai"))
    p.add_argument("--only", default="")
    p.add_argument("files", nargs="*")
    a = p.parse_args()
    failed = 0
    for file in a.files or sorted(str(f) for f in (HERE / "cases").glob("*.json")):
        for spec in json.loads(pathlib.Path(file).read_text()):
            name = f"{pathlib.Path(file).stem}: {spec['name']}"
            if a.only not in name:
                continue
            case = Case(spec, a.bin, ROOT / "tests" / "demo" / "snapshot")
            try:
                wrong, stdout, stderr = case.run()
            except Exception as e:  # a server that does not start, a broken case
                wrong, stdout, stderr = [f"{type(e).__name__}: {e}"], "", ""
            finally:
                case.close()
            if wrong:
                failed += 1
                print(f"not ok {name}: {'; '.join(wrong)}")
                for label, text in (("stdout", stdout), ("stderr", stderr)):
                    for line in text.splitlines()[:40]:
                        print(f"#   {label}: {line}")
            else:
                print(f"ok {name}")
            sys.stdout.flush()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
