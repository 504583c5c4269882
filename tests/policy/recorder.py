"""recorder.py: an API server that believes everything and writes down what it was asked.

It serves discovery, one object for every name, lists of one, and accepts every change without
keeping it. The data of its Secrets, and the credentials of its kubeconfig, hold CANARY, so that a
reader of a command's output can tell whether a secret left. Standard library only.
"""
import base64
import gzip
import http.server
import json
import re
import threading
import urllib.parse

CANARY = "canary-4c1f0e"
CANARY64 = base64.b64encode(CANARY.encode()).decode()

ALL = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]

# group/version -> [(plural, kind, namespaced, short names, categories, subresources)]
RESOURCES = {
    "v1": [
        ("pods", "Pod", True, ["po"], ["all"], ["log", "exec", "attach", "portforward", "eviction",
                                               "ephemeralcontainers", "status"]),
        ("services", "Service", True, ["svc"], ["all"], ["status", "proxy"]),
        ("secrets", "Secret", True, [], [], []),
        ("configmaps", "ConfigMap", True, ["cm"], [], []),
        ("namespaces", "Namespace", False, ["ns"], [], ["finalize", "status"]),
        ("nodes", "Node", False, ["no"], [], ["status", "proxy"]),
        ("events", "Event", True, ["ev"], [], []),
        ("serviceaccounts", "ServiceAccount", True, ["sa"], [], ["token"]),
        ("endpoints", "Endpoints", True, ["ep"], [], []),
        ("persistentvolumeclaims", "PersistentVolumeClaim", True, ["pvc"], [], ["status"]),
        ("persistentvolumes", "PersistentVolume", False, ["pv"], [], ["status"]),
        ("replicationcontrollers", "ReplicationController", True, ["rc"], ["all"], ["scale"]),
        ("resourcequotas", "ResourceQuota", True, ["quota"], [], []),
        ("limitranges", "LimitRange", True, ["limits"], [], []),
    ],
    "apps/v1": [
        ("deployments", "Deployment", True, ["deploy"], ["all"], ["scale", "status"]),
        ("replicasets", "ReplicaSet", True, ["rs"], ["all"], ["scale", "status"]),
        ("statefulsets", "StatefulSet", True, ["sts"], ["all"], ["scale", "status"]),
        ("daemonsets", "DaemonSet", True, ["ds"], ["all"], ["status"]),
        ("controllerrevisions", "ControllerRevision", True, [], [], []),
    ],
    "batch/v1": [("jobs", "Job", True, [], ["all"], ["status"]),
                 ("cronjobs", "CronJob", True, ["cj"], ["all"], ["status"])],
    "networking.k8s.io/v1": [
        ("ingresses", "Ingress", True, ["ing"], [], ["status"]),
        ("networkpolicies", "NetworkPolicy", True, ["netpol"], [], [])],
    "rbac.authorization.k8s.io/v1": [
        ("roles", "Role", True, [], [], []), ("rolebindings", "RoleBinding", True, [], [], []),
        ("clusterroles", "ClusterRole", False, [], [], []),
        ("clusterrolebindings", "ClusterRoleBinding", False, [], [], [])],
    "autoscaling/v2": [("horizontalpodautoscalers", "HorizontalPodAutoscaler", True, ["hpa"],
                        ["all"], ["status"])],
    "policy/v1": [("poddisruptionbudgets", "PodDisruptionBudget", True, ["pdb"], [], ["status"])],
    "scheduling.k8s.io/v1": [("priorityclasses", "PriorityClass", False, ["pc"], [], [])],
    "storage.k8s.io/v1": [("storageclasses", "StorageClass", False, ["sc"], [], [])],
    "certificates.k8s.io/v1": [("certificatesigningrequests", "CertificateSigningRequest", False,
                                ["csr"], [], ["approval", "status"])],
    "apiextensions.k8s.io/v1": [("customresourcedefinitions", "CustomResourceDefinition", False,
                                 ["crd", "crds"], [], ["status"])],
    "authorization.k8s.io/v1": [
        ("selfsubjectaccessreviews", "SelfSubjectAccessReview", False, [], [], []),
        ("selfsubjectrulesreviews", "SelfSubjectRulesReview", False, [], [], [])],
    "authentication.k8s.io/v1": [
        ("selfsubjectreviews", "SelfSubjectReview", False, [], [], [])],
    "events.k8s.io/v1": [("events", "Event", True, ["ev"], [], [])],
    "metrics.k8s.io/v1beta1": [("pods", "PodMetrics", True, [], [], []),
                               ("nodes", "NodeMetrics", False, [], [], [])],
    "example.com/v1": [("widgets", "Widget", True, ["wd"], ["all"], [])],
}


