#!/usr/bin/env bash
# run.sh SECONDS [TARGET...]: builds the fuzzers and lets each run for SECONDS, from the seeds and
# from what was found before (corpus/TARGET, one file a case). With clang and libFuzzer they are led
# by coverage; with another compiler driver.c only replays and mutates. What is found is left in
# build/fuzz/found/TARGET-*: mend it, then move the file to tests/fuzz/corpus/TARGET.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
seconds=${1:?usage: run.sh SECONDS [TARGET...]}
shift
out=build/fuzz status=0
mkdir -p $out/found

cc=${FUZZ_CC:-}
if [ -z "$cc" ]; then
    cc=${CC:-cc}
    printf 'int LLVMFuzzerTestOneInput(const char *p, unsigned long n) { return (int)(n * (p == 0)); }' >$out/probe.c
    for clang in clang clang-19 clang-16 clang-14; do
        if command -v "$clang" >/dev/null && "$clang" -fsanitize=fuzzer,address -o $out/probe $out/probe.c 2>/dev/null; then
            cc=$clang
            break
        fi
    done
fi
[ "$(cat $out/compiler 2>/dev/null)" = "$cc" ] || rm -rf $out/obj $out/libkta.a $out/fuzz_*
printf '%s\n' "$cc" >$out/compiler
if ! make -s FUZZ=1 CC="$cc" -j"$(nproc)" fuzz-programs; then
    echo "not ok fuzz: the fuzzers do not build with $cc"
    exit 1
fi
python3 tests/fuzz/seeds.py $out/seeds || exit 1

for source in tests/fuzz/fuzz_*.c; do
    target=$(basename "$source" .c)
    target=${target#fuzz_}
    [ $# -eq 0 ] || [[ " $* " == *" $target "* ]] || continue
    mkdir -p "$out/work/$target" "$out/seeds/$target"
    dirs=("$out/work/$target" "$out/seeds/$target")
    [ ! -d "tests/fuzz/corpus/$target" ] || dirs+=("tests/fuzz/corpus/$target")
    if ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1 \
        "$out/fuzz_$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=16384 \
        -artifact_prefix="$out/found/$target-" -print_final_stats=1 "${dirs[@]}" >"$out/$target.log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p; s/^\([0-9]*\) inputs of.*/\1/p' "$out/$target.log")
        echo "ok fuzz $target (${runs:-?} inputs)"
    else
        grep -v '^#' "$out/$target.log" | tail -60 | sed 's/^/# /'
        echo "not ok fuzz $target: see build/fuzz/$target.log and build/fuzz/found"
        status=1
    fi
done
exit $status
