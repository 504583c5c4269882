# shellcheck shell=bash
# Breaks what manifest.yaml made; $NS is the namespace.
kubectl rollout status deployment/backend -n "$NS" --timeout=60s
kubectl patch deployment backend -n "$NS" -p '{"spec":{"template":{"spec":{"containers":[{"name":"backend","command":["/bin/sh","-c","exit 1"]}]}}}}'
