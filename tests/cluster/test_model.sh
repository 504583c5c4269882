#!/usr/bin/env bash
# The real small model answers as an OpenAI-compatible server does: what the
# plugin's own tests with it take for granted.
# shellcheck disable=SC2317 # functions are called by name
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

work=$(mktemp -d)
mkfifo "$work/stdin"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
url=http://127.0.0.1:$port

"$here/../model/serve.sh" "$port" <"$work/stdin" >"$work/out" 2>"$work/log" &
server=$!
exec 7>"$work/stdin" # the server ends when this is closed

ask() { curl -sS --noproxy '*' --max-time 120 "$url/v1/chat/completions" -H 'Content-Type: application/json' -d "$1"; }
gone() { ! kill -0 "$server" 2>/dev/null; }

eventually 120 "the server is ready" grep "^ready $url" "$work/out"
check "the model is listed" says smollm2-135m-instruct curl -sS --noproxy '*' "$url/v1/models"
check "it answers" says '"role":"assistant"' \
  ask '{"messages":[{"role":"user","content":"Say hello."}],"max_tokens":8}'
check "it streams" says 'data: [DONE]' \
  ask '{"messages":[{"role":"user","content":"Say hello."}],"max_tokens":8,"stream":true}'
ask '{"messages":[{"role":"user","content":"Which fix?"}],"max_tokens":40,"response_format":{"type":"json_schema",
  "json_schema":{"name":"choice","schema":{"type":"object","properties":{"fix":{"enum":["f1.a","f2.b"]}},
  "required":["fix"],"additionalProperties":false}}}}' >"$work/choice"
check "its answer keeps to a schema" python3 -c 'import json, sys
answer = json.load(open(sys.argv[1]))["choices"][0]["message"]["content"]
assert json.loads(answer)["fix"] in ("f1.a", "f2.b"), answer' "$work/choice"
exec 7>&-
eventually 10 "it ends with the one who started it" gone

gone || kill "$server"
rm -rf "$work"
finish
