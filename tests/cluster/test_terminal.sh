#!/usr/bin/env bash
# The confirmation, typed in a real pseudo-terminal: yes, no, edit, one by one, Ctrl-C.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/workloads.sh"
. "$(dirname "${BASH_SOURCE[0]}")/ask.sh"

new_namespace terminal
frontend >"$out" 2>&1 || not_ok "a frontend that runs" "it does not" "$out"
pods() { k get pods -l app=frontend -o name; }

old=$(pods)
type_answers 3 "no" --expect "Do this?" --send "n\n" -- -n "$NS" "Restart the frontend deployment"
shown "the command is shown as it will run" "kubectl rollout restart deployment/frontend"
shown "with its context" "--context"
check "no restart after a no" test "$old" = "$(pods)"

type_answers 130 "Ctrl-C at the question" --expect "Do this?" --send "\x03" -- -n "$NS" "Restart the frontend deployment"
check "no restart after Ctrl-C" test "$old" = "$(pods)"

type_answers 0 "yes" --expect "Do this?" --send "y\n" -- -n "$NS" "Restart the frontend deployment"
refused "the pods are new" test "$old" = "$(pods)"
check "they are ready" ready frontend 1

cat >"$home/editor" <<EOF
#!/bin/sh
sed -i 's/.*/kubectl scale deployment\/frontend --replicas=2 -n $NS/' "\$1"
EOF
chmod +x "$home/editor"
EDITOR=$home/editor type_answers 0 "edit" --expect "Do this?" --send "e\n" --expect "scale" --send "" \
  --expect "Do this?" --send "y\n" -- -n "$NS" "Restart the frontend deployment"
check "the edited command ran" ready frontend 2

# a question on stdin, the answer typed on /dev/tty
printf 'Restart the frontend deployment\n' >"$home/question"
old=$(pods)
code=0
HOME=$home TERM=xterm python3 tests/terminal.py --expect "Do this?" --send "y\n" -- \
  sh -c "kubectl todo-ai -n $NS <$home/question" >"$out" || code=$?
: >"$err"
asked 0 "a question on stdin, confirmed on the terminal"
refused "the pods are new again" test "$old" = "$(pods)"

# the REPL: a change, and back
replicas() { k get deployment frontend -o jsonpath='{.spec.replicas}'; }
type_answers 0 "a change in the REPL, and /undo" --seconds 120 \
  --expect "> " --send "scale frontend to 3\n" --expect "Do this?" --send "y\n" --expect "verified" --send "" \
  --expect "> " --send "/undo\n" --expect "Do this?" --send "y\n" --expect "verified" --send "" \
  --expect "> " --send "/exit\n" -- -n "$NS"
shown "what /undo would do was shown" "replicas: 2"
if [ "$(replicas)" = 2 ]; then ok "it is as it was before"; else not_ok "it is as it was before" "$(replicas) replicas"; fi
check "the journal knows both" sh -c "HOME=$home kubectl todo-ai history -o json | jq -e '[.changes[].state] | length >= 2'"

# fix: one of two steps is declined
for app in left right; do
  k create deployment "$app" --image=kta.test/web:1 >/dev/null
  k rollout status "deployment/$app" --timeout=60s >/dev/null
  k set image "deployment/$app" web=kta.test/web:nope >/dev/null
done
not_pulled() { k get pods -o json | jq -e '[.items[].status.containerStatuses[]?.state.waiting.reason // "" | select(test("Image"))] | length == 2' >/dev/null; }
eventually 60 "both images cannot be pulled" not_pulled
image() { k get deployment "$1" -o jsonpath='{.spec.template.spec.containers[0].image}'; }
type_answers 3 "fix, one by one: a yes and a no" --seconds 120 --expect "[p]ager" --send "o\n" \
  --expect "[p]ager" --send "y\n" --expect "[p]ager" --send "n\n" -- -n "$NS" fix
shown "what is left is told" "gone: 1 of 2 findings; left: "
shown "how to take back what was done is told" "to take it back: kubectl todo-ai undo"
if [ "$(image left) $(image right)" = "kta.test/web:1 kta.test/web:nope" ]; then
  ok "only what was confirmed is done"
else
  not_ok "only what was confirmed is done" "left: $(image left), right: $(image right)"
fi

done_asking
finish
