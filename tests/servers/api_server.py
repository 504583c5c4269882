#!/usr/bin/env python3
"""api_server.py - a scripted Kubernetes API server for tests, good and bad (Python 3, stdlib only).

It listens on 127.0.0.1, prints one line "listening on http://127.0.0.1:PORT" and serves until it is
ended. Without flags about behaviour it is a good server: lists, single objects, label and field
selectors, paging (limit, continue), Tables, PartialObjectMetadata, logs, discovery, watches, access
reviews, and writes kept in memory (dryRun=All is answered and forgotten).

What it serves
  --root DIR            objects, in a snapshot's layout: DIR/api/v1/namespaces/demo/pods.json holds a
                        list, DIR/apis/apps/v1/namespaces/demo/deployments.json another, a log is
                        …/pods/NAME/log/CONTAINER[.previous].txt. A folder that "kubectl todo-ai
                        snapshot DIR" wrote can be served as it is. What a pod answers itself is
                        …/pods/NAME/proxy/PORT/PATH.txt ("hangs" in it: it never answers); the
                        connection is refused where there is no folder PORT, 404 where no PATH.
  --version V           what /version says (default v1.34.4)
  --without GROUP/V     this version of an API is not served (repeatable)
Where
  --port N              (default: a free one)  --port-file FILE gets the number when it is ready
  --kubeconfig FILE     writes a kubeconfig for this server: context "scripted", user "tester"
  --namespace NS        of that context
  --tls-cert F --tls-key F   HTTPS with this certificate (it is also the kubeconfig's CA)
  --tls-self DIR        makes a certificate for 127.0.0.1 there with the openssl program, and uses it
  --tls-name NAME       with --tls-self: the certificate is for NAME instead of 127.0.0.1
  --wrong-ca            the kubeconfig gets another CA than the server's (with --tls-self)
  --token T             requests need "Authorization: Bearer T", else 401; the kubeconfig has it
                        (kubectl and we send credentials over TLS alone)
  --log FILE            one line a request: METHOD PATH STATUS; with --log-headers also headers
  --late TEXT=SECONDS   what has TEXT in its path is answered so much later (repeatable)
Bad behaviour, of every request or of those whose path contains --only TEXT (repeatable)
  --refuse-after-accept closes the connection without reading
  --slow SECONDS        says nothing for so long (0: for ever)
  --cut [BYTES]         promises a body and closes the connection after BYTES of it (default 40)
  --stall [BYTES]       promises a body, sends BYTES of it (default 40) and then nothing
  --unauthorized [N]    401 (the first N times; default always)
  --forbid RESOURCE     403 on it: pods, events, pods/log, '*' (repeatable); --forbid-ns NS: only there
  --html                a proxy's web page with status 200; --status N changes that
  --status N            a Status of this code
  --garbage             200 and something that is not JSON
  --huge BYTES          a valid list of about so many bytes
  --busy N              429 with Retry-After: 1, the first N times
  --times N             the behaviour above is shown N times, then the server is good
Lists and watches
  --page N              no page is larger than N items, whatever the client asks
  --gone [N]            410 on continue, the first N times (default 1; 0: always)
  --watch-events FILE   JSON lines {"after": seconds, "type": …, "object": …} that happen one after the
                        other once the first watch has come; each watch gets those that are newer
                        than its resourceVersion and that it selects; lists and gets show them too
  --watch-break [N]     each watch is closed after N events (default 0), in the middle of a line with
                        --watch-break-mid
  --watch-gone          the first watch gets an ERROR event 410
Reviews and writes
  --deny VERB           SelfSubjectAccessReview says no to it (repeatable; '*': everything);
                        VERB/RESOURCE: only there
  --skew SECONDS        the clock that reviews are stamped with is so far ahead
  --reject TEXT         a dry run whose body contains TEXT is refused with 422
"""
import argparse
import base64
import copy
import json
import os
import re
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

