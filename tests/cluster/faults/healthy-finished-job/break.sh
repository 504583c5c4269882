# shellcheck shell=bash
# Breaks what manifest.yaml made; $NS is the namespace.
kubectl wait --for=condition=complete job/report -n "$NS" --timeout=60s
