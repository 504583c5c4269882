#!/usr/bin/env bash
# The test cluster is a real one: what the other tests take for granted works.
# shellcheck disable=SC2317 # functions are called by name
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
busybox=$(part busybox)/bin/busybox

check "the cluster comes up" "$here/up.sh"
check "up a second time finds it up" says "already up" "$here/up.sh"
check "the node is Ready" kubectl wait --for=condition=Ready --timeout=10s "node/$node"
for script in up down; do
  refused "another checkout's $script" env KTA_CLUSTER_BUILD="$build/other" "$here/$script.sh"
  if grep -qF "$build/kubeconfig" "$lib_output"; then ok "its refusal names the owner"; else
    not_ok "its refusal names the owner" "it does not name $build/kubeconfig" "$lib_output"
  fi
done

pods() {
  new_namespace harness
  k create deployment web --image=todo-backend:v1 --replicas=2 >/dev/null
  k expose deployment web --port=80 --target-port=8000 >/dev/null
  k run shell --image=busybox:1.36 --restart=Never -- sleep 3600 >/dev/null
  k run greedy --image=busybox:1.36 --restart=Never --overrides='
    {"spec":{"containers":[{"name":"greedy","image":"busybox:1.36",
     "command":["sh","-c","tail /dev/zero"],"resources":{"limits":{"memory":"16Mi"}}}]}}' >/dev/null
  k run lost --image=registry.example/lost:9 >/dev/null
  k run secret --image=registry.example/private/app:1 >/dev/null

  check "a Deployment rolls out" k rollout status deployment/web --timeout=60s
  check "a pod is Ready" k wait --for=condition=Ready --timeout=60s pod/shell
  check "logs are read" says "starting todo-backend v1" k logs deployment/web
  check "exec runs a command" says "hello" k exec shell -- echo hello
  eventually 20 "a Service's name resolves and routes" \
    k exec shell -- timeout 3 wget -q -O - http://web/health
  eventually 10 "a pod reaches its own Service" \
    k exec deployment/web -- timeout 3 wget -q -O - http://web/health
  check "the host reaches a Service" timeout 5 "$busybox" wget -q -O - \
    "http://$(k get service web -o jsonpath='{.spec.clusterIP}')/health"
  check "the API server answers in a pod" k exec shell -- nc -w 2 kubernetes.default 443 -e true
  check "an unknown name does not exist" says "bad address" \
    k exec shell -- sh -c 'ping -c 1 no-such.example; true'
  check "the host is reached from a pod" k exec shell -- ping -c 1 -W 2 "$host_ip"
  eventually 30 "the kernel's OOM kill is reported" \
    says OOMKilled k get pod greedy -o jsonpath='{.status.containerStatuses[0].state.terminated.reason}'
  eventually 30 "an image that is not there is not found" \
    says "not found" k get events --field-selector reason=Failed,involvedObject.name=lost
  eventually 30 "a private image is not authorised" \
    says "401" k get events --field-selector reason=Failed,involvedObject.name=secret
  eventually 60 "metrics are measured" says shell k top pods
  eventually 20 "port-forward works" forwarded
}

# A namespace that enforces the strictest Pod Security level.
restricted() {
  new_namespace strict
  kubectl label namespace "$NS" pod-security.kubernetes.io/enforce=restricted >/dev/null
  refused "an unrestricted pod is refused" k run loose --image=kta.test/web:1
  k create -f - >/dev/null <<'END'
apiVersion: v1
kind: Pod
metadata: { name: tight }
spec:
  securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: RuntimeDefault } }
  containers:
    - name: web
      image: kta.test/web:1
      securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: [ALL] } }
      readinessProbe: { httpGet: { path: /health, port: 8000 }, periodSeconds: 1 }
      volumeMounts: [{ name: tmp, mountPath: /tmp }]
  volumes: [{ name: tmp, emptyDir: {} }]
END
  check "a restricted pod is Ready" k wait --for=condition=Ready --timeout=60s pod/tight
}

forwarded() {
  local pid port code=1
  kubectl port-forward -n "$NS" deployment/web :8000 >"$lib_output.forward" 2>&1 &
  pid=$!
  for _ in $(seq 50); do
    port=$(sed -n 's/^Forwarding from 127.0.0.1:\([0-9]*\).*/\1/p' "$lib_output.forward")
    [ -z "$port" ] || break
    sleep 0.1
  done
  timeout 3 "$busybox" wget -q -O - "http://127.0.0.1:$port/health" && code=0
  kill "$pid"
  wait "$pid" 2>/dev/null
  rm -f "$lib_output.forward"
  return "$code"
}

charts() {
  local chart helm
  chart=$(mktemp -d)
  mkdir "$chart/templates"
  printf 'apiVersion: v2\nname: tiny\nversion: 0.1.0\n' >"$chart/Chart.yaml"
  printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "{{ .Release.Name }}"}\n' >"$chart/templates/map.yaml"
  for helm in helm3 helm4; do
    check "$helm installs a chart" "$helm" install -n "$NS" "$helm" "$chart" --wait --timeout 30s
    check "$helm lists its release" says deployed "$helm" list -n "$NS" --filter "$helm"
  done
  rm -rf "$chart"
}

programs() {
  "$here/ctl.sh" stop apiserver
  refused "a frozen API server does not answer" kubectl get --raw /readyz --request-timeout=1s
  "$here/ctl.sh" cont apiserver
  eventually 20 "a thawed API server answers" kubectl get --raw /readyz --request-timeout=2s
  check "a program is restarted" "$here/ctl.sh" restart coredns
  eventually 20 "names resolve after a restart" k exec shell -- timeout 3 wget -q -O - http://web/health
}

pods
programs
charts
restricted
finish
