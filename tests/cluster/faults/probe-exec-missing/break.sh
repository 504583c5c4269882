# shellcheck shell=bash
# The probe asks for a program that this image lacks.
kubectl rollout status statefulset/store -n "$NS" --timeout=60s
kubectl patch statefulset store -n "$NS" -p '{"spec":{"template":{"spec":{"containers":[{"name":"store","readinessProbe":{"exec":{"command":["pg_isready","-q"]}}}]}}}}'
