# shellcheck shell=bash
kubectl rollout status daemonset/exporter -n "$NS" --timeout=60s
kubectl apply -n "$NS" -f - <<'Y'
apiVersion: apps/v1
kind: Deployment
metadata: {name: backend, labels: {app: backend}}
spec:
  selector: {matchLabels: {app: backend}}
  template:
    metadata:
      labels: {app: backend}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: backend
        image: todo-backend:v1
        ports: [{containerPort: 8000, hostPort: 38124}]
Y
