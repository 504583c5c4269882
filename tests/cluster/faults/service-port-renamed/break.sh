# shellcheck shell=bash
# Breaks what manifest.yaml made; $NS is the namespace.
kubectl rollout status deployment/shop -n "$NS" --timeout=60s
KUBE_EDITOR="sed -i 's/name: http/name: web/'" kubectl edit deployment shop -n "$NS"
kubectl rollout status deployment/shop -n "$NS" --timeout=60s
