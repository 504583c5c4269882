#!/usr/bin/env bash
# fix --yes on the real cluster, where the first candidate does not cure: it is put back and the next
# one is tried, as a plan of its own; after three that did not help the workload is as it was.
# shellcheck disable=SC2317 # functions are called by name
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck disable=SC2154
plugin=${KTA_BINARY:-$here/../../build/kubectl-todo-ai}
home=$(mktemp -d)
trap 'lib_end; rm -rf "$home"' EXIT
export XDG_STATE_HOME=$home/state XDG_CONFIG_HOME=$home/config

# APP_MODE is missing. The Secret has it, empty; the ConfigMap has it with the value $1; and there is
# a variable of nearly that name, empty. $2 is one more field of the container.
broken() { # VALUE [FIELD]
  k apply -f - <<END
apiVersion: v1
kind: Secret
metadata: {name: old-settings}
stringData: {APP_MODE: ""}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {APP_MODE: "$1"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  replicas: 1
  strategy: {type: Recreate}
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: shop
        image: todo-backend:v1
        ports: [{containerPort: 8000}]
        env: [{name: APP_MODES, value: ""}]
        ${2-}
        command: ["/bin/sh", "-c", "[ -n \"\$APP_MODE\" ] || { echo 'FATAL: environment variable APP_MODE is not set'; exit 1; }; exec serve"]
END
}
crashes() { # CANDIDATES
  "$plugin" diagnose -n "$NS" -o json | jq -e '.findings[0].code == "CrashLoop.MissingEnv" and (.findings[0].fixes | length == '"$1"')'
}
env_now() { k get deployment shop -o json | jq -S .spec.template.spec.containers[0].env; }
fix() { "$plugin" fix -n "$NS" --yes -o json --verify-timeout 40s >"$home/$NS.json" 2>"$home/$NS.err"; }
states() { jq -r '[.plan[].state] | join(" ")' "$home/$NS.json"; }
is() { # NAME WANTED GOT
  if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "$3 instead of $2" "$home/$NS.err"; fi
}

new_namespace fix
broken live >/dev/null
eventually 60 "a fault with three candidates shows" crashes 3
fix
is "fix says that it is cured" 0 $?
is "the first was put back, the second kept" "undone verified" "$(states)"
is "the cluster says so" settings "$(env_now | jq -r '.[] | select(.name == "APP_MODE").valueFrom | (.configMapKeyRef.name // "") + (.secretKeyRef.name // "")')"
eventually 30 "the workload runs" sh -c "kubectl get deployment shop -n '$NS' -o json | jq -e '.status.readyReplicas == 1'"
check "nothing is wrong any more" sh -c "'$plugin' diagnose -n '$NS' --fail-on warning"

new_namespace fix
broken "" >/dev/null
eventually 60 "a fault that no candidate cures shows" crashes 3
before=$(env_now)
fix
is "fix says that it is not" 8 $?
is "three were tried and put back" "undone undone undone" "$(states)"
is "the workload is as it was" "$before" "$(env_now)"

# A fourth candidate: the revision that worked, while the ConfigMap held what it needs.
new_namespace fix
broken live 'envFrom: [{configMapRef: {name: settings}}]' >/dev/null
check "it works at first" k rollout status deployment/shop --timeout=60s
broken "" 'resources: {limits: {memory: 64Mi}}' >/dev/null
eventually 60 "a fault with four candidates shows" crashes 4
before=$(env_now)
fix
is "fix gives up" 8 $?
is "three of the four were tried and put back" "undone undone undone" "$(states)"
is "and it is as it was" "$before" "$(env_now)"

# What cannot even be started is not the last candidate. (helm is here under other names only.)
new_namespace fix
chart=$home/chart
mkdir -p "$chart/templates"
printf 'apiVersion: v2\nname: shop\nversion: 0.1.0\n' >"$chart/Chart.yaml"
printf '%s\n' 'apiVersion: apps/v1' 'kind: Deployment' 'metadata: {name: shop}' 'spec:' \
  '  selector: {matchLabels: {app: shop}}' '  template:' '    metadata: {labels: {app: shop}}' '    spec:' \
  '      terminationGracePeriodSeconds: 1' '      containers: [{name: shop, image: "{{ .Values.image }}"}]' \
  >"$chart/templates/all.yaml"
helm3 install shop "$chart" -n "$NS" --set image=todo-backend:v1 --wait --timeout 60s >/dev/null
helm3 upgrade shop "$chart" -n "$NS" --set image=todo-backend:v99 >/dev/null
eventually 60 "a release with a bad image shows" sh -c "'$plugin' diagnose -n '$NS' -o json |
  jq -e '.findings[0] | (.code | startswith(\"Image.\")) and .fixes[0].argv[0] == \"helm\" and
    all(.fixes[].argv; .[1] != \"rollout\")'"
fix
is "fix goes on without helm" 0 $?
is "to what kubectl can do" "failed verified" "$(states)"
finish
