#!/usr/bin/env python3
"""changes.py - each kind of change is done, undone, and compared with what was there before.

usage: changes.py PLUGIN NAMESPACE [CASE...]

A case is objects that are made first, one or more commands that go through `apply PLAN.json`, and
the objects to look at. The objects must differ after the change, and be equal to the pre-image
after `undo ID`, but for what the server itself keeps (uid, resourceVersion, generation, times,
managedFields, status, revision counters, what it chooses anew for a recreated object). Prints one
line a case and a table at the end.
"""
import copy
import json
import os
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor

PLUGIN, NS = sys.argv[1], sys.argv[2]
ONLY = sys.argv[3:]
HOME = tempfile.mkdtemp()
ENV = dict(os.environ, HOME=HOME)
for variable in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
    ENV.pop(variable, None)
TAG = NS.rsplit("-", 1)[-1]
NODE = "kta-node"

# ---- objects ------------------------------------------------------------------------------------


def meta(name, **more):
    return dict({"name": name, "labels": {"app": name}}, **more)


def pod_spec(**more):
    container = {"name": "main", "image": "busybox:1.36", "command": ["sleep", "3600"],
                 "env": [{"name": "MODE", "value": "a"}],
                 "resources": {"requests": {"cpu": "1m", "memory": "4Mi"}}}
    return dict({"terminationGracePeriodSeconds": 0, "containers": [container]}, **more)


def template(name, **more):
    return {"metadata": {"labels": {"app": name}}, "spec": pod_spec(**more)}


def deployment(name, replicas=0, **more):
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template(name)}
    spec.update(more)
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta(name, annotations={"team": "a"}),
            "spec": spec}


def statefulset(name):
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": meta(name),
            "spec": {"replicas": 0, "serviceName": name, "selector": {"matchLabels": {"app": name}},
                     "template": template(name)}}


def daemonset(name):
    return {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": meta(name),
            "spec": {"selector": {"matchLabels": {"app": name}},
                     "template": template(name, nodeSelector={"kta.test/none": "here"})}}


def service(name, **more):
    spec = {"selector": {"app": name}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]}
    spec.update(more)
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta(name), "spec": spec}


def configmap(name, **data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta(name), "data": data or {"mode": "a"}}


def secret(name, **data):
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta(name),
            "stringData": data or {"password": "hunter2-" + TAG}}


def cronjob(name):
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": meta(name),
            "spec": {"schedule": "0 0 1 1 *",
                     "jobTemplate": {"spec": {"template": template(name, restartPolicy="Never")}}}}


def job(name):
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta(name),
            "spec": {"suspend": True, "template": template(name, restartPolicy="Never")}}


def ingress(name):
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": meta(name),
            "spec": {"rules": [{"host": name + ".test", "http": {"paths": [
                {"path": "/", "pathType": "Prefix",
                 "backend": {"service": {"name": name, "port": {"number": 80}}}}]}}]}}


def netpol(name):
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": meta(name),
            "spec": {"podSelector": {"matchLabels": {"app": name}}, "policyTypes": ["Ingress"]}}


def hpa(name):
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": meta(name),
            "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
                     "minReplicas": 1, "maxReplicas": 3}}


def pdb(name):
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta(name),
            "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": name}}}}


def claim(name):
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta(name),
            "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "none",
                     "resources": {"requests": {"storage": "1Mi"}}}}


def role(name):
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": meta(name),
            "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}


def rolebinding(name):
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": meta(name),
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": NS}]}


def account(name):
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta(name)}


def quota(name):
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": meta(name),
            "spec": {"hard": {"count/cronjobs.batch": "50"}}}


def bare_pod(name):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta(name), "spec": pod_spec()}


def namespace(name):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"app": "x"}}}


def within(ns, o):
    o["metadata"]["namespace"] = ns
    return o


def crd(plural, scope="Namespaced"):
    kind = plural[:-1].capitalize()
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": plural + ".kta.test"},
            "spec": {"group": "kta.test", "scope": scope,
                     "names": {"plural": plural, "singular": plural[:-1], "kind": kind},
                     "versions": [{"name": "v1", "served": True, "storage": True, "schema": {
                         "openAPIV3Schema": {"type": "object",
                                             "x-kubernetes-preserve-unknown-fields": True}}}]}}


def custom(plural, name, **spec):
    return {"apiVersion": "kta.test/v1", "kind": plural[:-1].capitalize(), "metadata": meta(name),
            "spec": spec or {"size": 1}}


WIDGETS = "w%ss" % TAG
GADGETS = "g%ss" % TAG
PRIORITY = "p" + TAG
VOLUME = "v" + TAG
GONE_NS = NS + "-gone"
NEW_NS = NS + "-new"

# ---- cases --------------------------------------------------------------------------------------
CASES = []


def case(name, setup, commands, look, **more):
    """commands: "kubectl …" words split at blanks, a list of words, or (words, manifest)."""
    CASES.append(dict({"name": name, "setup": setup, "commands": commands, "look": look}, **more))


def kubectl_words(text):
    return text if isinstance(text, list) else text.split()


def patch_of(name, kind, body, how="strategic"):
    return ["kubectl", "patch", kind, name, "--type=" + how, "-p", json.dumps(body)]


def simple(name, make, commands, kind=None, **more):
    """One object of its own, named after the case."""
    o = make(name)
    case(name, [o], [c.replace("@", name) if isinstance(c, str) else c for c in commands],
         [(kind or o["kind"].lower()) + "/" + name], **more)


simple("scale-up", deployment, ["kubectl scale deployment/@ --replicas=1"])
simple("scale-down", lambda n: deployment(n, replicas=1), ["kubectl scale deployment @ --replicas=0"])
simple("scale-statefulset", statefulset, ["kubectl scale statefulset/@ --replicas=1"])
simple("label-new", configmap, ["kubectl label configmap @ tier=web"])
simple("label-overwrite", configmap, ["kubectl label configmap @ app=other --overwrite"])
simple("label-remove", configmap, ["kubectl label configmap @ app-"])
simple("annotate-new", service, ["kubectl annotate service @ note=hello"])
simple("annotate-overwrite", deployment, ["kubectl annotate deployment @ team=b --overwrite"])
simple("annotate-remove", deployment, ["kubectl annotate deployment @ team-"])
simple("set-image", deployment, ["kubectl set image deployment/@ main=kta.test/busybox:1"])
simple("set-env", deployment, ["kubectl set env deployment/@ MODE=b EXTRA=1"])
simple("unset-env", deployment, ["kubectl set env deployment/@ MODE-"])
simple("set-resources", deployment, ["kubectl set resources deployment/@ --limits=cpu=100m,memory=32Mi"])
simple("set-serviceaccount", deployment, ["kubectl set serviceaccount deployment @ default"])
simple("set-selector", service, ["kubectl set selector service @ app=elsewhere"])
simple("set-subject", rolebinding, ["kubectl set subject rolebinding @ --user=ann"])
simple("rollout-restart", deployment, ["kubectl rollout restart deployment/@"])
simple("rollout-pause", deployment, ["kubectl rollout pause deployment/@"])
simple("rollout-resume", lambda n: deployment(n, paused=True), ["kubectl rollout resume deployment/@"])
case("rollout-undo", [deployment("rollout-undo")], ["kubectl rollout undo deployment/rollout-undo"],
     ["deployment/rollout-undo"],
     before=["kubectl set env deployment/rollout-undo MODE=second"], await_revision=2)
simple("restart-daemonset", daemonset, ["kubectl rollout restart daemonset/@"])
case("patch-strategic", [deployment("patch-strategic")],
     [patch_of("patch-strategic", "deployment", {"spec": {"template": {"spec": {"containers": [
         {"name": "main", "command": ["sleep", "60"]}]}}}})], ["deployment/patch-strategic"])
case("patch-merge", [service("patch-merge")],
     [patch_of("patch-merge", "service", {"spec": {"ports": [{"port": 81, "targetPort": 9090}]}}, "merge")],
     ["service/patch-merge"])
case("patch-json", [configmap("patch-json")],
     [patch_of("patch-json", "configmap", [{"op": "add", "path": "/data/more", "value": "x"},
                                           {"op": "remove", "path": "/data/mode"}], "json")],
     ["configmap/patch-json"])
case("patch-secret", [secret("patch-secret")],
     [patch_of("patch-secret", "secret", {"stringData": {"password": "another-" + TAG}})],
     ["secret/patch-secret"])
case("patch-custom", [custom(WIDGETS, "patch-custom")],
     [patch_of("patch-custom", WIDGETS + ".kta.test", {"spec": {"size": 2}}, "merge")],
     [WIDGETS + ".kta.test/patch-custom"])
case("patch-ingress", [ingress("patch-ingress")],
     [patch_of("patch-ingress", "ingress", [{"op": "replace", "path": "/spec/rules/0/host",
                                             "value": "else.test"}], "json")], ["ingress/patch-ingress"])
case("patch-hpa", [hpa("patch-hpa")], [patch_of("patch-hpa", "hpa", {"spec": {"maxReplicas": 9}}, "merge")],
     ["hpa/patch-hpa"])
