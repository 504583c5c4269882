#!/usr/bin/env bash
# usage: run.sh [FAULT...]
# Breaks a workload for each folder beside this file, in a namespace of its own, and looks whether
# the engine names the cause and the object, and whether its fix cures it.
#
# A folder: manifest.yaml; break.sh (optional: run after it, $NS is the namespace); expect with the
# lines "code REGEX", "object KIND/NAME", "fix yes|no"; "code none" is ordinary life that must give
# no finding at all. Prints "ok NAME", "not ok NAME: why" and a
# table: fault, found, cause right, fixed, seconds.
set -uo pipefail
faults=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC1091
. "$faults/../lib.sh"
plugin=${KTA_BINARY:-$faults/../../../build/kubectl-todo-ai}
batch=${FAULTS_AT_ONCE:-6}
limit=${FAULTS_SECONDS:-90} # how long the fault may take to show
table=$(mktemp) || exit 1
failed=0

field() { sed -n "s/^$1 //p" "$faults/$2/expect"; }

# Is the expected finding among those of the namespace?
found() { # NAME FILE
  jq -e --arg code "^($(field code "$1"))\$" --arg object "$(field object "$1")" '
    [.findings[]? | select(.severity != "info") | select(.code | test($code)) |
     select((.object.kind + "/" + .object.name) == $object)] | length > 0' "$2" >/dev/null 2>&1
}

begin() { # NAME
  local ns="flt-$1"
  kubectl delete namespace "$ns" --ignore-not-found --wait=true >/dev/null 2>&1
  kubectl create namespace "$ns" >/dev/null 2>&1
  kubectl apply -n "$ns" -f "$faults/$1/manifest.yaml" >"$work/$1.apply" 2>&1
  if [ -e "$faults/$1/break.sh" ]; then NS=$ns bash "$faults/$1/break.sh" >>"$work/$1.apply" 2>&1; fi
}

look() { # NAME: waits for the finding, then cures it where that is expected
  local name=$1 ns="flt-$1" start=$SECONDS right=no cured=- top limit=$limit
  if [ "$(field code "$name")" = none ]; then
    # Ordinary life: nothing of warning or above, at any time while it settles.
    right=yes
    for _ in 1 2 3 4; do
      "$plugin" diagnose -n "$ns" -o json >"$work/$name.json" 2>"$work/$name.err" || right=no
      jq -e '[.findings[]? | select(.severity != "info")] | length == 0' "$work/$name.json" >/dev/null || right=no
      [ $right = yes ] || break
      sleep 5
    done
    limit=0
  fi
  while [ $((SECONDS - start)) -lt "$limit" ]; do
    "$plugin" diagnose -n "$ns" -o json >"$work/$name.json" 2>"$work/$name.err"
    if found "$name" "$work/$name.json"; then
      right=yes
      break
    fi
    sleep 3
  done
  top=$(jq -r '[.findings[]? | .code + " " + .object.kind + "/" + .object.name] | join(", ")' "$work/$name.json" 2>/dev/null)
  if [ "$(field fix "$name")" = yes ] && [ $right = yes ]; then
    cured=no
    if "$plugin" fix -n "$ns" --yes -o json --verify-timeout 100s >"$work/$name.fix" 2>>"$work/$name.err"; then
      "$plugin" diagnose -n "$ns" -o json >"$work/$name.after" 2>>"$work/$name.err"
      found "$name" "$work/$name.after" || cured=yes
    fi
  fi
  printf '%s\t%s\t%s\t%s\t%s\n' "$name" "${top:-nothing}" "$right" "$cured" $((SECONDS - start)) >"$work/$name.row"
}

work=$(mktemp -d) || exit 1
names=("$@")
if [ $# = 0 ]; then
  for d in "$faults"/*/; do names+=("$(basename "$d")"); done
fi
for ((i = 0; i < ${#names[@]}; i += batch)); do
  part=("${names[@]:i:batch}")
  for n in "${part[@]}"; do begin "$n" & done
  wait
  for n in "${part[@]}"; do look "$n" & done
  wait
  for n in "${part[@]}"; do
    IFS=$'\t' read -r name top right cured secs <"$work/$n.row"
    cat "$work/$n.row" >>"$table"
    if [ "$right" = yes ] && [ "$cured" != no ]; then
      printf 'ok fault %s\n' "$name"
    else
      printf 'not ok fault %s: found %s; cause right: %s, cured: %s (%ss)\n' "$name" "$top" "$right" "$cured" "$secs"
      failed=1
    fi
    [ -n "${KEEP-}" ] || kubectl delete namespace "flt-$n" --wait=false >/dev/null 2>&1
  done
done
{
  printf 'fault\tfound\tcause right\tfixed\tseconds\n'
  cat "$table"
} | column -t -s "$(printf '\t')" | sed 's/^/# /'
echo "# traces: $work"
[ -n "${KEEP-}" ] || rm -rf "$work"
rm -f "$table"
exit $failed
