#!/usr/bin/env bash
# What a preview says of a change's effect, in words, and of the rights of the person who asks; a
# Job that a plan creates counts when it has succeeded.
# shellcheck disable=SC2154,SC2317 # variables of ask.sh; functions called by name
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/workloads.sh"
. "$(dirname "${BASH_SOURCE[0]}")/ask.sh"

new_namespace effects
k apply -f - >/dev/null <<'END'
apiVersion: v1
kind: List
items:
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: all-at-once}
  spec:
    replicas: 2
    strategy: {type: Recreate}
    selector: {matchLabels: {app: all-at-once}}
    template:
      metadata: {labels: {app: all-at-once}}
      spec:
        containers:
        - {name: main, image: "todo-backend:v1", envFrom: [{configMapRef: {name: settings}}]}
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: rolling}
  spec:
    replicas: 2
    selector: {matchLabels: {app: rolling}}
    template:
      metadata: {labels: {app: rolling}}
      spec: {containers: [{name: main, image: "todo-backend:v1"}]}
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: settings}
  data: {mode: a}
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: held, finalizers: [example.com/held]}
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: scratch}
  spec:
    replicas: 1
    selector: {matchLabels: {app: scratch}}
    template:
      metadata: {labels: {app: scratch}}
      spec:
        terminationGracePeriodSeconds: 0
        containers: [{name: main, image: "busybox:1.36", command: [sleep, "3600"]}]
        volumes: [{name: tmp, emptyDir: {}}]
- apiVersion: v1
  kind: Service
  metadata: {name: front}
  spec: {selector: {app: all-at-once}, ports: [{port: 80}]}
- apiVersion: v1
  kind: PersistentVolumeClaim
  metadata: {name: data}
  spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Mi}}}
END
k create serviceaccount looker >/dev/null
k create rolebinding looker --clusterrole=view --serviceaccount="$NS:looker" >/dev/null

plan() { # ARGV...
  python3 -c 'import json,sys; json.dump([{"argv": sys.argv[1:]}], sys.stdout)' "$@" >"$home/plan.json"
}
effect() { # TEXT ARGV...: the preview says so
  local text=$1
  shift
  plan "$@"
  ask 0 "preview of $*" -n "$NS" apply "$home/plan.json" --dry-run
  if grep -qF -- "$text" "$out" "$err"; then ok "it says: $text"; else not_ok "it says: $text" "it does not" "$out"; fi
}

effect "2 of 2 pods of 'all-at-once' at once: an outage" kubectl rollout restart deployment/all-at-once
effect "one after another" kubectl rollout restart deployment/rolling
effect "stops all 2 pods of 'rolling': an outage" kubectl scale deployment/rolling --replicas=0
effect "stops 1 of 2 pods of 'rolling'" kubectl scale deployment/rolling --replicas=1
effect "takes its ReplicaSets and pods with it" kubectl delete deployment/rolling
effect "stops all 2 pods of 'rolling': an outage" kubectl delete deployment/rolling
k get deployment rolling -o json >"$home/rolling.json"
effect "stops all 2 pods of 'rolling': an outage" kubectl replace --force -f "$home/rolling.json"
effect "loses the data of its volume" kubectl delete pvc/data
effect "takes everything in the namespace with it" kubectl delete namespace "$NS"
effect "only gone when finalizer 'example.com/held' lets go" kubectl delete configmap/held
effect "ConfigMap 'settings' is in use by" kubectl delete configmap/settings
effect "Service 'front' sends its requests to the pods of 'all-at-once'" kubectl delete deployment/all-at-once
effect "the pods of 'rolling' stay as they are until its rollout is resumed" kubectl patch deployment rolling \
  -p '{"spec":{"paused":true,"template":{"metadata":{"labels":{"new":"x"}}}}}'
front_has_pods() { k get pods -l app=all-at-once -o name | grep -q .; }
eventually_quiet 60 front_has_pods
pod=$(k get pods -l app=all-at-once -o jsonpath='{.items[0].metadata.name}')
effect "makes another one in place of '$pod'" kubectl delete pod "$pod"
effect "2 of 2 pods of ReplicaSet 'all-at-once-" kubectl delete pods -l app=all-at-once
check "and only of all" test "$(grep -c "at once: an outage" "$out")" = 1
effect "pod '$pod' leaves Service 'front'" kubectl label pod "$pod" app=out --overwrite
effect "may let go of pod '$pod' and make another one" kubectl label pod "$pod" app-
effect "Service 'front' selects no pod then, and 2 now: an outage" kubectl set selector service front app=none
effect "Service 'front' selects 2 pods then, and 2 now" kubectl set selector service front app=rolling
k patch deployment all-at-once --subresource=scale --field-manager=kube-controller-manager --type=merge \
  -p '{"spec":{"replicas":3}}' >/dev/null
