#!/usr/bin/env bash
# The plugin and the chart, with the built-in engine alone: "install the todo app for development"
# installs it, and "the backend is broken after my rollback" names the change, who made it and what
# really restores it, with helm 3 and with helm 4.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../cluster/ask.sh"
prepare_cluster
load_images

all_ready() { ready backend "$1" && ready frontend "$1"; }
secret() {
  k create secret generic todo-app-secrets --from-literal=DATABASE_URL=sqlite:////tmp/todo.db \
    --from-literal=BETTER_AUTH_SECRET="$(openssl rand -base64 32)" >/dev/null
}
# a pod that stays: one on its way out tells nothing of what is there now
crashing() {
  k get pods -l app=backend -o json | python3 -c '
import json, sys
pods = [p for p in json.load(sys.stdin)["items"] if "deletionTimestamp" not in p["metadata"]]
sys.exit(not any(c.get("state", {}).get("waiting", {}).get("reason") == "CrashLoopBackOff"
                 for p in pods for c in p["status"].get("containerStatuses", [])))'
}
# With helm 4 in a field that the chart sets; with helm 3 in one that it does not: a rollback says
# success, and the field stays.
break_it() {
  [ "$1" = 4 ] || {
    k patch deployment backend -p '{"spec":{"template":{"spec":{"containers":[{"name":"backend","env":[{"name":"PYTHONHOME","value":"/nowhere"}]}]}}}}' >/dev/null
    return
  }
  k patch deployment backend -p '{"spec":{"template":{"spec":{"containers":[{"name":"backend","command":["/bin/sh","-c","exit 1"]}]}}}}' >/dev/null
}

run() { # VERSION
  local v=$1
  helm_is "$v"
  new_namespace "plugin-helm$v"
  ask 0 "helm $v: without its Secret nothing is proposed" -n "$NS" --llm-provider none "install the todo app for development"
  shown "helm $v: what to provide is said" "kubectl create secret generic todo-app-secrets"
  secret
  ask 0 "helm $v: the installation is previewed" -n "$NS" --llm-provider none --dry-run -o json "install the todo app for development"
  json_is "helm $v: by the bundled chart, for development" '" ".join(d["plan"][0]["argv"][:3]), any(a.endswith("values-dev.yaml") for a in d["plan"][0]["argv"])' "('helm install todo-local', True)"
  json_is "helm $v: what is created is shown" '"kind: Deployment" in d["plan"][0]["preview"]["diff"], d["plan"][0]["preview"]["objects"] > 5' "(True, True)"
  ask 3 "helm $v: it asks first" -n "$NS" --llm-provider none "install the todo app for development"
  refused "helm $v: and nothing is installed unasked" k get deployment backend
  ask 0 "helm $v: with a yes it is installed and verified" -n "$NS" --llm-provider none --yes=high --verify-timeout 180s "install the todo app for development"
  check "helm $v: everything is ready" all_ready 1
  ask 0 "helm $v: a second time it is there already" -n "$NS" --llm-provider none "install the todo app for development"
  shown "helm $v: which is said" "installed in namespace $NS already"

  helm upgrade todo-local "$chart" -n "$NS" --reuse-values --set backend.podAnnotations.changed=yes >/dev/null
  eventually 120 "helm $v: upgraded" all_ready 1
  break_it "$v"
  eventually 120 "helm $v: the backend crashes" crashing
  if [ "$v" = 4 ]; then
    refused "helm 4: the plain rollback meets the conflict" helm rollback todo-local -n "$NS"
    check "helm 4: the backend still crashes" crashing
    ask 3 "helm 4: asked about it" -n "$NS" --llm-provider none "the backend is broken after my rollback"
    shown "helm 4: the change is named" "containers[backend].command"
    shown "helm 4: who made it" "kubectl-patch changed"
    shown "helm 4: the rollback that restores it" "helm rollback todo-local 1 -n $NS --force-conflicts"
  else
    check "helm 3: the rollback says success" helm rollback todo-local -n "$NS"
    eventually 120 "helm 3: and the backend still crashes" crashing
    ask 3 "helm 3: asked about it" -n "$NS" --llm-provider none "the backend is broken after my rollback"
    shown "helm 3: the change is named" "PYTHONHOME"
    shown "helm 3: who made it" "kubectl-patch changed"
    shown "helm 3: that a rollback does not restore it" "does not set that field"
    shown "helm 3: what restores it" "kubectl rollout undo deployment/backend"
  fi
  ask 0 "helm $v: the proposal restores it" -n "$NS" --llm-provider none --yes=high --verify-timeout 120s "the backend is broken after my rollback"
  eventually 60 "helm $v: everything is ready again" all_ready 1
  helm uninstall todo-local -n "$NS" --wait >/dev/null 2>&1
}

run "${1:-4}"
[ $# -gt 0 ] || run 3
done_asking
finish
