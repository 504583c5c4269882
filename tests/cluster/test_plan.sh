#!/usr/bin/env bash
# Plans at the terminal and on disk: the name that is typed for high risk, one by one, an undo that is
# offered, steps that need each other, what an entry of the journal holds, what cannot come back.
# shellcheck disable=SC2154,SC2317 # variables of ask.sh; functions called by name
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/workloads.sh"
. "$(dirname "${BASH_SOURCE[0]}")/ask.sh"

state=$home/.local/state/kubectl-todo-ai
new_namespace plan
lib_namespaces+=("$NS-inner")
for name in one two three; do k create configmap $name --from-literal=mode=a; done >/dev/null
mode() { k get configmap "$1" -o jsonpath='{.data.mode}'; }
there() { k get configmap "$1" -o name >/dev/null 2>&1; }
steps=
step() { steps="${steps:+$steps,}$(python3 -c 'import json,sys; print(json.dumps({"argv": sys.argv[1:]}))' "$@")"; }
with() { steps="${steps:+$steps,}$(python3 -c 'import json,sys; print(json.dumps({"argv": sys.argv[2:], "stdin": sys.argv[1]}))' "$@")"; }
write_plan() {
  printf '[%s]' "$steps" >"$home/plan.json"
  steps=
}
to() { step kubectl patch configmap "$1" --type=merge -p "{\"data\":{\"mode\":\"$2\"}}"; }
run=(apply "$home/plan.json" -n "$NS")

# ---- high risk: the name is typed ----
step kubectl delete configmap three
write_plan
type_answers 3 "another word than the name" --expect "Do this?" --send "y\n" --expect "Type 'three'" --send "yes\n" -- "${run[@]}"
check "is no yes" there three
type_answers 0 "the name" --expect "Do this?" --send "y\n" --expect "Type 'three'" --send "three\n" -- "${run[@]}"
refused "is one" there three
with "{apiVersion: v1, kind: Namespace, metadata: {name: $NS-inner}}" kubectl delete -f -
write_plan
kubectl create namespace "$NS-inner" >/dev/null
type_answers 3 "a manifest's object has a name, too" --expect "Do this?" --send "y\n" --expect "Type '$NS-inner'" --send "delete\n" -- "${run[@]}"
check "and the verb is not enough" kubectl get namespace "$NS-inner"
kubectl delete namespace "$NS-inner" >/dev/null

# ---- one by one ----
to one b
to two b
write_plan
type_answers 0 "one by one" --expect "[o]ne by one" --send "o\n" --expect "Do this step?" --send "n\n" \
  --expect "Do this step?" --send "y\n" -- "${run[@]}"
check "a no is one" says a mode one
check "a yes is one" says b mode two
ask 0 "undo" undo -n "$NS" --yes

# ---- steps that need each other ----
step kubectl create namespace "$NS-inner"
with "{apiVersion: v1, kind: ConfigMap, metadata: {name: inner, namespace: $NS-inner}}" kubectl apply -n "$NS-inner" -f -
write_plan
ask 0 "a step that needs another one" "${run[@]}" --dry-run -o json
json_is "is told to" 'd["plan"][1]["preview"]["warnings"][0]' "needs step 1: it is validated again when that has run"
ask 0 "and done after it" "${run[@]}" --yes=high
check "both are there" kubectl get -n "$NS-inner" configmap/inner
ask 0 "both are undone" undo -n "$NS" --yes=high
refused "neither is there" kubectl get namespace "$NS-inner"
step kubectl patch configmap missing -p '{"data":{"mode":"z"}}'
to one z
write_plan
ask 7 "a step that cannot be done" "${run[@]}" --yes
check "ends the plan" says a mode one

# ---- steps that change the same again, and that name what an earlier one makes ----
step kubectl create deployment made --image=busybox:1.36 -- sleep 3600
step kubectl scale deployment made --replicas=2
step kubectl expose deployment made --port=80
write_plan
ask 0 "steps that name what the first one makes" "${run[@]}" --yes=high -o json
json_is "all are done; what was changed again is judged by its last step" \
  '[s["state"] for s in d["plan"]], "changed again by step 2" in d["plan"][0]["outcome"]' "(['verified', 'verified', 'verified'], True)"
step kubectl label deployment made tier=x
step kubectl delete deployment made
write_plan
ask 0 "a change, and then the end of what was changed" "${run[@]}" --yes=high
ask 0 "is undone" undo -n "$NS" --yes=high
check "to what was there before both" test -z "$(k get deployment made -o jsonpath='{.metadata.labels.tier}')"
step kubectl set image deployment/made busybox=kta.test/nowhere:4
step kubectl label deployment made tier=y
write_plan
ask 8 "a change that fails, and a label after it" "${run[@]}" --yes=high --verify-timeout 60s
told "is not hidden by that" "step 1 was done, but deployment/made"
ask 0 "and undone" undo -n "$NS" --yes=high
k rollout pause deployment/made >/dev/null
step kubectl rollout resume deployment/made
step kubectl rollout restart deployment/made
write_plan
ask 0 "a step that only an earlier one makes possible" "${run[@]}" --yes=high

# ---- an undo is offered ----
deployment web 'exec sleep 3600' >/dev/null
step kubectl set image deployment/web web=kta.test/nowhere:3
write_plan
type_answers 8 "what fails is offered to be put back" --seconds 120 --expect "Do this?" --send "y\n" \
  --expect "shall it be put back?" --send "" --expect "Do this?" --send "y\n" -- "${run[@]}"
