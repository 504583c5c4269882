#!/usr/bin/env bash
# The real tools on the real cluster (cluster.py): asking a person, narrowing, a client that goes.
set -uo pipefail
mcp_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$mcp_here/../cluster/lib.sh"
new_namespace mcp
kubectl apply -n "$NS" -f "$mcp_here/../cluster/faults/crash-env-removed/manifest.yaml" >/dev/null
check "the workload runs" kubectl rollout status deployment/backend -n "$NS" --timeout=120s
state=$(mktemp -d)
XDG_STATE_HOME=$state NS=$NS python3 "$mcp_here/cluster.py"
code=$?
rm -rf "$state"
finish || exit 1
exit $code
