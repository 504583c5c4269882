"""cluster.py - the real tools on the real cluster: a person is asked in each revision's own way, and
a client that goes in the middle of a change. Run by test_cluster.sh, which sets NS."""

import json
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from client import *

NS = os.environ["NS"]
ARGV = [PROGRAM, "mcp", "-n", NS]


def generation():
    out = subprocess.run(
        ["kubectl", "-n", NS, "get", "deployment", "backend", "-o", "jsonpath={.metadata.generation}"],
        capture_output=True, text=True)
    return int(out.stdout)


def restarted(answer):
    return not answer["result"]["isError"], json.dumps(answer)[:600]


def answering(s, action, confirm, seen):
    def others(m):
        if m.get("method") == "elicitation/create":
            seen.append(m["params"])
            s.send({"jsonrpc": "2.0", "id": m["id"],
                    "result": {"action": action, **({"content": {"confirm": confirm}} if action == "accept" else {})}})
    return others


def asked_over_stdio():
    """2025-11-25: no to the elicitation changes nothing, yes restarts; the preview is in the question"""
    s = Stdio(ARGV)
    s.initialize("2025-11-25", {"elicitation": {}})
    before, seen = generation(), []
    for action, confirm in [("decline", None), ("cancel", None), ("accept", False)]:
        s.answer(s.start("tools/call", {"name": "restart_pods", "arguments": {"label": "app=backend"}}),
                 answering(s, action, confirm, seen))
        assert generation() == before, action
    for odd in ({"action": "accept"}, {"action": "accept", "content": {"confirm": "true"}}, {"action": "accept", "content": []}, [True]):
        def answer_oddly(m):
            s.send({"jsonrpc": "2.0", "id": m["id"], "result": odd})
        r = s.answer(s.start("tools/call", {"name": "restart_pods", "arguments": {"label": "app=backend"}}), answer_oddly)
        assert r["result"]["structuredContent"]["state"] == "declined" and generation() == before, (odd, r)
    def cannot(m):
        s.send({"jsonrpc": "2.0", "id": m["id"], "error": {"code": -32601, "message": "no such method"}})
    r = s.answer(s.start("tools/call", {"name": "restart_pods", "arguments": {"label": "app=backend"}}), cannot)
    assert r["result"]["structuredContent"]["state"] == "needs_approval" and generation() == before, r
    r = s.answer(s.start("tools/call", {"name": "restart_pods", "arguments": {"label": "app=backend"}}),
                 answering(s, "accept", True, seen))
    good, why = restarted(r)
    assert good and generation() == before + 1, why
    assert len(seen) == 4 and all("rollout" in q["message"] and "backend" in q["message"] for q in seen), seen
    s.close()


def asked_back():
    """2026-07-28: input_required with the preview; a yes runs it once, a second use of it asks again"""
    s = Stdio(ARGV)
    before = generation()

    def call(id, **more):
        body, _ = modern("tools/call", {"name": "restart_pods", "arguments": {"label": "app=backend"}, **more},
                         id, {"elicitation": {}})
        s.send(body)
        return s.answer(id)

    first = call(1)["result"]
    assert first["resultType"] == "input_required" and generation() == before, first
    question = first["inputRequests"]["confirm"]
    assert question["method"] == "elicitation/create" and "rollout" in question["params"]["message"]
    yes = {"confirm": {"action": "accept", "content": {"confirm": True}}}
    no_state = call(2, inputResponses=yes)["result"]
    assert no_state["resultType"] == "input_required" and generation() == before, no_state
    done = call(3, inputResponses=yes, requestState=first["requestState"])["result"]
    assert done["resultType"] == "complete" and not done["isError"], done
    assert generation() == before + 1
    again = call(4, inputResponses=yes, requestState=first["requestState"])["result"]
    assert again["resultType"] == "input_required", again
    assert generation() == before + 1
    s.close()