effect "an autoscaler set the replicas of 'all-at-once'" kubectl scale deployment/all-at-once --replicas=4
effect "a pod's tolerations are only added to: this cannot be undone" kubectl patch pod "$pod" \
  -p '{"spec":{"tolerations":[{"key":"a","operator":"Exists"}]}}'
effect "a pod's deadline is only brought forward: this cannot be undone" kubectl patch pod "$pod" \
  -p '{"spec":{"activeDeadlineSeconds":36000}}'
effect "tier: x" kubectl label pods -l app=all-at-once tier=x
effect "stops all 2 pods of 'rolling': an outage" kubectl patch deployment rolling --subresource=scale --type=merge \
  -p '{"spec":{"replicas":0}}'
effect "the rollout of 'rolling' is not paused: kubectl refuses to resume it" kubectl rollout resume deployment/rolling
effect "is only gone when finalizer 'example.com/held' of ConfigMap 'held' lets go" kubectl delete namespace "$NS"
scratch_runs() { k get pods -l app=scratch -o jsonpath='{.items[0].spec.nodeName}' | grep -q .; }
eventually_quiet 60 scratch_runs
drain=(kubectl drain "$node" --pod-selector=app=scratch --ignore-daemonsets)
effect "keeps on the node (emptyDir): kubectl does not drain without --delete-emptydir-data" "${drain[@]}"
effect "loses the data that it keeps on the node (emptyDir)" "${drain[@]}" --delete-emptydir-data
effect "1 of 1 pods of ReplicaSet 'scratch-" "${drain[@]}" --delete-emptydir-data
k run alone --image=busybox:1.36 --labels=app=alone -- sleep 3600 >/dev/null
alone_runs() { k get pod alone -o jsonpath='{.spec.nodeName}' | grep -q .; }
eventually_quiet 60 alone_runs
effect "pod 'alone' is made again by nothing: kubectl does not drain without --force" \
  kubectl drain "$node" --pod-selector=app=alone --ignore-daemonsets
kubectl apply -f - >/dev/null <<END
apiVersion: v1
kind: List
items:
- {apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: $NS}, provisioner: kta.test/none, allowVolumeExpansion: true}
- apiVersion: v1
  kind: PersistentVolume
  metadata: {name: $NS}
  spec:
    capacity: {storage: 1Mi}
    accessModes: [ReadWriteOnce]
    storageClassName: $NS
    hostPath: {path: /tmp/none}
- apiVersion: v1
  kind: PersistentVolumeClaim
  metadata: {name: grows, namespace: $NS}
  spec: {accessModes: [ReadWriteOnce], storageClassName: $NS, volumeName: $NS, resources: {requests: {storage: 1Mi}}}
END
eventually 30 "a claim is bound" says Bound k get pvc grows -o jsonpath='{.status.phase}'
effect "a volume claim does not shrink: this cannot be undone" kubectl patch pvc grows --type=merge \
  -p '{"spec":{"resources":{"requests":{"storage":"2Mi"}}}}'
kubectl delete pvc/grows -n "$NS" --wait=false >/dev/null
kubectl delete "pv/$NS" "storageclass/$NS" --wait=false >/dev/null
effect "that do not tolerate 'kta.test/out'" kubectl taint nodes "$node" kta.test/out=x:NoExecute
k create poddisruptionbudget keep --selector=app=rolling --min-available=2 >/dev/null
effect "PodDisruptionBudget 'keep' wants at least 2" kubectl scale deployment/rolling --replicas=1

# ---- what goes because its owner goes ----
group=${NS//-/}
kubectl create -f - >/dev/null <<END
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: boxes.$group.test}
spec:
  group: $group.test
  scope: Namespaced
  names: {plural: boxes, singular: box, kind: Box}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
