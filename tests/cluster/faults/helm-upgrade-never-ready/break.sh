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
  selector: {matchLabels: {app: backend}}
  template:
    metadata: {labels: {app: backend}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: backend
        image: {{ .Values.image }}
        env: [{name: MODE, value: fast}]
END
helm4 install backend "$chart" -n "$NS" --set image=todo-backend:v1 --wait --timeout 60s
helm4 upgrade backend "$chart" -n "$NS" --set image=todo-backend:v99 --wait --timeout 8s
