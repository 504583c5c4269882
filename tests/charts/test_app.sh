#!/usr/bin/env bash
# The application in a restricted namespace when things go wrong around it: a database that is not
# there, comes, goes and comes back; no model key; a model that works and one that does not.
. "$(dirname "$0")/lib.sh"
prepare_cluster
load_images
helm_is 3
database_make || { not_ok "PostgreSQL is made" "see the log" "$scratch/initdb.log"; finish; }
new_namespace charts-app
restricted
make_secret

# is NAME WANTED GOT
is() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "'$3' instead of '$2'"; fi; }
install() { helm upgrade --install todo-local "$chart" -n "$NS" -f "$chart/values-dev.yaml" --set frontend.service.nodePort=null "$@"; }
status() { curl -s -o "$scratch/body" -w '%{http_code}' --max-time 10 "$@"; }
running() { [ "$(k get pods -l "app=$1" -o jsonpath='{.items[0].status.containerStatuses[0].started}')" = true ]; }
unready() { ready_pods=$(k get deployment "$1" -o jsonpath='{.status.readyReplicas}'); [ "${ready_pods:-0}" = 0 ]; }
# no pod is on its way out: the old ones answer until they have drained
settled() { [ "$(k get pods -o json | jq '[.items[] | select(.metadata.deletionTimestamp)] | length')" = 0 ]; }
pod_address() { k get pods -l app=backend -o jsonpath='http://{.items[0].status.podIP}:8000'; }

# ---- no database, from the start ------------------------------------------
check "it installs while the database is away" install
eventually 90 "the backend runs without its database" running backend
began=$SECONDS
eventually 30 "its log says what is wrong" says "the database cannot be used" k logs deployment/backend
check "the log is JSON, a line each" bash -c "kubectl logs -n $NS deployment/backend | jq -es 'length > 0 and all(.level and .message and .time)'"
refused "the log holds no password" bash -c "kubectl logs -n $NS deployment/backend | grep todo-password"
is "liveness does not depend on it" 200 "$(status "$(pod_address)/health")"
is "readiness does" 503 "$(status "$(pod_address)/health?ready=1")"
check "and says why" jq -e '.database | length > 10' "$scratch/body"
eventually 60 "the frontend is ready all the same" ready frontend 1

# Longer than liveness would take to fail: 10 s, then three times 10 s.
until [ $((SECONDS - began)) -ge 42 ]; do sleep 1; done
is "no pod was restarted for it" 0 "$(restarts backend)"
check "the database comes" database_up
eventually 40 "the backend becomes ready by itself" ready backend 1

# ---- in use ---------------------------------------------------------------
check "sign up" says '"email":"app@example.com"' sign_up app@example.com
check "a todo is created" says '"title":"milk"' web POST /api/todos '{"title":" milk "}'
id=$(web GET /api/todos | jq -r '.[0].id')
check "it is listed" says '"completed":false' web GET /api/todos
check "it is updated" says '"title":"oat milk"' web PATCH "/api/todos/$id" '{"title":"oat milk"}'
check "it is completed" says '"completed":true' web PATCH "/api/todos/$id" '{"completed":true}'
check "a title is needed" says 'detail' web POST /api/todos '{"title":"  "}'
check "what is unknown is said to be" says 'There is no such todo' web PATCH /api/todos/nothing '{"completed":true}'
cp "$scratch/cookies" "$scratch/first"
check "another user signs up" says '"email":"other@example.com"' sign_up other@example.com
is "and sees none of the first one's todos" "[]" "$(web GET /api/todos)"
check "nor can change them" says 'There is no such todo' web DELETE "/api/todos/$id"
cp "$scratch/first" "$scratch/cookies"
base=$(address frontend-service)
is "without a session nothing is told" 401 "$(status "$base/api/todos")"
is "another site's page cannot sign a user out" 403 \
  "$(status -b "$scratch/cookies" -H 'Origin: http://evil.example' -H 'Content-Type: application/json' -d '{}' "$base/api/auth/sign-out")"
is "better-auth's storage is closed to browsers" 404 "$(status --path-as-is -b "$scratch/cookies" -d '{}' "$base/api/%2e%2e/internal/auth")"
is "and to others in the cluster" 403 "$(status -H 'Content-Type: application/json' -d '{"op":"findMany","model":"user"}' "$(address backend-service)/internal/auth")"

# ---- the chat -------------------------------------------------------------
check "no model key: the chat says so" says 'OPENAI_API_KEY is not set' web POST /api/chat '{"message":"hello"}'
check "no model key: the rest works" says 'oat milk' web GET /api/todos

# shellcheck disable=SC2154 # of common.sh
"$charts_here/model.py" "$host_ip" >"$scratch/model.port" 2>"$scratch/model.log" &
model=$!
until [ -s "$scratch/model.port" ] || ! kill -0 $model 2>/dev/null; do sleep 0.1; done
k patch secret todo-app-secrets -p '{"stringData":{"OPENAI_API_KEY":"key-for-tests"}}' >/dev/null
with_model=(--set "backend.model.baseUrl=http://$host_ip:$(cat "$scratch/model.port")/v1" --set backend.model.name=scripted)
check "a key and an endpoint are given" install "${with_model[@]}" --wait --timeout 120s
eventually 60 "the pods without a key are gone" settled
check "the model answers through any OpenAI-compatible endpoint" says 'I added bread' web POST /api/chat '{"message":"please add bread"}'
check "and acts on the user's list" says '"title":"bread"' web GET /api/todos
check "it was asked with the key, and told the list" says 'key:yes list:yes' web POST /api/chat '{"message":"what were you told?"}'
web DELETE "/api/todos/$(web GET /api/todos | jq -r '.[] | select(.title == "bread").id')" >/dev/null
is "a todo is deleted" 1 "$(web GET /api/todos | jq length)"
k delete pod -l app=backend --wait=false >/dev/null
eventually 60 "another pod takes over" bash -c "[ \$(kubectl get pods -n $NS -l app=backend -o json | jq '[.items[] | select(.metadata.deletionTimestamp | not)][0].status.containerStatuses[0].ready') = true ]"
check "and goes on with the conversation" says 'please add bread' web GET /api/chat
kill $model
wait $model 2>/dev/null
check "a model that is away is said to be" says 'cannot be reached' web POST /api/chat '{"message":"hello"}'

# ---- the database goes and comes back -------------------------------------
count=$(restarts backend)
database_down
eventually 60 "without its database the backend is not ready" unready backend
check "its log says so" says "the database cannot be used" k logs -l app=backend --tail=20
check "the database comes back" database_up
eventually 60 "the backend is ready again" ready backend 1
is "no pod was restarted" "$count" "$(restarts backend)"
check "and nothing is lost" says 'oat milk' web GET /api/todos

# ---- the pods -------------------------------------------------------------
for name in frontend backend; do
  refused "$name: the root file system is read-only" k exec "deployment/$name" -- sh -c 'echo x >/srv/x'
  check "$name: /tmp can be written" k exec "deployment/$name" -- sh -c 'echo x >/tmp/x'
  is "$name: runs as 65532" "65532 65532" "$(k exec "deployment/$name" -- sh -c 'echo $(id -u) $(id -g)')"
  refused "$name: has no service account token" k exec "deployment/$name" -- ls /var/run/secrets/kubernetes.io
done
refused "the namespace is restricted: it refuses a pod that is not" k run loose --image=busybox:1.36
finish