def nobody_to_ask():
    """a client that cannot ask gets the preview and a token, and nothing is changed"""
    s = Stdio(ARGV)
    s.initialize("2024-11-05")
    before = generation()
    r = s.tool("restart_pods", {"label": "app=backend"})
    text = json.dumps(r)
    assert "approve" in text and generation() == before, text[:500]
    s.close()
    s = Stdio(ARGV, env={**os.environ, "KAGENT_APPROVE": "kubectl exec -it x -- kubectl-todo-ai approve"})
    s.initialize("2025-11-25", {"elicitation": {"url": {}}})  # no form: as good as none
    r = s.tool("restart_pods", {"label": "app=backend"})["result"]["structuredContent"]
    assert r["state"] == "needs_approval", r
    assert r["command"] == "kubectl exec -it x -- kubectl-todo-ai approve " + r["token"], r
    s.close()


def narrowed():
    """--read-only offers no change, --tools only what it names, --namespace refuses another"""
    s = Stdio([*ARGV, "--read-only"])
    s.initialize()
    names = [t["name"] for t in s.request("tools/list")["result"]["tools"]]
    assert "get" in names and "restart_pods" not in names and "apply_plan" not in names, names
    assert "error" in s.tool("restart_pods", {"label": "app=backend"})
    r = s.tool("list", {"kind": "pods", "namespace": "kube-system"})
    assert "error" in r or r["result"]["isError"], r
    s.close()
    s = Stdio([*ARGV, "--tools", "get,logs"])
    s.initialize()
    names = [t["name"] for t in s.request("tools/list")["result"]["tools"]]
    assert names == ["get", "logs"], names
    s.close()


def gone_in_a_change():
    """a client that goes while its change runs: the journal ends truthfully"""
    s = Stdio([*ARGV, "--approve", "medium"])
    s.initialize()
    before = generation()
    s.start("tools/call", {"name": "restart_pods", "arguments": {"label": "app=backend"}})
    assert until(lambda: generation() > before)
    s.process.stdin.close()
    s.process.stdout.close()
    assert s.process.wait(PATIENCE) is not None
    out = subprocess.run([PROGRAM, "history", "-o", "json"], capture_output=True, text=True)
    last = json.loads(out.stdout)["changes"][0]
    state = last["plan"][0]["state"]
    assert state in ("executed", "verified", "unverified", "unknown"), last


def kubeconfig_of_two(folder):
    """the test cluster's, and a second context of it, in the namespace NS"""
    kubectl = lambda *a: subprocess.run(["kubectl", *a], check=True, capture_output=True, text=True).stdout
    config = json.loads(kubectl("config", "view", "--raw", "-o", "json"))
    context = dict(next(c for c in config["contexts"] if c["name"] == config["current-context"])["context"])
    config["contexts"].append({"name": "second", "context": {**context, "namespace": NS}})
    path = os.path.join(folder, "kubeconfig")
    with open(path, "w") as f:
        json.dump(config, f)
    return path, config["current-context"]


def other_contexts():
    """a resource, a read and a change of another context go through that context's own pipeline, unless narrowed"""
    with tempfile.TemporaryDirectory() as folder:
        path, first = kubeconfig_of_two(folder)
        env = {**os.environ, "KUBECONFIG": path}
        s = Stdio([PROGRAM, "mcp"], env=env)
        s.initialize("2025-11-25", {"elicitation": {}})
        for context in (first, "second"):
            uri = f"k8s://{context}/{NS}/deployment/backend"
            r = s.request("resources/read", {"uri": uri})
            assert "kind: Deployment" in r["result"]["contents"][0]["text"], r
        r = s.tool("list", {"kind": "deployments", "context": "second"})["result"]
        assert r["structuredContent"]["context"] == "second", r
        assert "backend" in r["content"][0]["text"], r  # its own namespace is NS
        before, seen = generation(), []
        r = s.answer(s.start("tools/call", {"name": "restart_pods",
                                            "arguments": {"label": "app=backend", "context": "second"}}),
                     answering(s, "accept", True, seen))
        assert not r["result"]["isError"] and generation() == before + 1, r
        assert "--context second" in seen[0]["message"], seen
        r = s.tool("list", {"kind": "pods", "context": "third"})["result"]
        assert r["isError"] and "third" in r["content"][0]["text"], r
        c = s.request("completion/complete", {"ref": {"type": "ref/resource", "uri": "k8s://{context}/{namespace}/{kind}/{name}"},
                                              "argument": {"name": "context", "value": ""}})
        assert set(c["result"]["completion"]["values"]) == {first, "second"}, c
        s.close()
        s = Stdio([PROGRAM, "mcp", "--kubeconfig", path])
        s.initialize()
        c = s.request("completion/complete", {"ref": {"type": "ref/resource", "uri": "k8s://{context}/{namespace}/{kind}/{name}"},
                                              "argument": {"name": "context", "value": "s"}})
        assert c["result"]["completion"]["values"] == ["second"], c
        s.close()
        s = Stdio([PROGRAM, "mcp", "--context", first], env=env)
        s.initialize()
        r = s.request("resources/read", {"uri": f"k8s://second/{NS}/deployment/backend"})
        assert "error" in r and first in r["error"]["message"], r
        s.close()
        s = Stdio([PROGRAM, "mcp", "-n", "kube-system"], env=env)
        s.initialize()
        r = s.tool("list", {"kind": "deployments", "context": "second"})["result"]
        assert "backend" not in r["content"][0]["text"], r  # --namespace holds in every context
        s.close()


