# shellcheck shell=bash
# Breaks what manifest.yaml made; $NS is the namespace.
kubectl rollout status -n "$NS" deploy/orders --timeout=60s
kubectl set env -n "$NS" deploy/orders DATABASE_URL-
