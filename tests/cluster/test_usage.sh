#!/usr/bin/env bash
# Questions about use, asked without a model: reach, rights, changes, images, restarts, readiness.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/workloads.sh"
. "$(dirname "${BASH_SOURCE[0]}")/ask.sh"

new_namespace usage
other=$NS
new_namespace usage
kubectl label namespace "$other" team=red --overwrite >/dev/null
deployment frontend 'exec sleep 3600' >/dev/null
deployment worker 'exec sleep 3600' >/dev/null
deployment backend 'exec sleep 3600' 'ports: [{name: web, containerPort: 8000}, {name: admin, containerPort: 9000}]' >/dev/null
(NS=$other; deployment caller 'exec sleep 3600') >/dev/null
k create service clusterip backend-service --tcp=80:8000 >/dev/null
k patch service backend-service --type=merge -p '{"spec":{"selector":{"app":"backend"},"ports":[{"name":"http","port":80,"targetPort":"web"}]}}' >/dev/null
for app in frontend worker backend; do k rollout status "deployment/$app" --timeout=90s >/dev/null; done

# reach NAME WANTED QUESTION [FLAGS]
reach() {
  ask 0 "$1 (it ends well)" -n "$NS" --llm-provider none "${@:4}" "$3"
  shown "$1" "$2"
}

