# shellcheck shell=bash
# An upgrade that fails for the job that Helm runs before it, and before an installation too.
chart=$(mktemp -d)
mkdir "$chart/templates"
printf 'apiVersion: v2\nname: shop\nversion: 0.1.0\n' >"$chart/Chart.yaml"
printf 'schema: 1\n' >"$chart/values.yaml"
cat >"$chart/templates/migrate.yaml" <<'END'
apiVersion: batch/v1
kind: Job
metadata: {name: shop-migrate, annotations: {helm.sh/hook: "pre-install,pre-upgrade"}}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers:
      - name: migrate
        image: todo-backend:v1
        command: ["/bin/sh", "-c", "[ {{ .Values.schema }} = 1 ] || { echo 'FATAL: migration 0042_add_index failed: deadlock detected'; exit 1; }"]
END
helm3 install shop "$chart" -n "$NS" --timeout 60s
helm3 upgrade shop "$chart" -n "$NS" --set schema=2 --timeout 60s
rm -r "$chart"
