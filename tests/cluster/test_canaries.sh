#!/usr/bin/env bash
# For each way that a secret may leave, canaries in the real cluster: a Secret's values, an
# environment variable, keys that an application logs. None may come out of the prompt, the terminal,
# a snapshot, the audit log, a trace, a record, a saved session or the journal; the model's key not in
# a child's environment.
# shellcheck disable=SC2317 # functions are called by name
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/workloads.sh"
. "$(dirname "${BASH_SOURCE[0]}")/ask.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"; lib_end' EXIT

# Values that nothing but their place makes secret, and one of each well-known shape.
plain=plain-canary-$RANDOM$RANDOM
quoted="odd&<canary>$RANDOM"
inner=inner-canary-$RANDOM$RANDOM
env_value=envc-$RANDOM$RANDOM
key=ghp_$(head -c 300 /dev/urandom | base64 | tr -dc 'A-Za-z0-9' | head -c 36)
model_key=kta-model-key-$RANDOM$RANDOM
canaries=("$plain" "$quoted" "$inner" "$env_value" "$key" "$model_key" "$(printf %s "$plain" | base64 -w0)")

# no_canary NAME FILE...: none of them is in the files, in no spelling.
no_canary() {
  local name=$1 c found=
  shift
  for c in "${canaries[@]}"; do
    for form in "$c" "${c//&/\\u0026}" "$(printf %s "$c" | base64 -w0 | tr -d =)"; do
      grep -rqF -- "$form" "$@" && found="$found $form"
    done
  done
  if [ -z "$found" ]; then ok "$name"; else not_ok "$name" "it holds$found, in $*"; fi
}
# holds NAME TEXT FILE...: the file is the one that was meant.
holds() {
  local name=$1 text=$2
  shift 2
  if grep -rqF -- "$text" "$@"; then ok "$name"; else not_ok "$name" "'$text' is not in $*"; fi
}

new_namespace canary
k create secret generic db --from-literal=password="$plain" --from-literal=odd="$quoted" \
  --from-literal=url="postgres://app:$inner@db.$NS.svc:5432/orders" >/dev/null
k apply -f - >"$work/apply" <<EOF
apiVersion: apps/v1
kind: Deployment
metadata: {name: backend, labels: {app: backend}}
spec:
  replicas: 1
  progressDeadlineSeconds: 30
  selector: {matchLabels: {app: backend}}
  template:
    metadata: {labels: {app: backend}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: backend
        image: busybox:1.36
        command: [sh, -c, 'echo "odd \$ODD, plain \$PLAIN, alone ${inner}, key ${key}, \$API_TOKEN"; printf %s "\$PLAIN" | base64; echo "canary-log: cannot reach db.${NS}.svc:5432"; exit 1']
        envFrom: [{secretRef: {name: db, optional: true}}]
        env:
        - {name: API_TOKEN, value: "$env_value"}
        - {name: PLAIN, valueFrom: {secretKeyRef: {name: db, key: password}}}
        - {name: ODD, valueFrom: {secretKeyRef: {name: db, key: odd}}}
        resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {memory: 64Mi}}
EOF
eventually_quiet 60 crashed backend || not_ok "a backend that crashes" "it does not" "$work/apply"

# ---- terminal, and what --show-prompt says would be sent ----
ask 0 "diagnose" -n "$NS" diagnose deployment/backend
holds "the terminal shows the log" "canary-log" "$out"
holds "the host survives" "db.$NS.svc:5432" "$out"
no_canary "terminal" "$out" "$err"
ask 0 "diagnose as JSON" -n "$NS" -o json diagnose deployment/backend
no_canary "JSON" "$out" "$err"
ask 0 "the prompt is shown" -n "$NS" --show-prompt "why is backend crashing"
holds "the prompt has the log" "canary-log" "$out"
no_canary "prompt that is shown" "$out" "$err"

