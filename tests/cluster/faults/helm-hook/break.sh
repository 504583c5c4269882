# shellcheck shell=bash
# A release whose test after the installation fails.
chart=$(mktemp -d)
mkdir "$chart/templates"
printf 'apiVersion: v2\nname: shop\nversion: 0.1.0\n' >"$chart/Chart.yaml"
cat >"$chart/templates/smoke.yaml" <<'END'
apiVersion: batch/v1
kind: Job
metadata: {name: shop-smoke, annotations: {helm.sh/hook: post-install}}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers:
      - name: smoke
        image: todo-backend:v1
        command: ["/bin/sh", "-c", "echo 'Error: smoke test: expected 200, got 404'; exit 1"]
END
helm3 install shop "$chart" -n "$NS" --timeout 60s
