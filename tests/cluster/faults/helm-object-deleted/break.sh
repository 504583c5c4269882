# shellcheck shell=bash
# What a release holds is deleted by hand; $NS is the namespace.
d=$(mktemp -d)
mkdir "$d/templates"
printf 'apiVersion: v2\nname: conf\nversion: 0.1.0\n' >"$d/Chart.yaml"
cat >"$d/templates/all.yaml" <<'Y'
apiVersion: v1
kind: ConfigMap
metadata: {name: conf-settings}
data: {MODE: fast}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: conf}
spec:
  selector: {matchLabels: {app: conf}}
  template:
    metadata: {labels: {app: conf}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: conf, image: "todo-backend:v1", envFrom: [{configMapRef: {name: conf-settings}}]}]
Y
helm3 install conf "$d" -n "$NS" --wait --timeout 60s
kubectl delete configmap conf-settings -n "$NS"
kubectl delete pod -l app=conf -n "$NS"
rm -r "$d"
