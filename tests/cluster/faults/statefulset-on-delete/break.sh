# shellcheck shell=bash
# Breaks what manifest.yaml made; $NS is the namespace.
kubectl wait -n "$NS" --for=jsonpath='{.status.readyReplicas}'=2 statefulset/backend --timeout=60s
kubectl set env statefulset/backend -n "$NS" MODE=fast
