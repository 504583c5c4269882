# shellcheck shell=bash
# Makes a release of a chart in $NS, and what happens to it.
chart=$(mktemp -d)
mkdir "$chart/templates"
printf 'apiVersion: v2\nname: backend\nversion: 0.1.0\n' >"$chart/Chart.yaml"
cat >"$chart/templates/all.yaml" <<'END'
apiVersion: apps/v1
kind: Deployment
metadata: {name: backend, labels: {app: backend}}
spec:
  selector: {matchLabels: {app: {{ .Values.app }}}}
  template:
    metadata: {labels: {app: {{ .Values.app }}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: backend
        image: {{ .Values.image }}
        env: [{name: MODE, value: fast}]
END
helm3 install backend "$chart" -n "$NS" --set image=todo-backend:v1,app=backend --wait --timeout 60s
# A selector cannot be changed: the API server refuses it.
helm3 upgrade backend "$chart" -n "$NS" --set image=todo-backend:v1,app=api