check "and is" says busybox:1.36 k get deployment web -o jsonpath='{.spec.template.spec.containers[0].image}'

# ---- an entry ----
to one c
write_plan
ask 0 "a change" "${run[@]}" --yes -o json
id=$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["plan"][0]["journal"].split(".")[0])' "$out")
entry=$state/journal/$id/entry.json
holds() { python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); s=d["plan"][0]; sys.exit(not eval(sys.argv[2]))' "$entry" "$1"; }
check "it holds when and where" holds 'd["time"] and d["context"] and d["server"].startswith("https://") and d["clusterUid"]'
check "and what ran, and what came of it" holds 's["argv"][:3] == ["kubectl","patch","configmap"] and s["exitCode"] == 0 and "patched" in s["output"] and s["confirmedBy"]'
check "with both images, sealed" test -s "$state/journal/$id/1.before" -a -s "$state/journal/$id/1.after"
cp "$entry" "$home/entry"
sed -i "s/\"clusterUid\": *\"[^\"]*\"/\"clusterUid\": \"of-another\"/" "$entry"
ask 2 "a change of another cluster" undo "$id" -n "$NS" --yes
told "is not undone here" "was made on another cluster"
check "and nothing is changed" says c mode one
cp "$home/entry" "$entry"
ask 0 "a change of this one is" undo "$id" -n "$NS" --yes

# ---- what cannot come back ----
k apply -f - >/dev/null <<'END'
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Mi}}}
END
step kubectl delete pvc data
write_plan
ask 0 "a claim goes" "${run[@]}" --yes=high
ask 0 "and comes back" undo -n "$NS" --yes=high
told "without its data, which is said" "cannot be put back: the data of volume claim data"
kubectl create namespace "$NS-inner" >/dev/null
kubectl create secret generic inner -n "$NS-inner" --from-literal=a=b >/dev/null
kubectl create configmap inner -n "$NS-inner" --from-literal=a=b >/dev/null
kubectl create clusterrole "$NS" --verb=get,list,delete --resource=namespaces,configmaps >/dev/null
kubectl create clusterrolebinding "$NS" --clusterrole="$NS" --serviceaccount="$NS:default" >/dev/null
step kubectl delete namespace "$NS-inner"
write_plan
ask 0 "a namespace goes by the hand of somebody who may not read its Secrets" "${run[@]}" --yes=high \
  --as "system:serviceaccount:$NS:default" -o json
json_is "which is said before" 'any(" secrets, " in w and "could not be put back" in w for w in d["plan"][0]["preview"]["warnings"])' True
kubectl delete clusterrole,clusterrolebinding "$NS" >/dev/null
ask 0 "and comes back" undo -n "$NS" --yes=high
check "without its Secrets, which is said" grep -q "cannot be put back: .* secrets, .* in '$NS-inner', which could not be read" "$err"
check "and with what could be read" says b kubectl get configmap inner -n "$NS-inner" -o jsonpath='{.data.a}'
refused "the Secret is lost" kubectl get secret inner -n "$NS-inner"
step kubectl create job again --image=busybox:1.36 -- true
write_plan
ask 0 "a Job" "${run[@]}" --dry-run -o json
json_is "runs, which cannot be undone" 'any("neither previewed nor undone" in w for w in d["plan"][0]["preview"]["warnings"])' True
step kubectl delete deployment web --cascade=orphan
write_plan
ask 0 "a delete that leaves orphans" "${run[@]}" --dry-run -o json
json_is "does not say that pods go" '[w for w in d["plan"][0]["preview"]["warnings"] if "takes" in w]' "[]"

# ---- a first fix that yes does not cover ----
mkdir -p "$home/.config/kubectl-todo-ai"
printf 'rules:\n- {verb: rollout, action: deny}\n' >"$home/.config/kubectl-todo-ai/config.yaml"
k rollout status deployment/web --timeout=60s >/dev/null
k patch deployment web -p '{"spec":{"template":{"spec":{"nodeSelector":{"kta.test/none":"x"}}}}}' >/dev/null
unschedulable() { k get events | grep -q FailedScheduling; }
eventually_quiet 30 unschedulable
ask 0 "fix with a second choice" fix deployment/web -n "$NS" --yes
told "says which it passes over" "the first fix (kubectl rollout undo deployment/web"
check "and does the second" test -z "$(k get deployment web -o jsonpath='{.spec.template.spec.nodeSelector}')"

# ---- a first fix of more risk than yes covers ----
rm "$home/.config/kubectl-todo-ai/config.yaml"
new_namespace quota
k create quota few --hard=pods=1 >/dev/null
deployment many 'exec sleep 3600' >/dev/null
k scale deployment/many --replicas=2 >/dev/null
over_quota() { k get events | grep -q "exceeded quota"; }
eventually_quiet 60 over_quota
eventually_quiet 60 says 1 k get deployment many -o jsonpath='{.status.readyReplicas}'
ask 0 "fix with a first choice of medium risk" fix deployment/many -n "$NS" --yes=low --timeout 5m
told "says which it passes over" "the first fix (kubectl patch resourcequota"
check "the quota stays" says 1 k get quota few -o jsonpath='{.spec.hard.pods}'
check "what fits is what is asked for" says 1 k get deployment many -o jsonpath='{.spec.replicas}'

done_asking
finish
