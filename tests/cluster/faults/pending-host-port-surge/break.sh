# shellcheck shell=bash
# Breaks what manifest.yaml made; $NS is the namespace.
kubectl rollout status deployment/gate -n "$NS" --timeout=60s
kubectl set image deployment/gate gate=todo-backend:v2 -n "$NS"
