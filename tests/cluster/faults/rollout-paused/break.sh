# shellcheck shell=bash
# Breaks what manifest.yaml made; $NS is the namespace.
kubectl rollout status deployment/backend -n "$NS" --timeout=60s
kubectl rollout pause deployment/backend -n "$NS"
kubectl set image deployment/backend backend=todo-backend:v2 -n "$NS"
