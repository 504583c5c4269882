#!/usr/bin/env bash
# The mission's verification and rollback, its commands as they stand, on the real cluster: with helm
# 3, with helm 4, and with values-dev.yaml. All the while a load of requests goes through the Services
# and a person works in a browser; nothing of either may be lost.
. "$(dirname "$0")/lib.sh"
prepare_cluster
load_images
database_make && database_up || { not_ok "PostgreSQL starts" "see $scratch" "$scratch/initdb.log"; finish; }

NS=todo-app
if kubectl get namespace $NS >/dev/null 2>&1; then
  not_ok "the mission's namespace is free" "namespace $NS exists already: delete it first"
  finish
fi
lib_namespaces+=("$NS")

# passes NAME COMMAND-LINE: the line runs as it stands and succeeds.
passes() { check "$1: $2" bash -c "$2"; }

crashing() { [[ $(k get pods -l app=backend -o jsonpath='{.items[*].status.containerStatuses[*].state.waiting.reason}') == *CrashLoopBackOff* ]]; }

all_ready() {
  ready backend "$1" && ready frontend "$1" &&
    [ -z "$(k get pods -l 'app in (frontend, backend)' -o jsonpath='{range .items[*]}{.status.phase}{"\n"}{end}' | grep -v Running)" ]
}

backend_field() { k get deployment backend -o jsonpath="{.spec.template.spec.containers[0].$1}"; }

browse() {
  PLAYWRIGHT=$charts_cache/browser timeout 240 "$charts_cache/host-node/bin/node" "$charts_here/browser.mjs" \
    "$(address frontend-service)" "$scratch/browser-state" "$1" ${SCREENSHOTS:+"$SCREENSHOTS/$1.png"} >"$scratch/browser.log" 2>&1
  local code=$?
  grep -E '^(not )?ok ' "$scratch/browser.log"
  lib_failed=$((lib_failed + $(grep -c '^not ok ' "$scratch/browser.log")))
  if [ $code != 0 ] && ! grep -q '^not ok ' "$scratch/browser.log"; then not_ok "browser: $1" "it ended with $code" "$scratch/browser.log"; fi
}

load_start() {
  "$charts_here/load.py" "$scratch/cookies" 420 "$(address frontend-service)/api/todos" "$(address frontend-service)/health" \
    "$(address backend-service)/health" >"$scratch/load.json" 2>"$scratch/load.err" &
  load_pid=$!
}

load_stop() {
  local sent lost
  kill -TERM "$load_pid"
  wait "$load_pid"
  sent=$(jq .sent "$scratch/load.json") lost=$(jq '.lost | length' "$scratch/load.json")
  jq -r '.lost[]' "$scratch/load.json" >"$scratch/lost"
  if [ "${sent:-0}" -lt 200 ]; then
    not_ok "$1: the load ran" "only $sent requests were sent" "$scratch/load.err"
  elif [ "$lost" = 0 ]; then
    ok "$1: 0 of $sent requests were lost during upgrade, crash and rollback ($(jq .kept "$scratch/load.json") on kept connections, slowest $(jq .slowest_ms "$scratch/load.json") ms)"
  else
    not_ok "$1: no request was lost" "$lost of $sent were" "$scratch/lost"
  fi
}