END
kubectl wait --for=condition=Established "crd/boxes.$group.test" --timeout=30s >/dev/null
box() { # NAME OWNERS: OWNERS is JSON
  k create -f - >/dev/null <<END
{apiVersion: $group.test/v1, kind: Box, metadata: {name: $1, ownerReferences: $2}}
END
}
owner() { # BOX MORE
  printf '{apiVersion: %s.test/v1, kind: Box, name: %s, uid: %s%s}' "$group" "$1" \
    "$(k get "boxes.$group.test" "$1" -o jsonpath='{.metadata.uid}')" "${2-}"
}
box outer "[]"
box other "[]"
box inner "[$(owner outer ', controller: true')]"
box shared "[$(owner outer), $(owner other)]"
k create -f - >/dev/null <<END
{apiVersion: v1, kind: ConfigMap, metadata: {name: of-inner, ownerReferences: [$(owner inner)]}, data: {mode: a}}
END
effect "deleting Box 'outer' takes what it owns with it: 1 configmaps, 1 boxes" kubectl delete "boxes.$group.test" outer
plan kubectl delete "boxes.$group.test" outer --cascade=orphan
ask 0 "a delete that leaves orphans" -n "$NS" apply "$home/plan.json" --dry-run -o json
json_is "takes nothing with it" '[w for w in d["plan"][0]["preview"]["warnings"] if "takes" in w]' "[]"
plan kubectl delete "boxes.$group.test" outer
ask 0 "the owner is deleted" -n "$NS" --yes=high apply "$home/plan.json"
gone() { ! k get "$1" "$2" >/dev/null 2>&1; }
newest() { find "$home/.local/state/kubectl-todo-ai/journal" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -n | tail -1; }
eventually 60 "and what it owned goes with it" gone configmap of-inner
check "but not what somebody else owns, too" k get "boxes.$group.test" shared
ask 0 "the delete is undone" -n "$NS" --yes=high undo
told "what it belonged to is said" "that ConfigMap 'of-inner' belonged to Box 'inner', which is gone"
check "the owner is there" k get "boxes.$group.test" outer
check "and what no controller would make again" says a k get configmap of-inner -o jsonpath='{.data.mode}'
box whole "[]"
box guest "[$(owner whole)]"
k create -f - >/dev/null <<END
{apiVersion: v1, kind: ConfigMap, metadata: {name: of-guest, ownerReferences: [$(owner guest)]}, data: {mode: a}}
END
plan kubectl delete "boxes.$group.test" whole
ask 0 "an owner is deleted, with what it owns" -n "$NS" --yes=high apply "$home/plan.json"
eventually 60 "which goes with it" gone configmap of-guest
ask 0 "that is undone" -n "$NS" --yes=high undo
refused "nothing is said to be lost" grep -q "cannot be put back" "$err"
uid_of() { k get "boxes.$group.test" "$1" -o jsonpath='{.metadata.uid}'; }
owner_of() { k get "$1" "$2" -o jsonpath='{.metadata.ownerReferences[*].uid}'; }
check "what was made again belongs to the new owner" test "$(owner_of "boxes.$group.test" guest)" = "$(uid_of whole)"
check "and what belongs to that to the newer one" test "$(owner_of configmap of-guest)" = "$(uid_of guest)"
ask 0 "and that is undone" -n "$NS" --yes=high undo "$(newest)"
eventually 60 "it all goes again" gone configmap of-guest

# ---- owners without a namespace own everywhere ----
kubectl create -f - >/dev/null <<END
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: crates.$group.test}
spec:
  group: $group.test
  scope: Cluster
  names: {plural: crates, singular: crate, kind: Crate}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
END
kubectl wait --for=condition=Established "crd/crates.$group.test" --timeout=30s >/dev/null
kubectl create -f - >/dev/null <<END
{apiVersion: $group.test/v1, kind: Crate, metadata: {name: all}}
END
crate() { kubectl get "crates.$group.test" all -o jsonpath='{.metadata.uid}'; }
of_crate="[{apiVersion: $group.test/v1, kind: Crate, name: all, uid: $(crate)}]"
kubectl create -f - >/dev/null <<END
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: in-crate, namespace: $NS, ownerReferences: $of_crate}, data: {mode: a}}
- {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: $NS-crate, ownerReferences: $of_crate}, rules: []}
END
effect "deleting Crate 'all' takes what it owns with it: 1 configmaps, 1 clusterroles" kubectl delete "crates.$group.test" all
plan kubectl delete "crates.$group.test" all
ask 0 "it is deleted" -n "$NS" --yes=high apply "$home/plan.json"
eventually 60 "what it owned in a namespace goes" gone configmap in-crate
eventually 60 "and what has none" gone clusterrole "$NS-crate"
ask 0 "the delete of an owner without a namespace is undone" -n "$NS" --yes=high undo
check "what it owned belongs to it again" test "$(owner_of configmap in-crate)" = "$(crate)"
check "everywhere" test "$(owner_of clusterrole "$NS-crate")" = "$(crate)"
kubectl delete "crates.$group.test" all >/dev/null
kubectl delete crd "boxes.$group.test" "crates.$group.test" --wait=false >/dev/null
k apply -f - >/dev/null <<'END'
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: disk}
spec:
  replicas: 0
  serviceName: disk
  persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete, whenScaled: Retain}
  selector: {matchLabels: {app: disk}}
  template: {metadata: {labels: {app: disk}}, spec: {containers: [{name: main, image: "busybox:1.36"}]}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: by-hand}
