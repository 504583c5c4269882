#!/usr/bin/env bash
# The mission's three uses and the way of a question through the house, on the real cluster, with
# the built-in engine. Looks at the cluster afterwards, not only at the text.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/workloads.sh"
. "$(dirname "${BASH_SOURCE[0]}")/ask.sh"

new_namespace question
crashing_backend >"$out" 2>&1 || not_ok "a backend that crashes" "it does not" "$out"
frontend >"$out" 2>&1 || not_ok "a frontend that runs" "it does not" "$out"

# ---- why is the backend crashing ----
ask 3 "why, without a terminal" -n "$NS" "Why is the backend pod crashing?"
shown "the cause is named" "CrashLoop.MissingEnv"
shown "the variable is named" "DATABASE_URL"
shown "the undo is proposed" "kubectl rollout undo deployment/backend"
check "nothing was changed" crashed backend

ask 0 "a namespace as target" -n default diagnose "ns/$NS" -o json
json_is "all of it is looked at" '[f["object"]["name"] for f in d["findings"]]' "['backend']"
ask 0 "a namespace as target, in two words" -n default diagnose namespace "$NS" -o json
json_is "it is the same" '[f["object"]["name"] for f in d["findings"]]' "['backend']"

ask 0 "unquoted words" -n "$NS" why is backend crashing --dry-run
shown "unquoted words are one question" "CrashLoop.MissingEnv"

ask 0 "as JSON" -n "$NS" --dry-run -o json "why is backend crashing"
json_is "kind" 'd["kind"]' Answer
json_is "code" 'd["findings"][0]["code"]' CrashLoop.MissingEnv
json_is "the Deployment is blamed" 'd["findings"][0]["object"]["kind"]+"/"+d["findings"][0]["object"]["name"]' Deployment/backend
json_is "the plan is validated and allowed" 'd["plan"][0]["preview"]["allowed"], d["plan"][0]["preview"]["objects"]' "(True, 1)"
json_is "the diff shows the variable" '"DATABASE_URL" in d["plan"][0]["preview"]["diff"]' True
json_is "nothing was run" 'd["plan"][0]["state"]' planned
json_is "the argv carries its context" '"--context" in d["plan"][0]["argv"]' True

ask 0 "as a script" -n "$NS" --dry-run -q "why is backend crashing"
check "the script is only commands" sh -n "$out"
check "nothing was changed by the dry runs" crashed backend

ask 0 "with --yes it is mended" -n "$NS" --yes "why is backend crashing"
told "the finding that led to it was looked for again" 'it has helped: CrashLoop.MissingEnv of Deployment backend is gone'
check "the backend is ready" ready backend 1
check "the variable is back" says DATABASE_URL k get deployment backend -o jsonpath='{.spec.template.spec.containers[0].env}'

ask 0 "a healthy backend" -n "$NS" "why is backend crashing"
shown "nothing is wrong now" "Nothing is wrong"

# ---- a rollout that has only begun ----
deployment slow 'exec sleep 3600' 'readinessProbe: {initialDelaySeconds: 600, exec: {command: ["true"]}}' >/dev/null
running() { [ "$(k get pods -l app=slow -o jsonpath='{.items[*].status.phase}')" = Running ]; }
eventually_quiet 60 running
ask 0 "what has only begun" -n "$NS" "what is wrong with slow"
shown "nothing has failed, and it is not there yet" "replicas: 1 desired, 1 updated, 0 ready"
k delete deployment slow --wait=false >/dev/null

# ---- a reviewed plan, by apply ----
k set env deployment/backend DATABASE_URL- >/dev/null
eventually_quiet 60 crashed backend
ask 0 "a plan to review" -n "$NS" --dry-run -o json "why is backend crashing"
cp "$out" "$home/plan.json"
ask 3 "apply asks too" -n "$NS" apply "$home/plan.json"
ask 0 "apply runs the reviewed plan" -n "$NS" --yes apply "$home/plan.json"
check "apply mended it" ready backend 1
ask 7 "apply refuses what no longer fits" -n "$NS" --yes apply "$home/plan.json"