# ---- a model that asks for all it can get: prompt, trace, journal ----
# shellcheck disable=SC2016
cat >"$work/script.json" <<EOF
[{"tool_calls": [
   {"name": "kubectl", "arguments": {"args": ["logs", "deployment/backend", "-n", "$NS"]}},
   {"name": "kubectl", "arguments": {"args": ["get", "deployment", "backend", "-n", "$NS", "-o", "yaml"]}},
   {"name": "kubectl", "arguments": {"args": ["get", "deployment", "backend", "-n", "$NS", "-o", "json"]}},
   {"name": "kubectl", "arguments": {"args": ["get", "deployment", "backend", "-n", "$NS", "-o", "jsonpath={.spec.template.spec.containers[0].env}"]}},
   {"name": "kubectl", "arguments": {"args": ["describe", "deployment/backend", "-n", "$NS"]}},
   {"name": "kubectl", "arguments": {"args": ["get", "secret", "db", "-n", "$NS", "-o", "yaml"]}},
   {"name": "kubectl", "arguments": {"args": ["get", "secret", "db", "-n", "$NS", "-o", "jsonpath={.data.password}"]}},
   {"name": "kubectl", "arguments": {"args": ["get", "--raw", "/api/v1/namespaces/$NS/secrets/db"]}},
   {"name": "kubectl", "arguments": {"args": ["config", "view", "--raw"]}}]},
 {"tool_calls": [
   {"name": "kubectl", "arguments": {"args": ["annotate", "deployment/backend", "seen=yes", "-n", "$NS"]}}]},
 {"text": "It crashes."}]
EOF
python3 tests/servers/model_server.py "$work/script.json" --log "$work/requests.jsonl" --stay >"$work/port" 2>"$work/server.err" &
server=$!
trap 'kill "$server" 2>/dev/null; rm -rf "$work"; lib_end' EXIT
eventually_quiet 20 test -s "$work/port"

# kubectl writes down what it is given; the real one does the work
mkdir "$work/bin"
real=$(command -v kubectl)
cat >"$work/bin/kubectl" <<EOF
#!/bin/sh
{ env; for a in "\$@"; do printf 'arg %s\n' "\$a"; done; } >>"$work/children"
exec "$real" "\$@"
EOF
chmod +x "$work/bin/kubectl"
printf '%s\n' "$model_key" >"$work/key"
code=0
HOME=$home PATH=$work/bin:$PATH OPENAI_API_KEY=$model_key setsid "$home/bin/kubectl-todo_ai" -n "$NS" --yes=high --no-verify \
  --trace-path "$work/trace" --record "$work/record" --new-session --show-tool-output --llm-provider openai-compatible \
  --endpoint "http://127.0.0.1:$(cat "$work/port")/v1" --model m \
  "why is backend crashing" >"$out" 2>"$err" </dev/null || code=$?
holds "the model was asked" '"role": "tool"' "$work/requests.jsonl"
holds "the tools answered" "canary-log" "$work/requests.jsonl"
# the key is in a header of the request, where it belongs: the bodies are looked at
python3 - "$work/requests.jsonl" >"$work/bodies" <<'EOF'
import json, sys
for line in open(sys.argv[1]):
    print(json.dumps(json.loads(line)["body"], ensure_ascii=False))
EOF
no_canary "prompt and tool results that the model got" "$work/bodies"
no_canary "terminal with a model" "$out" "$err"
holds "the trace has the request" '"type":"request"' "$work/trace"
no_canary "trace" "$work/trace"
refused "the trace has no Authorization" grep -qi authorization "$work/trace"
check "the trace is nobody else's" test "$(stat -c %a "$work/trace")" = 600
holds "kubectl was started" "arg annotate" "$work/children"
no_canary "arguments and environment of kubectl" "$work/children"
refused "no variable of a model in kubectl's environment" grep -q "^OPENAI" "$work/children"
check "the change was made" says yes k get deployment backend -o jsonpath='{.metadata.annotations.seen}'
holds "the journal has the change" "annotate" "$home/.local/state/kubectl-todo-ai"
no_canary "journal, audit log and saved session" "$home"
holds "the session was saved with what the tools said" "canary-log" "$home/.local/state/kubectl-todo-ai"
holds "the record has what the cluster said" "canary-log" "$work/record"
no_canary "record" "$work/record"
check "nothing that was written is for others" test -z "$(find "$home/.local" -type f -perm /077)"
ask 0 "the history" -n "$NS" history
no_canary "history" "$out" "$err"

