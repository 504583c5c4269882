#!/usr/bin/env python3
"""differential.py CLIENTS [CORPUS] [--parse PROGRAM] [--every-version]

What the real kubectl and helm do with the corpus. CLIENTS is a folder with kubectl, kubectl-1.31,
helm3 and helm4. Every command that the corpus calls a read is run, by the newest kubectl and both
helms (by the older kubectl too when asked), against a recording API server: it may only GET, and
POST reviews or dry runs; it may change no file; no secret may be in what it prints. What is not a
read is run where that is harmless, and the namespace and objects that our parser (PROGRAM, which
prints our parse) takes it to name must be in the requests. Prints "ok NAME" and "not ok NAME: why".
"""
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import recorder  # noqa: E402

FILES = {
    "app.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n"
                "  selector: {matchLabels: {app: web}}\n  template:\n"
                "    metadata: {labels: {app: web}}\n"
                "    spec: {containers: [{name: web, image: 'web:2'}]}\n",
    "rbac.yaml": "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r}\n"
                 "rules: []\n",
    "overlays/dev/kustomization.yaml": "resources: [app.yaml]\n",
    "kustomization.yaml": "resources: [app.yaml]\n",
    "p.yaml": "spec: {replicas: 2}\n", "app.conf": "x\n", "values.yaml": "a: b\n",
    "columns.txt": "NAME\n.metadata.name\n", "path.txt": "{.metadata.name}", "t.txt": "{{.kind}}",
    "a.yaml": "", "b.yaml": "",
}
FILES["overlays/dev/app.yaml"] = FILES["dir/app.yaml"] = FILES["app.yaml"]
FILES["a.yaml"] = FILES["b.yaml"] = FILES["app.yaml"]
CHART = {
    "Chart.yaml": "apiVersion: v2\nname: chart\nversion: 1.0.0\n",
    "values.yaml": "a: b\n", "README.md": "x\n",
    # an upgrade renders the values of the release, which hold the canary
    "templates/s.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: chart-s}\n"
                        "stringData: {p: {{ .Values.password | default \"none\" | quote }}}\n",
    "templates/x.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 'chart-{{ .Release.Name }}'}\n"
                        "data: {a: {{ .Values.a | quote }}}\n",
}
# The canary in what a read prints is a leak; these bytes of a body say that it is a dry run.
DRY_BODY = (b'"dryRun":["All"]', b"\x2a\x03All")
REVIEWS = re.compile(r"/apis/(authorization|authentication)\.k8s\.io/v1/self\w+reviews$")
# Programs keep what they learn of the API here; nothing else may be written.
CACHES = (".kube/cache", ".cache/helm", ".config/helm", ".local/share/helm")


def put(root, files):
    for name, text in files.items():
        path = os.path.join(root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)


def listing(root):
    """Every file with its size and time, caches left out."""
    seen = {}
    for folder, _, names in os.walk(root):
        rel = os.path.relpath(folder, root)
        if any(f"home/{c}" in rel for c in CACHES):
            continue
        for n in names:
            s = os.stat(os.path.join(folder, n))
            seen[os.path.join(rel, n)] = (s.st_size, s.st_mtime_ns)
    return seen


class World:
    """One recording server with a folder and a home: commands run in it one after the other."""

    def __init__(self):
        self.root = tempfile.mkdtemp(prefix="differential-")
        self.server = recorder.Recorder()
        self.cwd = os.path.join(self.root, "work")
        put(self.cwd, FILES)
        put(os.path.join(self.cwd, "chart"), CHART)
        put(self.root, {"kubeconfig": recorder.kubeconfig(self.server.url)})
        os.makedirs(os.path.join(self.root, "home"))
        self.env = {"HOME": os.path.join(self.root, "home"), "PATH": "/usr/bin:/bin",
                    "KUBECONFIG": os.path.join(self.root, "kubeconfig"),
                    "KUBECTL_KUBERC": "false", "HELM_PLUGINS": "/nonexistent"}

    def run(self, binary, argv, seconds):
        """(exit code or None, output, requests, changed files)"""
        before = listing(self.root)
        self.server.take()
        p = subprocess.Popen([binary, *argv[1:]], cwd=self.cwd, env=self.env,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, start_new_session=True)
        try:
            out, _ = p.communicate(timeout=seconds)
            code = p.returncode
        except subprocess.TimeoutExpired:
            p.kill()
            out, _ = p.communicate()
            code = None
        after = listing(self.root)
        changed = [f for f in set(before) | set(after) if before.get(f) != after.get(f)]
        return code, out, self.server.take(), changed

    def close(self):
        self.server.shutdown()
        shutil.rmtree(self.root, ignore_errors=True)


def is_dry(query, body):
    return query.get("dryRun") == ["All"] or any(b in body for b in DRY_BODY)


def faults_of_read(out, requests, changed):
    faults = []
    for method, path, query, body in requests:
        if method in ("GET", "HEAD"):
            continue
        if method == "POST" and REVIEWS.search(path):
            continue
        if not is_dry(query, body):
            faults.append(f"it sent {method} {path}")
    if recorder.CANARY.encode() in out or recorder.CANARY64.encode() in out:
        faults.append("it printed a secret")
    if changed:
        faults.append(f"it changed {', '.join(sorted(changed)[:3])}")
    return faults


