#!/usr/bin/env bash
# Get what these tests need beside Debian's packages (debian-packages.txt): base images, the two
# images, and the library that drives a browser. Nothing is made twice; all of it lies in the cache.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=$("$here/standins.sh")
playwright='playwright-core@1.65.1'

if [ ! -d "$cache/browser/node_modules/${playwright%@*}" ]; then
  echo "deps: $playwright" >&2
  rm -rf "$cache/browser"
  mkdir -p "$cache/browser"
  PATH=$cache/host-node/bin:$PATH npm install --silent --prefix "$cache/browser" --no-save --ignore-scripts "$playwright" >&2
fi
"$here/images.sh" >/dev/null
