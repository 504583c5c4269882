# shellcheck shell=bash
# Breaks what manifest.yaml made; $NS is the namespace.
kubectl rollout status deployment/backend -n "$NS" --timeout=60s
kubectl patch quota room -n "$NS" -p '{"spec":{"hard":{"pods":"2"}}}'
kubectl wait -n "$NS" --for=jsonpath='{.status.hard.pods}'=2 quota/room --timeout=30s
kubectl delete pod -n "$NS" -l app=backend --wait=false
