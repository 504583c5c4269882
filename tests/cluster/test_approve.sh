#!/usr/bin/env bash
# A client that cannot ask: apply_plan changes nothing and gives a token; approve takes it once, at a
# terminal, whatever --yes says; the client then learns what came of it. A token has an end, an
# object that changed meanwhile is previewed as it is, and a server's --approve covers its risk only.
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
s = Stdio([sys.argv[1], "mcp", "-n", sys.argv[2], *os.environ.get("SERVER_FLAGS", "").split()])
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
says_yes() { # COMMAND...: a person does, at the question; what the terminal showed is $home/seen
  python3 "$lib_here/../terminal.py" --seconds 180 --expect "Do this?" --send "y\n" -- "$@" >"$home/seen"
}
check "a person's yes at a terminal" says_yes "$plugin" approve "$token" --yes=high
check "the preview was shown" grep -q 'replicas: 2' "$home/seen"
if [ "$(replicas)" = 2 ]; then ok "the change is made"; else not_ok "the change is made" "$(replicas)"; fi
refused "a token is used up" script -qec "'$plugin' approve $token" /dev/null
check "the client is told" sh -c "jq -e '.state == \"already_used\" and .change != null' <<E
$(call apply_plan "{\"plan_id\":\"$plan\"}")
E"

# ---- a token's end ----
propose() { call propose "{\"commands\":[{\"argv\":$1}]}" | jq -r .planId; }
cat >"$home/later.c" <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
time_t time(time_t *t)
{
    time_t now = ((time_t (*)(time_t *))dlsym(RTLD_NEXT, "time"))(NULL) + atol(getenv("LATER"));
    return t ? *t = now : now;
}
C
check "a clock that is ahead is built" gcc -shared -fPIC -o "$home/later.so" "$home/later.c" -ldl
plan=$(propose '["kubectl","scale","deployment/web","--replicas=1"]')
answer=$(call apply_plan "{\"plan_id\":\"$plan\"}")
token=$(jq -r .token <<<"$answer") seconds=$(jq -r .expiresInSeconds <<<"$answer")
approve_at() { # SECONDS: with a yes, that much later
  says_yes env LATER="$1" LD_PRELOAD="$home/later.so" "$plugin" approve "$token"
}
refused "a token that is too old is refused" approve_at $((seconds + 1))
check "which is said" grep -q "has expired" "$home/seen"
if [ "$(replicas)" = 2 ]; then ok "nothing was changed by it"; else not_ok "nothing was changed by it" "$(replicas)"; fi

# ---- an object that changed meanwhile ----
k scale deployment/web --replicas=3 >/dev/null
check "just before its end it is taken" approve_at $((seconds - 30))
check "what is shown is the difference to what is there now" grep -q 'replicas: 3' "$home/seen"
if [ "$(replicas)" = 1 ]; then ok "the change is made"; else not_ok "the change is made" "$(replicas)"; fi

# ---- a server that may do without a person, up to a risk ----
low='["kubectl","annotate","deployment/web","note=%s"]' medium='["kubectl","set","env","deployment/web","A=%s"]'
high='["kubectl","delete","deployment/web","--wait=%s"]'
apply_with() { # FLAG FORMAT VALUE: the state of the plan
  # shellcheck disable=SC2059
  plan=$(propose "$(printf "$2" "$3")")
  SERVER_FLAGS=$1 call apply_plan "{\"plan_id\":\"$plan\"}" | jq -r .state
}
state_is() { # NAME WANTED GOT
  if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "$3 instead of $2"; fi
}
note() { k get deployment web -o jsonpath='{.metadata.annotations.note}'; }
env_a() { k get deployment web -o jsonpath='{.spec.template.spec.containers[0].env[?(@.name=="A")].value}'; }
state_is "without --approve low risk needs a person" needs_approval "$(apply_with "" "$low" none)"
state_is "--approve low does what is of low risk" "done" "$(apply_with "--approve low" "$low" one)"
state_is "it is done" one "$(note)"
state_is "and not what is of medium risk" needs_approval "$(apply_with "--approve low" "$medium" one)"
state_is "that is not done" "" "$(env_a)"
state_is "--approve medium does that" "done" "$(apply_with "--approve medium" "$medium" two)"
state_is "it is done, too" two "$(env_a)"
state_is "and not what is of high risk" needs_approval "$(apply_with "--approve medium" "$high" false)"
check "that is not done" k get deployment web
refused "there is no --approve high" "$plugin" mcp --approve high
finish
