# shellcheck shell=bash
# Breaks what manifest.yaml made; $NS is the namespace.
kubectl wait --for=condition=ready pod/stuck -n "$NS" --timeout=60s
kubectl delete pod stuck -n "$NS" --wait=false
