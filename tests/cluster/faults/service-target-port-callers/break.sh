# shellcheck shell=bash
# Breaks what manifest.yaml made; $NS is the namespace.
kubectl rollout status deployment/consumer -n "$NS" --timeout=60s
kubectl patch service rabbit -n "$NS" --type=json -p '[{"op":"replace","path":"/spec/ports/0/targetPort","value":5671}]'
kubectl rollout restart deployment/consumer -n "$NS"
