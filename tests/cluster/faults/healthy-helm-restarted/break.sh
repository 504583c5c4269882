# shellcheck shell=bash
# What happens to a release in $NS.
chart=$(dirname "$0")/../../chart
helm4 install backend "$chart" -n "$NS" --set image=todo-backend:v1 --wait --timeout 60s
kubectl rollout restart deployment/backend -n "$NS"
kubectl rollout status deployment/backend -n "$NS" --timeout=60s