# ---- another AI client, by MCP ----
pod=$(k get pods -l app=backend -o jsonpath='{.items[0].metadata.name}')
cat >"$work/rpc" <<EOF
{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"canary","version":"1"}}}
{"jsonrpc":"2.0","method":"notifications/initialized"}
{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"logs","arguments":{"pod":"$pod","namespace":"$NS"}}}
{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"describe","arguments":{"kind":"pod","name":"$pod","namespace":"$NS"}}}
{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"diagnose","arguments":{"target":"deployment/backend","namespace":"$NS"}}}
EOF
# a client that asks around the names, each time as the first that the server is asked
: >"$work/mcp-around"
while read -r call; do
  { head -2 "$work/rpc"; printf '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":%s}\n' "$call"; } >"$work/rpc1"
  HOME=$home "$home/bin/kubectl-todo_ai" -n "$NS" mcp <"$work/rpc1" 2>>"$err" | tail -n +2 >>"$work/mcp-around"
done <<EOF
{"name":"get","arguments":{"kind":"deployment","name":"backend","fields":["spec.template.spec.containers[0].env[0].value"]}}
{"name":"get","arguments":{"kind":"deployment","name":"backend","fields":["spec.template.spec.containers[0].env"]}}
{"name":"get","arguments":{"kind":"pod","name":"$pod"}}
{"name":"get","arguments":{"kind":"secret","name":"db"}}
{"name":"get","arguments":{"kind":"secret","name":"db","fields":["data.password"]}}
{"name":"list","arguments":{"kind":"secret","fields":["metadata.name","data.password","data"]}}
{"name":"list","arguments":{"kind":"pod","fields":["spec.containers[0].env[0].value","spec.containers[0].command"]}}
{"name":"logs","arguments":{"pod":"$pod","contains":"canary-","tail":5}}
{"name":"logs","arguments":{"pod":"$pod","max_bytes":1024}}
{"name":"analyze_pod_logs","arguments":{"pod_name":"$pod"}}
{"name":"what_changed","arguments":{"kind":"deployment","name":"backend"}}
{"name":"search","arguments":{"query":"${plain:0:12}"}}
{"name":"events","arguments":{}}
EOF
HOME=$home "$home/bin/kubectl-todo_ai" -n "$NS" mcp <"$work/rpc" >"$work/mcp" 2>"$err"
holds "the client got the log" "canary-log" "$work/mcp"
no_canary "MCP" "$work/mcp" "$err"
check "each of the calls was answered" test "$(grep -c '"id":2' "$work/mcp-around")" = 13
holds "the client got the environment" "API_TOKEN" "$work/mcp-around"
no_canary "MCP, around the names" "$work/mcp-around"

# ---- snapshot ----
ask 0 "a snapshot" -n "$NS" snapshot "$work/snapshot"
holds "the snapshot has the log" "canary-log" "$work/snapshot"
no_canary "snapshot" "$work/snapshot" "$out" "$err"
check "the snapshot is nobody else's" test -z "$(find "$work/snapshot" -perm /077)"
ask 0 "read back" --snapshot "$work/snapshot" diagnose deployment/backend
no_canary "what is read from the snapshot" "$out" "$err"

# ---- Secrets are not read when that is switched off, or not allowed ----
mkdir -p "$home/.config/kubectl-todo-ai"
echo 'readSecrets: false' >"$home/.config/kubectl-todo-ai/config.yaml"
ask 0 "without reading Secrets" -n "$NS" --show-prompt "why is backend crashing"
holds "then only shapes are known" "$plain" "$out"
refused "keys that have a shape are still hidden" grep -qF -- "$key" "$out"
rm "$home/.config/kubectl-todo-ai/config.yaml"
k create serviceaccount reader >/dev/null
k create rolebinding reader --clusterrole=view --serviceaccount="$NS:reader" >/dev/null
ask 0 "without the right to read Secrets" -n "$NS" --as "system:serviceaccount:$NS:reader" diagnose deployment/backend
shown "it is diagnosed all the same" "CrashLoop"

kill "$server" 2>/dev/null
done_asking
finish
