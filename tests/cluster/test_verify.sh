#!/usr/bin/env bash
# After a change: each kind is seen to be as it should, or a failure is told as soon as it is
# certain, with its evidence. Looks at exit codes (0 verified, 8 did not recover) and words.
# shellcheck disable=SC2154 # variables of ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/workloads.sh"
. "$(dirname "${BASH_SOURCE[0]}")/ask.sh"

new_namespace verify
limit=120
# changed EXIT NAME TEXT ARGV...: one step, its exit code, and what is said of it. A manifest for
# "-f -" is in $manifest.
manifest=
changed() {
  local want=$1 name=$2 text=$3 begun=$SECONDS
  shift 3
  MANIFEST=$manifest python3 -c 'import json,os,sys
step = {"argv": sys.argv[1:]}
if os.environ["MANIFEST"]: step["stdin"] = os.environ["MANIFEST"]
json.dump([step], sys.stdout)' "$@" >"$home/plan.json"
  manifest=
  code=0
  HOME=$home setsid kubectl todo-ai apply "$home/plan.json" -n "$NS" --yes=high --verify-timeout=${limit}s \
    ${verbose-} -o json >"$out" 2>"$err" </dev/null || code=$?
  asked "$want" "$name"
  json_is "$name: $text" "'''$text''' in str(d['plan'][0]['outcome'])" True
  [ $((SECONDS - begun)) -lt 60 ] || not_ok "$name: early" "it took $((SECONDS - begun)) s"
}

deployment web 'exec sleep 3600' >/dev/null
deployment busy 'exec sleep 3600' >/dev/null
k expose deployment web --port=80 >/dev/null
k rollout status deployment/web --timeout=60s >/dev/null

changed 0 "scale up" "ready" kubectl scale deployment/web --replicas=2
check "both are there" ready web 2
changed 0 "a Service that still has endpoints" "as it should be" \
  kubectl patch service web --type=merge -p '{"spec":{"ports":[{"port":81,"targetPort":80,"protocol":"TCP"}]}}'
k create service clusterip nobody --tcp=80 >/dev/null
changed 0 "a Service that had no pods, and selects the same" "as it should be" \
  kubectl patch service nobody --type=merge -p '{"spec":{"sessionAffinity":"ClientIP"}}'
changed 8 "a pod that is ready, and then ends" "pod 'ends' is Error" \
  kubectl run ends --image=busybox:1.36 --restart=Never --command -- sh -c 'sleep 3; exit 1'
limit=6
changed 8 "a Service that lost its pods" "no endpoints" \
  kubectl set selector service web app=nothing
limit=120
changed 0 "the selector put right" "as it should be" kubectl set selector service web app=web

# ---- what a controller sets back at once, in its own fields ----
changed 8 "a field that its controller sets back" "by kube-controller-manager" \
  kubectl patch configmap kube-root-ca.crt --type=merge -p '{"data":{"ca.crt":"mine"}}'
json_is "is said to be set back, and by whom" "'/data/ca.crt was set back to' in d['plan'][0]['outcome']" True
changed 8 "replicas of a ReplicaSet that its Deployment sets back" "/spec/replicas was set back to 2 by kube-controller-manager" \
  kubectl scale "$(k get rs -l app=web -o name)" --replicas=1
changed 0 "a field that nobody else manages" "as it should be" kubectl annotate configmap kube-root-ca.crt note=mine

# ---- ready until its liveness probe gives up, and obliging then ----
deployment obliging 'trap "exit 0" TERM; sleep 3600 & wait' >/dev/null
k rollout status deployment/obliging --timeout=60s >/dev/null
changed 8 "a liveness probe that never succeeds" "pod 'obliging-" \
  kubectl patch deployment obliging -p '{"spec":{"template":{"spec":{"containers":[{"name":"obliging","livenessProbe":{"exec":{"command":["false"]},"periodSeconds":4}}]}}}}'
