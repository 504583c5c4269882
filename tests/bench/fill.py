#!/usr/bin/env python3
"""usage: fill.py PODS [BROKEN] | fill.py --remove

Writes PODS pods of ordinary size, with their Deployments, ReplicaSets, Services and
EndpointSlices, straight into the etcd of a test cluster whose controllers are stopped
(so that what is written stays), over etcd's JSON gateway at 127.0.0.1:2379. BROKEN of
them (30) are broken in five ways, each a Deployment of one pod. To be run inside the
cluster's network: ip netns exec kta-NAME fill.py 10000
"""
import base64
import datetime
import http.client
import json
import sys
import uuid

NODES = 100
EACH = 50  # pods of one healthy Deployment
NAMESPACES = 20
WAYS = ["crash", "image", "config", "oom", "pending"]
now = datetime.datetime.now(datetime.timezone.utc)


def ago(seconds):
    return (now - datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def b64(s):
    return base64.b64encode(s.encode()).decode()


class Etcd:
    def __init__(self):
        self.c = http.client.HTTPConnection("127.0.0.1", 2379)
        self.batch = []

    def call(self, path, body):
        self.c.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        r = self.c.getresponse()
        data = r.read()
        if r.status != 200:
            sys.exit(f"etcd: {r.status} {data[:300]!r}")

    def put(self, key, obj):
        self.batch.append({"request_put": {"key": b64(key), "value": b64(json.dumps(obj))}})
        if len(self.batch) >= 100:
            self.flush()

    def flush(self):
        if self.batch:
            self.call("/v3/kv/txn", {"success": self.batch})
        self.batch = []

    def remove(self, prefix):
        end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        self.call("/v3/kv/deleterange", {"key": b64(prefix), "range_end": b64(end)})


def meta(name, ns=None, labels=None, owner=None, **more):
    m = {"name": name, "uid": str(uuid.uuid4()), "creationTimestamp": ago(86400),
         "labels": labels or {}}
    if ns:
        m["namespace"] = ns
    if owner:
        m["ownerReferences"] = [{"apiVersion": "apps/v1", "kind": owner["kind"], "controller": True,
                                 "blockOwnerDeletion": True, "name": owner["metadata"]["name"],
                                 "uid": owner["metadata"]["uid"]}]
    m["managedFields"] = [{
        "manager": who, "operation": "Update", "apiVersion": "v1", "time": ago(86400),
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:metadata": {"f:labels": {".": {}, "f:app": {}, "f:tier": {}}},
                     "f:spec": {"f:containers": {'k:{"name":"app"}': {
                         ".": {}, "f:env": {'k:{"name":"V%d"}' % i: {".": {}, "f:name": {}, "f:value": {}}
                                            for i in range(20)},
                         "f:image": {}, "f:imagePullPolicy": {}, "f:name": {}, "f:ports": {},
                         "f:readinessProbe": {"f:httpGet": {"f:path": {}, "f:port": {}}},
                         "f:resources": {"f:limits": {}, "f:requests": {}}}},
                         "f:dnsPolicy": {}, "f:restartPolicy": {}, "f:schedulerName": {}}}}
        for who in ("kube-controller-manager", "kubelet")]
    m.update(more)
    return m


def pod_spec(way=None):
    env = [{"name": f"V{i}", "value": f"value number {i} of the environment"} for i in range(20)]
    if way == "config":
        env.append({"name": "MODE", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "mode"}}})
    image = "registry.example/app:v999" if way == "image" else "registry.example/app:v1"
    return {"containers": [{
        "name": "app", "image": image, "imagePullPolicy": "IfNotPresent", "env": env,
        "ports": [{"containerPort": 8080, "name": "http", "protocol": "TCP"}],
        "resources": {"requests": {"cpu": "9000" if way == "pending" else "100m", "memory": "64Mi"},
                      "limits": {"memory": "128Mi"}},
        "readinessProbe": {"httpGet": {"path": "/health", "port": 8080}, "periodSeconds": 5},
        "livenessProbe": {"httpGet": {"path": "/health", "port": 8080}, "periodSeconds": 10},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}]}],
        "volumes": [{"name": "data", "emptyDir": {}}],
        "restartPolicy": "Always", "serviceAccountName": "default", "dnsPolicy": "ClusterFirst",
        "terminationGracePeriodSeconds": 30, "schedulerName": "default-scheduler",
        "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists",
                         "effect": "NoExecute", "tolerationSeconds": 300}]}


def condition(kind, ok, **more):
    return {"type": kind, "status": "True" if ok else "False", "lastTransitionTime": ago(3600), **more}