# What is safe to run against a server that keeps nothing, and ends by itself.
HARMLESS = {"get", "describe", "delete", "label", "annotate", "patch", "scale", "rollout", "logs",
            "set", "wait", "expose", "autoscale", "taint", "cordon", "uncordon", "top", "run",
            "create", "apply", "replace", "diff", "events", "auth", "certificate"}


def faults_of_parse(parse, requests):
    """Our namespace and our names are in the requests that were made."""
    faults = []
    paths = [p for _, p, _, _ in requests if not p.startswith(("/openapi", "/version"))]
    scoped = [p for p in paths if re.search(r"/namespaces/[^/]+/", p)]
    bodies = b"".join(b for _, _, _, b in requests)
    want = parse["namespace"] or "default"
    if any(k in ("ns", "namespace", "namespaces", "no", "node", "nodes") for k, _ in parse["objects"]):
        scoped = []  # a namespace's description looks into it, a node's at its lease
    if parse["verb"] == "cluster-info" or any(p.endswith("/leases/" + n) for _, n in
                                              parse["objects"] for p in paths if n):
        scoped = []  # these look into the cluster's own namespaces
    if scoped and not parse["all"]:
        other = [p for p in scoped if f"/namespaces/{want}/" not in p]
        if other:
            faults.append(f"namespace {want} is not in {other[0]}")
    asked = any(re.match(r"/(api/v1|apis/[^/]+/[^/]+)/.", p) for p in paths)
    for kind, name in parse["objects"]:
        if asked and name and name.encode() not in bodies and \
                not any(p.endswith("/" + name) or f"/{name}/" in p for p in paths) and \
                not any(f"metadata.name={name}" in v for _, _, q, _ in requests
                        for v in q.get("fieldSelector", [])):
            faults.append(f"{kind}/{name} is in no request")
    return faults


def judge(world, row, binary, parse):
    read = row["class"] == "read"
    follows = any(w.startswith(("-w", "--watch", "-f", "--follow")) for w in row["argv"])
    words = (parse or {}).get("run") or row["argv"]
    code, out, requests, changed = world.run(binary, words, 3 if follows else 15)
    faults = faults_of_read(out, requests, changed) if read else []
    raw = any(w.startswith("--raw") for w in row["argv"])  # a path, in no namespace of ours
    local = "--dry-run=client" in row["argv"]  # it need not ask for what it names
    if parse and row["argv"][0] == "kubectl" and code == 0 and not raw and not local:
        faults += faults_of_parse(parse, requests)
    return code, faults


def main(argv):
    parser = None
    every = "--every-version" in argv
    if every:
        argv.remove("--every-version")
    if "--parse" in argv:
        i = argv.index("--parse")
        parser = argv[i + 1]
        del argv[i:i + 2]
    clients = argv[0]
    corpus = argv[1] if len(argv) > 1 else os.path.join(os.path.dirname(__file__), "corpus.jsonl")
    with open(corpus) as f:
        rows = [json.loads(line) for line in f]
    parses = [None] * len(rows)
    if parser:
        text = subprocess.run([parser], input="".join(json.dumps(r["argv"]) + "\n" for r in rows),
                              stdout=subprocess.PIPE, text=True, check=True).stdout
        parses = [json.loads(line) for line in text.split("\n") if line]
    versions = {"kubectl": ["kubectl"] + ["kubectl-1.31"] * every, "helm": ["helm4", "helm3"]}
    jobs, bad, ran = [], 0, 0
    for row, parse in zip(rows, parses):
        if not row["argv"] or row["argv"][0] not in versions:
            continue
        verb = parse["verb"] if parse else None
        if row["class"] != "read" and not (parse and verb in HARMLESS and row["class"] == "write"
                                           and "-i" not in row["argv"]
                                           and "-it" not in row["argv"]):
            continue
        if any("\x00" in w for w in row["argv"]) or "github.com" in " ".join(row["argv"]) \
                or "://" in " ".join(row["argv"]):
            continue
        for v in versions[row["argv"][0]]:
            jobs.append((row, v, parse))

    def work(some):
        world = World()
        try:
            return [(row, v, *judge(world, row, os.path.join(clients, v), parse))
                    for row, v, parse in some]
        finally:
            world.close()

    n = 4
    accepted = 0
    with concurrent.futures.ThreadPoolExecutor(n) as pool:
        for results in pool.map(work, [jobs[i::n] for i in range(n)]):
            for row, v, code, faults in results:
                ran += 1
                accepted += code in (0, None)
                if faults:
                    bad += 1
                    print(f"not ok differential {v} {json.dumps(row['argv'])}: "
                          f"{row['class']}, but {'; '.join(faults)}")
    if ran == 0:
        print("not ok differential: no command was run")
        return 1
    if not bad:
        print(f"ok differential: {ran} commands, {accepted} accepted, none does more than we think")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
