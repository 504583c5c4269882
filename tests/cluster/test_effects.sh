#!/usr/bin/env bash
# What a preview says of a change's effect, in words, and of the rights of the person who asks; a
# Job that a plan creates counts when it has succeeded.
# shellcheck disable=SC2154,SC2317 # variables of ask.sh; functions called by name
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/workloads.sh"
. "$(dirname "${BASH_SOURCE[0]}")/ask.sh"

new_namespace effects
k apply -f - >/dev/null <<'END'
apiVersion: v1
kind: List
items:
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: all-at-once}
  spec:
    replicas: 2
    strategy: {type: Recreate}
    selector: {matchLabels: {app: all-at-once}}
    template:
      metadata: {labels: {app: all-at-once}}
      spec:
        containers:
        - {name: main, image: "todo-backend:v1", envFrom: [{configMapRef: {name: settings}}]}
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: rolling}
  spec:
    replicas: 2
    selector: {matchLabels: {app: rolling}}
    template:
      metadata: {labels: {app: rolling}}
      spec: {containers: [{name: main, image: "todo-backend:v1"}]}
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: settings}
  data: {mode: a}
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: held, finalizers: [example.com/held]}
- apiVersion: v1
  kind: Service
  metadata: {name: front}
  spec: {selector: {app: all-at-once}, ports: [{port: 80}]}
- apiVersion: v1
  kind: PersistentVolumeClaim
  metadata: {name: data}
  spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Mi}}}
END
k create serviceaccount looker >/dev/null
k create rolebinding looker --clusterrole=view --serviceaccount="$NS:looker" >/dev/null

plan() { # ARGV...
  python3 -c 'import json,sys; json.dump([{"argv": sys.argv[1:]}], sys.stdout)' "$@" >"$home/plan.json"
}
effect() { # TEXT ARGV...: the preview says so
  local text=$1
  shift
  plan "$@"
  ask 0 "preview of $*" -n "$NS" apply "$home/plan.json" --dry-run
  if grep -qF -- "$text" "$out" "$err"; then ok "it says: $text"; else not_ok "it says: $text" "it does not" "$out"; fi
}

effect "2 of 2 pods of 'all-at-once' at once: an outage" kubectl rollout restart deployment/all-at-once
effect "one after another" kubectl rollout restart deployment/rolling
effect "stops all 2 pods of 'rolling': an outage" kubectl scale deployment/rolling --replicas=0
effect "stops 1 of 2 pods of 'rolling'" kubectl scale deployment/rolling --replicas=1
effect "takes its ReplicaSets and pods with it" kubectl delete deployment/rolling
effect "loses the data of its volume" kubectl delete pvc/data
effect "takes everything in the namespace with it" kubectl delete namespace "$NS"
effect "only gone when finalizer 'example.com/held' lets go" kubectl delete configmap/held
effect "ConfigMap 'settings' is in use by" kubectl delete configmap/settings
effect "Service 'front' sends its requests to the pods of 'all-at-once'" kubectl delete deployment/all-at-once
k create poddisruptionbudget keep --selector=app=rolling --min-available=2 >/dev/null
effect "PodDisruptionBudget 'keep' wants at least 2" kubectl scale deployment/rolling --replicas=1

# ---- rights, of the person who will run it ----
plan kubectl scale deployment/rolling --replicas=1
ask 0 "a preview as somebody who may only look" -n "$NS" --as "system:serviceaccount:$NS:looker" \
  apply "$home/plan.json" --dry-run -o json
json_is "the missing right is known before the question" 'd["plan"][0]["preview"]["allowed"]' False
ask 0 "a preview as oneself" -n "$NS" apply "$home/plan.json" --dry-run -o json
json_is "one's own right" 'd["plan"][0]["preview"]["allowed"]' True

# ---- a Job ----
plan kubectl create job good --image=busybox:1.36 -- true
ask 0 "a Job that succeeds" -n "$NS" --yes=high apply "$home/plan.json"
check "it is complete" k wait --for=condition=complete --timeout=1s job/good
plan kubectl create job bad --image=busybox:1.36 -- false
ask 8 "a Job whose pod fails" -n "$NS" --yes=high --verify-timeout 30s apply "$home/plan.json"
told "which is said, while it is tried again" "Job 'bad' is still running"

done_asking
finish
