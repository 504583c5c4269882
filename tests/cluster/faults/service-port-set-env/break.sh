# shellcheck shell=bash
# Breaks what manifest.yaml made; $NS is the namespace.
kubectl rollout status statefulset/shop -n "$NS" --timeout=60s
kubectl set env statefulset/shop PORT=9090 -n "$NS"
kubectl rollout status statefulset/shop -n "$NS" --timeout=60s
