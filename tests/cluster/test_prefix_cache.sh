#!/usr/bin/env bash
# The prompt's constant part comes first and stays byte-equal: llama.cpp's own count of cached tokens
# at the second question is at least 90% of it. The prompts are what --show-prompt prints, which is
# what is sent; one token is asked for, since only reading them matters here.
# shellcheck disable=SC2317 # functions are called by name
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

cd "$here/../.." || exit 1
work=$(mktemp -d)
mkfifo "$work/stdin"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
url=http://127.0.0.1:$port
"$here/../model/serve.sh" "$port" <"$work/stdin" >"$work/out" 2>/dev/null &
server=$!
exec 7>"$work/stdin"
eventually 120 "the small model is ready" grep -q "^ready $url" "$work/out"

prompt() { # QUESTION [FLAG...]: what would be sent
  HOME=$work build/kubectl-todo-ai --snapshot tests/demo/snapshot --show-prompt -o json --llm-provider llamacpp \
    --endpoint "$url/v1" --model smollm2-135m-instruct "${@:2}" "$1"
}
cat >"$work/measure.py" <<'EOF'
"""Sends two prompts; prints how much of the constant part was cached at the second."""
import json, sys, urllib.request
url, first, second = sys.argv[1], *(json.load(open(p)) for p in sys.argv[2:4])
urllib.request.install_opener(urllib.request.build_opener(urllib.request.ProxyHandler({})))
def post(path, doc):
    request = urllib.request.Request(url + path, json.dumps(doc).encode(), {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request, timeout=400))
def ask(prompt):
    return post("/v1/chat/completions", {"messages": prompt["messages"], "max_tokens": 1, "cache_prompt": True})
constant = first["messages"][0]["content"]
assert constant == second["messages"][0]["content"], "the system message differs"
n = len(post("/tokenize", {"content": constant})["tokens"])
ask(first)
answer = ask(second)
cached = answer.get("timings", {}).get("cache_n", 0) or answer["usage"]["prompt_tokens_details"]["cached_tokens"]
print("%d of %d tokens of the constant part were cached" % (min(cached, n), n))
sys.exit(cached < 0.9 * n)
EOF
for way in "" --enable-tool-use-shim; do
  # shellcheck disable=SC2086 # a flag or nothing
  prompt "why is backend crashing" $way >"$work/1.json"
  # shellcheck disable=SC2086
  prompt "is frontend healthy" $way >"$work/2.json"
  check "at least 90% of the constant part is cached ${way:-by the way of the model}" python3 "$work/measure.py" "$url" "$work/1.json" "$work/2.json"
  sed 's/^/# /' "$lib_output" | head -n 3
done
exec 7>&-
wait "$server" 2>/dev/null
rm -rf "$work"
finish
