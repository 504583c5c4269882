#!/usr/bin/python3
"""What the chart renders under each set of values, checked object by object, and its NetworkPolicies
by simulation: which pod may open a connection to whom.

Runs helm (KTA_HELM3, or helm3 or helm on PATH); needs no cluster.
"""
import ipaddress
import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

CHART = Path(__file__).resolve().parents[2] / "charts" / "todo-app"
RELEASE, NAMESPACE = "todo-local", "todo-app"
failed = 0


def check(name, condition, why=""):
    global failed
    failed += not condition
    print(f"ok {name}" if condition else f"not ok {name}: {why or 'it does not hold'}")


def find_helm():
    cache = os.environ.get("KTA_TEST_CACHE") or Path(
        os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "kubectl-todo-ai-tests")
    cached = sorted(Path(cache).glob("clients-*/helm3"))
    return os.environ.get("KTA_HELM3") or shutil.which("helm3") or (cached and str(cached[-1])) or "helm"


def render(*args):
    command = [find_helm(), "template", RELEASE, str(CHART), "--namespace", NAMESPACE, *args]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {(o["kind"], o["metadata"]["name"]): o for o in yaml.safe_load_all(out) if o}


# ---- NetworkPolicies, as the API's reference defines them --------------------------------------

def selects(selector, labels):
    assert set(selector) <= {"matchLabels"}, "the simulation knows matchLabels only"
    return all(labels.get(k) == v for k, v in selector.get("matchLabels", {}).items())


def peer_matches(peer, end):
    """end: {labels, namespace (labels), ip}; a pod has labels, anything else has only an ip."""
    if "ipBlock" in peer:
        address = ipaddress.ip_address(end["ip"])
        block = peer["ipBlock"]
        return address in ipaddress.ip_network(block["cidr"]) and not any(
            address in ipaddress.ip_network(e) for e in block.get("except", []))
    if "labels" not in end:
        return False
    if "namespaceSelector" in peer:
        inside = selects(peer["namespaceSelector"], end["namespace"])
    else:
        inside = end["namespace"] == pod("x")["namespace"]
    return inside and selects(peer.get("podSelector", {}), end["labels"])


def rule_matches(rule, side, end, port, protocol):
    ports = rule.get("ports")
    if ports and not any(p.get("port") == port and p.get("protocol", "TCP") == protocol for p in ports):
        return False
    return not rule.get(side) or any(peer_matches(peer, end) for peer in rule[side])


def one_way(objects, who, other, port, protocol, direction):
    side = {"Ingress": "from", "Egress": "to"}[direction]
    policies = [o["spec"] for (kind, _), o in objects.items() if kind == "NetworkPolicy"
                and direction in o["spec"]["policyTypes"] and selects(o["spec"]["podSelector"], who.get("labels", {}))]
    if "labels" not in who or not policies:
        return True
    return any(rule_matches(rule, side, other, port, protocol)
               for spec in policies for rule in spec.get(direction.lower(), []))


def allowed(objects, source, target, port, protocol="TCP"):
    return (one_way(objects, source, target, port, protocol, "Egress")
            and one_way(objects, target, source, port, protocol, "Ingress"))


def pod(app, namespace=NAMESPACE, instance=RELEASE, ip="10.1.0.1"):
    return {"labels": {"app": app, "app.kubernetes.io/instance": instance}, "ip": ip,
            "namespace": {"kubernetes.io/metadata.name": namespace}}


FRONTEND, BACKEND, TEST = pod("frontend"), pod("backend"), pod("todo-app-test")
STRANGER = pod("stranger", instance="other")
DNS = {"labels": {"k8s-app": "kube-dns"}, "namespace": {"kubernetes.io/metadata.name": "kube-system"}, "ip": "10.1.0.9"}
OTHER_DNS = {"ip": "198.51.100.53"}
METADATA = {"ip": "169.254.169.254"}
DATABASE, MODEL, INTERNET = {"ip": "203.0.113.7"}, {"ip": "203.0.113.80"}, {"ip": "198.51.100.1"}
BROWSER = {"ip": "192.0.2.10"}