case("apply-new", [], [("kubectl apply -f -", [configmap("apply-new"), service("apply-new")])],
     ["configmap/apply-new", "service/apply-new"])
case("apply-changed", [configmap("apply-changed", mode="a", old="x")],
     [("kubectl apply -f -", [configmap("apply-changed", mode="b")])], ["configmap/apply-changed"],
     apply=True)
case("apply-server-side", [configmap("apply-server", mode="a")],
     [("kubectl apply --server-side --force-conflicts -f -", [configmap("apply-server", mode="b")])],
     ["configmap/apply-server"])
case("apply-migrates", [configmap("migrates", mode="a", old="x")],
     [("kubectl apply --server-side -f -", [configmap("migrates", mode="b")])], ["configmap/migrates"], apply=True,
     shows="which no dry run shows: data.old")
case("replace", [configmap("replace", mode="a", old="x")],
     [("kubectl replace -f -", [configmap("replace", mode="b")])], ["configmap/replace"])
case("create-configmap", [], ["kubectl create configmap create-configmap --from-literal=a=b"],
     ["configmap/create-configmap"])
case("create-deployment", [], ["kubectl create deployment create-deployment --image=busybox:1.36 --replicas=0"],
     ["deployment/create-deployment"])
case("create-job-from", [cronjob("job-from")], ["kubectl create job job-made --from=cronjob/job-from"],
     ["job/job-made", "cronjob/job-from"])
case("create-namespace", [], ["kubectl create namespace " + NEW_NS], ["namespace/" + NEW_NS])
case("expose", [deployment("expose")], ["kubectl expose deployment expose --port=80"], ["service/expose"])
case("autoscale", [deployment("autoscale")],
     ["kubectl autoscale deployment autoscale --min=1 --max=2 --cpu=80%"], ["hpa/autoscale"])
case("run", [], [["kubectl", "run", "run-pod", "--image=busybox:1.36", "--restart=Never", "--command", "--",
                  "sleep", "600"]], ["pod/run-pod"])
for kind, make in [("deployment", deployment), ("statefulset", statefulset), ("daemonset", daemonset),
                   ("service", service), ("configmap", configmap), ("secret", secret), ("cronjob", cronjob),
                   ("job", job), ("ingress", ingress), ("networkpolicy", netpol), ("hpa", hpa), ("pdb", pdb),
                   ("pvc", claim), ("role", role), ("rolebinding", rolebinding), ("serviceaccount", account),
                   ("resourcequota", quota), ("pod", bare_pod)]:
    simple("delete-" + kind, make, ["kubectl delete %s @" % kind], kind=kind)
case("delete-custom", [custom(WIDGETS, "delete-custom", size=3)],
     ["kubectl delete %s.kta.test delete-custom" % WIDGETS], [WIDGETS + ".kta.test/delete-custom"])
case("delete-selector", [configmap("sel-a"), configmap("sel-b")],
     ["kubectl delete configmap -l app=sel-a"], ["configmap/sel-a", "configmap/sel-b"])
case("delete-pv", [{"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": VOLUME},
                    "spec": {"capacity": {"storage": "1Mi"}, "accessModes": ["ReadWriteOnce"],
                             "storageClassName": "none-" + TAG, "hostPath": {"path": "/tmp/none"},
                             "persistentVolumeReclaimPolicy": "Retain"}}],
     ["kubectl delete pv " + VOLUME], ["pv/" + VOLUME])
case("delete-priorityclass", [{"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
                               "metadata": {"name": PRIORITY}, "value": 7}],
     ["kubectl delete priorityclass " + PRIORITY], ["priorityclass/" + PRIORITY])
case("delete-namespace",
     [namespace(GONE_NS), within(GONE_NS, configmap("inside")), within(GONE_NS, secret("inside")),
      within(GONE_NS, service("inside")), within(GONE_NS, deployment("inside")),
      within(GONE_NS, account("inside")), within(GONE_NS, custom(WIDGETS, "inside", size=5))],
     ["kubectl delete namespace " + GONE_NS],
     ["namespace/" + GONE_NS] + ["%s/%s/inside" % (GONE_NS, kind) for kind in (
         "configmap", "secret", "service", "deployment", "serviceaccount", WIDGETS + ".kta.test")],
     slow=True)
case("delete-crd", [crd("o%ss" % TAG)], ["kubectl delete crd o%ss.kta.test" % TAG],
     ["crd/o%ss.kta.test" % TAG, "o%ss.kta.test/orphan" % TAG],
     objects=[custom("o%ss" % TAG, "orphan", size=6)])
# ---- what others do between the change and its undo stays theirs ----
def container(**more):
    return dict({"name": "side", "image": "busybox:1.36", "command": ["sleep", "60"]}, **more)


def containers(*list_):
    return {"spec": {"template": {"spec": {"containers": list(list_)}}}}


def labelled(o, **labels):
    o["metadata"]["labels"].update(labels)
    return o


simple("patch-env", deployment,
       [patch_of("patch-env", "deployment", containers({"name": "main", "env": [{"name": "MORE", "value": "1"}]}))])
simple("patch-env-delete", deployment, [patch_of("patch-env-delete", "deployment", containers(
    {"name": "main", "env": [{"name": "MODE", "$patch": "delete"}]}))])
simple("patch-sidecar", deployment, [patch_of("patch-sidecar", "deployment", containers(container()))])
simple("patch-containers-merge", deployment, [patch_of("patch-containers-merge", "deployment", containers(
    container(), container(name="other")), "merge")])
simple("patch-init", deployment, [patch_of("patch-init", "deployment", {"spec": {"template": {"spec": {
    "initContainers": [container()], "volumes": [{"name": "v", "emptyDir": {}}],
    "tolerations": [{"key": "a", "operator": "Exists"}], "nodeSelector": {"x/y": "z"},
    "hostAliases": [{"ip": "192.0.2.1", "hostnames": ["x"]}]}}}})])
simple("patch-json-list", deployment, [patch_of("patch-json-list", "deployment", [
    {"op": "add", "path": "/spec/template/spec/containers/0/env/0", "value": {"name": "FIRST", "value": "1"}},
    {"op": "remove", "path": "/spec/template/spec/containers/0/resources/requests/cpu"},
    {"op": "add", "path": "/metadata/annotations/a~1b", "value": "c"}], "json")])
simple("patch-ports", service, [patch_of("patch-ports", "service", {"spec": {"ports": [
    {"name": "more", "port": 81}]}})])
simple("patch-nodeport", service, [patch_of("patch-nodeport", "service", {"spec": {"type": "NodePort"}})])
simple("patch-external", service, [patch_of("patch-external", "service", {"spec": {
    "type": "ExternalName", "externalName": "example.com", "clusterIP": "", "clusterIPs": None}}, "merge")])
