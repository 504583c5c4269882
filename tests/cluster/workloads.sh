# shellcheck shell=bash
# Workloads that the tests break and mend; source after lib.sh. All in namespace $NS.

# deployment NAME COMMAND [EXTRA-CONTAINER-YAML]: one busybox container, app=NAME.
deployment() {
  kubectl apply -n "$NS" -f - <<EOF
apiVersion: apps/v1
kind: Deployment
metadata: {name: $1, labels: {app: $1}}
spec:
  replicas: 1
  progressDeadlineSeconds: 30
  selector: {matchLabels: {app: $1}}
  template:
    metadata: {labels: {app: $1}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: $1
        image: busybox:1.36
        command: [sh, -c, $(printf '%s' "$2" | python3 -c 'import json,sys; print(json.dumps(sys.stdin.read()))')]
        env: [{name: DATABASE_URL, value: "postgres://db:5432/todo"}]
        resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {memory: 64Mi}}
$(printf '%s' "${3-}" | sed 's/^/        /')
EOF
}

# A backend that worked, and then lost an environment variable that it needs.
crashing_backend() {
  deployment backend 'if [ -z "$DATABASE_URL" ]; then echo "Traceback (most recent call last):"; echo "  File \"app.py\", line 3, in <module>"; echo "KeyError: '"'DATABASE_URL'"'"; exit 1; fi; echo ready; exec sleep 3600'
  k rollout status deployment/backend --timeout=60s
  k set env deployment/backend DATABASE_URL-
  eventually_quiet 60 crashed backend
}

frontend() {
  deployment frontend 'echo serving; exec sleep 3600'
  k rollout status deployment/frontend --timeout=60s
}

# crashed APP: a container of a pod that is to stay has restarted, and is not ready.
crashed() {
  k get pods -l "app=$1" -o go-template='{{range .items}}{{if not .metadata.deletionTimestamp}}{{range .status.containerStatuses}}{{.restartCount}}{{.ready}}{{"\n"}}{{end}}{{end}}{{end}}' |
    grep -q '^[1-9][0-9]*false'
}

# eventually_quiet SECONDS COMMAND...: waits, prints nothing, fails when it takes longer.
eventually_quiet() {
  local until=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$until" ] || return 1
    sleep 0.2
  done
}

# ready APP N: exactly N pods of it, all ready, none restarted since.
ready() {
  [ "$(k get deployment "$1" -o jsonpath='{.status.readyReplicas}/{.status.updatedReplicas}/{.status.replicas}')" = "$2/$2/$2" ]
}