spec:
  replicas: 1
  serviceName: disk
  updateStrategy: {type: OnDelete}
  selector: {matchLabels: {app: by-hand}}
  template: {metadata: {labels: {app: by-hand}}, spec: {containers: [{name: main, image: "busybox:1.36"}]}}
END
effect "the pods of 'by-hand' stay as they are until they are deleted" kubectl rollout restart statefulset/by-hand
effect "the volume claims of 'disk' go with it, and their data" kubectl delete statefulset/disk

# ---- rights, of the person who will run it ----
plan kubectl scale deployment/rolling --replicas=1
ask 0 "a preview as somebody who may only look" -n "$NS" --as "system:serviceaccount:$NS:looker" \
  apply "$home/plan.json" --dry-run -o json
json_is "the missing right is known before the question" 'd["plan"][0]["preview"]["allowed"]' False
for command in "attach x" "port-forward x 80" "debug x --image=busybox:1.36" "create token looker" \
  "certificate approve x" "exec x -- true" "cp x:/a b"; do
  # shellcheck disable=SC2086 # words
  plan kubectl $command
  ask 0 "$command as somebody who may only look" -n "$NS" --as "system:serviceaccount:$NS:looker" \
    apply "$home/plan.json" --dry-run -o json
  json_is "$command: the missing right is known" 'd["plan"][0]["preview"]["allowed"]' False
done
plan kubectl scale deployment/rolling --replicas=1
ask 0 "a preview as oneself" -n "$NS" apply "$home/plan.json" --dry-run -o json
json_is "one's own right" 'd["plan"][0]["preview"]["allowed"]' True

# ---- what goes with its owner is not made again ----
k create deployment doomed --image=busybox:1.36 -- sleep 3600 >/dev/null
k rollout status deployment/doomed --timeout=60s >/dev/null
plan kubectl delete all -l app=doomed
ask 0 "a workload and its pods in one command" -n "$NS" --yes=high apply "$home/plan.json" -o json
json_is "nothing is said to be made again" '[w for w in d["plan"][0]["preview"]["warnings"] if "makes another" in w]' "[]"
json_is "and that is verified" 'd["plan"][0]["state"]' verified

# ---- a dry run of one's own ----
python3 -c 'import json; print(json.dumps([{"argv": ["kubectl","apply","--dry-run=server","-f","-"],
  "stdin": "{apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: {mode: z}}"}]))' >"$home/plan.json"
ask 0 "a plan that only tries" -n "$NS" --yes=high apply "$home/plan.json" -o json
json_is "is not said to have changed anything" '[d["plan"][0]["state"], d["plan"][0]["preview"]["warnings"]]' \
  "['executed', ['it is a dry run itself: it changes nothing']]"
check "and has not" says a k get configmap settings -o jsonpath='{.data.mode}'

# ---- a refusal is not always for want of a right ----
manifest() { # VERB TEXT FLAGS...
  python3 -c 'import json,sys; print(json.dumps([{"argv": ["kubectl", sys.argv[1], "-f", "-", *sys.argv[3:]], "stdin": sys.argv[2]}]))' "$@" >"$home/plan.json"
}
manifest apply '{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: disk}, spec: {serviceName: other, selector: {matchLabels: {app: disk}}, template: {metadata: {labels: {app: disk}}, spec: {containers: [{name: main, image: x}]}}}}'
ask 0 "a field that is Forbidden" -n "$NS" apply "$home/plan.json" --dry-run -o json
json_is "is refused, and not for want of a right" 'd["plan"][0]["preview"]["rejected"], d["plan"][0]["preview"]["allowed"]' "(True, True)"
manifest delete '{apiVersion: v1, kind: ConfigMap, metadata: {name: never-there}}' --ignore-not-found
ask 0 "what need not be there" -n "$NS" apply "$home/plan.json" --dry-run -o json
json_is "is not refused" 'd["plan"][0]["preview"]["rejected"]' False

# ---- a Job ----
plan kubectl create job good --image=busybox:1.36 -- true
ask 0 "a Job that succeeds" -n "$NS" --yes=high apply "$home/plan.json"
check "it is complete" k wait --for=condition=complete --timeout=1s job/good
plan kubectl create job bad --image=busybox:1.36 -- false
ask 8 "a Job whose pod fails" -n "$NS" --yes=high --verify-timeout 30s apply "$home/plan.json"
told "which is said, while it is tried again" "Job 'bad' is still running"

k patch configmap held --type=merge -p '{"metadata":{"finalizers":null}}' >/dev/null # or the namespace stays
done_asking
finish