simple("patch-account", account, [patch_of("patch-account", "serviceaccount", {"imagePullSecrets": [{"name": "x"}]})])
simple("patch-role", role, [patch_of("patch-role", "role", [
    {"op": "add", "path": "/rules/-", "value": {"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]}},
    {"op": "add", "path": "/rules/0/verbs/-", "value": "list"}], "json")])
simple("patch-pdb", pdb, [patch_of("patch-pdb", "pdb", {"spec": {"minAvailable": None, "maxUnavailable": 1}}, "merge")])
simple("patch-netpol", netpol, [patch_of("patch-netpol", "networkpolicy", {"spec": {"policyTypes": [
    "Ingress", "Egress"], "egress": [{"ports": [{"port": 53, "protocol": "UDP"}]}]}}, "merge")])
simple("patch-quota", quota, [patch_of("patch-quota", "quota", {"spec": {"hard": {
    "count/cronjobs.batch": "51", "pods": "500"}}}, "merge")])
simple("suspend-cronjob", cronjob, [patch_of("suspend-cronjob", "cronjob", {"spec": {"suspend": True}})])
case("patch-custom-list", [custom(WIDGETS, "custom-list", parts=[{"name": "a"}, {"name": "b"}], big=2 ** 40)],
     [patch_of("custom-list", WIDGETS + ".kta.test", {"spec": {"parts": [{"name": "b", "x": 1}, {"name": "c"}],
                                                                "big": None}}, "merge")],
     [WIDGETS + ".kta.test/custom-list"])
simple("label-mixed", configmap, ["kubectl label configmap @ app- tier=web zone=a"])
case("label-selector", [labelled(configmap("many-a"), group="many"), labelled(configmap("many-b"), group="many")],
     ["kubectl label configmap -l group=many app=same --overwrite"], ["configmap/many-a", "configmap/many-b"])
case("label-many", [labelled(configmap("crowd-%d" % i), group="crowd") for i in range(25)],
     ["kubectl label configmap -l group=crowd app=same --overwrite"], ["configmap/crowd-%d" % i for i in range(25)])
case("label-many-since", [labelled(configmap("since-%d" % i), group="since") for i in range(25)],
     ["kubectl label configmap -l group=since app=same --overwrite"], ["configmap/since-7"],
     between=[patch_of("since-7", "configmap", {"data": {"theirs": "x"}}, "merge")],
     then=[(".data.theirs", "x"), (".metadata.labels.app", "since-7")])
case("delete-many", [labelled(secret("gone-%d" % i), group="gone") for i in range(40)],
     ["kubectl delete secret -l group=gone"], ["secret/gone-%d" % i for i in range(40)])
case("apply-over-many", [configmap("wide-%d" % i, mode="a") for i in range(30)],
     [("kubectl apply -f -", [configmap("wide-%d" % i, mode="b") for i in range(30)])],
     ["configmap/wide-%d" % i for i in range(30)], apply=True)
case("annotate-two-kinds", [configmap("two-kinds"), service("two-kinds")],
     ["kubectl annotate configmap/two-kinds service/two-kinds note=x"], ["configmap/two-kinds", "service/two-kinds"])
case("scale-several", [deployment("scale-a"), deployment("scale-b")],
     ["kubectl scale deployment/scale-a deployment/scale-b --replicas=1"],
     ["deployment/scale-a", "deployment/scale-b"])
simple("set-image-all", cronjob, ["kubectl set image cronjob/@ *=kta.test/busybox:1"])
simple("set-env-statefulset", statefulset, ["kubectl set env statefulset/@ --containers=main MODE=z"])
case("set-env-from", [deployment("env-from"), configmap("env-from-source", KEY="v")],
     ["kubectl set env deployment/env-from --from=configmap/env-from-source --prefix=P_"], ["deployment/env-from"])
simple("restart-statefulset", statefulset, ["kubectl rollout restart statefulset @"])
case("apply-mixed", [configmap("mixed-old", mode="a", old="x")],
     [("kubectl apply -f -", [configmap("mixed-old", mode="b"), configmap("mixed-new"), secret("mixed-new"),
                              deployment("mixed-new")])],
     ["configmap/mixed-old", "configmap/mixed-new", "secret/mixed-new", "deployment/mixed-new"], apply=True)
case("apply-secret", [dict(secret("apply-secret", a="1-" + TAG, b="2-" + TAG))],
     [("kubectl apply -f -", [secret("apply-secret", a="3-" + TAG)])], ["secret/apply-secret"], apply=True)
case("replace-several", [configmap("repl-a"), configmap("repl-b")],
     [("kubectl replace -f -", [configmap("repl-a", mode="b"), configmap("repl-b", x="y")])],
     ["configmap/repl-a", "configmap/repl-b"])
case("replace-force", [service("replace-force")],
     [("kubectl replace --force -f -", [service("replace-force", ports=[{"port": 9000}])])],
     ["service/replace-force"])
case("replace-applied", [configmap("repl-applied", mode="a")],
     [("kubectl replace -f -", [configmap("repl-applied", mode="b")])], ["configmap/repl-applied"], apply=True)
case("apply-prune", [labelled(configmap("prune-old"), part="prune"), labelled(service("prune-old"), part="prune")],
     [("kubectl apply --prune -l part=prune -f -", [labelled(configmap("prune-new"), part="prune")])],
     ["configmap/prune-old", "service/prune-old", "configmap/prune-new"], apply=True)
simple("invisible", lambda n: configmap(n, mode="a\u200bb \u202ec"), [patch_of("invisible", "configmap", {"data": {"mode": "b"}})])
simple("patch-immutable", secret, [patch_of("patch-immutable", "secret", {"immutable": True})])
simple("patch-scale", deployment, [["kubectl", "patch", "deployment", "patch-scale", "--subresource=scale",
                                    "--type=merge", "-p", '{"spec":{"replicas":1}}']])
case("custom-numbers", [custom(WIDGETS, "numbers", nanos=1732387000123456789, least=-2 ** 63, part=0.1)],
     ["kubectl delete %s.kta.test numbers" % WIDGETS], [WIDGETS + ".kta.test/numbers"])
for words_, kind, name in [
        ("secret generic made --from-literal=a=b", "secret", "made"),
        ("secret docker-registry made-pull --docker-server=r.test --docker-username=u --docker-password=pw-x7",
         "secret", "made-pull"),
        ("role made --verb=get --resource=pods", "role", "made"),
        ("rolebinding made --clusterrole=view --user=ann", "rolebinding", "made"),
        ("clusterrole made-%s --verb=get --resource=nodes" % TAG, "clusterrole", "made-" + TAG),
        ("clusterrolebinding made-%s --clusterrole=view --user=ann" % TAG, "clusterrolebinding", "made-" + TAG),
        ("quota made --hard=count/leases.coordination.k8s.io=9", "resourcequota", "made"),
        ("poddisruptionbudget made --selector=app=none --min-available=1", "pdb", "made"),
        ("ingress made --rule=a.test/=svc:80", "ingress", "made"),
        ("serviceaccount made", "serviceaccount", "made"),
        ("service nodeport made --tcp=80", "service", "made"),
        ("service externalname made-ext --external-name=x.test", "service", "made-ext"),
        ("cronjob made --image=busybox:1.36 --schedule=1_1_1_1_1", "cronjob", "made"),
        ("priorityclass made-%s --value=3" % TAG, "priorityclass", "made-" + TAG)]:
    case("create-%s-%s" % (words_.split()[0], name.split("-" + TAG)[0]), [],
         [[w.replace("_", " ") for w in ("kubectl create " + words_).split()]], [kind + "/" + name])
simple("delete-orphan", lambda n: deployment(n, replicas=1), ["kubectl delete deployment @ --cascade=orphan"],
       kind="deployment")
simple("delete-orphan-set", statefulset, ["kubectl delete statefulset @ --cascade=orphan"], kind="statefulset")
simple("delete-nodeport", lambda n: service(n, type="NodePort", ports=[{"port": 80, "nodePort": 30000 + int(TAG, 16) % 2700}]),
       ["kubectl delete service @"], kind="service")
simple("delete-headless", lambda n: service(n, clusterIP="None"), ["kubectl delete svc @"], kind="service")
simple("delete-immutable", lambda n: dict(configmap(n), immutable=True), ["kubectl delete cm @"], kind="configmap")
case("delete-limitrange", [{"apiVersion": "v1", "kind": "LimitRange", "metadata": meta("limits"), "spec": {"limits": [
    {"type": "PersistentVolumeClaim", "max": {"storage": "1Gi"}}]}}], ["kubectl delete limitrange limits"],
     ["limitrange/limits"])
case("delete-storageclass", [{"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "s" + TAG},
                              "provisioner": "kta.test/none"}], ["kubectl delete storageclass s" + TAG],
     ["storageclass/s" + TAG])
case("delete-clusterrole", [{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
                             "metadata": {"name": "gone-" + TAG}, "rules": [
                                 {"nonResourceURLs": ["/x"], "verbs": ["get"]}]}],
     ["kubectl delete clusterrole gone-" + TAG], ["clusterrole/gone-" + TAG])
case("delete-token", [account("token"), {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
                                         "metadata": meta("token", annotations={
                                             "kubernetes.io/service-account.name": "token"})}],
     ["kubectl delete secret token"], ["secret/token"], settled="secret/token:.data.token")
case("delete-kinds", [deployment("kinds"), service("kinds"), configmap("kinds")],
     ["kubectl delete deployment,service,configmap -l app=kinds"],
     ["deployment/kinds", "service/kinds", "configmap/kinds"])
case("delete-all", [labelled(deployment("all-of"), part="all-of"), labelled(service("all-of"), part="all-of")],
     ["kubectl delete all -l part=all-of"], ["deployment/all-of", "service/all-of"])
case("delete-slashed", [configmap("slash-a"), secret("slash-b")],
     ["kubectl delete configmap/slash-a secret/slash-b"], ["configmap/slash-a", "secret/slash-b"])
case("delete-manifest", [configmap("by-file"), service("by-file")],
     [("kubectl delete -f -", [configmap("by-file"), service("by-file")])], ["configmap/by-file", "service/by-file"])
simple("delete-with-owner", lambda n: dict(configmap(n)), ["kubectl delete configmap @"], kind="configmap",
       owner="serviceaccount/default")
case("delete-owner", [account("owning"), configmap("hung-on")], ["kubectl delete serviceaccount owning"],
     ["configmap/hung-on", "serviceaccount/owning"], owner="serviceaccount/owning", once=True,
     between=["kubectl wait --for=delete configmap/hung-on --timeout=30s"])
simple("delete-finalizer", configmap, ["kubectl delete configmap @ --wait=false"], kind="configmap",
       finalizer="kta.test/held", once=True, finally_=[
           patch_of("delete-finalizer", "configmap", {"metadata": {"finalizers": None}}, "merge")])
simple("scale-with-others", deployment, ["kubectl set env deployment/@ MODE=b"],
       between=["kubectl scale deployment/@ --replicas=1", "kubectl annotate deployment/@ theirs=x",
                "kubectl set env deployment/@ THEIRS=1"],
       then=[(".spec.replicas", "1"), (".metadata.annotations.theirs", "x"),
             (".spec.template.spec.containers[0].env", '[{"name":"MODE","value":"a"},{"name":"THEIRS","value":"1"}]')])
simple("sidecar-since", deployment, ["kubectl set image deployment/@ main=kta.test/busybox:1"],
       between=[patch_of("sidecar-since", "deployment", containers(container()))],
       then=[(".spec.template.spec.containers[*].name", "side main"),
             (".spec.template.spec.containers[1].image", "busybox:1.36")])
simple("secret-since", secret, [patch_of("secret-since", "secret", {"stringData": {"password": "new-" + TAG}})],
       between=[patch_of("secret-since", "secret", {"data": {"theirs": "eA=="}})],
       then=[(".data.theirs", "eA==")])
case("several-steps", [configmap("several"), deployment("several")],
     ["kubectl label configmap several tier=x", "kubectl scale deployment/several --replicas=1",
      patch_of("several", "configmap", {"data": {"mode": "z"}}, "merge"),
      "kubectl create configmap several-new --from-literal=a=b", "kubectl delete deployment several"],
     ["configmap/several", "deployment/several", "configmap/several-new"])
# ---- kinds with defaults, other managers, and the less usual verbs ----
def gadget(name, **spec):
    return {"apiVersion": "kta.test/v1", "kind": GADGETS[:-1].capitalize(), "metadata": meta(name), "spec": spec}


def gadget_crd():
    o = crd(GADGETS)
    version = o["spec"]["versions"][0]
    version["schema"]["openAPIV3Schema"] = {"type": "object", "properties": {"spec": {
        "type": "object", "properties": {
            "mode": {"type": "string", "default": "auto"}, "replicas": {"type": "integer", "default": 1},
            "limits": {"type": "object", "default": {}, "properties": {"cpu": {"type": "integer", "default": 2}}},
            "tags": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
            "parts": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["id"],
                      "items": {"type": "object", "required": ["id"], "properties": {
                          "id": {"type": "string"}, "size": {"type": "integer", "default": 1}}}}}},
        "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}
    version["subresources"] = {"status": {}, "scale": {"specReplicasPath": ".spec.replicas",
                                                       "statusReplicasPath": ".status.replicas"}}
    return o


def replicaset(name, replicas=0):
    o = deployment(name, replicas)
    return dict(o, kind="ReplicaSet")


def controller(name):
    o = {"apiVersion": "v1", "kind": "ReplicationController", "metadata": meta(name),
         "spec": {"replicas": 0, "selector": {"app": name}, "template": template(name)}}
    return o


def slice_(name):
    return {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": meta(name),
            "addressType": "IPv4", "ports": [{"name": "http", "port": 80}],
            "endpoints": [{"addresses": ["192.0.2.1"]}, {"addresses": ["192.0.2.2"]}]}


GADGET = GADGETS + ".kta.test"
OTHER_NS = NS + "-other"
case("gadget-scale", [gadget("gadget-scale")], ["kubectl scale %s/gadget-scale --replicas=4" % GADGET],
     [GADGET + "/gadget-scale"], shows="replicas: 4")
case("gadget-scale-current", [gadget("gadget-current", replicas=2)],
     ["kubectl scale %s/gadget-current --current-replicas=2 --replicas=0" % GADGET], [GADGET + "/gadget-current"])
case("gadget-defaults", [gadget("gadget-defaults", mode="manual", limits={"cpu": 5})],
     [patch_of("gadget-defaults", GADGET, {"spec": {"mode": None, "limits": None}}, "merge")],
     [GADGET + "/gadget-defaults"])
case("gadget-lists", [gadget("gadget-lists", tags=["a", "b"], parts=[{"id": "x"}, {"id": "y", "size": 3}])],
     [patch_of("gadget-lists", GADGET, {"spec": {"tags": ["b", "c"], "parts": [{"id": "y"}, {"id": "z"}]}}, "merge")],
     [GADGET + "/gadget-lists"])
case("gadget-server-side", [gadget("gadget-ssa", tags=["a"], parts=[{"id": "x"}])],
     [("kubectl apply --server-side --force-conflicts --field-manager=somebody -f -",
       [gadget("gadget-ssa", mode="b", tags=["c"], parts=[{"id": "y", "size": 9}])])],
     [GADGET + "/gadget-ssa"])
case("gadget-delete", [gadget("gadget-delete", tags=["a"])], ["kubectl delete %s gadget-delete" % GADGET],
     [GADGET + "/gadget-delete"])
case("gadget-apply", [gadget("gadget-apply", mode="a", tags=["x", "y"])],
     [("kubectl apply -f -", [gadget("gadget-apply", replicas=7)])], [GADGET + "/gadget-apply"], apply=True)
case("gadget-new", [], [("kubectl create -f -", [gadget("gadget-new"), gadget("gadget-new2")])],
     [GADGET + "/gadget-new", GADGET + "/gadget-new2"])
case("gadget-replace", [gadget("gadget-replace", mode="a", tags=["q"])],
     [("kubectl replace -f -", [gadget("gadget-replace", replicas=3)])], [GADGET + "/gadget-replace"])
case("apply-two-managers", [], [("kubectl apply --server-side --force-conflicts --field-manager=second -f -",
                                 [configmap("managers", mode="second", more="x")])],
     ["configmap/managers"], before=[["sh", "-c", "kubectl create configmap managers --from-literal=mode=first "
                                      "--from-literal=own=y --field-manager=first \"$@\"", "-"]])
case("apply-own-list", [deployment("own-list")],
     [("kubectl apply --server-side --force-conflicts --field-manager=side -f -", [
         {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "own-list"}, "spec": {
             "selector": {"matchLabels": {"app": "own-list"}},
             "template": {"metadata": {"labels": {"app": "own-list"}}, "spec": {"containers": [
                 {"name": "main", "image": "kta.test/busybox:1", "env": [{"name": "MODE", "value": "z"}]},
                 {"name": "added", "image": "busybox:1.36"}]}}}}])], ["deployment/own-list"])
simple("set-image-two", deployment, ["kubectl set image deployment/@ *=kta.test/busybox:2"])
case("set-env-secret", [deployment("env-secret"), secret("env-secret-source")],
     ["kubectl set env deployment/env-secret --from=secret/env-secret-source"], ["deployment/env-secret"])
case("set-env-selector", [labelled(deployment("env-sel-a"), part="env-sel"), labelled(deployment("env-sel-b"), part="env-sel")],
     ["kubectl set env deployment -l part=env-sel MODE=c"], ["deployment/env-sel-a", "deployment/env-sel-b"])
simple("set-resources-zero", deployment, ["kubectl set resources deployment @ -c main --requests=cpu=0,memory=0"])
simple("set-subject-many", rolebinding, ["kubectl set subject rolebinding @ --serviceaccount=%s:x --group=g" % NS])
simple("set-image-daemonset", daemonset, ["kubectl set image ds/@ main=kta.test/busybox:3"])
simple("set-image-rc", controller, ["kubectl set image rc/@ main=kta.test/busybox:3"], kind="replicationcontroller")
simple("scale-rs", replicaset, ["kubectl scale rs/@ --replicas=1"])
simple("scale-rc", controller, ["kubectl scale rc @ --replicas=1"], kind="replicationcontroller")
simple("delete-rs", replicaset, ["kubectl delete rs @"], kind="replicaset")
simple("delete-rc", controller, ["kubectl delete rc @"], kind="replicationcontroller")
simple("autoscale-statefulset", statefulset, ["kubectl autoscale statefulset @ --max=4"], kind="hpa")
simple("expose-service", service, ["kubectl expose service @ --name=exposed-svc --port=81 --target-port=82"],
       kind="service")
CASES[-1]["look"] = ["service/exposed-svc"]
case("expose-pod", [bare_pod("expose-pod")], ["kubectl expose pod expose-pod --port=80 --type=NodePort"],
     ["service/expose-pod"])
case("run-expose", [], ["kubectl run run-expose --image=busybox:1.36 --port=80 --expose --env=A=b --labels=x=y"],
     ["pod/run-expose", "service/run-expose"])
case("create-ingress-tls", [], [["kubectl", "create", "ingress", "tls", "--class=kta-none",
                                 "--rule=a.test/p*=svc:http,tls=cert", "--annotation", "a/b=c"]], ["ingress/tls"])
case("create-quota-scopes", [], ["kubectl create quota scoped --hard=pods=0 --scopes=Terminating"], ["resourcequota/scoped"])
case("create-pdb-max", [], ["kubectl create pdb max --selector=app=none --max-unavailable=50%"], ["pdb/max"])
case("create-configmap-keys", [], [["kubectl", "create", "configmap", "keys", "--from-literal=a.b/c=1".replace("/", "_"),
                                    "--from-literal=x=multi\nline: 'y'\n"]], ["configmap/keys"])
case("label-all", [within(OTHER_NS, configmap("all-%d" % i)) for i in range(3)],
     ["kubectl label configmap --all -n %s tier=x" % OTHER_NS], ["%s/configmap/all-%d" % (OTHER_NS, i) for i in range(3)])
case("annotate-all-remove", [within(OTHER_NS, dict(secret("ann-%d" % i), metadata=dict(
    meta("ann-%d" % i, annotations={"a": "b", "c": "d"}), namespace=OTHER_NS))) for i in range(2)],
     ["kubectl annotate secret --all -n %s a- c=e --overwrite" % OTHER_NS],
     ["%s/secret/ann-%d" % (OTHER_NS, i) for i in range(2)])
case("scale-all", [within(OTHER_NS, deployment("every-a")), within(OTHER_NS, deployment("every-b", replicas=1))],
     ["kubectl scale deployment --all --replicas=2 -n " + OTHER_NS],
     ["%s/deployment/every-%s" % (OTHER_NS, x) for x in "ab"])
case("delete-all-of-kind", [within(OTHER_NS, netpol("every-a")), within(OTHER_NS, netpol("every-b"))],
     ["kubectl delete networkpolicy --all -n " + OTHER_NS], ["%s/networkpolicy/every-%s" % (OTHER_NS, x) for x in "ab"])
for kind, make in (("daemonset", daemonset), ("statefulset", statefulset)):
    name = "undo-" + kind
    case("rollout-" + name, [make(name)], ["kubectl rollout undo %s/%s" % (kind, name)], ["%s/%s" % (kind, name)],
         before=["kubectl set env %s/%s MODE=second" % (kind, name)], await_history=2)
case("rollout-undo-to", [deployment("undo-to")], ["kubectl rollout undo deployment/undo-to --to-revision=1"],
     ["deployment/undo-to"], before=["kubectl set env deployment/undo-to MODE=second"], await_revision=2)
case("restart-several", [labelled(deployment("res-a"), part="res"), labelled(deployment("res-b"), part="res")],
     ["kubectl rollout restart deployment -l part=res"], ["deployment/res-a", "deployment/res-b"])
simple("job-resume", job, [patch_of("job-resume", "job", {"spec": {"suspend": False}})], once=True)
simple("job-parallel", job, [patch_of("job-parallel", "job", {"spec": {"parallelism": 3, "backoffLimit": 2}})])
simple("cronjob-schedule", cronjob, [patch_of("cronjob-schedule", "cronjob", {"spec": {
    "schedule": "1 1 1 1 1", "timeZone": "Europe/Berlin", "concurrencyPolicy": "Forbid"}})])
simple("service-balancer", service, [patch_of("service-balancer", "service", {"spec": {"type": "LoadBalancer"}})])
simple("service-from-nodeport", lambda n: service(n, type="NodePort"),
       [patch_of("service-from-nodeport", "service", {"spec": {"type": "ClusterIP"}})])
simple("service-from-external", lambda n: service(n, type="ExternalName", externalName="x.test"),
       [patch_of("service-from-external", "service", {"spec": {"type": "ClusterIP", "externalName": None}}, "merge")])
simple("service-affinity", service, [patch_of("service-affinity", "service", {"spec": {
    "sessionAffinity": "ClientIP", "internalTrafficPolicy": "Local", "publishNotReadyAddresses": True}})])
simple("service-ports-json", lambda n: service(n, ports=[{"name": "a", "port": 1}, {"name": "b", "port": 2}]),
       [patch_of("service-ports-json", "service", [{"op": "remove", "path": "/spec/ports/0"}], "json")])
simple("immutable-configmap", configmap, [patch_of("immutable-configmap", "configmap", {"immutable": True, "data": {"mode": "z"}})])
case("account-secrets", [account("with-secrets")], [patch_of("with-secrets", "serviceaccount", {
    "secrets": [{"name": "x"}], "automountServiceAccountToken": False})], ["serviceaccount/with-secrets"])
case("delete-account-token", [account("tokened"), {"apiVersion": "v1", "kind": "Secret",
                                                   "type": "kubernetes.io/service-account-token", "metadata": meta(
                                                       "tokened", annotations={"kubernetes.io/service-account.name": "tokened"})}],
     ["kubectl delete serviceaccount tokened"], ["serviceaccount/tokened", "secret/tokened"],
     settled="secret/tokened:.data.token", tokens=True)
case("ingressclass", [{"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "c" + TAG},
                       "spec": {"controller": "kta.test/none"}}],
     ["kubectl annotate ingressclass c%s ingressclass.kubernetes.io/is-default-class=false" % TAG,
      "kubectl delete ingressclass c" + TAG], ["ingressclass/c" + TAG])
simple("patch-pod-image", bare_pod, [patch_of("patch-pod-image", "pod", {"spec": {"containers": [
    {"name": "main", "image": "kta.test/busybox:1"}]}})])
simple("pod-resize", bare_pod, [patch_of("pod-resize", "pod", {"spec": {"containers": [
    {"name": "main", "resources": {"requests": {"cpu": "2m"}}}]}}) + ["--subresource=resize"]])
simple("other-version", hpa, [patch_of("other-version", "horizontalpodautoscalers.v1.autoscaling", {"spec": {
    "targetCPUUtilizationPercentage": 66}}, "merge")], kind="hpa")
case("auth-reconcile", [role("reconciled")], [("kubectl auth reconcile -f -", [
    within(NS, dict(role("reconciled"), rules=[{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}])),
    within(NS, rolebinding("reconciled"))])], ["role/reconciled", "rolebinding/reconciled"])
simple("delete-slice", slice_, ["kubectl delete endpointslice @"], kind="endpointslice")
simple("patch-slice", slice_, [patch_of("patch-slice", "endpointslice", [
    {"op": "remove", "path": "/endpoints/0"}, {"op": "replace", "path": "/ports/0/port", "value": 81}], "json")])
simple("delete-lease", lambda n: {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": meta(n),
                                  "spec": {"holderIdentity": "x", "leaseDurationSeconds": 5}}, ["kubectl delete lease @"])
case("patch-namespace", [namespace(OTHER_NS + "-ps")], [
    "kubectl label namespace %s-ps pod-security.kubernetes.io/enforce=baseline app-" % OTHER_NS],
     ["namespace/%s-ps" % OTHER_NS])
case("delete-flowschema", [{"apiVersion": "flowcontrol.apiserver.k8s.io/v1", "kind": "FlowSchema",
                            "metadata": {"name": "f" + TAG}, "spec": {"matchingPrecedence": 9000,
                                                                      "priorityLevelConfiguration": {"name": "global-default"}}}],
     ["kubectl delete flowschema f" + TAG], ["flowschema/f" + TAG])
case("delete-webhook", [{"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
                         "metadata": {"name": "h" + TAG}, "webhooks": [{
                             "name": "a.kta.test", "admissionReviewVersions": ["v1"], "sideEffects": "None",
                             "failurePolicy": "Ignore", "clientConfig": {"url": "https://192.0.2.1/x"},
                             "objectSelector": {"matchLabels": {"never": TAG}},
                             "rules": [{"apiGroups": ["kta.none"], "apiVersions": ["v1"], "operations": ["CREATE"],
                                        "resources": ["nones"]}]}]}],
     ["kubectl delete validatingwebhookconfiguration h" + TAG], ["validatingwebhookconfiguration/h" + TAG])
case("delete-admission", [{"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
                           "metadata": {"name": "y" + TAG}, "spec": {
                               "failurePolicy": "Ignore", "validations": [{"expression": "true"}],
                               "matchConstraints": {"resourceRules": [{"apiGroups": ["kta.none"], "apiVersions": ["v1"],
                                                                       "operations": ["CREATE"], "resources": ["nones"]}]}}}],
     ["kubectl delete validatingadmissionpolicy y" + TAG], ["validatingadmissionpolicy/y" + TAG])
case("patch-crd", [crd("x%ss" % TAG)], [patch_of("x%ss.kta.test" % TAG, "crd", {"spec": {"names": {"shortNames": ["z" + TAG]}}},
                                                 "merge")], ["crd/x%ss.kta.test" % TAG])
case("patch-pv", [{"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": VOLUME + "-r"},
                   "spec": {"capacity": {"storage": "1Mi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": "none-" + TAG,
                            "hostPath": {"path": "/tmp/none"}}}],
     [patch_of(VOLUME + "-r", "pv", {"spec": {"persistentVolumeReclaimPolicy": "Delete", "capacity": {"storage": "2Mi"}}})],
     ["pv/" + VOLUME + "-r"])
case("create-many-kinds", [], [("kubectl apply -f -", [
    namespace(NEW_NS + "-k"), within(NEW_NS + "-k", account("x")), within(NEW_NS + "-k", role("x")),
    within(NEW_NS + "-k", configmap("x")), within(NEW_NS + "-k", deployment("x"))])], ["namespace/" + NEW_NS + "-k"], once=True)
case("apply-several-namespaces", [], [("kubectl apply -f -", [
    within(OTHER_NS, configmap("far")), within("default", configmap("far-" + TAG)), configmap("near")])],
     [OTHER_NS + "/configmap/far", "default/configmap/far-" + TAG, "configmap/near"])
# a manifest that defines the kind of what it makes: the objects come when it is there
for scope in ("Namespaced", "Cluster"):
    plural = "d%s%ss" % (scope[0].lower(), TAG)
    case("defined-" + scope.lower(), [], [("kubectl apply -f -", [
        crd(plural, scope), custom(plural, "first", size=7), configmap("beside-" + scope.lower())])],
         ["crd/%s.kta.test" % plural, "%s.kta.test/first" % plural, "configmap/beside-" + scope.lower()])
# what concerns the node comes last, one after the other
case("cordon", [], ["kubectl cordon " + NODE], ["node/" + NODE], alone=True, finally_=["kubectl uncordon " + NODE])
case("uncordon", [], ["kubectl uncordon " + NODE], ["node/" + NODE], alone=True,
     before=["kubectl cordon " + NODE], finally_=["kubectl uncordon " + NODE])
case("taint", [], ["kubectl taint nodes %s kta.test/%s=x:PreferNoSchedule" % (NODE, TAG)],
     ["node/" + NODE], alone=True, finally_=["kubectl taint nodes %s kta.test/%s-" % (NODE, TAG)])
case("label-node", [], ["kubectl label node %s kta.test/%s=yes" % (NODE, TAG)], ["node/" + NODE], alone=True,
     finally_=["kubectl label node %s kta.test/%s-" % (NODE, TAG)])
case("drain", [deployment("drained", replicas=1)],
     ["kubectl drain %s --pod-selector=app=drained --ignore-daemonsets --force" % NODE],
     ["node/" + NODE, "deployment/drained"], alone=True, finally_=["kubectl uncordon " + NODE])
case("drain-alone", [bare_pod("drain-alone")],
     ["kubectl drain %s --pod-selector=app=drain-alone --ignore-daemonsets --force" % NODE],
     ["node/" + NODE, "pod/drain-alone"], alone=True, finally_=["kubectl uncordon " + NODE],
     shows="pod 'drain-alone' is made again by nothing", settled="pod/drain-alone:.spec.nodeName")


def defined(helm):
    return "h%s%ss.kta.test" % (helm[-1], TAG)


for helm in ("helm3", "helm4"):
    case(helm + "-install", [], ["helm install %s-install @chart" % helm],
         ["deployment/%s-install" % helm, "configmap/%s-install" % helm], helm=helm)
    case(helm + "-upgrade", [], ["helm upgrade %s-upgrade @chart --set mode=b,extra=yes" % helm],
         ["deployment/%s-upgrade" % helm, "configmap/%s-upgrade" % helm], helm=helm,
         before=["helm install %s-upgrade @chart" % helm])
    case(helm + "-rollback", [], ["helm rollback %s-rollback 1" % helm],
         ["deployment/%s-rollback" % helm, "configmap/%s-rollback" % helm], helm=helm,
         before=["helm install %s-rollback @chart" % helm,
                 "helm upgrade %s-rollback @chart --set mode=b" % helm])
    case(helm + "-uninstall", [], ["helm uninstall %s-uninstall" % helm],
         ["deployment/%s-uninstall" % helm, "configmap/%s-uninstall" % helm], helm=helm,
         before=["helm install %s-uninstall @chart" % helm])
    case(helm + "-uninstall-two", [], ["helm uninstall %s-two-a %s-two-b" % (helm, helm)],
         ["%s/%s-two-%s" % (kind, helm, x) for kind in ("deployment", "configmap") for x in "ab"], helm=helm,
         before=["helm install %s-two-%s @chart" % (helm, x) for x in "ab"])
    # the port is another one then, under the same name
    case(helm + "-port", [], ["helm upgrade %s-port @chart --set port=81" % helm], ["service/%s-port" % helm], helm=helm,
         before=["helm install %s-port @chart --set port=80" % helm], shows="+    targetPort: 81")
    case(helm + "-keep-history", [], ["helm uninstall %s-keep --keep-history" % helm],
         ["deployment/%s-keep" % helm, "configmap/%s-keep" % helm, "secret/sh.helm.release.v1.%s-keep.v1" % helm],
         helm=helm, before=["helm install %s-keep @chart" % helm])
    case(helm + "-rollback-gone", [], ["helm rollback %s-gone 1" % helm],
         ["deployment/%s-gone" % helm, "configmap/%s-gone" % helm], helm=helm, records="uninstalled",
         before=["helm install %s-gone @chart" % helm, "helm uninstall %s-gone --keep-history" % helm])
    case(helm + "-upgrade-install", [], ["helm upgrade --install %s-either @chart --set mode=c" % helm],
         ["deployment/%s-either" % helm, "configmap/%s-either" % helm], helm=helm)
    case(helm + "-hook", [], ["helm install %s-hook @chart --set hook=yes" % helm],
         ["configmap/%s-hook" % helm, "configmap/%s-hook-hooked" % helm], helm=helm,
         shows="runs the hook ConfigMap '%s-hook-hooked' (pre-install)" % helm)
    case(helm + "-upgrade-hook", [], ["helm upgrade %s-uphook @chart --set hook=yes" % helm],
         ["configmap/%s-uphook" % helm, "configmap/%s-uphook-hooked" % helm], helm=helm,
         before=["helm install %s-uphook @chart" % helm])
    # what was there is not what the chart says
    case(helm + "-drift", [], ["helm upgrade %s-drift @chart --set mode=b%s" % (
        helm, " --force-conflicts" if helm == "helm4" else "")],
         ["configmap/%s-drift" % helm, "deployment/%s-drift" % helm], helm=helm,
         before=["helm install %s-drift @chart" % helm,
                 patch_of("%s-drift" % helm, "configmap", {"data": {"mode": "drifted", "own": "x"}}, "merge"),
                 "kubectl scale deployment/%s-drift --replicas=1" % helm])
    case(helm + "-others", [], ["helm upgrade %s-others @chart --set mode=b" % helm],
         ["configmap/%s-others" % helm], helm=helm, before=["helm install %s-others @chart" % helm],
         between=[patch_of("%s-others" % helm, "configmap", {"data": {"theirs": "x"}}, "merge")],
         then=[(".data.theirs", "x"), (".data.mode", "a")])
    # the record that an undo goes back to is gone by then
    case(helm + "-pruned", [], ["helm upgrade %s-pruned @chart --set mode=b --history-max=1" % helm],
         ["configmap/%s-pruned" % helm, "deployment/%s-pruned" % helm], helm=helm,
         before=["helm install %s-pruned @chart" % helm])
    case(helm + "-reuse", [], ["helm upgrade %s-reuse @chart --reuse-values --set extra=x" % helm],
         ["configmap/%s-reuse" % helm], helm=helm, before=["helm install %s-reuse @chart --set mode=c" % helm])
    case(helm + "-atomic", [], ["helm upgrade %s-atomic @chart --set mode=b,job=yes,extra=y --atomic --timeout=20s" % helm],
         ["deployment/%s-atomic" % helm, "configmap/%s-atomic" % helm], helm=helm, ends=7, same=True,
         before=["helm install %s-atomic @chart" % helm])
    case(helm + "-install-fails", [], ["helm install %s-infail @chart --set job=yes,jobwhen=post-install --timeout=20s" % helm],
         ["deployment/%s-infail" % helm, "configmap/%s-infail" % helm], helm=helm, ends=7)
    case(helm + "-create-namespace", [], ["helm install %s-cns @chart -n %s-%s --create-namespace" % (helm, NEW_NS, helm)],
         ["%s-%s/configmap/%s-cns" % (NEW_NS, helm, helm), "namespace/%s-%s" % (NEW_NS, helm)], helm=helm, once=True)
    case(helm + "-twice", [], ["helm upgrade %s-twice @chart --set mode=b" % helm,
                               "helm upgrade %s-twice @chart --set mode=c,without=yes" % helm],
         ["configmap/%s-twice" % helm, "configmap/%s-twice-more" % helm], helm=helm,
         before=["helm install %s-twice @chart" % helm])
    case(helm + "-kept", [], ["helm uninstall %s-kept" % helm],
         ["configmap/%s-kept" % helm, "configmap/%s-kept-hooked" % helm], helm=helm,
         before=["helm install %s-kept @chart --set hook=yes" % helm])
    case(helm + "-rollback-far", [], ["helm rollback %s-far" % helm],
         ["configmap/%s-far" % helm, "configmap/%s-far-more" % helm], helm=helm,
         before=["helm install %s-far @chart --set mode=x" % helm, "helm upgrade %s-far @chart --set mode=y,without=yes" % helm,
                 "kubectl label configmap %s-far mine=z" % helm])
    # helm chooses the name: what it chose in the preview is what is installed, and undone
    case(helm + "-generated", [], ["helm install @chart --set name=%s-gen --generate-name" % helm],
         ["configmap/%s-gen" % helm], helm=helm, alone=True)
    case(helm + "-name-template", [], [["helm", "install", "@chart", "--set=name=%s-tpl" % helm,
                                        "--name-template", "t-{{ randAlpha 6 | lower }}"]],
         ["configmap/%s-tpl" % helm], helm=helm)
    # what others set since, in fields that the chart sets and the change did not: helm resets them
    case(helm + "-since", [], ["helm upgrade %s-since @chart --set mode=b" % helm],
         ["deployment/%s-since" % helm, "configmap/%s-since" % helm], helm=helm,
         before=["helm install %s-since @chart" % helm],
         between=["kubectl scale deployment/@ --replicas=1",
                  patch_of("%s-since" % helm, "configmap", {"data": {"fixed": "theirs"}}, "merge")],
         then=[(".spec.replicas", "1"), (".spec.template.spec.containers[0].env[0].value", "a"),
               ("configmap", ".data", '{"fixed":"theirs","mode":"a"}')])
    # what the upgrade takes away comes back as it was, not as the chart says
    case(helm + "-dropped", [], ["helm upgrade %s-dropped @chart --set without=yes" % helm],
         ["configmap/%s-dropped-more" % helm, "deployment/%s-dropped" % helm], helm=helm,
         before=["helm install %s-dropped @chart" % helm,
                 patch_of("%s-dropped-more" % helm, "configmap", {"data": {"own": "x"}}, "merge")])
    # what stays when the release drops it (resource-policy: keep): helm does not go back there
    case(helm + "-left", [], ["helm upgrade %s-left @chart --set mode=b,keep=no" % helm],
         ["configmap/%s-left" % helm, "configmap/%s-left-keep" % helm, "secret/sh.helm.release.v1.%s-left.v2" % helm],
         helm=helm, before=["helm install %s-left @chart --set keep=yes" % helm], once=True)
    # what the release takes over was somebody's before
    case(helm + "-adopted", [], ["helm install %s-adopted @chart --take-ownership%s" % (
        helm, " --force-conflicts" if helm == "helm4" else "")], ["configmap/%s-adopted" % helm], helm=helm,
         before=["kubectl create configmap %s-adopted --from-literal=mode=before" % helm], once=True)
    case(helm + "-delete-hook", [], ["helm uninstall %s-delhook" % helm],
         ["configmap/%s-delhook" % helm, "configmap/%s-delhook-gone" % helm], helm=helm, once=True,
         before=["helm install %s-delhook @chart --set gone=yes" % helm])
    case(helm + "-definitions", [], ["helm install %s-defs @chart-%s" % (helm, helm)],
         ["configmap/%s-defs" % helm, "crd/" + defined(helm), defined(helm) + "/%s-defs" % helm], helm=helm)
    case(helm + "-failed", [], ["helm upgrade %s-failed @chart --set mode=b,job=yes --timeout=20s" % helm],
         ["deployment/%s-failed" % helm, "configmap/%s-failed" % helm], helm=helm, ends=7,
         before=["helm install %s-failed @chart" % helm])

CHART = os.path.join(HOME, "chart")
CHART_FILES = {
    "chart/Chart.yaml": "apiVersion: v2\nname: small\nversion: 0.1.0\n",
    "chart/values.yaml": 'mode: a\nextra: ""\nhook: ""\njob: ""\njobwhen: post-upgrade\nwithout: ""\nname: ""\nkeep: ""\ngone: ""\nport: ""\n',
    "chart/templates/more.yaml": """{{- if eq .Values.keep "yes" }}
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-keep, annotations: {helm.sh/resource-policy: keep}}
data: {a: b}
---
{{- end }}
{{- if .Values.gone }}
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-gone, annotations: {helm.sh/hook: pre-delete}}
data: {a: b}
---
{{- end }}
{{- if .Values.hook }}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-hooked
  annotations: {helm.sh/hook: "pre-install,pre-upgrade"}
data: {a: b}
---
{{- end }}
{{- if .Values.name }}
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Values.name }}}
data: {release: {{ .Release.Name }}}
---
{{- end }}
{{- if .Values.job }}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-job
  annotations: {helm.sh/hook: {{ .Values.jobwhen }}, helm.sh/hook-delete-policy: "before-hook-creation,hook-failed"}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{name: main, image: "busybox:1.36", command: ["false"]}]
{{- end }}
""",
    "chart/templates/all.yaml": """apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}}
data:
  mode: {{ .Values.mode | quote }}
  fixed: ours
{{- if .Values.extra }}
  extra: {{ .Values.extra | quote }}
{{- end }}
---
{{- if not .Values.without }}
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-more}
data: {a: b}
---
{{- end }}
{{- if .Values.port }}
apiVersion: v1
kind: Service
metadata: {name: {{ .Release.Name }}}
spec: {selector: {app: {{ .Release.Name }}}, ports: [{name: http, port: {{ .Values.port }}}]}
---
{{- end }}
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  replicas: 0
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec:
      containers:
      - name: main
        image: busybox:1.36
        env: [{name: MODE, value: {{ .Values.mode | quote }}}]
""",
}

for helm in ("helm3", "helm4"):
    folder = "chart-%s/" % helm
    CHART_FILES[folder + "Chart.yaml"] = "apiVersion: v2\nname: defs\nversion: 0.1.0\n"
    CHART_FILES[folder + "crds/all.yaml"] = json.dumps(crd(defined(helm).split(".")[0]))
    CHART_FILES[folder + "templates/all.yaml"] = """apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}}
---
apiVersion: kta.test/v1
kind: %s
metadata: {name: {{ .Release.Name }}}
spec: {size: 1}
""" % defined(helm).split("s.")[0].capitalize()

# ---- running ------------------------------------------------------------------------------------


class Wrong(Exception):
    pass


def run(argv, stdin=None, env=None, timeout=120, check=True):
    done = subprocess.run(argv, input=stdin, env=env or ENV, timeout=timeout, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
                          **({} if stdin is not None else {"stdin": subprocess.DEVNULL}))
    if check and done.returncode:
        raise Wrong("%s: exit %d: %s" % (" ".join(argv[:5]), done.returncode,
                                         (done.stderr or done.stdout).strip()[-500:]))
    return done


def env_of(c):
    """helm 3 or 4 under the name helm, first on PATH."""
    if "helm" not in c:
        return ENV
    return dict(ENV, PATH=os.path.join(HOME, c["helm"]) + ":" + ENV["PATH"])


def words(command):
    return [w.replace("@chart", CHART) for w in kubectl_words(command)]


def setup_command(c, command):
    run(words(command) + ["-n", NS], env=env_of(c))


def create(objects, apply=False):
    for ns in sorted({o["metadata"].get("namespace", NS) for o in objects}):
        run(["kubectl", "apply" if apply else "create", "-n", ns, "-f", "-"],
            json.dumps({"apiVersion": "v1", "kind": "List", "items": [
                o for o in objects if o["metadata"].get("namespace", NS) == ns]}))


def look_at(c):
    """The objects by what was asked for; a missing one is None."""
    found, by_ns = {}, {}
    for name in c["look"]:
        parts = name.split("/")
        ns = parts[0] if len(parts) == 3 else NS
        by_ns.setdefault(ns, []).append("/".join(parts[-2:]))
    for ns, names in by_ns.items():
        for name in names:
            found[ns + "/" + name] = None
        got = run(["kubectl", "get", "-n", ns, "-o", "json", "--ignore-not-found"] + names, check=False)
        if got.returncode and "have a resource type" not in got.stderr:
            raise Wrong(got.stderr.strip())
        doc = json.loads(got.stdout) if got.stdout.strip() else {"items": []}
        for o in doc.get("items", [doc]) if "items" in doc else [doc]:
            for name in names:
                kind, want = name.split("/", 1)
                if want == o["metadata"]["name"] and matches(kind, o["kind"]):
                    found[ns + "/" + name] = o
    return found


def matches(kind, real):
    short = {"hpa": "horizontalpodautoscaler", "pdb": "poddisruptionbudget", "pvc": "persistentvolumeclaim",
             "pv": "persistentvolume", "crd": "customresourcedefinition"}
    kind = short.get(kind.split(".")[0], kind.split(".")[0])
    return real.lower() in (kind, kind.rstrip("s"))


SERVER = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink")
COUNTERS = ("deployment.kubernetes.io/revision", "deprecated.daemonset.template.generation")
JOB_LABELS = ("controller-uid", "batch.kubernetes.io/controller-uid")


def cleaned(o):
    """What belongs to the object's owner, not to the server."""
    if o is None or o["metadata"].get("deletionTimestamp"):
        return None
    o = copy.deepcopy(o)
    o.pop("status", None)
    spec = o.get("spec", {})
    for key in SERVER:
        o["metadata"].pop(key, None)
    for owner in o["metadata"].get("ownerReferences", []):  # it may have been created again, too
        owner.pop("uid")
    for key in COUNTERS:
        o["metadata"].get("annotations", {}).pop(key, None)
    if not o["metadata"].get("annotations", True):
        del o["metadata"]["annotations"]
    if o["kind"] == "Node":  # the node controller's own taint follows from unschedulable
        taints = [t for t in spec.get("taints", []) if t["key"] != "node.kubernetes.io/unschedulable"]
        spec["taints"] = taints
        o["metadata"].get("annotations", {}).pop("volumes.kubernetes.io/controller-managed-attach-detach", None)
    if o["kind"] == "Job":
        for labels in (spec["template"]["metadata"]["labels"], spec.get("selector", {}).get("matchLabels", {})):
            for key in JOB_LABELS:
                labels.pop(key, None)
    if o.get("type") == "kubernetes.io/service-account-token":  # the account's uid, and what is issued for it
        o["metadata"]["annotations"].pop("kubernetes.io/service-account.uid", None)
        o.pop("data", None)
    if o["kind"] == "Pod":
        spec.pop("nodeName", None)
    return o


def first_difference(a, b, path=""):
    if a == b:
        return None
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted(set(a) | set(b)):
            found = first_difference(a.get(key), b.get(key), path + "/" + key)
            if found:
                return found
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for i, pair in enumerate(zip(a, b)):
            found = first_difference(*pair, path="%s/%d" % (path, i))
            if found:
                return found
    return "%s: %s, before %s" % (path, json.dumps(b)[:120], json.dumps(a)[:120])


def differences(before, after):
    return [name + first_difference(cleaned(before[name]), cleaned(after[name])) for name in before
            if cleaned(before[name]) != cleaned(after[name])]


def write_plan(c, path):
    steps = []
    for command in c["commands"]:
        manifest = None
        if isinstance(command, tuple):
            command, manifest = command
        step = {"argv": words(command)}
        if manifest:
            step["stdin"] = "---\n".join(json.dumps(o) + "\n" for o in manifest)
        steps.append(step)
    with open(path, "w") as f:
        json.dump(steps, f)


def reason(done):
    try:
        doc = json.loads(done.stdout)
        return doc["error"]["message"] + " | " + " ".join(
            (s.get("output") or "").strip()[-300:] for s in doc.get("plan", []))
    except (ValueError, KeyError, TypeError):
        return (done.stderr + done.stdout).strip()[-600:]


def plugin(c, *args, want=0):
    done = run([PLUGIN, *args, "-n", NS, "--yes=high", "-o", "json", "--no-color"], env=env_of(c),
               timeout=200, check=False)
    if done.returncode != want:
        raise Wrong("%s: exit %d, not %d: %s" % (args[0], done.returncode, want,
                                                 reason(done)))
    return json.loads(done.stdout)


def wait_until(what, condition, seconds=60):
    import time
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Wrong(what)
        time.sleep(0.3)


def named(c, command):
    return [w.replace("@", c["look"][0].split("/")[-1]) for w in kubectl_words(command)]


def jsonpath(c, path, name=None):
    return run(["kubectl", "get", "-n", NS, name or c["look"][0], "-o", "jsonpath={%s}" % path], check=False).stdout


def settle(c):
    if "owner" in c or "finalizer" in c:
        extra = {"finalizers": [c["finalizer"]]} if "finalizer" in c else {"ownerReferences": [dict(
            zip(("kind", "name"), ("ServiceAccount", c["owner"].split("/")[1])), apiVersion="v1",
            uid=jsonpath(c, ".metadata.uid", c["owner"]))]}
        run(["kubectl", "patch", "-n", NS, c["look"][0], "--type=merge", "-p", json.dumps({"metadata": extra})])
    if "settled" in c:
        name, path = c["settled"].split(":")
        wait_until(name + " is not filled in", lambda: jsonpath(c, path, name))
    if "objects" in c:
        run(["kubectl", "wait", "--for=condition=Established", c["look"][0], "--timeout=30s"])
        create(c["objects"])
    for command in c.get("before", ()):
        setup_command(c, command)
    if "await_history" in c:
        name = c["look"][0].split("/")[-1]
        wait_until("no second revision", lambda: run(
            ["kubectl", "get", "controllerrevisions", "-n", NS, "-l", "app=" + name, "-o", "name"]).stdout.count("\n") == 2)
    if "await_revision" in c:
        kind, name = c["look"][0].split("/")
        wait_until("no second revision", lambda: run(
            ["kubectl", "get", kind, name, "-n", NS, "-o",
             r"jsonpath={.metadata.annotations.deployment\.kubernetes\.io/revision}"]).stdout == "2")


def one(c):
    """None, or why it failed."""
    plan = os.path.join(HOME, c["name"] + ".json")
    try:
        settle(c)
        before = look_at(c)
        write_plan(c, plan)
        done = plugin(c, "apply", plan, "--no-verify", want=c.get("ends", 0))
        ids = {s["journal"].split(".")[0] for s in done["plan"] if s.get("journal")}
        preview = done["plan"][0]["preview"]
        if c.get("shows", "") not in "\n".join([preview["diff"] or "", *preview["warnings"]]):
            raise Wrong("the preview does not show '%s'" % c["shows"])
        if len(ids) != 1:
            raise Wrong("no journal ID: %s" % done["plan"])
        changed = look_at(c)
        if not differences(before, changed) and not c.get("same"):
            raise Wrong("the change changed nothing")
        for command in c.get("between", ()):
            run(named(c, command) + ["-n", NS])
        if "finalizer" in c:  # it holds the object: undo says so, and creates it again when it lets go
            plugin(c, "undo", min(ids), want=1)
            run(["kubectl", "patch", "-n", NS, c["look"][0], "--type=merge", "-p", '{"metadata":{"finalizers":null}}'])
        undo = ("--verify-timeout=30s", *(["--no-verify"] if c.get("slow") else []))
        undone = plugin(c, "undo", ids.pop(), *undo)
        for *kind, path, want in c.get("then", ()):  # of the first object, or the one of that kind
            name = next(n for n in c["look"] if n.startswith((kind or [""])[0]))
            if jsonpath(c, path, name) != want:
                raise Wrong("%s is %s, not %s" % (path, jsonpath(c, path, name), want))
        if "then" in c:
            return None
        left = differences(before, look_at(c))
        if left:
            raise Wrong("not as before: " + "; ".join(left)[:600])
        if "records" in c:
            release = c["look"][0].split("/")[-1]
            status = run(["helm", "status", release, "-n", NS, "-o", "json"], env=env_of(c)).stdout
            if json.loads(status)["info"]["status"] != c["records"]:
                raise Wrong("the release is %s" % json.loads(status)["info"]["status"])
        if c.get("once"):
            return None
        plugin(c, "undo", undone["plan"][0]["journal"].split(".")[0], *undo)
        left = differences(changed, look_at(c))
        if left:
            raise Wrong("not as changed after the undo of the undo: " + "; ".join(left)[:600])
    except (Wrong, subprocess.TimeoutExpired, json.JSONDecodeError) as why:
        return str(why).replace("\n", " ")
    finally:
        for command in c.get("finally_", ()):
            run(words(command) + ["-n", NS], check=False)
    return None


def main():
    cases = [c for c in CASES if not ONLY or c["name"] in ONLY]
    for name, text in CHART_FILES.items():
        os.makedirs(os.path.dirname(os.path.join(HOME, name)), exist_ok=True)
        with open(os.path.join(HOME, name), "w") as f:
            f.write(text)
    for helm in ("helm3", "helm4"):
        os.makedirs(os.path.join(HOME, helm))
        program = run(["sh", "-c", "command -v " + helm]).stdout.strip()
        os.symlink(os.path.realpath(program), os.path.join(HOME, helm, "helm"))
    create([crd(WIDGETS), gadget_crd(), namespace(OTHER_NS)])
    for plural in WIDGETS, GADGETS:
        run(["kubectl", "wait", "--for=condition=Established", "crd/%s.kta.test" % plural, "--timeout=30s"])
    create([o for c in cases if not c.get("apply") for o in c["setup"]])
    create([o for c in cases if c.get("apply") for o in c["setup"]], apply=True)

    results, lock = {}, threading.Lock()

    def work(c):
        why = one(c)
        with lock:
            results[c["name"]] = why
            print("%s %s%s" % ("not ok" if why else "ok", "undo: " + c["name"], ": " + why if why else ""),
                  flush=True)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, [c for c in cases if not c.get("alone")]))
    for c in cases:
        if c.get("alone"):
            work(c)
    print("# %-22s %s" % ("change", "live object after undo"))
    for name in sorted(results):
        print("# %-22s %s" % (name, results[name] or "equals the pre-image"))
    good = sum(1 for why in results.values() if not why)
    print("# %d kinds of change, %d restored" % (len(results), good))
    run(["kubectl", "delete", "crd", WIDGETS + ".kta.test", "o%ss.kta.test" % TAG, GADGETS + ".kta.test", "x%ss.kta.test" % TAG,
         defined("helm3"), defined("helm4"), "dn%ss.kta.test" % TAG, "dc%ss.kta.test" % TAG,
         "--ignore-not-found", "--wait=false"], check=False)
    for kind in "clusterrole", "clusterrolebinding", "priorityclass", "storageclass":
        run(["kubectl", "delete", kind, "made-" + TAG, "gone-" + TAG, "s" + TAG, "--ignore-not-found"], check=False)
    run(["kubectl", "delete", "pv/" + VOLUME, "pv/%s-r" % VOLUME, "priorityclass/" + PRIORITY, "ns/" + GONE_NS, "ns/" + NEW_NS, "ns/" + OTHER_NS,
         "ns/%s-ps" % OTHER_NS, "ns/%s-k" % NEW_NS, "ns/%s-helm3" % NEW_NS, "ns/%s-helm4" % NEW_NS,
         "--ignore-not-found", "--wait=false"], check=False)
    subprocess.run(["rm", "-rf", HOME])
    sys.exit(good != len(results))


main()