# ---- the script, run by a shell ----
k set env deployment/backend DATABASE_URL- >/dev/null
eventually_quiet 60 crashed backend
ask 0 "a script to run" -n "$NS" --dry-run -q "why is backend crashing"
check "the script runs" sh -e "$out"
eventually 60 "the script mended it" ready backend 1

# ---- high memory ----
measured() { k top pods 2>/dev/null | grep -q "^backend" && k top pods 2>/dev/null | grep -q "^frontend"; }
eventually 90 "metrics are there" measured
ask 0 "memory" -n "$NS" "Show me pods with high memory usage"
shown "the table has the backend" "backend-"
shown "the table has the frontend" "frontend-"
shown "the limit is shown" "64Mi"

# ---- restart ----
old=$(k get pods -l app=frontend -o name)
ask 3 "restart, without a yes" -n "$NS" "Restart the frontend deployment"
check "no yes, no restart" test "$old" = "$(k get pods -l app=frontend -o name)"
ask 0 "restart with --yes" -n "$NS" --yes "Restart the frontend deployment"
check "the frontend is ready" ready frontend 1
refused "the pods are new" test "$old" = "$(k get pods -l app=frontend -o name)"

# ---- a huge and binary log ----
deployment noisy 'head -c 3000000 /dev/urandom; exit 1' >/dev/null
eventually_quiet 90 crashed noisy
ask 0 "a huge and binary log" -n "$NS" --dry-run -o json "why is noisy crashing"
json_is "is one clean document" 'd["findings"][0]["object"]["name"], any(ord(c) < 32 and c not in "\n\t" for c in d["answer"])' "('noisy', False)"
k delete deployment noisy >/dev/null

# ---- names ----
ask 0 "a near miss" -n "$NS" "why is bakcend crashing"
check "the nearest name is offered" grep -q backend "$err"
ask 0 "--context, as kubectl takes it" --context kta-test -n "$NS" --dry-run "is frontend well"
here=$NS
new_namespace elsewhere
elsewhere=$NS
only=only-$elsewhere
deployment "$only" 'echo serving; exec sleep 3600' >/dev/null
deployment frontend 'echo serving; exec sleep 3600' >/dev/null
k rollout status "deployment/$only" --timeout=60s >/dev/null
NS=$here
ask 0 "-A" -A --dry-run "is $only well"
shown "-A finds it where it is" "$elsewhere/$only"
ask 0 "a name that other namespaces have" -n default --dry-run "is frontend well"
check "they are listed" grep -E "in .*($here.*$elsewhere|$elsewhere.*$here)" "$err"
old=$(kubectl get pods -n "$elsewhere" -l "app=$only" -o name)
ask 3 "a restart of what is elsewhere is not covered by a bare --yes" -n default --yes "restart $only"
check "it was not restarted" test "$old" = "$(kubectl get pods -n "$elsewhere" -l "app=$only" -o name)"

# ---- text piped in beside a question ----
code=0
k logs deployment/frontend | HOME=$home kubectl todo-ai -n "$NS" --show-prompt --llm-provider openai-compatible --endpoint http://127.0.0.1:9/v1 --model m "explain" >"$out" 2>"$err" || code=$?
asked 0 "a log piped in beside a question"
shown "it is part of what is asked" "serving"

# ---- the mission's configuration refuses a restart ----
mkdir -p "$home/.config/kubectl-todo-ai"
printf 'model: gpt-4\nenabledCommands:\n  - get\n  - describe\n  - logs\n  - exec\n' >"$home/.config/kubectl-todo-ai/config.yaml"
old=$(k get pods -l app=frontend -o name)
ask 4 "enabledCommands refuses a restart" -n "$NS" --yes --llm-provider none "Restart the frontend deployment"
check "it was not restarted" test "$old" = "$(k get pods -l app=frontend -o name)"
rm -r "$home/.config"

done_asking
finish