# mission NAME REPLICAS BROWSER [INSTALL-FLAGS]
mission() {
  local run=$1 replicas=$2 browser=$3 flags=${4-} began line
  # The README's first line, then the context's namespace and the Secret.
  passes "$run" "$(head -n 1 "$chart/README.md" | sed 's/^ *//')"
  passes "$run" "kubectl config set-context --current --namespace=todo-app"
  make_secret
  began=$SECONDS
  passes "$run" "helm install todo-local ./charts/todo-app$flags"
  # kubectl wait gives up at once where there is nothing yet to wait for.
  eventually 60 "$run: the frontend's pod exists" says frontend k get pods -l app=frontend -o 'jsonpath={.items[*].metadata.labels.app}'
  passes "$run" "kubectl wait --for=condition=ready pod -l app=frontend -n todo-app --timeout=300s"
  eventually 150 "$run: everything is ready" all_ready "$replicas"
  # Without it nothing below means anything.
  if ! all_ready "$replicas" >/dev/null 2>&1; then
    kubectl get pods,events -n todo-app 2>&1 | tail -n 30 | sed 's/^/# /'
    finish
  fi
  if [ $((SECONDS - began)) -le 150 ]; then ok "$run: install to ready took $((SECONDS - began)) s of the mission's 300"; else
    not_ok "$run: install to ready well under 300 s" "$((SECONDS - began)) s"; fi
  # Ready pods come before kube-proxy's rules for them: until those are written the Service refuses.
  line="kubectl exec -n todo-app deployment/frontend -- curl http://backend-service:8000/health"
  eventually 30 "$run: $line" bash -c "$line"
  passes "$run" "helm test todo-local -n todo-app"
  if [ "$replicas" = 1 ]; then
    is "$run: the Service is a NodePort" "NodePort 3000" "$(k get service frontend-service -o jsonpath='{.spec.type} {.spec.ports[0].port}')"
    # shellcheck disable=SC2154 # of common.sh
    check "$run: the frontend answers on the node's port" \
      curl -sf --max-time 10 "http://$node_ip:$(k get service frontend-service -o jsonpath='{.spec.ports[0].nodePort}')/health"
  fi
  check "$run: sign up through the Service" says '"email":"load@example.com"' sign_up load@example.com
  web POST /api/todos '{"title":"kept over the rollback"}' >/dev/null
  [ -z "$browser" ] || browse before
  load_start

  local secret
  secret=$(k get secret todo-app-secrets -o jsonpath='{.data}')
  # Without -f the upgrade goes back to the chart's defaults, values-dev.yaml's one replica too.
  passes "$run" "helm upgrade todo-local ./charts/todo-app --set image.backend.tag=v1.1.0"
  eventually 180 "$run: the upgrade is rolled out" all_ready 2
  is "$run: the backend runs v1.1.0" todo-backend:v1.1.0 "$(backend_field image)"
  is "$run: the upgrade left the Secret as it was" "$secret" "$(k get secret todo-app-secrets -o jsonpath='{.data}')"

  passes "$run" "kubectl patch deployment backend -n todo-app -p '{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"backend\",\"command\":[\"/bin/sh\",\"-c\",\"exit 1\"]}]}}}}'"
  eventually 90 "$run: the new pod crashes" crashing
  is "$run: the old pods still serve" 2 "$(k get deployment backend -o jsonpath='{.status.readyReplicas}')"

  if [[ $run == *"helm 4"* ]]; then
    if helm rollback todo-local -n todo-app >"$scratch/rollback" 2>&1; then
      not_ok "$run: helm rollback todo-local -n todo-app tells the conflict" "it succeeded"
    elif grep -q 'conflict.*kubectl-patch' "$scratch/rollback"; then
      ok "$run: helm rollback todo-local -n todo-app tells the conflict with kubectl-patch and exits non-zero"
    else
      not_ok "$run: helm rollback todo-local -n todo-app tells the conflict" "it says something else" "$scratch/rollback"
    fi
    is "$run: and restores nothing" '["/bin/sh","-c","exit 1"]' "$(backend_field command)"
    passes "$run" "$(grep -o 'helm rollback todo-local 1 -n todo-app --force-conflicts' "$chart/README.md")"
  else
    passes "$run" "helm rollback todo-local -n todo-app"
  fi
  eventually 180 "$run: kubectl get pods -n todo-app shows everything ready" all_ready "$replicas"
  kubectl get pods -n todo-app | sed 's/^/# /'
  is "$run: the command is the chart's again" '["python","-m","app"]' "$(backend_field command)"
  is "$run: the image is the first revision's again" todo-backend:local "$(backend_field image)"
  load_stop "$run"
  check "$run: what was stored is still there" says "kept over the rollback" web GET /api/todos
  [ -z "$browser" ] || browse after
  is "$run: no container of the release restarted" "" "$(k get pods -l 'app in (frontend, backend)' -o jsonpath='{.items[*].status.containerStatuses[*].restartCount}' | tr -d '0 ')"

  helm uninstall todo-local -n todo-app >/dev/null
  kubectl delete namespace todo-app --wait --timeout=120s >/dev/null 2>&1
  rm -f "$scratch/browser-state"
}

# is NAME WANTED GOT
is() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "'$3' instead of '$2'"; fi; }

for which in ${MISSIONS:-3 4 dev}; do
  case $which in
    3) helm_is 3; mission "helm 3" 2 browser ;;
    4) helm_is 4; mission "helm 4" 2 "" ;;
    dev) helm_is 4; mission "helm 4, values-dev.yaml" 1 "" " -f charts/todo-app/values-dev.yaml" ;;
  esac
  # Each run has users of its own.
  as_postgres env PGPASSWORD=todo-password psql -q -h "$host_ip" -p $database_port -U todo postgres \
    -c 'DROP SCHEMA public CASCADE' -c 'CREATE SCHEMA public' >/dev/null 2>&1
done
finish
