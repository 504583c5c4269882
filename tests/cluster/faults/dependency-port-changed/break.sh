# shellcheck shell=bash
# Breaks what manifest.yaml made; $NS is the namespace.
kubectl rollout status deployment/backend -n "$NS" --timeout=60s
kubectl rollout status deployment/api -n "$NS" --timeout=60s
sleep 3 # a change within the Service's first seconds is part of its making
kubectl patch service api -n "$NS" --type=json -p '[{"op":"replace","path":"/spec/ports/0/port","value":9000}]'
