# shellcheck shell=bash
# Helpers for tests on the real cluster; source it, check things, call finish.
#
#   . tests/cluster/lib.sh
#   new_namespace web                         # $NS: unique, removed at the end
#   k create deployment web --image=kta.test/web:1
#   check "web rolls out" k rollout status deployment/web --timeout=60s
#   eventually 30 "web is measured" k top pods
#   finish
#
# Each check prints one line, `ok NAME` or `not ok NAME: why`; a failed one's
# output follows as comments. Waiting is asking again, never a fixed sleep.

# KUBECONFIG is exported, so kubectl, helm and the plugin find the cluster.
lib_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$lib_here/common.sh"
# shellcheck disable=SC2154 # of common.sh
export KUBECONFIG=$build/kubeconfig KUBECACHEDIR=$build/cache
# shellcheck disable=SC2154
PATH=$build/bin:$PATH

lib_failed=0
lib_namespaces=()
lib_output=$(mktemp)
trap lib_end EXIT

lib_end() {
  if [ ${#lib_namespaces[@]} -gt 0 ]; then
    kubectl delete namespace --wait=false "${lib_namespaces[@]}" >/dev/null 2>&1
  fi
  rm -f "$lib_output"
}

ok() { printf 'ok %s\n' "$1"; }

# not_ok NAME WHY [FILE]: the end of FILE is shown.
not_ok() {
  printf 'not ok %s: %s\n' "$1" "$2"
  [ -z "${3-}" ] || tail -n 20 "$3" | sed 's/^/# /'
  lib_failed=$((lib_failed + 1))
}

# check NAME COMMAND...: the command must succeed.
check() {
  local what=$1 code=0
  shift
  "$@" >"$lib_output" 2>&1 || code=$?
  if [ "$code" = 0 ]; then ok "$what"; else not_ok "$what" "'$*' ended with $code" "$lib_output"; fi
}

# refused NAME COMMAND...: the command must fail.
refused() {
  local what=$1
  shift
  if "$@" >"$lib_output" 2>&1; then not_ok "$what" "'$*' succeeded" "$lib_output"; else ok "$what"; fi
}

# eventually SECONDS NAME COMMAND...: it must succeed within that time.
eventually() {
  local until=$((SECONDS + $1)) limit=$1 what=$2
  shift 2
  until "$@" >"$lib_output" 2>&1; do
    if [ "$SECONDS" -ge "$until" ]; then
      not_ok "$what" "'$*' has not succeeded in $limit s" "$lib_output"
      return 0
    fi
    sleep 0.2
  done
  ok "$what"
}

# says TEXT COMMAND...: the command's output holds the text.
says() {
  local text=$1 output
  shift
  output=$("$@" 2>&1)
  printf '%s\n' "$output"
  [[ $output == *"$text"* ]]
}

# new_namespace PREFIX: sets NS; k works in it.
new_namespace() {
  NS=$1-$(od -An -N4 -tx1 /dev/urandom | tr -d ' \n')
  lib_namespaces+=("$NS")
  kubectl create namespace "$NS" >/dev/null || exit 1
  # Pods are refused until the namespace has its service account.
  kubectl wait -n "$NS" --for=create --timeout=30s serviceaccount/default >/dev/null || exit 1
}

k() { kubectl ${NS:+-n "$NS"} "$@"; }

finish() { exit $((lib_failed > 0)); }