def helm_release(name):
    manifest = ("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s-cm}\n"
                "data: {password: %s}\n" % (name, CANARY))
    release = {
        "name": name, "namespace": "default", "version": 1, "manifest": manifest,
        "config": {"password": CANARY}, "hooks": [],
        "info": {"status": "deployed", "first_deployed": "2026-01-01T00:00:00Z",
                 "last_deployed": "2026-01-01T00:00:00Z", "description": "Install complete",
                 "notes": "thank you"},
        "chart": {"metadata": {"name": "web", "version": "0.1.0", "apiVersion": "v2"},
                  "values": {"password": CANARY}, "templates": []},
    }
    blob = base64.b64encode(gzip.compress(json.dumps(release).encode())).decode()
    return {
        "apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1",
        "metadata": {"name": f"sh.helm.release.v1.{name}.v1", "namespace": "default",
                     "uid": "u-h", "resourceVersion": "1",
                     "labels": {"owner": "helm", "name": name, "status": "deployed",
                                "version": "1"}},
        "data": {"release": base64.b64encode(blob.encode()).decode()},
    }


def an_object(gv, kind, namespace, name):
    o = {"apiVersion": gv, "kind": kind,
         "metadata": {"name": name, "uid": "u-" + name, "resourceVersion": "1", "generation": 1,
                      "creationTimestamp": "2026-01-01T00:00:00Z", "labels": {"app": "web"},
                      "annotations": {}}}
    if namespace:
        o["metadata"]["namespace"] = namespace
    template = {"metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": "web:1"}]}}
    if kind == "Secret":
        o["type"] = "Opaque"
        o["data"] = {"password": CANARY64}
        o["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] = \
            json.dumps({"kind": "Secret", "data": {"password": CANARY64}})
    elif kind == "Pod":
        o["spec"] = {"nodeName": "node1", **template["spec"]}
        o["status"] = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}],
                       "containerStatuses": [{"name": "web", "ready": True, "restartCount": 0,
                                              "state": {"running": {}}}]}
    elif kind in ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController"):
        o["spec"] = {"replicas": 1, "selector": {"matchLabels": {"app": "web"}},
                     "template": template}
        if kind == "ReplicationController":
            o["spec"]["selector"] = {"app": "web"}
        o["status"] = {"replicas": 1, "updatedReplicas": 1, "readyReplicas": 1,
                       "availableReplicas": 1, "observedGeneration": 1,
                       "conditions": [{"type": "Available", "status": "True"}]}
        if kind == "ReplicaSet":
            o["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "1"
            o["metadata"]["ownerReferences"] = [{"apiVersion": "apps/v1", "kind": "Deployment",
                                                 "name": "web", "uid": "u-web",
                                                 "controller": True}]
        else:
            o["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "2"
    elif kind in ("Job",):
        o["spec"] = {"template": template}
        o["status"] = {"succeeded": 1, "conditions": [{"type": "Complete", "status": "True"}]}
    elif kind == "CronJob":
        o["spec"] = {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": template}}}
    elif kind == "Service":
        o["spec"] = {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 80}]}
    elif kind == "PodMetrics":
        o["containers"] = [{"name": "web", "usage": {"cpu": "1m", "memory": "1Mi"}}]
        o["window"] = "10s"
        o["timestamp"] = "2026-01-01T00:00:00Z"
    elif kind == "NodeMetrics":
        o["usage"] = {"cpu": "1m", "memory": "1Mi"}
        o["window"] = "10s"
        o["timestamp"] = "2026-01-01T00:00:00Z"
    elif kind == "Node":
        o["spec"] = {}
        o["status"] = {"capacity": {"cpu": "1", "memory": "1Gi"},
                       "allocatable": {"cpu": "1", "memory": "1Gi"},
                       "conditions": [{"type": "Ready", "status": "True"}]}
    elif kind == "Scale":
        o["spec"] = {"replicas": 1}
        o["status"] = {"replicas": 1}
    elif kind == "Event":
        o.update({"involvedObject": {"kind": "Pod", "name": "web"}, "reason": "Started",
                  "message": "started", "type": "Normal", "count": 1,
                  "lastTimestamp": "2026-01-01T00:00:00Z"})
    elif kind == "CertificateSigningRequest":
        o["spec"] = {"request": "eA==", "signerName": "x/y", "usages": []}
        o["status"] = {}
    elif kind in ("RoleBinding", "ClusterRoleBinding"):
        o["roleRef"] = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole",
                        "name": "view"}
        o["subjects"] = []
    elif kind in ("Role", "ClusterRole"):
        o["rules"] = []
    elif kind == "HorizontalPodAutoscaler":
        o["spec"] = {"maxReplicas": 3, "minReplicas": 1,
                     "scaleTargetRef": {"kind": "Deployment", "name": "web",
                                        "apiVersion": "apps/v1"}}
    return o


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, code, body):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "text/plain" if isinstance(body, bytes)
                         else "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def missing(self):
        self.answer(404, {"kind": "Status", "apiVersion": "v1", "status": "Failure",
                          "reason": "NotFound", "code": 404, "message": "not found"})

    def handle_any(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        self.server.seen.append((self.command, url.path, query, body))
        if self.headers.get("Upgrade"):
            self.answer(403, {"kind": "Status", "apiVersion": "v1", "status": "Failure",
                              "code": 403, "reason": "Forbidden", "message": "no upgrades here"})
            return
        self.serve_path(url.path.rstrip("/"), query, body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = handle_any

    def serve_path(self, path, query, body):
        if path == "/version":
            self.answer(200, {"major": "1", "minor": "35", "gitVersion": "v1.35.0"})
        elif path in ("/api",):
            self.answer(200, {"kind": "APIVersions", "versions": ["v1"]})
        elif path == "/apis":
            groups = []
            for gv in RESOURCES:
                if "/" in gv:
                    g, v = gv.split("/")
                    groups.append({"name": g, "versions": [{"groupVersion": gv, "version": v}],
                                   "preferredVersion": {"groupVersion": gv, "version": v}})
            self.answer(200, {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
        elif path in ("/healthz", "/livez", "/readyz"):
            self.answer(200, b"ok")
        elif path == "/openapi/v3":
            self.answer(200, {"paths": {
                ("apis/" if "/" in gv else "api/") + gv:
                {"serverRelativeURL": f"/openapi/v3/{'apis' if '/' in gv else 'api'}/{gv}?hash=1"}
                for gv in RESOURCES}})
        elif (m := re.fullmatch(r"/openapi/v3/(?:api/(v1)|apis/([^/]+/[^/]+))", path)):
            self.openapi(m.group(1) or m.group(2))
        elif (m := re.fullmatch(r"/(?:api/(v1)|apis/([^/]+/[^/]+))", path)):
            self.resource_list(m.group(1) or m.group(2))
        elif (m := re.fullmatch(r"/(?:api/(v1)|apis/([^/]+/[^/]+))"
                                r"(?:/namespaces/([^/]+)(?=/))?/([^/]+)(?:/([^/]+))?(?:/(.+))?",
                                path)):
            self.objects(m.group(1) or m.group(2), m.group(3), m.group(4), m.group(5),
                         m.group(6), query, body)
        else:
            self.missing()

    def openapi(self, gv):
        """Just enough that kubectl knows that the server validates fields and can dry-run."""
        group, _, version = gv.rpartition("/")
        params = [{"name": n, "in": "query", "schema": {"type": "string"}}
                  for n in ("dryRun", "fieldValidation", "fieldManager", "force")]
        paths = {}
        for plural, kind, namespaced, *_ in RESOURCES.get(gv, []):
            root = f"/{'apis' if group else 'api'}/{gv}"
            where = f"{root}/namespaces/{{namespace}}/{plural}/{{name}}" if namespaced \
                else f"{root}/{plural}/{{name}}"
            paths[where] = {"patch": {
                "operationId": "patch" + kind, "parameters": params, "responses": {},
                "x-kubernetes-group-version-kind":
                {"group": group, "version": version, "kind": kind}}}
        self.answer(200, {"openapi": "3.0.0", "info": {"title": "x", "version": "1"},
                          "paths": paths, "components": {"schemas": {}}})

    def resource_list(self, gv):
        if gv not in RESOURCES:
            self.missing()
            return
        out = []
        for plural, kind, namespaced, shorts, categories, subs in RESOURCES[gv]:
            out.append({"name": plural, "singularName": kind.lower(), "namespaced": namespaced,
                        "kind": kind, "verbs": ALL, "shortNames": shorts,
                        "categories": categories})
            for s in subs:
                sub = {"name": f"{plural}/{s}", "namespaced": namespaced, "kind": kind,
                       "verbs": ["get", "create", "patch", "update"]}
                if s == "scale":
                    sub.update({"group": "autoscaling", "version": "v1", "kind": "Scale"})
                out.append(sub)
        self.answer(200, {"kind": "APIResourceList", "groupVersion": gv, "resources": out})

    def objects(self, gv, namespace, plural, name, sub, query, body):
        row = next((r for r in RESOURCES.get(gv, []) if r[0] == plural), None)
        if not row:
            self.missing()
            return
        kind = row[1]
        if kind.endswith("Review") or sub == "token":
            self.review(body, sub)
        elif sub == "log":
            self.answer(200, b"a line of log\n")
        elif self.command == "GET" and (name or "").startswith("chart-"):
            self.missing()  # else helm refuses: it is another's
        elif self.command == "GET" and name:
            self.answer(200, self.one(gv, kind if sub != "scale" else "Scale", namespace, name))
        elif self.command == "GET":
            self.listing(gv, kind, row, namespace, query)
        elif self.command == "DELETE":
            self.answer(200, {"kind": "Status", "apiVersion": "v1", "status": "Success",
                              "details": {"name": name or "", "uid": "u"}})
        else:
            self.changed(gv, kind, namespace, name, sub, body)

    def one(self, gv, kind, namespace, name):
        if kind == "Scale":
            gv = "autoscaling/v1"
        m = re.fullmatch(r"sh\.helm\.release\.v1\.([^.]+)\.v1", name)
        return helm_release(m.group(1)) if m else an_object(gv, kind, namespace, name)

    def listing(self, gv, kind, row, namespace, query):
        selector = query.get("labelSelector", [""])[0]
        ns = (namespace or "default") if row[2] else None
        if "watch" in query:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Connection", "close")
            self.end_headers()
            event = {"type": "ADDED", "object": an_object(gv, kind, ns, "web")}
            self.wfile.write(json.dumps(event).encode() + b"\n")
            self.close_connection = True
            return
        if kind == "Secret" and "owner=helm" in selector:
            name = re.search(r"name=([^,]+)", selector)
            items = [helm_release(name.group(1) if name else "web")]
        else:
            items = [an_object(gv, kind, ns, "web")]
        if "as=Table" in self.headers.get("Accept", ""):
            self.answer(200, {
                "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {},
                "columnDefinitions": [{"name": "Name", "type": "string", "format": "name",
                                       "description": "", "priority": 0}],
                "rows": [{"cells": [i["metadata"]["name"]],
                          "object": {"kind": "PartialObjectMetadata",
                                     "apiVersion": "meta.k8s.io/v1", "metadata": i["metadata"]}}
                         for i in items]})
            return
        self.answer(200, {"kind": kind + "List", "apiVersion": gv,
                          "metadata": {"resourceVersion": "1"}, "items": items})

    def review(self, body, sub):
        try:
            o = json.loads(body)
        except ValueError:
            o = {"kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1"}
        o["status"] = {"allowed": True, "resourceRules": [], "nonResourceRules": [],
                       "incomplete": False, "userInfo": {"username": "tester"}}
        if sub == "token":
            o["status"] = {"token": CANARY, "expirationTimestamp": "2030-01-01T00:00:00Z"}
        self.answer(201, o)

    def changed(self, gv, kind, namespace, name, sub, body):
        base = self.one(gv, kind if sub != "scale" else "Scale", namespace, name or "new")
        try:
            sent = json.loads(body)
        except ValueError:
            sent = None
        if isinstance(sent, dict) and self.command != "PATCH":
            base.update({k: v for k, v in sent.items() if k not in ("metadata",)})
            base["metadata"].update({k: v for k, v in sent.get("metadata", {}).items() if v})
        self.answer(200 if name else 201, base)


class Recorder(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen = []
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # a client that went away in the middle of an answer

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def take(self):
        seen, self.seen = self.seen, []
        return seen


def kubeconfig(url):
    return json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "dev",
        "contexts": [{"name": "dev", "context": {"cluster": "dev", "user": "dev",
                                                 "namespace": "default"}}],
        "clusters": [{"name": "dev", "cluster": {"server": url}}],
        "users": [{"name": "dev", "user": {"token": CANARY}}],
    })
