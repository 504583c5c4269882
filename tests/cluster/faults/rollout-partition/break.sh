# shellcheck shell=bash
# Breaks what manifest.yaml made; $NS is the namespace.
kubectl rollout status sts/shard -n "$NS" --timeout=60s
kubectl set image sts/shard shard=todo-backend:v2 -n "$NS"
