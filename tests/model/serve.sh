#!/usr/bin/env bash
# usage: serve.sh PORT
# The real model server for tests (see llama_server.py), from the cache that
# tests/cluster/deps.sh fills.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../cluster/common.sh"
model=$(part model)
[ -d "$model" ] || die "the model is not in the cache: run tests/cluster/deps.sh first"
PYTHONPATH=$model exec python3 "$here/../model/llama_server.py" "$@"