def every_read():
    """each tool that reads answers on the real cluster, in text and in content that fits its schema's keys"""
    s = Stdio(ARGV)
    s.initialize("2025-11-25")
    tools = {t["name"]: t for t in s.request("tools/list")["result"]["tools"]}
    pod = subprocess.run(["kubectl", "-n", NS, "get", "pods", "-l", "app=backend", "-o", "jsonpath={.items[0].metadata.name}"],
                         capture_output=True, text=True).stdout
    calls = {
        "what_changed": {"target": "backend"}, "describe": {"kind": "deployment", "name": "backend"},
        "get": {"kind": "deployment", "name": "backend"}, "list": {"kind": "pods"}, "events": {},
        "search": {"query": "backend"}, "logs": {"pod": pod}, "analyze_pod_logs": {"pod_name": pod},
        "log-analyzer": {"pod_name": pod}, "diagnose": {}, "history": {},
        "can_i": {"verb": "get", "resource": "pods"},
        "validate_config": {"kind": "deployment", "name": "backend"},
        "config-validator": {"kind": "deployment", "name": "backend"},
    }
    wrong = []
    for name, arguments in calls.items():
        r = s.tool(name, arguments)
        result = r.get("result", {"isError": True})
        if result["isError"] or not result["content"][0]["text"]:
            wrong.append((name, r))
            continue
        schema = tools.get(name, {}).get("outputSchema")
        if schema:
            missing = set(schema.get("required", [])) - set(result.get("structuredContent", {}))
            if missing:
                wrong.append((name, missing))
    s.close()
    assert not wrong, json.dumps(wrong, default=str)[:1500]


def told_apart():
    """what is not there is told apart from what is empty: no such namespace, another namespace, another name"""
    s = Stdio([PROGRAM, "mcp"])
    s.initialize()
    for name, arguments in [("list", {"kind": "pods"}), ("diagnose", {}), ("events", {}), ("search", {"query": "zz-no-such"}),
                            ("get", {"kind": "pod", "name": "x"}), ("describe", {"kind": "pod", "name": "x"}), ("logs", {"pod": "x"})]:
        r = s.tool(name, {**arguments, "namespace": NS + "-not"})["result"]
        assert r["isError"] and f"no namespace '{NS}-not'" in r["content"][0]["text"], (name, r)
        assert "structuredContent" not in r, r
    r = s.tool("get", {"kind": "deployment", "name": "backend", "namespace": "kube-public"})["result"]
    assert r["isError"] and NS in r["content"][0]["text"], r
    r = s.tool("describe", {"kind": "deployment", "name": "backent", "namespace": NS})["result"]
    assert r["isError"] and "There is: " in r["content"][0]["text"] and "backend" in r["content"][0]["text"], r
    r = s.tool("get", {"kind": "deployment", "name": "backend", "namespace": NS,
                       "fields": ["metadata.annotations.deployment\\.kubernetes\\.io/revision", "spec.template.spec.containers[*].name"]})["result"]
    assert not r["isError"] and "null" not in r["content"][0]["text"], r
    r = s.tool("can_i", {"verb": "get", "resource": "pods/log", "namespace": NS})["result"]
    assert "pods/log" in r["content"][0]["text"], r
    r = s.tool("propose", {"commands": ["scale deployment/none --replicas=2"], "namespace": NS})["result"]
    assert "cannot be done as it is" in r["content"][0]["text"], r
    s.close()
    s = Stdio(ARGV)  # a pinned server tells nothing of other namespaces
    s.initialize()
    r = s.tool("get", {"kind": "pod", "name": "kube-apiserver"})["result"]
    assert r["isError"] and "is in namespace" not in r["content"][0]["text"], r
    s.close()