# resource: (kind, namespaced)
KINDS = {
    "api/v1": {
        "pods": ("Pod", True), "services": ("Service", True), "endpoints": ("Endpoints", True),
        "configmaps": ("ConfigMap", True), "secrets": ("Secret", True), "events": ("Event", True),
        "serviceaccounts": ("ServiceAccount", True), "namespaces": ("Namespace", False),
        "nodes": ("Node", False), "persistentvolumes": ("PersistentVolume", False),
        "persistentvolumeclaims": ("PersistentVolumeClaim", True),
        "resourcequotas": ("ResourceQuota", True), "limitranges": ("LimitRange", True),
        "replicationcontrollers": ("ReplicationController", True),
    },
    "apis/apps/v1": {
        "deployments": ("Deployment", True), "replicasets": ("ReplicaSet", True),
        "statefulsets": ("StatefulSet", True), "daemonsets": ("DaemonSet", True),
        "controllerrevisions": ("ControllerRevision", True),
    },
    "apis/batch/v1": {"jobs": ("Job", True), "cronjobs": ("CronJob", True)},
    "apis/autoscaling/v2": {"horizontalpodautoscalers": ("HorizontalPodAutoscaler", True)},
    "apis/policy/v1": {"poddisruptionbudgets": ("PodDisruptionBudget", True)},
    "apis/networking.k8s.io/v1": {
        "ingresses": ("Ingress", True), "networkpolicies": ("NetworkPolicy", True),
        "ingressclasses": ("IngressClass", False),
    },
    "apis/discovery.k8s.io/v1": {"endpointslices": ("EndpointSlice", True)},
    "apis/storage.k8s.io/v1": {"storageclasses": ("StorageClass", False)},
}
SHORTS = {"pods": ["po"], "services": ["svc"], "deployments": ["deploy"], "configmaps": ["cm"],
          "namespaces": ["ns"], "nodes": ["no"], "events": ["ev"], "replicasets": ["rs"],
          "statefulsets": ["sts"], "daemonsets": ["ds"], "endpoints": ["ep"]}


def split_gv(gv):
    """'api/v1' -> ('', 'v1'); 'apis/apps/v1' -> ('apps', 'v1')"""
    parts = gv.split("/")
    return ("", parts[1]) if parts[0] == "api" else (parts[1], parts[2])


def status(code, reason, message, **details):
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message, "reason": reason, "details": details, "code": code}


class Path:
    """A REST path taken apart."""

    def __init__(self, path):
        p = [unquote(s) for s in urlsplit(path).path.split("/") if s]
        self.gv = self.ns = self.resource = self.name = self.sub = ""
        n = 2 if p[:1] == ["api"] else 3 if p[:1] == ["apis"] else 0
        if not n or len(p) <= n:
            return
        self.gv, rest = "/".join(p[:n]), p[n:]
        if rest[0] == "namespaces" and len(rest) > 2 and rest[2] not in ("status", "finalize"):
            self.ns, rest = rest[1], rest[2:]
        self.resource = rest[0]
        self.name = rest[1] if len(rest) > 1 else ""
        self.sub = "/".join(rest[2:])


def labels_match(selector, labels):
    for m in re.finditer(r"\s*([^,()\s]+\s+(?:not)?in\s*\([^)]*\)|[^,]+)\s*(?:,|$)", selector or ""):
        r = m.group(1).strip()
        s = re.match(r"(\S+)\s+(not)?in\s*\(([^)]*)\)$", r)
        if s:
            hit = labels.get(s.group(1)) in [v.strip() for v in s.group(3).split(",")]
            ok = hit != bool(s.group(2))
        elif "!=" in r:
            k, v = r.split("!=", 1)
            ok = labels.get(k.strip()) != v.strip()
        elif "=" in r:
            k, v = re.split("==?", r, maxsplit=1)
            ok = labels.get(k.strip()) == v.strip()
        elif r.startswith("!"):
            ok = r[1:].strip() not in labels
        else:
            ok = r in labels
        if not ok:
            return False
    return True


def fields_match(selector, obj):
    for r in filter(None, (selector or "").split(",")):
        k, op, v = re.match(r"([^!=]+)(!=|==?)(.*)$", r).groups()
        have = obj
        for part in k.split("."):
            have = have.get(part, "") if isinstance(have, dict) else ""
        if (str(have or "") == v) == (op == "!="):
            return False
    return True


