# shellcheck shell=bash
# Breaks what manifest.yaml made; $NS is the namespace.
kubectl rollout status deployment/shop -n "$NS" --timeout=60s
kubectl patch deployment shop -n "$NS" -p '{"spec":{"template":{"metadata":{"labels":{"tier":"back"}}}}}'
kubectl rollout status deployment/shop -n "$NS" --timeout=60s