def thousand_reads():
    """1,000 reads of the real cluster in one session: no growth, and at most 8 MiB of its own"""
    s = Stdio(ARGV)
    s.initialize()

    def own():
        with open(f"/proc/{s.process.pid}/status") as f:
            return next(int(l.split()[1]) for l in f if l.startswith("RssAnon"))

    def read():
        r = s.tool("list", {"kind": "pods"})
        while "result" not in r or r["result"]["isError"]:  # the rate is limited: a little later
            assert "rate" in json.dumps(r) or "many" in json.dumps(r), r
            time.sleep(0.2)
            r = s.tool("list", {"kind": "pods"})

    for _ in range(100):
        read()
    before = own()
    for _ in range(900):
        read()
    after = own()
    print(f"# after 1,000 reads: {after} KiB of its own ({before} after 100), {s.rss()} with shared libraries")
    assert after <= before + 512 and after <= 8 * 1024, (before, after)
    s.close()


def kubectl(*args, **more):
    return subprocess.run(["kubectl", "-n", NS, *args], check=True, capture_output=True, text=True, **more).stdout


def every_annotation():
    """every tool states its four hints; what reads only is neither destructive nor changes anything"""
    s = Stdio(ARGV)
    s.initialize("2025-11-25")
    tools = s.request("tools/list")["result"]["tools"]
    for t in tools:
        hints = t["annotations"]
        assert {"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"} <= set(hints), t["name"]
        assert not (hints["readOnlyHint"] and hints["destructiveHint"]), t["name"]
        assert t["inputSchema"]["type"] == "object" and t["outputSchema"]["type"] == "object", t["name"]
    changing = {t["name"] for t in tools if not t["annotations"]["readOnlyHint"]}
    assert changing == {"apply_plan", "undo", "restart_pods", "pod-restart", "remediate"}, changing
    s.close()


def used():
    """top: each pod's use, as soon as there are metrics of it, and the nodes'"""
    s = Stdio(ARGV)
    s.initialize()

    def pods():
        return [i for i in s.tool("top", {})["result"]["structuredContent"]["items"] if "backend" in json.dumps(i)]

    assert until(pods, 120), s.tool("top", {})
    assert pods()[0]["memoryBytes"] > 0, pods()
    nodes = s.tool("top", {"what": "nodes"})["result"]
    assert not nodes["isError"] and nodes["structuredContent"]["count"] == 1, nodes
    s.close()


