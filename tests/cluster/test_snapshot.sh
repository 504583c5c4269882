#!/usr/bin/env bash
# A snapshot tells what the live cluster told: equal JSON but for times; it holds no secret and stays
# small. A folder from kubectl cluster-info dump is read too.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/workloads.sh"
. "$(dirname "${BASH_SOURCE[0]}")/ask.sh"

new_namespace snapshot
canary=canary-$(openssl rand -hex 12)
k create secret generic keys --from-literal=API_KEY="$canary" >/dev/null
k create configmap settings --from-literal=mode=fast >/dev/null
crashing_backend >/dev/null 2>&1
deployment leaky "echo \"login with password=$canary\"; echo 'Error: cannot open /etc/app.conf: No such file or directory'; exit 2" >/dev/null
deployment unpulled 'sleep 3600' >/dev/null
k set image deployment/unpulled unpulled=kta.test/no-such-image:1 >/dev/null
k create deployment keyless --image=busybox:1.36 -- sleep 3600 >/dev/null
k set env deployment/keyless --from=secret/keyz >/dev/null 2>&1 ||
  k patch deployment keyless -p '{"spec":{"template":{"spec":{"containers":[{"name":"busybox","envFrom":[{"secretRef":{"name":"keyz"}}]}]}}}}' >/dev/null
deployment unfit 'sleep 3600' >/dev/null
k set resources deployment/unfit --requests=cpu=900 >/dev/null
k create service clusterip nowhere --tcp=80:8000 >/dev/null
k patch service nowhere -p '{"spec":{"selector":{"app":"bakend"}}}' >/dev/null
# Two releases: one that somebody broke, one that failed; their records hold a secret.
chart=$home/chart
mkdir -p "$chart/templates"
printf 'apiVersion: v2\nname: shop\nversion: 0.1.0\n' >"$chart/Chart.yaml"
cat >"$chart/templates/all.yaml" <<'END'
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: shop
        image: busybox:1.36
        command: [sleep, "3600"]
        env: [{name: DB_PASSWORD, value: {{ .Values.password }}}]
END
for release in shop failed; do
  helm3 install "$release" "$chart" -n "$NS" --set replicas=1,password="$canary" --wait --timeout 60s >/dev/null 2>&1
done
k patch deployment shop -p '{"spec":{"template":{"spec":{"containers":[{"name":"shop","command":["sh","-c","echo fatal: unknown option; exit 1"]}]}}}}' >/dev/null
helm3 upgrade failed "$chart" -n "$NS" --set-string replicas=lots,password="$canary" >/dev/null 2>&1
settled() {
  crashed backend && crashed leaky && crashed shop &&
    k get pods -o jsonpath='{.items[*].status.containerStatuses[*].state.waiting.reason}' >"$out" &&
    grep -q ImagePullBackOff "$out" && grep -q CreateContainerConfigError "$out" &&
    k get pods -o jsonpath='{.items[*].status.conditions[*].reason}' | grep -q Unschedulable
}
eventually 120 "several workloads are broken" settled

# The same findings but for what passes with time: ages in texts, restart counts, times, and whether
# a fix was validated.
same() {
  python3 - "$1" "$2" <<'EOP'
import json, re, sys

def calm(text):
    text = re.sub(r"\b(?:\d+[smhd])+ ago|\b\d+ (?:restarts?|times?)\b|\d{4}-\d\d-\d\dT[\d:.]+Z?", "T", text)
    return re.sub(r"\(x\d+\)|\b\d+ restart\w*", "N", text)

def plain(v, key=None):
    if isinstance(v, dict):
        return {k: plain(x, k) for k, x in v.items() if k not in ("since", "time", "validated")}
    if isinstance(v, list):
        return [plain(x) for x in v]
    return calm(v) if isinstance(v, str) else v

a, b = ([plain(f) for f in json.load(open(p))["findings"]] for p in sys.argv[1:3])
if len(a) < 5:
    sys.exit("only %d findings" % len(a))
for x, y in zip(a, b):
    if x != y:
        sys.exit("live: %s\nsnapshot: %s" % (json.dumps(x, indent=1), json.dumps(y, indent=1)))
if len(a) != len(b):
    sys.exit("%d findings live, %d in the snapshot" % (len(a), len(b)))
EOP
}
# Between two looks a container may have restarted: until both are of the same moment.
compared() {
  rm -rf "$home/snap"
  HOME=$home kubectl todo-ai snapshot "$home/snap" -n "$NS" >"$home/said" 2>&1 &&
    HOME=$home kubectl todo-ai diagnose -n "$NS" --no-probe -o json >"$home/live.json" 2>/dev/null &&
    HOME=$home kubectl todo-ai --snapshot "$home/snap" diagnose -n "$NS" -o json >"$home/read.json" 2>/dev/null &&
    same "$home/live.json" "$home/read.json"
}
eventually 90 "the snapshot tells what the live cluster told" compared
check "drift from a Helm release is among it" \
  jq -e '.findings[] | select(.object.name == "shop") | .evidence[] | select(.source == "drift from the release")' "$home/read.json"
check "and why a release failed" \
  jq -e '.findings[] | select(.code == "Helm.Failed") | .evidence[] | select(.source == "helm release") | select(.text | contains("Upgrade"))' "$home/read.json"
records() { jq -r '.items[].data.release // empty' "$home"/snap/api/v1/namespaces/*/secrets@*.json | while read -r r; do printf %s "$r" | base64 -d | base64 -d; done; }
check "Helm's records are in it" says '"manifest"' records
refused "and hold no secret" says "$canary" records
refused "no secret is in it" grep -rqF -e "$canary" -e "$(printf %s "$canary" | base64 -w0)" "$home/snap"
check "it is bounded" test "$(du -sk "$home/snap" | cut -f1)" -lt 8192
ask 0 "a question is answered from it" --snapshot "$home/snap" -n "$NS" --llm-provider none --dry-run "why is backend crashing"
shown "with its cause" "CrashLoop.MissingEnv"
ask 2 "a folder that is not empty is not written to" snapshot "$home/snap" -n "$NS"

k cluster-info dump --namespaces "$NS" --output-directory="$home/dump" >/dev/null 2>&1
ask 0 "kubectl's dump is read" --snapshot "$home/dump" -n "$NS" diagnose -o json
json_is "causes are found in it" 'sorted({f["object"]["name"] for f in d["findings"]} & {"backend", "leaky", "unpulled", "unfit"})' "['backend', 'leaky', 'unfit', 'unpulled']"
done_asking
finish
