# shellcheck shell=bash
# Breaks what manifest.yaml made; $NS is the namespace.
kubectl rollout status deployment/lb -n "$NS" --timeout=60s
sleep 3 # a change within the ConfigMap's first seconds is part of its making
kubectl patch configmap lb -n "$NS" -p '{"data":{"haproxy.cfg":"global\n maxcon 100\n"}}'
kubectl rollout restart deployment/lb -n "$NS"
