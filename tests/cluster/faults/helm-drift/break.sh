# shellcheck shell=bash
# What happens to a release in $NS.
chart=$(dirname "$0")/../../chart
helm3 install backend "$chart" -n "$NS" --set image=todo-backend:v1 --wait --timeout 60s
kubectl set image deployment/backend backend=todo-backend:v2 -n "$NS"