def reached():
    """reach: open at first, closed by a default-deny policy, which is named"""
    s = Stdio(ARGV)
    s.initialize()

    def answer():
        return s.tool("reach", {"from": "deployment/backend", "to": "deployment/backend", "port": 8000})["result"]

    r = answer()
    assert r["structuredContent"]["reachable"] == "yes", r
    kubectl("apply", "-f", "-", input=json.dumps({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "nobody-in"},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"]}}))
    r = answer()
    kubectl("delete", "networkpolicy", "nobody-in")
    assert r["structuredContent"]["reachable"] == "no" and "nobody-in" in r["content"][0]["text"], r
    s.close()


def taken_back():
    """pod-restart by its other name, and undo: the object is as it was"""
    s = Stdio([*ARGV, "--approve", "medium"])
    s.initialize()
    template = lambda: kubectl("get", "deployment", "backend", "-o", "jsonpath={.spec.template}")
    before = template()
    r = s.tool("pod-restart", {"label": "app=backend"})["result"]
    assert not r["isError"] and template() != before, r
    r = s.tool("undo", {})["result"]
    assert not r["isError"] and template() == before, r
    r = s.tool("undo", {"id": "999999"})["result"]
    assert r["isError"] and "999999" in r["content"][0]["text"], r
    done = s.tool("history", {})["result"]["structuredContent"]["changes"]
    assert done and all(c["namespace"] == NS for c in done), done
    s.close()
    s = Stdio([PROGRAM, "mcp", "-n", "kube-public"])  # pinned elsewhere: nothing of it is told
    s.initialize()
    assert s.tool("history", {})["result"]["structuredContent"]["count"] == 0
    r = s.tool("history", {"id": done[0]["id"]})["result"]["structuredContent"]
    assert r["count"] == 0, r
    s.close()


def remediated_as_configured():
    """remediate in mode auto does what the configuration allows for this namespace, and nothing without one"""
    kubectl("set", "env", "deployment/backend", "DATABASE_URL-")
    with tempfile.TemporaryDirectory() as folder:  # the configuration's time limit holds, whatever a client asks for
        os.makedirs(f"{folder}/kubectl-todo-ai")
        with open(f"{folder}/kubectl-todo-ai/config.yaml", "w") as f:
            json.dump({"remediation": {"namespaces": {NS: "medium"}, "timeout": "1ms"}}, f)
        s = Stdio(ARGV, env={**os.environ, "XDG_CONFIG_HOME": folder})
        s.initialize()
        assert until(lambda: s.tool("diagnose", {})["result"]["structuredContent"]["count"], 90)
        r = s.tool("remediate", {"mode": "auto", "timeout": "1h"})["result"]
        assert r["isError"] and "time limit" in r["structuredContent"]["message"], r
        s.close()

    def crashes():
        s = Stdio(ARGV)
        s.initialize()
        found = s.tool("diagnose", {})["result"]["structuredContent"]["findings"]
        s.close()
        return [f for f in found if f["code"].startswith("CrashLoop.")]

    assert until(crashes, 90)
    before = generation()
    with tempfile.TemporaryDirectory() as folder:
        for namespaces, state in [(None, "needs_person"), ({NS: "low"}, "needs_person"), ({NS: "medium"}, "recovered")]:
            os.makedirs(f"{folder}/kubectl-todo-ai", exist_ok=True)
            with open(f"{folder}/kubectl-todo-ai/config.yaml", "w") as f:
                json.dump({"remediation": {"namespaces": namespaces}} if namespaces else {}, f)
            s = Stdio(ARGV, env={**os.environ, "XDG_CONFIG_HOME": folder})
            s.initialize()
            r = s.tool("remediate", {"mode": "auto"})["result"]
            assert f": {state}\n" in r["content"][0]["text"], (namespaces, r)
            assert (generation() > before) == (state == "recovered"), (namespaces, r)
            s.close()


def asked_more_than_once():
    """2026-07-28: a first change that does not help is put back and told of, also where a second needs another yes"""
    manifest = os.path.join(ROOT, "tests/cluster/faults/crash-oom/manifest.yaml")
    kubectl("delete", "deployment", "backend", "--wait=true")
    kubectl("apply", "-f", manifest)
    limit = lambda: kubectl("get", "deployment", "backend", "-o", "jsonpath={.spec.template.spec.containers[0].resources.limits.memory}")
    before = limit()
    s = Stdio([*ARGV, "--verify-timeout", "20s"])

    def call(method, params, id):
        s.send(modern(method, params, id, {"elicitation": {}})[0])
        return s.answer(id)["result"]

    def killed():
        found = call("tools/call", {"name": "diagnose", "arguments": {}}, "d")["structuredContent"]["findings"]
        return [f for f in found if f["code"].startswith("Memory.") and f["fixes"]]

    assert until(killed, 90)
    arguments = {"name": "remediate", "arguments": {"mode": "ask", "timeout": "3m"}}
    r = call("tools/call", arguments, 1)
    assert r["resultType"] == "input_required" and limit() == before, r
    yes = {"confirm": {"action": "accept", "content": {"confirm": True}}}
    r = call("tools/call", {**arguments, "requestState": r["requestState"], "inputResponses": yes}, 2)
    assert r["resultType"] == "complete" and "requestState" not in r, r
    report = r["structuredContent"]
    assert report["state"] == "needs_person" and report["attempts"][0]["change"], report
    assert report["attempts"][0]["undone"] and limit() == before, (limit(), report)
    s.close()


run([every_annotation, used, reached, taken_back, every_read, told_apart, thousand_reads, other_contexts, asked_over_stdio, asked_back, nobody_to_ask, narrowed, gone_in_a_change,
     remediated_as_configured, asked_more_than_once])
