# shellcheck shell=bash
# What happens to a release in $NS: its ConfigMap is renamed, and its pods still read the old one.
chart=$(dirname "$0")/../../chart
helm4 install backend "$chart" -n "$NS" --set settings=settings --wait --timeout 60s
helm4 upgrade backend "$chart" -n "$NS" --set settings=app
kubectl rollout restart deployment/backend -n "$NS"
