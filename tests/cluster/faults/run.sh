#!/usr/bin/env bash
# usage: run.sh [FAULT...]
# Breaks a workload for each folder beside this file, in a namespace of its own, and looks whether
# the engine names the cause and the object, in one finding, and whether its fix cures it.
#
# A folder: manifest.yaml; break.sh (optional: run after it, $NS is the namespace); expect with the
# lines "code REGEX", "object KIND/NAME", "fix yes|no", and perhaps "says REGEX", of the finding's
# first sentence; "code none" is ordinary life that must give
# no finding at all. Prints "ok fault NAME" or "not ok fault NAME: why" as they end, and a table:
# fault, found, cause right, fixed, seconds.
#
# FAULTS_AT_ONCE many run side by side (6); FAULTS_SECONDS a fault may take to show (90); FAULTS_DIR
# is another folder of faults; KEEP leaves namespaces and traces behind.
set -uo pipefail
mine=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
faults=${FAULTS_DIR:-$mine}
# shellcheck disable=SC1091
. "$mine/../lib.sh"
plugin=${KTA_BINARY:-$mine/../../../build/kubectl-todo-ai}
batch=${FAULTS_AT_ONCE:-6}
limit=${FAULTS_SECONDS:-90}
work=$(mktemp -d) || exit 1
mkdir "$work/bin" && ln -s "$(command -v helm3)" "$work/bin/helm" && PATH=$work/bin:$PATH

field() { sed -n "s/^$1 //p" "$faults/$2/expect"; }

# Is the expected finding among those of the namespace, and no other cause beside it?
found() { # NAME FILE
  [ -s "$2" ] && jq -e --arg code "^($(field code "$1"))\$" --arg object "$(field object "$1")" \
    --arg says "$(field says "$1")" '
    [.findings[]? | select(.severity != "info")] | length == 1 and
    (.[0].code | test($code)) and (.[0].object.kind + "/" + .[0].object.name) == $object and
    (.[0].summary | test($says))' \
    "$2" >/dev/null 2>&1
}

# The engine sees nothing of warning or above in what it has looked at.
clean() { [ -s "$1" ] && jq -e '[.findings[]? | select(.severity != "info")] | length == 0' "$1" >/dev/null 2>&1; }

diagnose() { "$plugin" diagnose -n "$1" -o json >"$2" 2>>"$3"; }

begin() { # NAME NAMESPACE
  kubectl create namespace "$2" >/dev/null 2>&1
  kubectl wait -n "$2" --for=create --timeout=60s serviceaccount/default >/dev/null 2>&1
  kubectl apply -n "$2" -f "$faults/$1/manifest.yaml" >"$work/$1.apply" 2>&1
  if [ -e "$faults/$1/break.sh" ]; then NS=$2 bash "$faults/$1/break.sh" >>"$work/$1.apply" 2>&1; fi
}

one() { # NAME: the whole way of one fault
  local name=$1 ns start=$SECONDS right=no cured=- top
  ns=flt-$name-$(od -An -N3 -tx1 /dev/urandom | tr -d ' \n')
  begin "$name" "$ns"
  if [ "$(field code "$name")" = none ]; then
    # Ordinary life: nothing of warning or above, at any time while it settles.
    right=yes
    for _ in 1 2 3 4; do
      if ! diagnose "$ns" "$work/$name.json" "$work/$name.err" || ! clean "$work/$name.json"; then
        right=no
        break
      fi
      sleep 4
    done
  else
    while [ $((SECONDS - start)) -lt "$limit" ]; do
      diagnose "$ns" "$work/$name.json" "$work/$name.err"
      found "$name" "$work/$name.json" && right=yes && break
      sleep 2
    done
  fi
  top=$(jq -r '[.findings[]? | select(.severity != "info") | .code + " " + .object.kind + "/" + .object.name] | join(", ")' "$work/$name.json" 2>/dev/null)
  if [ "$(field fix "$name")" = yes ] && [ $right = yes ]; then
    cured=no
    "$plugin" fix -n "$ns" --yes -o json --verify-timeout 100s >"$work/$name.fix" 2>>"$work/$name.err" &&
      diagnose "$ns" "$work/$name.after" "$work/$name.err" && clean "$work/$name.after" && cured=yes
  fi
  printf '%s\t%s\t%s\t%s\t%s\n' "$name" "${top:-nothing}" "$right" "$cured" $((SECONDS - start)) >"$work/$name.row"
  if [ "$right" = yes ] && [ "$cured" != no ]; then
    printf 'ok fault %s\n' "$name"
  else
    printf 'not ok fault %s: found %s; cause right: %s, cured: %s (%ss)\n' "$name" "${top:-nothing}" "$right" "$cured" $((SECONDS - start))
  fi
  [ -n "${KEEP-}" ] || kubectl delete namespace "$ns" --wait=false >/dev/null 2>&1
}

names=("$@")
if [ $# = 0 ]; then
  for d in "$faults"/*/; do names+=("$(basename "$d")"); done
fi
running=0
for name in "${names[@]}"; do
  one "$name" &
  running=$((running + 1))
  if [ $running -ge "$batch" ]; then
    wait -n
    running=$((running - 1))
  fi
done
wait
{
  printf 'fault\tfound\tcause right\tfixed\tseconds\n'
  cat "$work"/*.row
} | column -t -s "$(printf '\t')" | sed 's/^/# /'
awk -F '\t' '
  { n++; right += $3 == "yes"; if ($4 != "-") { fixable++; cured += $4 == "yes" } }
  END { printf "# cause right: %d of %d; cured: %d of %d\n", right, n, cured, fixable
        exit right < n || cured < fixable }' "$work"/*.row
result=$?
echo "# traces: $work"
[ -n "${KEEP-}" ] || rm -rf "$work"
exit $result
