# shellcheck shell=bash
# What happens to a release in $NS.
chart=$(dirname "$0")/../../chart
helm3 install backend "$chart" -n "$NS" --set image=todo-backend:v1 --wait --timeout 60s
helm3 upgrade backend "$chart" -n "$NS" --set image=todo-backend:v1,wait=true &
helm=$!
# Killed while it waits for its hook: the release is never told how it ended.
until kubectl get secret -n "$NS" -l owner=helm,status=pending-upgrade -o name | grep -q .; do sleep 0.2; done
kill -KILL $helm
