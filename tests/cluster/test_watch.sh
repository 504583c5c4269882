#!/usr/bin/env bash
# diagnose -w tells what is new and what is gone; --baseline leaves out what is known.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/workloads.sh"
. "$(dirname "${BASH_SOURCE[0]}")/ask.sh"

new_namespace watch
seen=$(mktemp) log=$(mktemp)
HOME=$home setsid "$PWD/build/kubectl-todo-ai" diagnose -w -n "$NS" >"$seen" 2>"$log" </dev/null &
watcher=$!
eventually 30 "it says that it watches" grep -q "Watching $NS" "$seen"
deployment broken 'echo "KeyError: '"'TOKEN'"'"; exit 1' >/dev/null
eventually 90 "a new finding is printed" grep -q "new .*Deployment $NS/broken" "$seen"
k delete deployment broken >/dev/null
eventually 90 "and when it is gone, that" grep -q "cleared .*Deployment $NS/broken" "$seen"
check "it runs on" kill -0 "$watcher"
requests=$(grep -c . "$seen")
if [ "$requests" -lt 30 ]; then ok "nothing is told twice"; else not_ok "nothing is told twice" "$requests lines" "$seen"; fi
kill -TERM "$watcher"
code=0
wait "$watcher" || code=$?
asked 143 "interrupted it ends"

deployment broken 'echo "KeyError: '"'TOKEN'"'"; exit 1' >/dev/null
eventually 90 "the backend crashes" crashed broken
ask 0 "a baseline" -n "$NS" diagnose -o json
json_is "it holds the finding" 'len(d["findings"])' 1
cp "$out" "$home/known.json"
ask 0 "what is known is left out" -n "$NS" diagnose --baseline "$home/known.json" -o json --fail-on warning
json_is "nothing else is found" 'len(d["findings"])' 0
ask 2 "a baseline that is none" -n "$NS" diagnose --baseline /dev/null
told "how to make one is said" "diagnose -o json"
ask 2 "a snapshot cannot be watched" --snapshot tests/demo/snapshot diagnose -w
rm -f "$seen" "$log"
done_asking
finish
