# shellcheck shell=bash
# Breaks what manifest.yaml made; $NS is the namespace.
kubectl rollout status daemonset/agent -n "$NS" --timeout=60s
kubectl patch daemonset agent -n "$NS" -p '{"spec":{"template":{"spec":{"containers":[{"name":"agent","command":["/bin/agnt"]}]}}}}'
