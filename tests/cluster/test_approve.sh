#!/usr/bin/env bash
# A client that cannot ask: apply_plan changes nothing and gives a token; approve takes it once, at a
# terminal, whatever --yes says; the client then learns what came of it.
# shellcheck disable=SC2317 # functions are called by name
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck disable=SC2154
plugin=${KTA_BINARY:-$here/../../build/kubectl-todo-ai}
home=$(mktemp -d)
trap 'lib_end; rm -rf "$home"' EXIT
export XDG_STATE_HOME=$home/state XDG_CONFIG_HOME=$home/config

call() { # TOOL ARGUMENTS: the structured answer
  python3 - "$plugin" "$NS" "$1" "$2" <<'PY'
import json, os, sys
sys.path.insert(0, os.path.join(os.environ["LIB_HERE"], "..", "mcp"))
from client import Stdio
s = Stdio([sys.argv[1], "mcp", "-n", sys.argv[2]])
s.initialize()
print(json.dumps(s.tool(sys.argv[3], json.loads(sys.argv[4]))["result"].get("structuredContent", {})))
s.close()
PY
}
export LIB_HERE=$lib_here
replicas() { k get deployment web -o jsonpath='{.spec.replicas}'; }

new_namespace approve
k create deployment web --image=todo-backend:v1 -- sleep 3600 >/dev/null
check "web rolls out" k rollout status deployment/web --timeout=90s
plan=$(call propose '{"commands":[{"argv":["kubectl","scale","deployment/web","--replicas=2"]}]}' | jq -r .planId)
answer=$(call apply_plan "{\"plan_id\":\"$plan\"}")
token=$(jq -r .token <<<"$answer")
if [ "$(jq -r .state <<<"$answer")" = needs_approval ]; then ok "without elicitation there is a token"; else
  not_ok "without elicitation there is a token" "$answer"
fi
refused "approve needs a terminal, --yes does not count" setsid -w "$plugin" approve "$token" --yes=high
refused "a changed token is refused" script -qec "'$plugin' approve ${token%?}x" /dev/null
if [ "$(replicas)" = 1 ]; then ok "nothing was changed yet"; else not_ok "nothing was changed yet" "$(replicas)"; fi
check "a person's yes at a terminal" sh -c "echo y | script -qec \"'$plugin' approve $token --yes=high\" '$home/seen'"
check "the preview was shown" grep -q 'replicas: 2' "$home/seen"
if [ "$(replicas)" = 2 ]; then ok "the change is made"; else not_ok "the change is made" "$(replicas)"; fi
refused "a token is used up" script -qec "'$plugin' approve $token" /dev/null
check "the client is told" sh -c "jq -e '.state == \"already_used\" and .change != null' <<E
$(call apply_plan "{\"plan_id\":\"$plan\"}")
E"
finish
