# shellcheck shell=bash
# Breaks what manifest.yaml made; $NS is the namespace.
chart=$(mktemp -d)
mkdir "$chart/templates"
printf 'apiVersion: v2\nname: site\nversion: 0.1.0\n' >"$chart/Chart.yaml"
printf 'replicas: 1\n' >"$chart/values.yaml"
cat >"$chart/templates/site.yaml" <<'Y'
apiVersion: v1
kind: Service
metadata: {name: site}
spec: {selector: {app: site}, ports: [{port: 80, targetPort: 8000}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: site}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: site}}
  template:
    metadata: {labels: {app: site}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: site, image: "todo-backend:v1", ports: [{containerPort: 8000}]}]
Y
helm3 install site "$chart" -n "$NS" --wait --timeout 60s
helm3 upgrade site "$chart" -n "$NS" --set replicas=0
rm -r "$chart"
