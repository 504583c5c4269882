# shellcheck shell=bash
# Breaks what manifest.yaml made; $NS is the namespace.
kubectl rollout status deployment/backend -n "$NS" --timeout=60s
kubectl patch configmap backend-config -n "$NS" -p '{"data":{"PORT_NUMBER":"80a"}}'
kubectl rollout restart deployment/backend -n "$NS"