json_is "its ends count, though with 0" "'exit code 0' in d['plan'][0]['outcome'] or 'CrashLoopBackOff' in d['plan'][0]['outcome']" True

changed 8 "a new crash" "no such thing" \
  kubectl patch deployment web -p '{"spec":{"template":{"spec":{"containers":[{"name":"web","command":["sh","-c","echo no such thing; exit 7"]}]}}}}'
changed 8 "an image that is nowhere" "ImagePull" kubectl set image deployment/web web=kta.test/nowhere:1
changed 8 "a pod that fits on no node" "fits on no node" \
  kubectl patch deployment busy -p '{"spec":{"template":{"spec":{"nodeSelector":{"kta.test/none":"x"}}}}}'
k rollout undo deployment/busy >/dev/null

manifest='{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"good"},"spec":{"backoffLimit":0,"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"busybox:1.36","command":["true"]}]}}}}'
changed 0 "a Job that ends well" "as it should be" kubectl apply -f -
manifest='{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"bad"},"spec":{"backoffLimit":0,"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"busybox:1.36","command":["false"]}]}}}}'
changed 8 "a Job that fails" "failed" kubectl apply -f -

kubectl create -f - >/dev/null <<END
{"apiVersion":"v1","kind":"PersistentVolume","metadata":{"name":"$NS"},"spec":{"capacity":{"storage":"1Mi"},
"accessModes":["ReadWriteOnce"],"storageClassName":"$NS","hostPath":{"path":"/tmp/$NS"}}}
END
manifest='{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"bound"},"spec":{"storageClassName":"'$NS'","accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Mi"}}}}'
changed 0 "a claim that is bound" "as it should be" kubectl apply -f -
manifest='{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"unbound"},"spec":{"storageClassName":"'$NS'","accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Mi"}}}}'
limit=5 verbose=-v2
changed 8 "a claim that is not" "Pending" kubectl apply -f -
verbose=
check "which is watched, not asked for over and over" test "$(grep -c 'http: GET.*claims/unbound' "$err")" -lt 8
changed 0 "a label of it, which does not bind it" "as it should be" kubectl label pvc unbound tier=x
kubectl delete pv "$NS" --wait=false >/dev/null

limit=120
changed 0 "a node without new pods" "as it should be" kubectl cordon "$node"
changed 0 "a node with them" "as it should be" kubectl uncordon "$node"

limit=5
manifest='{"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"busy"},"spec":{"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"nobody"},"minReplicas":1,"maxReplicas":2}}'
changed 8 "an autoscaler of nothing" "does not scale" kubectl apply -f -
limit=120
k delete hpa busy >/dev/null
changed 0 "an autoscaler that works" "as it should be" kubectl autoscale deployment busy --min=1 --max=2 --cpu-percent=80
check "it has its metrics" says True k get hpa busy -o jsonpath='{.status.conditions[?(@.type=="ScalingActive")].status}'

# ---- a release ----
mkdir -p "$home/chart/templates"
printf 'apiVersion: v2\nname: small\nversion: 0.1.0\n' >"$home/chart/Chart.yaml"
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "{{ .Release.Name }}"}\ndata: {mode: "{{ .Values.mode }}"}\n' >"$home/chart/templates/all.yaml"
printf -- '---\napiVersion: v1\nkind: Secret\nmetadata: {name: "{{ .Release.Name }}"}\nstringData: {token: "{{ randAlphaNum 8 }}"}\n' >>"$home/chart/templates/all.yaml"
printf 'mode: a\n' >"$home/chart/values.yaml"
ln -s "$(command -v helm4)" "$home/bin/helm"
changed 0 "a release" "as it should be" helm install small "$home/chart"
changed 0 "an upgrade" "as it should be" helm upgrade small "$home/chart" --set mode=b
check "it is really so" says b k get configmap small -o jsonpath='{.data.mode}'

