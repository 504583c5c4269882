# shellcheck shell=bash
# What happens to a release in $NS: a restart, and the Deployment is written back whole, with all
# that the API server had filled in (as an undo of its deletion does).
chart=$(dirname "$0")/../../chart
helm4 install backend "$chart" -n "$NS" --set image=todo-backend:v1 --wait --timeout 60s
kubectl rollout restart deployment/backend -n "$NS"
kubectl rollout status deployment/backend -n "$NS" --timeout=60s
kubectl get deployment/backend -n "$NS" -o json | kubectl replace --force -f -
kubectl rollout status deployment/backend -n "$NS" --timeout=60s
