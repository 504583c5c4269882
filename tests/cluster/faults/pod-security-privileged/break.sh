# shellcheck shell=bash
# The namespace no longer allows what its pods claim.
kubectl label namespace "$NS" pod-security.kubernetes.io/enforce=baseline --overwrite
kubectl delete pods --all -n "$NS" --wait=false
