"""The test cluster for benchmarks: a namespace with a backend that lost a variable, and a frontend;
curl with the same credentials; the paths that a run reads."""
import base64
import json
import os
import re
import subprocess
import tempfile
import time

import bench

WORKLOADS = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: %(name)s, namespace: %(ns)s, labels: {app: %(name)s}}
spec:
  selector: {matchLabels: {app: %(name)s}}
  template:
    metadata: {labels: {app: %(name)s}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: %(name)s
        image: busybox:1.36
        command: [sh, -c, '%(command)s']
        %(env)s
        resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {memory: 64Mi}}
---
"""
BACKEND = 'if [ -z "$DATABASE_URL" ]; then echo "KeyError: DATABASE_URL"; exit 1; fi; exec sleep 36000'
ENV = 'env: [{name: DATABASE_URL, value: "postgres://db:5432/todo"}]'


class Cluster:
    def __init__(self):
        build = os.environ.get("KTA_CLUSTER_BUILD", os.path.join(bench.ROOT, "build", "cluster"))
        self.config = os.path.join(build, "kubeconfig")
        if not os.path.exists(self.config):
            bench.skip("there is no test cluster (make cluster)")
        os.environ["KUBECONFIG"] = self.config
        os.environ["PATH"] = os.path.join(build, "bin") + ":" + os.environ["PATH"]
        self.dir = tempfile.mkdtemp(prefix="kta-bench-")
        os.environ["HOME"] = self.dir
        for name in list(os.environ):
            if name.startswith(("OPENAI_", "OLLAMA_", "LLAMACPP_", "XDG_")):
                del os.environ[name]
        self.ns = "bench-" + os.urandom(3).hex()
        try:
            self.kubectl("create", "namespace", self.ns)
        except subprocess.CalledProcessError:
            bench.skip("the test cluster does not answer")
        self.credentials()

    def kubectl(self, *args, text=None):
        return subprocess.run(["kubectl", *args], input=text, capture_output=True, text=True,
                              check=True).stdout

    def workloads(self):
        for backend, env in ((True, ENV), (False, "")):
            text = WORKLOADS % {"name": "backend", "ns": self.ns, "command": BACKEND, "env": env}
            if backend:
                text += WORKLOADS % {"name": "frontend", "ns": self.ns,
                                     "command": "exec sleep 36000", "env": ENV}
            for _ in range(40):
                try:
                    self.kubectl("apply", "-f", "-", text=text)
                    break
                except subprocess.CalledProcessError:  # the namespace's service account is to come
                    time.sleep(0.25)
            if backend:
                self.kubectl("-n", self.ns, "rollout", "status", "deployment/backend",
                             "--timeout=90s")
        for _ in range(300):
            pods = json.loads(self.kubectl("-n", self.ns, "get", "pods", "-l", "app=backend", "-o",
                                           "json"))["items"]
            counts = [c["restartCount"] for p in pods for c in p["status"].get("containerStatuses", [])]
            if sum(counts) >= 3 and len(pods) == 1:
                return
            time.sleep(0.5)

    def credentials(self):
        view = json.loads(self.kubectl("config", "view", "--raw", "-o", "json"))
        cluster, user = view["clusters"][0]["cluster"], view["users"][0]["user"]
        self.server = cluster["server"]
        self.curl = ["curl", "-sS", "--noproxy", "*"]
        for option, where, key in (("--cacert", cluster, "certificate-authority-data"),
                                   ("--cert", user, "client-certificate-data"),
                                   ("--key", user, "client-key-data")):
            path = os.path.join(self.dir, key)
            with open(path, "wb") as f:
                f.write(base64.b64decode(where[key]))
            os.chmod(path, 0o600)
            self.curl += [option, path]

    def reads(self, argv):
        """What a run GETs of the cluster, as -v 3 tells: (path with its query, Accept)."""
        done = subprocess.run([*argv, "-v", "3"], capture_output=True, text=True, check=False)
        return re.findall(r"http: GET (/apis?/\S*|/version\S*) Accept: (.*)", done.stderr)

    def curl_all(self, reads):
        """One curl that fetches them all at once, each as the run asked for it."""
        argv = ["curl", "-Z"]
        for i, (path, accept) in enumerate(reads):
            argv += (["--next"] if i else []) + self.curl[1:]
            argv += ["-H", "Accept: " + accept, "-o", "/dev/null", self.server + path]
        return argv

    def done(self):
        self.kubectl("delete", "namespace", self.ns, "--wait=false")
        subprocess.run(["rm", "-rf", self.dir], check=False)
