#!/usr/bin/env bash
# demo.sh PROGRAM: the main job without a cluster, a key or a model.
set -euo pipefail
cd "$(dirname "$0")/.."
printf '$ kubectl todo-ai "why is backend crashing"\n\n'
env -u KUBECONFIG "$1" --snapshot tests/demo/snapshot --llm-provider none "why is backend crashing"
printf '\n(answered from tests/demo/snapshot by the built-in engine; README.md tells how to point it at your cluster and model)\n'