reach "without policies all is open" "Yes: NetworkPolicies let" "can frontend reach backend on port 8000?"
reach "a Service's port is its pods' port" "Port 8000/TCP" "can frontend connect to backend-service on port 80"
k apply -f - >/dev/null <<EOP
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny}
spec: {podSelector: {}, policyTypes: [Ingress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: backend-in}
spec:
  podSelector: {matchLabels: {app: backend}}
  ingress:
  - from: [{podSelector: {matchLabels: {app: frontend}}}]
    ports: [{port: web}]
  - from: [{namespaceSelector: {matchLabels: {team: red}}}]
    ports: [{port: 8990, endPort: 9005}]
  - from: [{ipBlock: {cidr: 192.0.2.0/24, except: [192.0.2.128/25]}}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: frontend-out}
spec:
  podSelector: {matchLabels: {app: frontend}}
  egress:
  - to: [{podSelector: {matchLabels: {app: backend}}}]
    ports: [{port: 8000}]
EOP
reach "a named port is let through" "Yes: NetworkPolicies let" "can frontend reach backend on port 8000?"
reach "another port is not" "No: NetworkPolicies do not let" "can frontend reach backend:9000?"
reach "another pod is not" "No: NetworkPolicies do not let" "can worker talk to backend on port 8000"
reach "the policy that keeps it out is named" "selected by NetworkPolicy" "can worker talk to backend on port 8000"
reach "default deny keeps out" "NetworkPolicy deny" "can worker reach frontend on port 80"
reach "egress rules without policyTypes count" "egress: " "can frontend reach worker on port 80"
reach "a name that cannot be looked up is told" "may not ask the cluster's DNS" "can frontend reach backend-service on port 80"
reach "a namespace by its labels, a range of ports" "Yes: NetworkPolicies let" "can $other/caller reach backend on port 9000"
reach "beside the range" "No: NetworkPolicies do not let" "can $other/caller reach backend on port 8000"
reach "any pod of a namespace" "Yes: NetworkPolicies let" "can pods in namespace $other reach backend on port 9000"
reach "a block of addresses" "Yes: NetworkPolicies let" "can 192.0.2.7 reach backend on port 8000"
reach "its exception" "No: NetworkPolicies do not let" "can 192.0.2.200 reach backend on port 8000"
reach "an unknown end is said" "There is no workload" "can nonesuch reach backend"

# ---- rights ----
k create serviceaccount robot >/dev/null
k create role reader --verb=get,list --resource=secrets >/dev/null
k create rolebinding robot-reads --role=reader --serviceaccount="$NS:robot" >/dev/null
k create role one --verb=delete --resource=pods --resource-name=only-this >/dev/null
k create rolebinding robot-deletes --role=one --serviceaccount="$NS:robot" >/dev/null
reach "who may read secrets" "ServiceAccount $NS/robot" "who can read secrets"
reach "whether one may, and by what" "Yes: robot can list secrets in namespace $NS, by rolebinding/robot-reads" "can robot list secrets"
reach "and whether not" "No: no binding lets robot create pods" "can serviceaccount robot create pods"
reach "by its whole name" "Yes: " "does system:serviceaccount:$NS:robot have access to secrets"
reach "another's account of that name is another" "No: no binding lets $other/robot list secrets" "can $other/robot list secrets"
reach "everybody with all rights is named too" "cluster-admin" "who can read secrets"
reach "a rule for one object says which" "only only-this" "who can delete pods"
reach "exec is a subresource" "pods/exec" "who can exec into pods"
reach "what one may do, rule by rule" "pods, only only-this " "what can robot do"
reach "and by which role" "Role reader" "which permissions does the service account robot have"
reach "who is bound to nothing" "No binding in namespace $NS that can be seen names nobody-knows" "what can nobody-knows do"
ask 0 "robot may not create" -n "$NS" --llm-provider none "who can create pods"
refused "and is not among those who can" grep -q "$NS/robot" "$out"

# ---- what changed, what runs ----
k set image deployment/backend backend=busybox:1.36.1 >/dev/null
reach "a change with what it changed" "containers[backend].image: busybox:1.36 -> busybox:1.36.1" "what changed in the last hour"
reach "who changed it" "kubectl-set" "what changed in the last hour"
reach "the span is said" "last 10m" "what changed in the last 10 minutes?"
reach "images that run" "busybox:1.36 " "which images run here"
k set image deployment/backend backend=busybox:1.36 >/dev/null
k rollout status deployment/backend --timeout=90s >/dev/null
deployment flappy 'exit 3' >/dev/null
eventually 90 "a container restarts" crashed flappy
reach "restarts" "exit code 3" "which pods restarted most"
reach "what is not ready" "deployment/flappy" "what is not ready?"
# ---- of what is named alone ----
not_shown() { refused "$1" grep -q -- "$2" "$out"; }
node=$(k get nodes -o jsonpath='{.items[0].metadata.name}')
k create configmap settings --from-literal=COLOUR=green >/dev/null
k set env deployment/worker --from=configmap/settings >/dev/null
k set resources deployment/worker --limits=memory=48Mi,cpu=150m >/dev/null
k rollout status deployment/worker --timeout=90s >/dev/null
reach "images of one" "worker-" "which images does worker use"
not_shown "and of no other" "backend-"
reach "changes of one" "deployment/worker" "what changed in worker today"
shown "and of what it reads" "configmap/settings was created"
not_shown "and of no other" "deployment/backend"
reach "limits" "Every container has a memory limit" "which containers have no memory limits"
k create deployment boundless --image=busybox:1.36 -- sleep 3600 >/dev/null
reach "a container without one" "Without a memory limit: deployment/boundless (busybox)." "which containers have no memory limits"
reach "limits of one" "48Mi" "what is the memory limit of worker"
not_shown "limits of no other" "deployment/backend"
reach "what uses a ConfigMap" "configmap/settings is used by deployment/worker" "what uses configmap settings"
reach "what one uses" "ConfigMap settings" "which config maps does worker use"
k create deployment keyless --image=busybox:1.36 -- sleep 3600 >/dev/null
k patch deployment keyless --type=json -p '[{"op":"add","path":"/spec/template/spec/containers/0/envFrom","value":[{"secretRef":{"name":"absent"}}]}]' >/dev/null
reach "and what of it is not there" "Secret absent (which is not there)" "which secrets does keyless use"
reach "an account by two words" "ServiceAccount default" "which service account does worker run as"
reach "pods of one" "worker-" "list the pods of worker"
not_shown "pods of no other" "frontend-"
reach "pods of a node, with the node" "$node" "which pods run on $node"
reach "a manifest, as the cluster has it" "COLOUR: green" "show me the yaml of configmap settings"
reach "warnings alone" "BackOff" "show warnings"
not_shown "no other events" "Scheduled"
reach "what is named answers what is not understood" "(ClusterIP $(k get service backend-service -o jsonpath='{.spec.clusterIP}'))" "what is the address of backend-service"
reach "a kind that is named is listed" "backend-service" "which services expose port 80"

ask 0 "unsure" -n "$NS" --llm-provider none "sing me a song"
shown "when unsure it says so" "general diagnosis"
done_asking
finish
