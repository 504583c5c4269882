# shellcheck shell=bash
# Breaks what manifest.yaml made; $NS is the namespace.
kubectl label namespace "$NS" pod-security.kubernetes.io/enforce=restricted --overwrite
kubectl delete pods --all -n "$NS" --wait=false
