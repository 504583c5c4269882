# shellcheck shell=bash
# Breaks what manifest.yaml made; $NS is the namespace.
kubectl rollout status statefulset/gateway -n "$NS" --timeout=60s
kubectl delete secret gateway-tls -n "$NS"
kubectl create secret generic gateway-tls -n "$NS" --from-literal=tls.cert=c --from-literal=tls.key=k
kubectl delete pod gateway-0 -n "$NS"
