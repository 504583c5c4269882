# shellcheck shell=bash
# Breaks what manifest.yaml made; $NS is the namespace.
kubectl create service externalname api -n "$NS" --external-name="bakend.$NS.svc.cluster.local"
