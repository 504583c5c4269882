# shellcheck shell=bash
# Breaks what manifest.yaml made; $NS is the namespace.
kubectl rollout status deploy/api -n "$NS" --timeout=60s
kubectl patch deploy api -n "$NS" -p '{"spec":{"template":{"spec":{"containers":[{"name":"api","command":["sleep","3600"]}]}}}}'
kubectl rollout status deploy/api -n "$NS" --timeout=60s