def merge(target, patch):
    """RFC 7386; lists of named things (containers, env) merge by name, as strategic merge does."""
    if isinstance(patch, list) and isinstance(target, list) and patch and all(
            isinstance(i, dict) and "name" in i for i in patch + target):
        out = {i["name"]: i for i in target}
        for i in patch:
            out[i["name"]] = merge(out.get(i["name"], {}), i)
        return list(out.values())
    if not isinstance(patch, dict):
        return patch
    out = dict(target) if isinstance(target, dict) else {}
    for k, v in patch.items():
        if v is None:
            out.pop(k, None)
        else:
            out[k] = merge(out.get(k), v)
    return out


def json_patch(target, ops):
    for op in ops:
        at, keys = target, [k.replace("~1", "/").replace("~0", "~") for k in op["path"].split("/")[1:]]
        for k in keys[:-1]:
            at = at[int(k)] if isinstance(at, list) else at[k]
        k = keys[-1]
        if isinstance(at, list):
            i = len(at) if k == "-" else int(k)
            if op["op"] == "add":
                at.insert(i, op["value"])
            elif op["op"] == "replace":
                at[i] = op["value"]
            elif op["op"] == "remove":
                del at[i]
        elif op["op"] == "remove":
            at.pop(k)
        elif op["op"] != "test":
            at[k] = op["value"]
    return target


