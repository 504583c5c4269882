# shellcheck shell=bash
# Breaks what manifest.yaml made; $NS is the namespace.
kubectl rollout status deployment/backend -n "$NS" --timeout=60s
kubectl scale deployment/backend -n "$NS" --replicas=0
