# shellcheck shell=bash
# What happens to a release in $NS.
chart=$(dirname "$0")/../../chart
helm4 install backend "$chart" -n "$NS" --set image=todo-backend:v1 --wait --timeout 60s
helm4 upgrade backend "$chart" -n "$NS" --set image=todo-backend:v99 --wait --timeout 8s