# from, to, port, protocol, allowed under values.yaml, and under prod with narrowed addresses
FLOWS = [
    ("browser -> frontend:3000", BROWSER, FRONTEND, 3000, "TCP", True, True),
    ("browser -> frontend:22", BROWSER, FRONTEND, 22, "TCP", False, False),
    ("browser -> backend:8000", BROWSER, BACKEND, 8000, "TCP", False, False),
    ("frontend -> backend:8000", FRONTEND, BACKEND, 8000, "TCP", True, True),
    ("frontend -> backend:22", FRONTEND, BACKEND, 22, "TCP", False, False),
    ("backend -> frontend:3000", BACKEND, FRONTEND, 3000, "TCP", False, False),
    ("frontend -> frontend:3000", FRONTEND, pod("frontend", ip="10.1.0.2"), 3000, "TCP", False, False),
    ("stranger -> backend:8000", STRANGER, BACKEND, 8000, "TCP", False, False),
    ("another release's frontend -> backend:8000", pod("frontend", instance="other"), BACKEND, 8000, "TCP", False, False),
    ("a frontend of another namespace -> backend:8000", pod("frontend", "elsewhere"), BACKEND, 8000, "TCP", False, False),
    ("frontend -> DNS", FRONTEND, DNS, 53, "UDP", True, True),
    ("backend -> DNS over TCP", BACKEND, DNS, 53, "TCP", True, True),
    ("frontend -> DNS on the internet", FRONTEND, OTHER_DNS, 53, "UDP", True, False),
    ("frontend -> internet:443", FRONTEND, INTERNET, 443, "TCP", False, False),
    ("frontend -> database:5432", FRONTEND, DATABASE, 5432, "TCP", False, False),
    ("backend -> database:5432", BACKEND, DATABASE, 5432, "TCP", True, True),
    ("backend -> database:22", BACKEND, DATABASE, 22, "TCP", False, False),
    ("backend -> model:443", BACKEND, MODEL, 443, "TCP", True, True),
    ("backend -> internet:443", BACKEND, INTERNET, 443, "TCP", True, False),
    ("backend -> internet:5432", BACKEND, INTERNET, 5432, "TCP", True, False),
    ("backend -> internet:80", BACKEND, INTERNET, 80, "TCP", False, False),
    ("backend -> the cloud's metadata:443", BACKEND, METADATA, 443, "TCP", False, False),
    ("helm's test pod -> frontend:3000", TEST, FRONTEND, 3000, "TCP", True, True),
    ("helm's test pod -> backend:8000", TEST, BACKEND, 8000, "TCP", True, True),
    ("helm's test pod -> internet:443", TEST, INTERNET, 443, "TCP", False, False),
    ("stranger -> helm's test pod", STRANGER, TEST, 8000, "TCP", False, False),
]


def narrowed(target, port):
    return f"[{{to: [{{ipBlock: {{cidr: {target['ip']}/32}}}}], ports: [{{port: {port}, protocol: TCP}}]}}]"


def check_network(default, narrow):
    for name, source, target, port, protocol, by_default, by_narrow in FLOWS:
        for objects, values, wanted in ((default, "default", by_default), (narrow, "narrowed prod", by_narrow)):
            got = allowed(objects, source, target, port, protocol)
            check(f"network, {values} values: {name} is {'allowed' if wanted else 'denied'}", got == wanted)


# ---- objects -----------------------------------------------------------------------------------