class Store:
    """The objects: {(gv, resource): [object, …]}, and logs by their path."""

    def __init__(self, root):
        self.lists, self.refused, self.version, self.lock = {}, {}, 1000, threading.Lock()
        self.root = root
        for folder, _, files in os.walk(root) if root else ():
            for f in sorted(files):
                if f.endswith(".json") and f != "meta.json":
                    self.load(os.path.relpath(os.path.join(folder, f), root)[:-5])

    def load(self, name):
        with open(os.path.join(self.root, name + ".json"), encoding="utf-8") as f:
            doc = json.load(f)
        if "@" in name or name.endswith((".table", ".metadata")):
            return
        p = Path("/" + name)
        if not p.resource or p.sub:
            return
        if doc.get("kind") == "Status":
            self.refused["/" + name] = doc
            return
        items = doc["items"] if "items" in doc else [doc]
        for o in items:
            o.pop("kind", None), o.pop("apiVersion", None)
            if p.ns:
                o.setdefault("metadata", {}).setdefault("namespace", p.ns)
            self.put(p.gv, p.resource, o)

    @staticmethod
    def key(o):
        m = o.get("metadata", {})
        return m.get("namespace", ""), m.get("name", "")

    def put(self, gv, resource, o):
        self.version += 1
        o.setdefault("metadata", {}).setdefault("resourceVersion", str(self.version))
        lst = self.lists.setdefault((gv, resource), [])
        lst[:] = [x for x in lst if self.key(x) != self.key(o)] + [o]

    def kind(self, gv, resource):
        known = KINDS.get(gv, {}).get(resource)
        if known:
            return known[0]
        r = resource[:-3] + "y" if resource.endswith("ies") else resource.rstrip("s")
        return r[:1].upper() + r[1:]

    def has(self, gv, resource):
        return resource in KINDS.get(gv, {}) or (gv, resource) in self.lists

    def select(self, p, q):
        out = [o for o in self.lists.get((p.gv, p.resource), [])
               if (not p.ns or o["metadata"].get("namespace") == p.ns)
               and labels_match(q.get("labelSelector", ""), o["metadata"].get("labels") or {})
               and fields_match(q.get("fieldSelector", ""), o)]
        return sorted(out, key=self.key)

    def get(self, p):
        for o in self.lists.get((p.gv, p.resource), []):
            if self.key(o) == (p.ns, p.name):
                return o
        return None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "scripted"

    def log_message(self, *_):
        pass

    # ---- answers ----
    def note(self, code):
        if not self.server.args.log:
            return
        line = f"{self.command} {self.path} {code}\n"
        if self.server.args.log_headers:
            line += "".join(f"  {k}: {v}\n" for k, v in self.headers.items())
        with self.server.lock, open(self.server.args.log, "a", encoding="utf-8") as f:
            f.write(line)

    def reply(self, code, body, ctype="application/json", **headers):
        data = body if isinstance(body, bytes) else \
            body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.note(code)
        self.send_response(code)
        self.send_header("Content-Type", ctype)
        self.send_header("Content-Length", str(len(data)))
        for k, v in headers.items():
            self.send_header(k.replace("_", "-"), v)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def hang_up(self, code):
        self.note(code)
        self.close_connection = True
        try:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        except OSError:
            pass

    # ---- bad behaviour ----
    def misbehave(self):
        a, s = self.server.args, self.server
        for late in a.late:
            text, seconds = late.rsplit("=", 1)
            if text in self.path:
                s.stop.wait(float(seconds))
        if a.only and not any(t in self.path for t in a.only):
            return False
        with s.lock:
            if a.times is not None and s.shown >= a.times:
                return False
            s.shown += 1
            shown = s.shown
        if a.refuse_after_accept:
            self.hang_up("closed")
        elif a.slow is not None:
            self.note("slow")
            s.stop.wait(a.slow or None)
            if a.slow:
                return False
            self.close_connection = True
        elif a.cut is not None or a.stall is not None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "100000")
            self.end_headers()
            self.wfile.write((b'{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[' * 999)[:a.stall if a.cut is None else a.cut])
            self.wfile.flush()
            if a.cut is None:
                self.note("stall")
                s.stop.wait()
                self.close_connection = True
            else:
                self.hang_up("cut")
        elif a.unauthorized is not None and (a.unauthorized == 0 or shown <= a.unauthorized):
            self.reply(401, status(401, "Unauthorized", "Unauthorized"))
        elif a.busy and shown <= a.busy:
            self.reply(429, status(429, "TooManyRequests", "too many requests"), Retry_After="1")
        elif a.html:
            self.reply(a.status or 200, "<!DOCTYPE html><html><body><h1>Corporate proxy</h1>"
                                        "<p>Please log in.</p></body></html>", "text/html; charset=utf-8")
        elif a.status:
            self.reply(a.status, status(a.status, "InternalError", "etcdserver: request timed out"))
        elif a.garbage:
            self.reply(200, "\x00\x01 this is not JSON {{{")
        elif a.huge:
            one = {"metadata": {"name": "x" * 60, "annotations": {"blob": "y" * 100000}}}
            self.reply(200, {"kind": "PodList", "apiVersion": "v1", "metadata": {},
                             "items": [one] * (a.huge // 100100 + 1)})
        else:
            return False
        return True

    def unauthorized(self):
        t = self.server.args.token
        if not t or self.headers.get("Authorization") == "Bearer " + t:
            return False
        self.reply(401, status(401, "Unauthorized", "Unauthorized"))
        return True

    def forbidden(self, p):
        a = self.server.args
        what = p.resource + ("/" + p.sub.split("/")[0] if p.sub else "")
        if not any(f in (what, "*") for f in a.forbid) or (a.forbid_ns and p.ns != a.forbid_ns):
            return False
        group = split_gv(p.gv)[0] if p.gv else ""
        verb = {"GET": "get" if p.name else "list", "POST": "create", "PUT": "update"}.get(
            self.command, self.command.lower())
        user = self.headers.get("Impersonate-User", "tester")
        where = f' in the namespace "{p.ns}"' if p.ns else " at the cluster scope"
        self.reply(403, status(403, "Forbidden", f'{p.resource} is forbidden: User "{user}" cannot {verb} '
                                                 f'resource "{what}" in API group "{group}"{where}',
                               kind=p.resource))
        return True

    # ---- dispatch ----
    def handle_one_request(self):
        if self.server.args.refuse_after_accept and not self.server.args.only:
            self.command, self.path, self.headers = "-", "-", {}
            if self.server.args.times is None or self.server.shown < self.server.args.times:
                self.server.shown += 1
                self.hang_up("closed")
                return
        try:
            super().handle_one_request()
        except (ConnectionError, ssl.SSLError, ValueError, OSError):
            self.close_connection = True

    def dispatch(self):
        n = int(self.headers.get("Content-Length") or 0)
        self.body = self.rfile.read(n) if n else b""
        url = urlsplit(self.path)
        q = {k: v[-1] for k, v in parse_qs(url.query, keep_blank_values=True).items()}
        p = Path(self.path)
        if self.misbehave() or self.unauthorized():
            return
        if p.resource:
            if not self.forbidden(p):
                self.resource(p, q)
        else:
            self.plain(url.path.rstrip("/"))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = dispatch

    # ---- /version and discovery ----
    def plain(self, path):
        s = self.server
        gv = path.strip("/")
        if path == "/version":
            self.reply(200, {"major": "1", "minor": "34", "gitVersion": s.args.version})
        elif path in ("/healthz", "/livez", "/readyz"):
            self.reply(200, "ok", "text/plain")
        elif path in ("/api", "/apis"):
            if "APIGroupDiscoveryList" in self.headers.get("Accept", ""):
                self.reply(200, self.aggregated(gv),
                           "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList")
            elif path == "/api":
                self.reply(200, {"kind": "APIVersions", "versions": ["v1"]})
            else:
                groups = [{"name": split_gv(g)[0], "versions": [v := {
                    "groupVersion": g[5:], "version": split_gv(g)[1]}], "preferredVersion": v}
                    for g in self.group_versions() if g != "api/v1"]
                self.reply(200, {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
        elif gv in self.group_versions():
            self.reply(200, {"kind": "APIResourceList", "apiVersion": "v1",
                             "groupVersion": gv.split("/", 1)[1], "resources": [
                                 {"name": r, "singularName": k.lower(), "namespaced": n, "kind": k,
                                  "shortNames": SHORTS.get(r, []),
                                  "verbs": ["get", "list", "watch", "create", "update", "patch", "delete"]}
                                 for r, (k, n) in self.resources(gv).items()]})
        else:
            self.reply(404, "404 page not found\n", "text/plain; charset=utf-8")

    def group_versions(self):
        return sorted(set(KINDS) | {gv for gv, _ in self.server.store.lists})

    def resources(self, gv):
        out = dict(KINDS.get(gv, {}))
        for g, r in self.server.store.lists:
            if g == gv and r not in out:
                o = self.server.store.lists[(g, r)]
                out[r] = (self.server.store.kind(g, r), bool(o and o[0]["metadata"].get("namespace")))
        return out

    def aggregated(self, root):
        items = []
        for gv in self.group_versions():
            group, version = split_gv(gv)
            if (group == "") != (root == "api"):
                continue
            items.append({"metadata": {"name": group or None}, "versions": [{
                "version": version, "freshness": "Current", "resources": [
                    {"resource": r, "responseKind": {"group": "", "version": "", "kind": k},
                     "scope": "Namespaced" if n else "Cluster", "singularResource": k.lower(),
                     "shortNames": SHORTS.get(r, []), "verbs": ["create", "delete", "get", "list", "patch", "watch"]}
                    for r, (k, n) in self.resources(gv).items()]}]})
        return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2",
                "metadata": {}, "items": items}

    # ---- resources ----
    def resource(self, p, q):
        store = self.server.store
        if p.resource.endswith("reviews") and self.command == "POST":
            self.review()
            return
        if not store.has(p.gv, p.resource):
            if p.gv in self.group_versions():
                self.reply(404, status(404, "NotFound", "the server could not find the requested resource"))
            else:
                self.reply(404, "404 page not found\n", "text/plain; charset=utf-8")
        elif self.command != "GET":
            self.write(p, q)
        elif p.sub == "log":
            self.pod_log(p, q)
        elif p.sub.split("/")[0] == "proxy":
            self.pod_proxy(p)
        elif p.name:
            o = store.get(p)
            if o is None:
                self.missing(p)
            elif "as=PartialObjectMetadataList" in self.headers.get("Accept", ""):
                self.reply(406, status(406, "NotAcceptable", "the requested object is not a list"))
            else:
                self.reply(200, self.shape(p, o, q))
        elif q.get("watch") in ("true", "1"):
            self.watch(p, q)
        else:
            self.list(p, q)

    def missing(self, p):
        self.reply(404, status(404, "NotFound", f'{p.resource} "{p.name}" not found', name=p.name,
                               kind=p.resource))

    def shape(self, p, o, q=None):
        store = self.server.store
        accept = self.headers.get("Accept", "")
        out = {"kind": store.kind(p.gv, p.resource), "apiVersion": p.gv.split("/", 1)[1], **o}
        if "as=PartialObjectMetadata;" in accept or ("as=PartialObjectMetadataList" in accept and q is None):
            return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
                    "metadata": o["metadata"]}
        if "as=Table" in accept:
            return self.table(p, [o], {}, q or {})
        return out

    def table(self, p, items, meta, q):
        columns = ["Name"] + (["Ready", "Status", "Restarts"] if p.resource == "pods" else []) + ["Age"]
        rows = []
        for o in items:
            cells = [o["metadata"].get("name", "")]
            if p.resource == "pods":
                cs = o.get("status", {}).get("containerStatuses") or []
                word = o.get("status", {}).get("phase", "Unknown")
                for c in cs:
                    for state in ("waiting", "terminated"):
                        word = (c.get("state", {}).get(state) or {}).get("reason") or word
                cells += [f"{sum(bool(c.get('ready')) for c in cs)}/{len(o['spec'].get('containers', []))}",
                          word, sum(c.get("restartCount", 0) for c in cs)]
            row = {"cells": cells + ["5m"]}
            if q.get("includeObject") != "None":
                row["object"] = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
                                 "metadata": o["metadata"]}
            rows.append(row)
        return {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": meta, "rows": rows,
                "columnDefinitions": [{"name": c, "type": "string", "format": "", "description": "",
                                       "priority": 0} for c in columns]}

    def list(self, p, q):
        a, store = self.server.args, self.server.store
        if "/" + p.gv + ("/namespaces/" + p.ns if p.ns else "") + "/" + p.resource in store.refused:
            doc = store.refused["/" + p.gv + ("/namespaces/" + p.ns if p.ns else "") + "/" + p.resource]
            self.reply(doc.get("code", 500), doc)
            return
        if "continue" in q:
            with self.server.lock:
                gone = a.gone == 0 or (a.gone is not None and self.server.gone < a.gone)
                self.server.gone += gone
            if gone:
                self.reply(410, status(410, "Expired", "The provided continue parameter is too old"))
                return
        with store.lock:
            items = copy.deepcopy(store.select(p, q))
            meta = {"resourceVersion": str(store.version)}
        start = int(q.get("continue") or 0)
        size = int(q.get("limit") or 0) or len(items)
        size = min(size, a.page) if a.page else size
        page = items[start:start + size]
        if start + size < len(items):
            meta.update({"continue": str(start + size), "remainingItemCount": len(items) - start - size})
        accept = self.headers.get("Accept", "")
        if "as=Table" in accept:
            self.reply(200, self.table(p, page, meta, q))
        elif "as=PartialObjectMetadataList" in accept:
            self.reply(200, {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1",
                             "metadata": meta, "items": [self.shape(p, o) for o in page]})
        else:
            self.reply(200, {"kind": store.kind(p.gv, p.resource) + "List",
                             "apiVersion": p.gv.split("/", 1)[1], "metadata": meta, "items": page})

    def pod_log(self, p, q):
        o = self.server.store.get(p)
        if o is None:
            self.missing(p)
            return
        names = [c["name"] for c in o.get("spec", {}).get("containers", [])] or ["_default"]
        c, previous = q.get("container") or names[0], q.get("previous") == "true"
        f = os.path.join(self.server.args.root or "", p.gv, "namespaces", p.ns, "pods", p.name, "log",
                         c + (".previous" if previous else "") + ".txt")
        if os.path.exists(f):
            with open(f, "rb") as fh:
                self.reply(200, fh.read(), "text/plain")
        elif previous:
            self.reply(400, status(400, "BadRequest", f'previous terminated container "{c}" in pod '
                                                      f'"{p.name}" not found'))
        else:
            self.reply(200, "", "text/plain")

    def pod_proxy(self, p):
        name, port = p.name.rsplit(":", 1)
        folder = os.path.join(self.server.args.root or "", p.gv, "namespaces", p.ns, "pods",
                              name.removeprefix("https:"), "proxy", port)
        path = p.sub.removeprefix("proxy").strip("/") or "_root"
        if not os.path.isdir(folder):
            self.reply(503, status(503, "ServiceUnavailable", "error trying to reach service: dial tcp "
                                   f"10.0.0.1:{port}: connect: connection refused"))
            return
        try:
            with open(os.path.join(folder, path + ".txt"), "rb") as fh:
                said = fh.read()
        except OSError:
            self.reply(404, "no such page\n", "text/plain")
            return
        if said.strip() == b"hangs":
            self.note("hangs")
            self.server.stop.wait()
            self.close_connection = True
        else:
            self.reply(200, said, "text/plain")

    # ---- watches ----
    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def watch(self, p, q):
        a, s = self.server.args, self.server
        kind = s.store.kind(p.gv, p.resource)
        self.note(200)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        with s.lock:
            first, s.watches = s.watches == 0, s.watches + 1
        if first:
            threading.Thread(target=s.happen, daemon=True).start()
        if a.watch_gone and first:
            e = {"type": "ERROR", "object": status(410, "Expired", "too old resource version")}
            self.chunk(json.dumps(e).encode() + b"\n")
            self.chunk(b"")
            return
        sent, seen = 0, int(q.get("resourceVersion") or 0)
        while True:
            if a.watch_break is not None and sent >= a.watch_break:
                if a.watch_break_mid:
                    self.chunk(b'{"type":"MODIFIED","object":{"kind":"')
                self.hang_up("watch broken")
                return
            with s.lock:
                e = next((e for rv, e in s.history if rv > seen and e["object"].get("kind", kind) == kind), None)
            if e is None:
                if s.stop.wait(0.05):
                    return
                continue
            seen = int(e["object"]["metadata"]["resourceVersion"])
            if self.watched(p, q, e["object"]):
                self.chunk(json.dumps(e).encode() + b"\n")
                sent += 1

    @staticmethod
    def watched(p, q, o):
        m = o["metadata"]
        return (not p.ns or m.get("namespace", p.ns) == p.ns) and fields_match(
            q.get("fieldSelector", ""), o) and labels_match(q.get("labelSelector", ""), m.get("labels") or {})

    # ---- reviews and writes ----
    def review(self):
        doc = json.loads(self.body or b"{}")
        attributes = doc.get("spec", {}).get("resourceAttributes", {})
        verb = attributes.get("verb", "")
        one = f"{verb}/{attributes.get('resource', '')}"
        deny = any(d in (verb, one, "*") for d in self.server.args.deny)
        doc["status"] = {"allowed": not deny, **({"reason": "denied by the script"} if deny else {})}
        if doc.get("kind") == "SelfSubjectReview":
            doc["status"] = {"userInfo": {"username": "tester", "groups": ["system:authenticated"]}}
            there = time.time() + self.server.args.skew
            doc["metadata"] = {"creationTimestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(there))}
        self.reply(201, doc)

    def write(self, p, q):
        store, dry = self.server.store, q.get("dryRun") == "All"
        if dry and self.server.args.reject and self.server.args.reject.encode() in self.body:
            self.reply(422, status(422, "Invalid", f'{p.resource} "{p.name}" is invalid: rejected by the script'))
            return
        with store.lock:
            old = store.get(p) if p.name else None
            if p.name and old is None and not (self.command == "PATCH" and "apply" in
                                               self.headers.get("Content-Type", "")):
                self.missing(p)
                return
            if self.command == "DELETE":
                if not dry:
                    store.lists[(p.gv, p.resource)].remove(old)
                self.reply(200, {"kind": "Status", "apiVersion": "v1", "status": "Success"})
                return
            try:
                new = self.changed(p, old)
            except (ValueError, KeyError, IndexError, TypeError) as e:
                self.reply(400, status(400, "BadRequest", f"the body is broken: {e}"))
                return
            if not dry:
                new["metadata"].pop("resourceVersion", None)
                store.put(p.gv, p.resource, new)
        self.reply(201 if self.command == "POST" else 200, self.shape(p, new))

    def changed(self, p, old):
        ctype = self.headers.get("Content-Type", "")
        doc = json.loads(self.body)
        if self.command == "PATCH" and "json-patch" in ctype:
            new = json_patch(copy.deepcopy(old), doc)
        elif self.command == "PATCH":
            new = merge(copy.deepcopy(old or {}), doc)
        else:
            new = doc
        new.pop("kind", None), new.pop("apiVersion", None)
        new.setdefault("metadata", {})
        if p.name:
            new["metadata"]["name"] = p.name
        if p.ns:
            new["metadata"]["namespace"] = p.ns
        return new


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        pass

    def happen(self):
        """Lets the events of --watch-events happen, one after the other, as time goes by."""
        by_kind = {k: (gv, r) for gv, rs in KINDS.items() for r, (k, _) in rs.items()}
        for e in self.events:
            self.stop.wait(e.pop("after", 0))
            o, st = e["object"], self.store
            gv, resource = by_kind.get(o.get("kind"), ("", ""))
            with st.lock:
                bare = copy.deepcopy({k: v for k, v in o.items() if k not in ("kind", "apiVersion")})
                bare.setdefault("metadata", {}).pop("resourceVersion", None)
                if e["type"] == "DELETED":
                    lst = st.lists.get((gv, resource), [])
                    lst[:] = [x for x in lst if st.key(x) != st.key(o)]
                    st.version += 1
                elif e["type"] != "BOOKMARK":
                    st.put(gv, resource, bare)
                o.setdefault("metadata", {})["resourceVersion"] = str(st.version)
            with self.lock:
                self.history.append((st.version, e))


def make_certificate(folder, name, host):
    os.makedirs(folder, exist_ok=True)
    cert, key = os.path.join(folder, name + ".crt"), os.path.join(folder, name + ".key")
    san = f"IP:{host}" if re.match(r"[\d.]+$", host) else f"DNS:{host}"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName={san}",
                    "-keyout", key, "-out", cert], check=True, stderr=subprocess.DEVNULL)
    return cert, key


def write_kubeconfig(args, url, ca):
    cluster = {"server": url}
    if ca:
        with open(ca, "rb") as f:
            cluster["certificate-authority-data"] = base64.b64encode(f.read()).decode()
    context = {"cluster": "scripted", "user": "tester"}
    if args.namespace:
        context["namespace"] = args.namespace
    doc = {"apiVersion": "v1", "kind": "Config", "current-context": "scripted",
           "clusters": [{"name": "scripted", "cluster": cluster}],
           "contexts": [{"name": "scripted", "context": context}],
           "users": [{"name": "tester", "user": {"token": args.token} if args.token else {}}]}
    with open(args.kubeconfig, "w", encoding="utf-8") as f:
        json.dump(doc, f, indent=1)


def parse_args():
    p = argparse.ArgumentParser(usage="see the head of this file")
    for f in ("root", "port-file", "kubeconfig", "namespace", "tls-cert", "tls-key", "tls-self", "token",
              "log", "watch-events", "reject", "forbid-ns"):
        p.add_argument("--" + f)
    p.add_argument("--tls-name", default="127.0.0.1")
    p.add_argument("--version", default="v1.34.4")
    p.add_argument("--port", type=int, default=0)
    for f in ("log-headers", "wrong-ca", "refuse-after-accept", "html", "garbage", "watch-break-mid",
              "watch-gone"):
        p.add_argument("--" + f, action="store_true")
    p.add_argument("--skew", type=int, default=0)
    for f in ("only", "late", "forbid", "deny", "without"):
        p.add_argument("--" + f, action="append", default=[])
    for f in ("status", "huge", "busy", "times", "page"):
        p.add_argument("--" + f, type=int)
    p.add_argument("--slow", type=float)
    for f, const in (("cut", 40), ("stall", 40), ("unauthorized", 0), ("gone", 1), ("watch-break", 0)):
        p.add_argument("--" + f, type=int, nargs="?", const=const)
    return p.parse_args()


def main():
    args = parse_args()
    for gv in args.without:
        KINDS.pop("apis/" + gv, None)
    server = Server(("127.0.0.1", args.port), Handler)
    server.args, server.store, server.lock = args, Store(args.root), threading.Lock()
    server.shown = server.gone = server.watches = 0
    server.stop = threading.Event()
    server.events, server.history = [], []
    if args.watch_events:
        with open(args.watch_events, encoding="utf-8") as f:
            server.events = [json.loads(line) for line in f if line.strip()]
    ca = args.tls_cert
    if args.tls_self:
        args.tls_cert, args.tls_key = make_certificate(args.tls_self, "server", args.tls_name)
        ca = make_certificate(args.tls_self, "other", args.tls_name)[0] if args.wrong_ca else args.tls_cert
    if args.tls_cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(args.tls_cert, args.tls_key)
        # the handshake belongs to the connection's own thread, so that one client cannot block all
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    url = f"{'https' if args.tls_cert else 'http'}://127.0.0.1:{server.server_port}"
    if args.kubeconfig:
        write_kubeconfig(args, url, ca)
    if args.port_file:
        with open(args.port_file + ".new", "w", encoding="utf-8") as f:
            f.write(f"{server.server_port}\n")
        os.rename(args.port_file + ".new", args.port_file)
    print(f"listening on {url}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
