#!/usr/bin/env bash
# lint.sh: formatting, layering of rooms, one owner for each third-party header. "ok NAME" lines.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
failed=0
check() { # NAME, complaints on stdin
    local name=$1 text
    text=$(cat)
    if [ -z "$text" ]; then
        printf 'ok lint %s\n' "$name"
    else
        printf '%s\n' "$text" | sed 's/^/# /'
        printf 'not ok lint %s: see the lines above\n' "$name"
        failed=1
    fi
}
mapfile -t sources < <(git ls-files '*.c' '*.h' 2>/dev/null || find plugin include tests -name '*.[ch]')

for f in "${sources[@]}"; do
    clang-format --dry-run -Werror "$f" >/dev/null 2>&1 || echo "$f is not formatted (clang-format -i $f)"
done | check formatting

# Rooms from the ground up; a file may include headers of its own room and of those before it.
rooms=(base io redact k8s llm policy diagnose actions tools agent ui mcp cmd)
declare -A level owner
i=0
for r in "${rooms[@]}"; do level[$r]=$((i += 1)); done
level[k8s]=${level[redact]}+1 level[llm]=${level[k8s]} level[policy]=${level[k8s]}
# a header of include/kta belongs to the room of its name, else to the lowest with a .c of its name
for h in include/kta/*.h; do
    b=$(basename "$h" .h)
    if [ -n "${level[$b]:-}" ]; then
        owner[$b]=$b # policy.h, diagnose.h, llm.h: the room's own
        continue
    fi
    for r in "${rooms[@]}"; do
        if [ -e "plugin/$r/$b.c" ]; then
            owner[$b]=$r
            break
        fi
    done
done
for f in plugin/*/*.[ch]; do
    [ -e "$f" ] || continue
    room=$(basename "$(dirname "$f")")
    [ -n "${level[$room]:-}" ] || continue
    while read -r inc; do
        case $inc in
        kta/*) to=${owner[$(basename "$inc" .h)]:-} ;;
        */*) to=${inc%%/*} ;;
        *) to=$room ;;
        esac
        [ -n "$to" ] || continue
        if ((${level[$to]} > ${level[$room]})); then
            echo "$f includes $inc: $room may not look up to $to"
        elif [ "$to" != "$room" ] && [[ $inc != kta/* ]]; then
            echo "$f includes $inc: a private header of room $to"
        fi
    done < <(sed -n 's/^#include "\(.*\)"$/\1/p' "$f")
done | check layers

for lib in curl/curl.h cjson/cJSON.h yaml.h pcre2.h zlib.h microhttpd.h sodium.h readline/readline.h; do
    n=$(grep -l "#include <$lib>" plugin/*/*.c plugin/*.c 2>/dev/null | wc -l)
    [ "$n" -le 1 ] || echo "<$lib> is included in $n files: one .c file owns a library"
done | check libraries

grep -nE '\b(printf|puts|putchar|fprintf|exit) ?\(' plugin/{base,io,redact,k8s,llm,policy,diagnose,actions,tools,agent}/*.c 2>/dev/null |
    grep -vE 'plugin/base/(alloc|log)\.c|_exit|snprintf|kta_' | sed 's/^/prints or exits below cmd: /' | check no-printing-below
if command -v shellcheck >/dev/null; then
    git ls-files '*.sh' .ci/run | xargs -r shellcheck -x -P SCRIPTDIR -S warning -e SC2154,SC2034,SC2148,SC2100,SC2206,SC2120 2>&1 | check shellcheck
else
    echo "shellcheck is not installed (apt-get install shellcheck, or ./install.sh --test)" | check shellcheck
fi
exit $failed
