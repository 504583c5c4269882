#!/usr/bin/env bash
# What a diagnosis of very many pods costs, beside curl paging through the same lists as Tables: a
# cluster of its own with a real API server, its controllers stopped, filled with 10,000 pods of
# which 30 are broken in 5 ways, then with 1,000.
# KTA_BENCH_KEEP=1 keeps the cluster up.
set -euo pipefail
cd "$(dirname "$0")/../.."
export KTA_CLUSTER_NAME=${KTA_CLUSTER_NAME:-bench} KTA_CLUSTER_NET=${KTA_CLUSTER_NET:-10.87}
export KTA_CLUSTER_BUILD=$PWD/build/bench-$KTA_CLUSTER_NAME
. tests/cluster/common.sh
bin=build/kubectl-todo-ai dir=$(mktemp -d)
limit_ratio=2 limit_kib=65536 runs=5

end() {
  rm -rf "$dir"
  [ -n "${KTA_BENCH_KEEP-}" ] || tests/cluster/down.sh >/dev/null 2>&1 || true
}
trap end EXIT

tests/cluster/up.sh >/dev/null 2>&1
for part in controller-manager scheduler kubelet proxy coredns metrics-server; do
  tests/cluster/ctl.sh kill "$part"
done
export KUBECONFIG=$build/kubeconfig
field() { awk -v key="$1:" '$1 == key { print $2; exit }' "$KUBECONFIG"; }
field certificate-authority-data | base64 -d >"$dir/ca"
field client-certificate-data | base64 -d >"$dir/crt"
field client-key-data | base64 -d >"$dir/key"
server=$(field server)
lists='/api/v1/pods /api/v1/events /api/v1/services /apis/discovery.k8s.io/v1/endpointslices
  /apis/apps/v1/deployments /apis/apps/v1/replicasets /apis/apps/v1/statefulsets
  /apis/apps/v1/daemonsets'

# Every list as Tables, page by page, over one connection a list.
by_curl() {
  local list more
  for list in $lists; do
    more=
    while :; do
      curl -fsS --cacert "$dir/ca" --cert "$dir/crt" --key "$dir/key" -o "$dir/page" \
        -H 'Accept: application/json;as=Table;v=v1;g=meta.k8s.io' \
        "$server$list?limit=500&includeObject=None${more:+&continue=$more}"
      more=$(head -c 4000 "$dir/page" | sed -n 's/.*"continue": *"\([^"]*\)".*/\1/p' | head -1)
      [ -n "$more" ] || break
    done
  done
}
now() { date +%s%N; }
# best COMMAND...: the shortest of some runs, in ms.
best() {
  local i from ms least=
  for ((i = 0; i < runs; i++)); do
    from=$(now)
    "$@" >/dev/null 2>&1
    ms=$((($(now) - from) / 1000000))
    if [ -z "$least" ] || [ "$ms" -lt "$least" ]; then least=$ms; fi
  done
  echo "$least"
}
ours() { "$bin" diagnose -A -o json; }

# row WHAT OURS BESIDE AIM MET
row() { printf 'row\t%s\t%s\t%s\t%s\t%s\n' "$@"; }
verdict() { if "$@"; then echo met; else echo 'not met'; fi; }
for pods in 10000 1000; do
  ip netns exec "$name" python3 tests/bench/fill.py "$pods" 30
  ours >"$dir/found" # the watch caches are warm for both
  found=$(python3 -c 'import json, sys
print(sum(f["object"]["namespace"].startswith("fill-") for f in json.load(open(sys.argv[1]))["findings"]
          if f["object"].get("namespace")))' "$dir/found")
  curl_ms=$(best by_curl)
  our_ms=$(best ours)
  peak=$(python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$bin" diagnose -A -o json)
  row "diagnose -A, $pods pods of which 30 are broken" "$our_ms ms" \
    "curl, the same lists as Tables: $curl_ms ms" "<= ${limit_ratio}x" \
    "$(verdict [ "$our_ms" -le $((limit_ratio * curl_ms)) ])"
  row "  of the 30, found" "$found" - 30 "$(verdict [ "$found" -eq 30 ])"
  row "  peak memory" "$((peak / 1024)) MiB" - "<= $((limit_kib / 1024)) MiB" \
    "$(verdict [ "$peak" -le "$limit_kib" ])"
done
