#!/usr/bin/env bash
# remediate on the real cluster: ten faults are brought from broken to recovered by mode auto, seen
# by the cluster's own state; propose changes nothing; a change that does not help is taken back;
# the budget and the configuration's risk hold.
# shellcheck disable=SC2317 # functions are called by name
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck disable=SC2154
plugin=${KTA_BINARY:-$here/../../build/kubectl-todo-ai}
faults=$here/faults
home=$(mktemp -d)
trap 'lib_end; rm -rf "$home"' EXIT
export XDG_STATE_HOME=$home/state XDG_CONFIG_HOME=$home/config
mkdir -p "$XDG_CONFIG_HOME/kubectl-todo-ai"

configure() { printf 'remediation: %s\n' "$1" >"$XDG_CONFIG_HOME/kubectl-todo-ai/config.yaml"; }

break_it() { # FAULT: in a new namespace
  new_namespace "rem"
  k apply -f "$faults/$1/manifest.yaml" >/dev/null
  if [ -e "$faults/$1/break.sh" ]; then NS=$NS bash "$faults/$1/break.sh" >/dev/null 2>&1; fi
}

found() { # FAULT: the engine sees it
  "$plugin" diagnose -n "$NS" -o json 2>/dev/null |
    jq -e --arg c "^($(sed -n 's/^code //p' "$faults/$1/expect"))\$" \
      '[.findings[] | select(.code | test($c))] | length > 0'
}

# The cluster's own word: every workload has the replicas that it wants, and no pod restarts or waits.
well() {
  k get deployments,statefulsets,daemonsets -o json | jq -e '
    [.items[] | select(((.status.readyReplicas // .status.numberReady // 0) <
      (.spec.replicas // .status.desiredNumberScheduled // 1)))] | length == 0' &&
    k get pods -o json | jq -e '[.items[] | .status.containerStatuses[]? |
      select(.state.waiting != null)] | length == 0'
}

specs() { k get deployments,services,configmaps -o json | jq -S '[.items[] | .spec, .data]'; }

break_it crash-env-removed
eventually 90 "the fault shows" found crash-env-removed
before=$(specs)
check "propose names a plan and changes nothing" \
  sh -c "'$plugin' remediate -n '$NS' -o json | jq -e '.kind == \"Report\" and .state == \"proposed\" and (.plan | length > 0) and .planId != null'"
if [ "$before" = "$(specs)" ]; then ok "the specs are as they were"; else not_ok "the specs are as they were" "they differ"; fi
refused "auto without a configuration changes nothing" "$plugin" remediate --mode auto -n "$NS" -q
configure '{risk: low}'
refused "auto does not pass the risk that is allowed" "$plugin" remediate --mode auto -n "$NS" -q
configure '{risk: medium, changesPerHour: 0}'
refused "auto keeps to the budget" "$plugin" remediate --mode auto -n "$NS" -q
if [ "$before" = "$(specs)" ]; then ok "still nothing is changed"; else not_ok "still nothing is changed" "the specs differ"; fi

configure '{risk: high, changesPerHour: 100, breakAfter: 100}'
for fault in crash-env-removed crash-env-misspelt crash-command-patched config-configmap-typo \
  config-key-typo image-tag-missing service-selector service-target-port probe-readiness-port \
  rollout-paused pending-memory; do
  break_it "$fault"
  eventually 120 "$fault: the fault shows" found "$fault"
  check "$fault: remediate recovers it" \
    sh -c "'$plugin' remediate --mode auto -n '$NS' --verify-timeout 90s -o json >'$home/$fault.json'; jq -e '.state == \"recovered\" and .proof.recovered and (.attempts | length <= 3) and .cause.code != null and .prevention != \"\"' '$home/$fault.json'"
  eventually 60 "$fault: the cluster says so, too" well
  k delete all --all --wait=false >/dev/null 2>&1
done

# A fault that no fix cures: what was tried is put back.
break_it crash-auth
eventually 90 "a fault without a cure shows" found crash-auth
before=$(specs)
refused "it is not said to be recovered" "$plugin" remediate --mode auto -n "$NS" --verify-timeout 20s -q
if [ "$before" = "$(specs)" ]; then ok "what did not help was put back"; else not_ok "what did not help was put back" "the specs differ"; fi
finish