def check_common(values, objects):
    def deployment(name):
        return objects["Deployment", name]["spec"]

    say = lambda what: f"{values}: {what}"
    fixed = {("Deployment", "frontend"), ("Deployment", "backend"), ("Service", "frontend-service"), ("Service", "backend-service")}
    check(say("Deployments and Services have the mission's names"), fixed <= set(objects))
    others = [f"{kind}/{name}" for kind, name in objects if (kind, name) not in fixed and not name.startswith("todo-local-todo-app-")]
    check(say("everything else is named release-chart-resource"), not others, " ".join(others))
    bad = [f"{k}/{n}" for (k, n), o in objects.items() if k != "Pod" and not
           {"app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/version",
            "app.kubernetes.io/managed-by", "helm.sh/chart"} <= set(o["metadata"]["labels"])]
    check(say("the standard labels are on everything"), not bad, " ".join(bad))
    check(say("nothing but Secrets could hold a secret, and no Secret is made unasked"),
          not any(k == "Secret" for k, _ in objects)
          and not any(word in str(o.get("data")) for (k, _), o in objects.items() if k == "ConfigMap"
                      for word in ("DATABASE_URL", "BETTER_AUTH_SECRET", "OPENAI_API_KEY")))

    for name, port, ready in (("frontend", 3000, "/health"), ("backend", 8000, "/health?ready=1")):
        spec = deployment(name)
        pod_spec = spec["template"]["spec"]
        container = pod_spec["containers"][0]
        labels = spec["template"]["metadata"]["labels"]
        check(say(f"{name}: selectable by app={name}"), labels.get("app") == name
              and objects["Deployment", name]["metadata"]["labels"].get("app") == name
              and objects["Service", f"{name}-service"]["metadata"]["labels"].get("app") == name)
        check(say(f"{name}: the Service selects the pods"), selects({"matchLabels": objects["Service", f"{name}-service"]["spec"]["selector"]}, labels))
        timings = lambda probe: tuple(container[probe].get(k) for k in ("initialDelaySeconds", "periodSeconds", "timeoutSeconds", "failureThreshold"))
        path = lambda probe: container[probe]["httpGet"]["path"]
        check(say(f"{name}: liveness 10/10/5/3 on /health"), timings("livenessProbe") == (10, 10, 5, 3) and path("livenessProbe") == "/health")
        check(say(f"{name}: readiness 5/5/3/3 on {ready}"), timings("readinessProbe") == (5, 5, 3, 3) and path("readinessProbe") == ready)
        check(say(f"{name}: a startup probe"), path("startupProbe") == "/health")
        rolling = spec["strategy"]["rollingUpdate"]
        check(say(f"{name}: RollingUpdate 0 unavailable, 1 more"), (rolling["maxUnavailable"], rolling["maxSurge"]) == (0, 1))
        check(say(f"{name}: preStop within the grace period"),
              0 < int(container["lifecycle"]["preStop"]["exec"]["command"][-1]) < pod_spec["terminationGracePeriodSeconds"])
        check(say(f"{name}: the command is set by the chart"), bool(container.get("command")))
        check(say(f"{name}: its port is {port}"), container["ports"][0]["containerPort"] == port)
        security, pod_security = container["securityContext"], pod_spec["securityContext"]
        check(say(f"{name}: Pod Security restricted"),
              pod_security["runAsNonRoot"] and pod_security["runAsUser"] == 65532 == pod_security["runAsGroup"]
              and pod_security["seccompProfile"]["type"] == "RuntimeDefault" and security["readOnlyRootFilesystem"]
              and security["allowPrivilegeEscalation"] is False and security["capabilities"] == {"drop": ["ALL"]})
        account = objects.get(("ServiceAccount", pod_spec["serviceAccountName"]))
        check(say(f"{name}: a ServiceAccount of its own, no token"),
              account is not None and account["automountServiceAccountToken"] is False and pod_spec["automountServiceAccountToken"] is False)
        check(say(f"{name}: only /tmp can be written"), [m["mountPath"] for m in container["volumeMounts"]] == ["/tmp"])
        annotations = spec["template"]["metadata"]["annotations"]
        check(say(f"{name}: checksums roll the pods"), {"checksum/config", "checksum/secrets"} <= set(annotations))
        secret_keys = {e["name"] for e in container["env"] if "secretKeyRef" in e.get("valueFrom", {})}
        wanted = {"BETTER_AUTH_SECRET"} | ({"DATABASE_URL", "OPENAI_API_KEY"} if name == "backend" else set())
        check(say(f"{name}: gets exactly the secrets that it needs"), secret_keys == wanted, str(secret_keys))

    service = objects["Service", "backend-service"]["spec"]
    check(say("backend: ClusterIP 8000 with ClientIP affinity of 10800 s"),
          service["type"] == "ClusterIP" and service["ports"][0]["port"] == 8000 and service["sessionAffinity"] == "ClientIP"
          and service["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"] == 10800)
    check(say("a test for helm test"), objects["Pod", "todo-local-todo-app-test"]["metadata"]["annotations"]["helm.sh/hook"] == "test")
    hooks = [o for o in objects.values() if "helm.sh/hook" in o["metadata"].get("annotations", {})]
    check(say("no hook but that test"), len(hooks) == 1)


def resources(objects, name):
    return objects["Deployment", name]["spec"]["template"]["spec"]["containers"][0]["resources"]


