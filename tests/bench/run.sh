#!/usr/bin/env bash
# usage: run.sh [--readme] [--kubectl-ai PROGRAM] [NAME...]
# Runs the benchmarks (all, or bench_NAME.*) and prints one table: what was measured, ours, beside
# what, the aim, and whether it was met. --readme also puts the table into README.md, between its
# two marks. --kubectl-ai gives that program's path, to be measured too. `make bench` calls this;
# BENCH="--readme" passes arguments. Needs the test cluster (make cluster) for most rows.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.." || exit 1
readme='' names=()
while [ $# -gt 0 ]; do
  case $1 in
  --readme) readme=1 ;;
  --kubectl-ai)
    export KTA_KUBECTL_AI=$2
    shift
    ;;
  -*)
    sed -n '2,6s/^# //p' "$0" >&2
    exit 2
    ;;
  *) names+=("$1") ;;
  esac
  shift
done
rows=$(mktemp)
trap 'rm -f "$rows"' EXIT
wanted() {
  local n
  [ ${#names[@]} = 0 ] && return 0
  for n in "${names[@]}"; do
    case $(basename "$1") in bench_"$n".*) return 0 ;; esac
  done
  return 1
}
failed=0
for b in "$here"/bench_*; do
  wanted "$b" || continue
  echo "# $(basename "$b")" >&2
  case $b in
  *.py) python3 "$b" ;;
  *) bash "$b" ;;
  esac >>"$rows" || {
    echo "# $(basename "$b") failed" >&2
    failed=1
  }
done
python3 "$here/table.py" ${readme:+README.md} <"$rows" || failed=1
exit $failed