# ---- on failure ----
k delete deployment web --wait=false >/dev/null
deployment back 'exec sleep 3600' >/dev/null
k rollout status deployment/back --timeout=60s >/dev/null
printf '[{"argv":["kubectl","set","image","deployment/back","back=kta.test/nowhere:2"]},{"argv":["kubectl","annotate","deployment","back","second=yes"]}]' >"$home/plan.json"
ask 8 "rolled back on failure" apply "$home/plan.json" -n "$NS" --yes=high --rollback-on-failure
check "the image is the old one" says busybox:1.36 k get deployment back -o jsonpath='{.spec.template.spec.containers[0].image}'
check "the rest of the plan did not run" test -z "$(k get deployment back -o jsonpath='{.metadata.annotations.second}')"
eventually 60 "it is ready again" ready back 1

# ---- Ctrl-C in the middle ----
cat >"$home/bin/kubectl" <<END
#!/bin/sh
case "\$*" in *dry-run*) ;; *annotate*back*third*) echo under way; : >$home/there; exec sleep 60 ;; esac
exec $build/bin/kubectl "\$@"
END
chmod +x "$home/bin/kubectl"
printf '[{"argv":["kubectl","label","deployment","busy","first=yes"]},{"argv":["kubectl","annotate","deployment","back","third=yes"]},{"argv":["kubectl","label","deployment","busy","last=yes"]}]' >"$home/plan.json"
# a job in the background would ignore SIGINT
HOME=$home setsid env --default-signal=INT "$PWD/build/kubectl-todo-ai" apply "$home/plan.json" -n "$NS" --yes=high >"$out" 2>"$err" </dev/null &
pid=$!
eventually 60 "the second step runs" test -e "$home/there"
eventually 10 "its output is shown as it comes" grep -q "under way" "$out" "$err"
kill -INT "$pid"
code=0
wait "$pid" || code=$?
rm "$home/bin/kubectl"
hash -r
asked 130 "interrupted"
told "what is done, what is not" "interrupted: 1 of 3 done, 1 unknown, 1 not started"
refused "no process is left" pgrep -f "annotate.*$NS.*third"
ask 0 "history after the interrupt" history -o json
json_is "tells each step" '[s["state"] for s in d["changes"][0]["plan"]]' "['executed', 'unknown', 'planned']"
# ---- kubectl's deadline ----
cat >"$home/bin/kubectl" <<END
#!/bin/sh
case "\$*" in *dry-run*) ;; *annotate*back*never*) yes | head -c 300000; sleep 600 & : >$home/hangs; wait ;; esac
exec $build/bin/kubectl "\$@"
END
chmod +x "$home/bin/kubectl"
printf '[{"argv":["kubectl","annotate","deployment","back","never=yes"]},{"argv":["kubectl","label","deployment","busy","after=yes"]}]' >"$home/plan.json"
so=$(mktemp)
check "the fast clock is built" gcc -Wall -Wextra -Werror -shared -fPIC -o "$so" "$here/fast_clock.c" -ldl
begun=$SECONDS code=0
HOME=$home setsid env LD_PRELOAD="$so" FAST_WHEN="$home/hangs" "$PWD/build/kubectl-todo-ai" apply "$home/plan.json" -n "$NS" \
  --yes=high >"$out" 2>"$err" </dev/null || code=$?
rm "$home/bin/kubectl" "$so"
hash -r
asked 7 "a kubectl that never ends"
check "is ended after five minutes" test $((SECONDS - begun)) -lt 60
told "which is said" "did not end within"
shown "and that the outcome is not known" "it may or may not have happened"
refused "no process is left, nor one of its group" pgrep -f "annotate deployment back never=yes|sleep 600"
ask 0 "history then" history -o json
json_is "tells each step" '[s["state"] for s in d["changes"][0]["plan"]]' "['unknown', 'planned']"
json_is "and keeps no more than so much output" '1000 < len(d["changes"][0]["plan"][0]["output"]) < 70000' True
refused "and nothing came after it" says yes k get deployment busy -o jsonpath='{.metadata.labels.after}'

done_asking
finish
