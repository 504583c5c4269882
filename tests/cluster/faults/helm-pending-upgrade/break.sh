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
{{- if .Values.wait }}
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, annotations: {helm.sh/hook: "pre-install,pre-upgrade"}}
spec:
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 1
      containers:
      - {name: migrate, image: "todo-backend:v1", command: [sleep, "600"]}
{{- end }}
END
helm3 install backend "$chart" -n "$NS" --set image=todo-backend:v1 --wait --timeout 60s
helm3 upgrade backend "$chart" -n "$NS" --set image=todo-backend:v1,wait=true &
helm=$!
# Killed while it waits for its hook: the release is never told how it ended.
until kubectl get secret -n "$NS" -l owner=helm,status=pending-upgrade -o name | grep -q .; do sleep 0.2; done
kill -KILL $helm
