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

# A fault that only a person can cure (a password) is left alone.
is() { # NAME WANTED GOT
  if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "$3 instead of $2"; fi
}
state_of() { jq -r "$2" "$home/$1.json"; }
remediate_to() { # NAME ARG...: the report, whatever the exit code
  local name=$1
  shift
  "$plugin" remediate --mode auto -n "$NS" -o json "$@" >"$home/$name.json" 2>"$home/$name.err"
}
break_it crash-auth
eventually 90 "a fault without a typed fix shows" found crash-auth
before=$(specs)
refused "it is not said to be recovered" remediate_to auth --verify-timeout 20s
is "a person is needed" needs_person "$(state_of auth .state)"
if [ "$before" = "$(specs)" ]; then ok "nothing was changed"; else not_ok "nothing was changed" "the specs differ"; fi

# A fix that does not help is put back (no limit is enough for this one), and what fails again and
# again stops: the circuit breaker opens, and the next fault is left to a person.
configure '{risk: high, changesPerHour: 100, breakAfter: 2}'
rm -f "$XDG_STATE_HOME/kubectl-todo-ai/remediation.json"
offers_fix() { "$plugin" diagnose -n "$NS" -o json 2>/dev/null | jq -e '[.findings[].fixes[]?] | length > 0'; }
break_it crash-oom
before=$(specs)
for turn in 1 2; do
  eventually 90 "failure $turn: a fault that its fix does not cure shows" offers_fix
  refused "failure $turn" remediate_to "oom$turn" --verify-timeout 20s
  is "failure $turn: the attempt was put back" true "$(state_of "oom$turn" '.attempts | length > 0 and all(.undone)')"
  if [ "$before" = "$(specs)" ]; then ok "failure $turn: the cluster says so"; else not_ok "failure $turn: the cluster says so" "the specs differ"; fi
done
break_it crash-env-removed
eventually 90 "a fault that could be cured shows" found crash-env-removed
before=$(specs)
refused "auto does nothing with an open circuit breaker" remediate_to open
is "no attempt was made" 0 "$(state_of open '.attempts | length')"
check "the open circuit breaker is said" grep -q 'circuit breaker is open' "$home/open.err"
if [ "$before" = "$(specs)" ]; then ok "nothing was changed"; else not_ok "nothing was changed" "the specs differ"; fi

# A time limit is one, also while a fix is being watched.
rm -f "$XDG_STATE_HOME/kubectl-todo-ai/remediation.json"
break_it crash-oom
eventually 90 "the fault without a cure shows again" offers_fix
configure '{risk: high, changesPerHour: 100, timeout: 15s}'
began=$(date +%s)
refused "a time limit ends it" remediate_to limit
if [ $(($(date +%s) - began)) -le 45 ]; then ok "within it"; else not_ok "within it" "$(($(date +%s) - began)) s"; fi
finish
