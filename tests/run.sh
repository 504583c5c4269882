#!/usr/bin/env bash
# run.sh TIER...: runs the tests of each tier and ends with "N passed, N failed".
#
# A test is a program that prints "ok NAME" or "not ok NAME: why" (TAP lines count too), and exits
# with 0 if all went well. A program that prints neither, or ends badly after saying only "ok",
# counts as one failure: nothing is skipped silently.
# A job in the background ignores Ctrl-C and one under nohup the hang-up, and so does all that they
# start: tests that send these must not.
[ -n "${KTA_RUN-}" ] || KTA_RUN=1 exec env --default-signal=INT,HUP,TERM "$0" "$@"
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
passed=0 failed=0 log=$(mktemp)
started_cluster=
end() {
    rm -f "$log"
    [ -z "$started_cluster" ] || tests/cluster/down.sh build/cluster >/dev/null
}
trap end EXIT

run() { # NAME COMMAND...
    local name=$1 status ok bad
    shift
    printf -- '-- %s\n' "$name"
    "$@" 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    ok=$(grep -c -E '^ok( |$)' "$log")
    bad=$(grep -c -E '^not ok( |$)' "$log")
    if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
        printf 'not ok %s: ended with exit code %s\n' "$name" "$status"
        bad=1
    elif [ $((ok + bad)) -eq 0 ]; then
        printf 'not ok %s: it ran no test\n' "$name"
        bad=1
    fi
    passed=$((passed + ok)) failed=$((failed + bad))
}

tier_lint() { run lint tests/lint.sh; }

tier_unit() {
    local t
    if ! make -s unit-programs; then
        run unit-build false
        return
    fi
    for t in tests/unit/test_*.c; do
        [ -e "$t" ] || continue
        t=$(basename "$t" .c)
        run "unit $t" env CMOCKA_MESSAGE_OUTPUT=TAP "build/unit/$t"
    done
}

# The tiers that need a cluster share one; it goes when the run ends, unless it was there before.
need_cluster() {
    local was_up
    [ -s build/cluster/kubeconfig ] && was_up=1 || was_up=
    if ! tests/cluster/up.sh build/cluster; then
        run cluster-up false
        return 1
    fi
    [ -n "$was_up" ] || started_cluster=1
}

# Every other tier is a folder of executable test_* files.
tier_folder() {
    local t found=
    for t in tests/"$1"/test_*; do
        [ -x "$t" ] || continue
        found=1
        run "$1 $(basename "$t")" "$t"
    done
    [ -n "$found" ] || run "$1" false
}

for tier in "$@"; do
    case $tier in
    lint | unit) "tier_$tier" ;;
    cluster | charts | mcp) ! need_cluster || tier_folder "$tier" ;;
    *) tier_folder "$tier" ;;
    esac
done
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