def pod_status(way):
    if way == "pending":
        return {"phase": "Pending", "conditions": [condition(
            "PodScheduled", False, reason="Unschedulable",
            message=f"0/{NODES} nodes are available: {NODES} Insufficient cpu.")]}
    status = {"name": "app", "image": "registry.example/app:v1", "imageID": "sha256:0", "restartCount": 0,
              "ready": way is None, "started": way is None, "containerID": "containerd://" + "0" * 64}
    dead = {"reason": "Error", "exitCode": 1, "startedAt": ago(70), "finishedAt": ago(60)}
    if way is None:
        status["state"] = {"running": {"startedAt": ago(86000)}}
    elif way in ("crash", "oom"):
        status["restartCount"] = 7
        if way == "oom":
            dead.update(reason="OOMKilled", exitCode=137)
        status["state"] = {"waiting": {"reason": "CrashLoopBackOff",
                                       "message": "back-off 5m0s restarting failed container"}}
        status["lastState"] = {"terminated": dead}
    elif way == "image":
        status["state"] = {"waiting": {"reason": "ImagePullBackOff",
                                       "message": 'Back-off pulling image "registry.example/app:v999"'}}
    else:
        status["state"] = {"waiting": {"reason": "CreateContainerConfigError",
                                       "message": 'configmap "settings" not found'}}
    return {"phase": "Running" if way in (None, "crash", "oom") else "Pending", "hostIP": "10.0.0.1",
            "podIP": "10.1.2.3", "podIPs": [{"ip": "10.1.2.3"}], "startTime": ago(86000), "qosClass": "Burstable",
            "conditions": [condition("PodScheduled", True), condition("Initialized", True),
                           condition("ContainersReady", way is None), condition("Ready", way is None)],
            "containerStatuses": [status]}


def workload(e, ns, name, replicas, way=None):
    labels = {"app": name, "tier": "web"}
    ready = 0 if way else replicas
    template = {"metadata": {"labels": labels}, "spec": pod_spec(way)}
    d = {"apiVersion": "apps/v1", "kind": "Deployment",
         "metadata": meta(name, ns, labels, generation=1,
                          annotations={"deployment.kubernetes.io/revision": "1"}),
         "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template,
                  "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
                  "progressDeadlineSeconds": 600, "revisionHistoryLimit": 10},
         "status": {"observedGeneration": 1, "replicas": replicas, "updatedReplicas": replicas,
                    "readyReplicas": ready, "availableReplicas": ready, "unavailableReplicas": replicas - ready,
                    "conditions": [condition("Available", not way)]}}
    e.put(f"/registry/deployments/{ns}/{name}", d)
    hashed = dict(labels, **{"pod-template-hash": "5d9f8c"})
    rs = {"apiVersion": "apps/v1", "kind": "ReplicaSet",
          "metadata": meta(f"{name}-5d9f8c", ns, hashed, d, generation=1,
                           annotations={"deployment.kubernetes.io/revision": "1"}),
          "spec": {"replicas": replicas, "selector": {"matchLabels": hashed},
                   "template": {"metadata": {"labels": hashed}, "spec": pod_spec(way)}},
          "status": {"replicas": replicas, "readyReplicas": ready, "observedGeneration": 1}}
    e.put(f"/registry/replicasets/{ns}/{name}-5d9f8c", rs)
    service = {"apiVersion": "v1", "kind": "Service", "metadata": meta(name, ns, labels),
               "spec": {"selector": labels, "type": "ClusterIP", "clusterIP": "None",
                        "ports": [{"name": "http", "port": 80, "targetPort": 8080, "protocol": "TCP"}]}}
    if not way:
        e.put(f"/registry/services/specs/{ns}/{name}", service)
    endpoints = []
    for i in range(replicas):
        pod = {"apiVersion": "v1", "kind": "Pod",
               "metadata": meta(f"{name}-5d9f8c-{i:05d}", ns, hashed, rs),
               "spec": pod_spec(way), "status": pod_status(way)}
        if way != "pending":
            pod["spec"]["nodeName"] = f"node-{i % NODES:03d}"
        e.put(f"/registry/pods/{ns}/{pod['metadata']['name']}", pod)
        endpoints.append({"addresses": ["10.1.2.3"], "conditions": {"ready": True, "serving": True},
                          "nodeName": "node-000", "targetRef": {"kind": "Pod", "namespace": ns,
                                                                "name": pod["metadata"]["name"],
                                                                "uid": pod["metadata"]["uid"]}})
    if not way:
        e.put(f"/registry/endpointslices/{ns}/{name}-abcde", {
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": meta(f"{name}-abcde", ns, {"kubernetes.io/service-name": name}),
            "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}], "endpoints": endpoints})


def remove(e):
    for i in range(NAMESPACES):
        for kind in ("pods", "deployments", "replicasets", "services/specs", "endpointslices"):
            e.remove(f"/registry/{kind}/fill-{i:02d}/")
        e.remove(f"/registry/namespaces/fill-{i:02d}")
    e.remove("/registry/minions/node-")


def main():
    e = Etcd()
    remove(e)
    if sys.argv[1] == "--remove":
        return
    pods, broken = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 30
    for i in range(NODES):
        e.put(f"/registry/minions/node-{i:03d}", {
            "apiVersion": "v1", "kind": "Node", "metadata": meta(f"node-{i:03d}"), "spec": {},
            "status": {"allocatable": {"cpu": "8", "memory": "32Gi", "pods": "250"},
                       "capacity": {"cpu": "8", "memory": "32Gi", "pods": "250"},
                       "conditions": [condition("Ready", True)]}})
    for i in range(NAMESPACES):
        e.put(f"/registry/namespaces/fill-{i:02d}", {
            "apiVersion": "v1", "kind": "Namespace", "metadata": meta(f"fill-{i:02d}"),
            "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}})
    for i in range(broken):
        way = WAYS[i % len(WAYS)]
        workload(e, f"fill-{i % NAMESPACES:02d}", f"{way}-{i:02d}", 1, way)
    left, i = pods - broken, 0
    while left > 0:
        workload(e, f"fill-{i % NAMESPACES:02d}", f"app-{i:04d}", min(EACH, left))
        left, i = left - EACH, i + 1
    e.flush()


main()