def main():
    default, dev, prod = render(), render("-f", str(CHART / "values-dev.yaml")), render("-f", str(CHART / "values-prod.yaml"))
    for values, objects in (("values.yaml", default), ("values-dev.yaml", dev), ("values-prod.yaml", prod)):
        check_common(values, objects)

    wanted = {"requests": {"cpu": "250m", "memory": "256Mi"}, "limits": {"cpu": "500m", "memory": "512Mi"}}
    check("values.yaml: requests 250m/256Mi, limits 500m/512Mi", resources(default, "frontend") == wanted == resources(default, "backend"))

    service = dev["Service", "frontend-service"]["spec"]
    check("values-dev.yaml: the frontend is a NodePort on 3000", service["type"] == "NodePort" and service["ports"][0]["port"] == 3000)
    check("values-dev.yaml: one replica each", all(dev["Deployment", n]["spec"]["replicas"] == 1 for n in ("frontend", "backend")))
    check("values-dev.yaml: small", resources(dev, "backend")["requests"] == {"cpu": "50m", "memory": "128Mi"})

    check("values-prod.yaml: a LoadBalancer", prod["Service", "frontend-service"]["spec"]["type"] == "LoadBalancer")
    ingress = prod["Ingress", "todo-local-todo-app-ingress"]["spec"]
    check("values-prod.yaml: an Ingress with TLS", ingress["tls"][0]["hosts"] == [ingress["rules"][0]["host"]])
    check("values-prod.yaml: sign-in knows the Ingress's address",
          prod["ConfigMap", "todo-local-todo-app-frontend"]["data"]["BETTER_AUTH_URL"] == "https://" + ingress["rules"][0]["host"])
    for name in ("frontend", "backend"):
        spec = prod["Deployment", name]["spec"]
        scaler = prod["HorizontalPodAutoscaler", f"todo-local-todo-app-{name}"]["spec"]
        budget = prod["PodDisruptionBudget", f"todo-local-todo-app-{name}"]["spec"]
        check(f"values-prod.yaml: {name}: 2 to 3 replicas at least, decided by an autoscaler",
              scaler["minReplicas"] in (2, 3) and scaler["scaleTargetRef"]["name"] == name and "replicas" not in spec)
        check(f"values-prod.yaml: {name}: the disruption budget lets one pod go", budget["minAvailable"] == scaler["minReplicas"] - 1)
        spread = spec["template"]["spec"]["topologySpreadConstraints"][0]
        check(f"values-prod.yaml: {name}: spread over nodes", spread["topologyKey"] == "kubernetes.io/hostname"
              and selects(spread["labelSelector"], spec["template"]["metadata"]["labels"]))
        check(f"values-prod.yaml: {name}: larger", resources(prod, name)["limits"] == {"cpu": "1", "memory": "1Gi"})

    named = render("--set", "nameOverride=list,image.registry=registry.example.com/team/,image.backend.digest=sha256:" + "a" * 64)
    check("nameOverride works", ("ConfigMap", "todo-local-list-backend") in named)
    check("fullnameOverride works", ("ConfigMap", "x-backend") in render("--set", "fullnameOverride=x"))
    image = lambda name: named["Deployment", name]["spec"]["template"]["spec"]["containers"][0]["image"]
    check("registry and digest make the image", image("frontend") == "registry.example.com/team/todo-frontend:local"
          and image("backend") == "registry.example.com/team/todo-backend@sha256:" + "a" * 64)
    secret = render("--set", "secrets.databaseUrl=sqlite:////tmp/t.db,secrets.betterAuthSecret=" + "s" * 32)
    check("secrets given at install make a Secret, and only that holds them",
          ("Secret", "todo-local-todo-app-secrets") in secret
          and sum("s" * 32 in str(o) or "sqlite:" in str(o) for o in secret.values()) == 0)
    sums = lambda objects: [objects["Deployment", n]["spec"]["template"]["metadata"]["annotations"]["checksum/secrets"] for n in ("frontend", "backend")]
    other = render("--set", "secrets.databaseUrl=sqlite:////tmp/u.db,secrets.betterAuthSecret=" + "s" * 32)
    same, changed = [a == b for a, b in zip(sums(secret), sums(other))]
    check("a changed DATABASE_URL rolls the backend and not the frontend", same and not changed)

    check_network(default, render("-f", str(CHART / "values-prod.yaml"),
                                  "--set-json", "networkPolicy.backend.database=" + to_json(narrowed(DATABASE, 5432)),
                                  "--set-json", "networkPolicy.backend.model=" + to_json(narrowed(MODEL, 443))))
    sys.exit(failed > 0)


def to_json(text):
    import json
    return json.dumps(yaml.safe_load(text))


if __name__ == "__main__":
    main()
