#!/usr/bin/env bash
# The mission's three uses on the real cluster with a model: a scripted one, and the real small model
# behind llama.cpp's server (too small to reason: it tests the protocol and that the engine's finding
# is never silently beaten).
# shellcheck disable=SC2317 # functions are called by name
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/workloads.sh"
. "$(dirname "${BASH_SOURCE[0]}")/ask.sh"

new_namespace models
crashing_backend >"$out" 2>&1 || not_ok "a backend that crashes" "it does not" "$out"
frontend >"$out" 2>&1 || not_ok "a frontend that runs" "it does not" "$out"
measured() { k top pods 2>/dev/null | grep -q frontend; }
eventually 90 "metrics are there" measured

# scripted TURNS-JSON: a model that says exactly this; sets $url and $seen, what it was sent.
scripted() {
  exec 7>&- 8<&-
  printf '%s' "$1" >"$home/turns.json"
  rm -f "$home/in" "$home/port"
  mkfifo "$home/in"
  seen=$home/seen.jsonl
  : >"$seen"
  python3 "$here/../servers/model_server.py" "$home/turns.json" --log "$seen" <"$home/in" >"$home/port" &
  exec 7>"$home/in"
  eventually_quiet 10 test -s "$home/port"
  url=http://127.0.0.1:$(cat "$home/port")/v1
}
model=(--llm-provider openai-compatible --model scripted)
saw() { if grep -qF -- "$2" "$seen"; then ok "$1"; else not_ok "$1" "the model was not sent '$2'" "$seen"; fi; }
requests() { grep -c chat/completions "$seen"; }
export OPENAI_API_KEY=not-a-key

# ---- why is the backend pod crashing: one turn, the finding's fix chosen by its id ----
scripted '[{"tool_calls":[{"name":"kubectl","arguments":{"args":["get","pods","-l","app=backend"]}},{"name":"apply_fix","arguments":{"id":"f1.a","why":"it undoes the change"}}]},{"text":"The variable **DATABASE_URL** was removed [e1]; the plan puts it back."}]'
ask 0 "crash, with a scripted model" -n "$NS" --yes --endpoint "$url" "${model[@]}" "Why is the backend pod crashing?"
shown "the model's answer is shown" "The variable DATABASE_URL was removed [e1]"
saw "the evidence went with the question" "KeyError"
saw "the finding went with it" "CrashLoop.MissingEnv"
saw "the read was run and answered" "RESTARTS"
check "the backend is mended" ready backend 1

# ---- memory ----
scripted '[{"text":"The table in [e1] answers that."}]'
ask 0 "memory, with a scripted model" -n "$NS" --endpoint "$url" "${model[@]}" "Show me pods with high memory usage"
saw "usage went with the question" "64Mi"
check "one turn was enough" test "$(requests)" = 1

# ---- restart ----
old=$(k get pods -l app=frontend -o name)
scripted '[{"tool_calls":[{"name":"kubectl","arguments":{"args":["rollout","restart","deployment/frontend"]}}]},{"text":"A restart is proposed."}]'
ask 0 "restart, with a scripted model" -n "$NS" --yes --endpoint "$url" "${model[@]}" "Restart the frontend deployment"
check "the frontend is ready" ready frontend 1
refused "the pods are new" test "$old" = "$(k get pods -l app=frontend -o name)"

# ---- a manifest as a step ----
scripted '[{"tool_calls":[{"name":"kubectl","arguments":{"args":["apply","-f","-"],"stdin":"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: made}\ndata: {a: b}\n"}}]},{"text":"A ConfigMap is proposed."}]'
ask 0 "a manifest, with a scripted model" -n "$NS" --yes --endpoint "$url" "${model[@]}" "make a config map called made"
check "it is there" says b k get configmap made -o 'jsonpath={.data.a}'

# ---- a change that does not help is noticed early ----
scripted '[{"tool_calls":[{"name":"kubectl","arguments":{"args":["set","image","deployment/frontend","frontend=docker.io/library/no-such-image:1"]}}]},{"text":"Another image."}]'
start=$SECONDS
ask 8 "a change that breaks, with a scripted model" -n "$NS" --yes=high --endpoint "$url" "${model[@]}" "use another image for the frontend"
check "it was noticed early" test $((SECONDS - start)) -lt 60
shown "and why is told" "no-such-image"
ask 0 "undo" -n "$NS" --yes=high undo
check "the frontend is as it was" ready frontend 1

# ---- what the model may not do ----
scripted '[{"tool_calls":[{"name":"kubectl","arguments":{"args":["get","pods","--kubeconfig=/dev/null"]}},{"name":"bash","arguments":{"command":"id"}}]},{"text":"Sorry."}]'
ask 4 "what policy denies" -n "$NS" --yes=high --endpoint "$url" "${model[@]}" "do something"

# ---- a secret in a log never leaves ----
deployment leaky 'echo "login with password=hunter2-is-secret failed"; exit 1' >/dev/null
eventually_quiet 60 crashed leaky
scripted '[{"text":"It cannot log in."}]'
ask 0 "a leaky log" -n "$NS" --dry-run --endpoint "$url" "${model[@]}" "why is leaky crashing"
saw "the log went with the question" "login with"
refused "the password did not" grep -q hunter2-is-secret "$seen" "$out" "$err"
exec 7>&-

# ---- the real small model ----
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
rm -f "$home/in"
mkfifo "$home/in"
"$here/../model/serve.sh" "$port" <"$home/in" >"$home/ready" 2>/dev/null &
exec 7>"$home/in"
eventually 120 "the small model is ready" grep -q ready "$home/ready"
small=(--llm-provider llamacpp --endpoint "http://127.0.0.1:$port/v1" --model smollm2-135m-instruct --max-iterations 2)
k set env deployment/backend DATABASE_URL- >/dev/null
eventually_quiet 60 crashed backend
ask 0 "crash, with the small model" -n "$NS" --yes "${small[@]}" --timeout 900s "Why is the backend pod crashing?"
check "the engine's fix was not beaten" ready backend 1
ask 0 "memory, with the small model" -n "$NS" --dry-run "${small[@]}" --timeout 900s "Show me pods with high memory usage"
HOME=$home kubectl todo-ai -n "$NS" "${small[@]}" --dry-run -o json --timeout 900s "Restart the frontend deployment" >"$out" 2>"$err" </dev/null
json_is "an answer came, whatever it says" 'd["kind"], d["model"], d["turns"] >= 1' "('Answer', 'smollm2-135m-instruct', True)"
exec 7>&-

done_asking
finish
