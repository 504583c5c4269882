# shellcheck shell=bash
# What happens to a release in $NS.
chart=$(dirname "$0")/../../chart
helm3 install backend "$chart" -n "$NS" --set image=todo-backend:v1 --wait --timeout 60s
# A selector cannot be changed: the API server refuses it.
helm3 upgrade backend "$chart" -n "$NS" --set image=todo-backend:v1,app=api
