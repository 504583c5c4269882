#!/usr/bin/env bash
# The optional MCP server in the cluster: its image, built by charts/images/build.sh on the stand-in
# bases; what is rendered and what the API server says of it; then deployed under Pod Security
# "restricted", with the official Python SDK as its client: read only, then remediating another
# namespace, with elicitation, and with a person's approve in the pod.
. "$(dirname "$0")/lib.sh"
mcp_cache=$("$top/tests/mcp/deps.sh") || exit 1
prepare_cluster
helm_is 3

# is NAME WANTED GOT
is() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "'$3' instead of '$2'"; fi; }

# ---- the image ------------------------------------------------------------
folder=$("$charts_here/images.sh" kagent)
archive=$folder/kubectl-todo-ai.tar
[ -f "$archive" ] || { not_ok "kagent's image builds" "no archive in '$folder'"; finish; }
ok "kagent's image builds with the real Dockerfile on the stand-in bases"
mkdir "$scratch/image" "$scratch/image/root"
tar -C "$scratch/image" -xf "$archive"
config=$scratch/image/$(jq -r '.[0].Config' "$scratch/image/manifest.json")
base=$(tar -xOf "$charts_cache/bookworm-image.tar" manifest.json | jq '.[0].Layers | length')
mapfile -t layers < <(jq -r '.[0].Layers[]' "$scratch/image/manifest.json")
ours=0
for layer in "${layers[@]:$base}"; do
  ours=$((ours + $(stat -Lc %s "$scratch/image/$layer")))
  tar -C "$scratch/image/root" --no-same-owner -xf "$scratch/image/$layer"
done
in_image=$scratch/image/root
if [ $ours -le 200000000 ]; then ok "kagent: our layers are $((ours / 1000000)) MB, at most 200 MB"; else
  not_ok "kagent: our layers are at most 200 MB" "they are $((ours / 1000000)) MB"
fi
is "kagent: runs as 65532:65532" 65532:65532 "$(jq -r .config.User "$config")"
is "kagent: SIGTERM ends it" SIGTERM "$(jq -r .config.StopSignal "$config")"
is "kagent: OCI labels" "kubectl-todo-ai Apache-2.0" \
  "$(jq -r '.config.Labels | [."org.opencontainers.image.title", ."org.opencontainers.image.licenses"] | join(" ")' "$config")"
for program in kubectl-todo-ai kubectl helm; do
  check "kagent: $program is inside" test -x "$in_image/usr/local/bin/$program"
done
is "kagent: neither sources nor a compiler are" "" \
  "$(find "$in_image" \( -name '*.c' -o -name gcc -o -name '*.git' \) -print -quit)"
is "kagent: the files that it adds belong to root alone" "" \
  "$(find "$in_image/usr" -perm -o+w ! -type l -print -quit)"
rm -rf "$scratch/image"

# ---- rendered -------------------------------------------------------------
given=(--set "frontend.replicas=0,backend.replicas=0,secrets.databaseUrl=sqlite:////tmp/t.db"
  --set "secrets.betterAuthSecret=0123456789012345678901234567890123456789")
render() { helm template todo-local "$chart" -n "$NS" "${given[@]}" "$@"; }
object() { # KIND FILTER: of what was rendered last
  python3 -c 'import json, sys, yaml
for o in yaml.safe_load_all(open(sys.argv[1])):
    if o and o["kind"] == sys.argv[2] and "kagent" in o["metadata"]["name"]: print(json.dumps(o))' "$scratch/rendered" "$1" | jq -c "$2"
}
new_namespace kagent
home=$NS
restricted
for version in 3 4; do
  helm_is $version
  for access in read remediate; do
    on=(--set "kagent.enabled=true,kagent.access=$access")
    check "helm $version lints kagent, $access" helm lint --strict "$chart" "${on[@]}"
    render "${on[@]}" >"$scratch/rendered"
    check "the API server takes kagent, $access, rendered by helm $version" \
      k create --dry-run=server --validate=strict -f "$scratch/rendered"
  done
  for wrong in kagent.access=write kagent.journal.size=big kagent.extraArgs[0]=rm kagent.enabled=perhaps kagent.tokn=x; do
    refused "helm $version refuses $wrong" helm template x "$chart" --set "$wrong"
  done
done
helm_is 3
render >"$scratch/rendered"
is "it is off by default" "" "$(object Deployment .metadata.name)"
render --set kagent.enabled=true >"$scratch/rendered"
is "read only is the default" true "$(object Deployment '.spec.template.spec.containers[0].args | index("--read-only") != null')"
is "its rights are to read, and no Secret" '["get","list","watch"] false' \
  "$(object Role '[.rules[].verbs[]] | unique') $(object Role '[.rules[].resources[]] | index("secrets") != null')"
is "it has no rights in the whole cluster" "" "$(object ClusterRole .metadata.name)$(object ClusterRoleBinding .metadata.name)"
is "nobody but port-forward reaches it" '["Ingress","Egress"] null' \
  "$(object NetworkPolicy .spec.policyTypes) $(object NetworkPolicy .spec.ingress)"
is "it reaches the API server and names alone" '[443,6443,53,53]' "$(object NetworkPolicy '[.spec.egress[].ports[].port]')"
is "the journal lies on a claim" todo-local-todo-app-kagent \
  "$(object Deployment '.spec.template.spec.volumes[] | select(.name == "journal").persistentVolumeClaim.claimName' | tr -d '"')"
is "Pod Security restricted, root file system read-only" '[true,65532,"RuntimeDefault",true,false,["ALL"]]' \
  "$(object Deployment '.spec.template.spec | [.securityContext.runAsNonRoot, .securityContext.runAsUser, .securityContext.seccompProfile.type,
     (.containers[0].securityContext | .readOnlyRootFilesystem, .allowPrivilegeEscalation, .capabilities.drop)]')"
is "it is probed" '["/healthz","/healthz","/healthz"]' \
  "$(object Deployment '.spec.template.spec.containers[0] | [.livenessProbe, .readinessProbe, .startupProbe] | map(.httpGet.path)')"
render --set kagent.enabled=true,kagent.access=remediate,kagent.namespaces="{a,b}" >"$scratch/rendered"
is "a Role in each namespace that is named, and in no other" '"a" "b"' "$(object Role .metadata.namespace | xargs printf '"%s" ' | sed 's/ $//')"
is "more than one is not pinned" false "$(object Deployment '.spec.template.spec.containers[0].args | any(startswith("--namespace"))')"
is "and may be changed" true "$(object Role '[.rules[].verbs[]] | index("patch") != null' | sort -u)"

# ---- deployed: read only --------------------------------------------------
export CONTAINERD_ADDRESS=$root/containerd.sock
if ! cmp -s "$folder/kagent.key" "$root/kagent-image"; then
  IMAGE_ARCHIVES=$folder "$top/charts/images/load.sh" kagent >"$scratch/load.log" 2>&1 || { cat "$scratch/load.log"; exit 1; }
  cp "$folder/kagent.key" "$root/kagent-image"
fi
new_namespace kagent-work
work=$NS
fault=$top/tests/cluster/faults/crash-env-removed
k apply -f "$fault/manifest.yaml" >/dev/null
NS=$work bash "$fault/break.sh" >/dev/null 2>&1
NS=$home
deployment=todo-local-todo-app-kagent
settled() { # its pods are new and ready, and no other is left
  k rollout status "deployment/$deployment" --timeout=1s && [ "$(k get pods -l app=kagent -o json | jq '.items | length')" = 1 ]
}
on=(--set "kagent.enabled=true,kagent.namespaces={$work}")
check "installed, read only" helm install todo-local "$chart" -n "$home" "${given[@]}" "${on[@]}" --set kagent.journal.ephemeral=true
eventually 120 "kagent is ready" settled
base=$(address $deployment)
token=$(k get secret $deployment -o 'jsonpath={.data.token}' | base64 -d)
client() { timeout 300 "$mcp_cache/venv/bin/python" "$charts_here/kagent.py" "$base/mcp" "$token" "$@"; }
post() { # HEADER...: the status of a call with these headers
  curl --silent --max-time 20 --output /dev/null --write-out '%{http_code}' "${@/#/-H}" \
    -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' \
    -d '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}' "$base/mcp"
}
is "without the token it refuses" 401 "$(post)"
is "with another token too" 401 "$(post "Authorization: Bearer ${token%?}x")"
is "with it, it answers" 200 "$(post "Authorization: Bearer $token")"
is "a page of another site is refused even then" 403 "$(post "Authorization: Bearer $token" 'Origin: http://evil.example')"
is "the SDK lists the tools, and none that changes" "diagnose list" \
  "$(client tools | grep -xE 'diagnose|list|apply_plan|restart_pods|undo|remediate' | grep -vx remediate | sort | paste -sd' ')"
eventually 120 "a tool call finds what is broken in the other namespace" says CrashLoop.MissingEnv client call diagnose '{}'
check "another namespace is not its business" says namespace client call list "{\"kind\":\"pods\",\"namespace\":\"kube-system\"}"
account=system:serviceaccount:$home:$deployment
cannot() { # VERB RESOURCE [NAMESPACE]
  refused "its account may not $1 $2${3:+ in $3}" kubectl auth can-i "$1" "$2" -n "${3:-$work}" --as "$account" --quiet
}
cannot get secrets
cannot patch deployments
cannot delete pods
cannot get pods kube-system
cannot list nodes
cannot create pods/exec
refused "its root file system is read-only" k exec "deployment/$deployment" -- sh -c 'echo x >/usr/local/x'
is "it runs as 65532" 65532 "$(k exec "deployment/$deployment" -- id -u)"
check "kubectl works in it" k exec "deployment/$deployment" -- kubectl get pods -n "$work"
check "helm works in it" k exec "deployment/$deployment" -- helm version

# ---- deployed: it remediates ----------------------------------------------
mkdir -m 777 "$scratch/journal"
chmod 711 "$scratch"
kubectl apply -f - >/dev/null <<YAML
apiVersion: v1
kind: PersistentVolume
metadata: {name: $home-journal}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteOnce]
  storageClassName: $home
  persistentVolumeReclaimPolicy: Retain
  hostPath: {path: $scratch/journal}
YAML
on+=(--set "kagent.access=remediate,kagent.journal.storageClass=$home")
check "upgraded, it may remediate there" helm upgrade todo-local "$chart" -n "$home" "${given[@]}" "${on[@]}"
eventually 120 "kagent is ready again" settled
is "an upgrade keeps the token" "$token" "$(k get secret $deployment -o 'jsonpath={.data.token}' | base64 -d)"
check "the SDK's person says yes, and it recovers" says '"state": "recovered"' client ask remediate '{"mode":"ask","timeout":"4m"}'
is "the cluster says so, too" 1 "$(kubectl get deployment backend -n "$work" -o jsonpath='{.status.readyReplicas}')"
k delete pod -l app=kagent --wait=true >/dev/null
eventually 120 "another pod takes over" settled
check "and knows what was changed: the journal lies on the volume" says '"verified"' client call history '{}'
generation() { kubectl get deployment backend -n "$work" -o jsonpath='{.metadata.generation}'; }
before=$(generation)
plan=$(client call propose '{"commands":[{"argv":["kubectl","rollout","restart","deployment/backend"]}]}' | jq -r .planId)
answer=$(client call apply_plan "{\"plan_id\":\"$plan\"}")
is "a client that cannot ask gets a token for a person" needs_approval "$(jq -r .state <<<"$answer")"
is "and nothing is changed" "$before" "$(generation)"
approve_in_pod() { # COMMAND, as the answer gives it
  python3 "$top/tests/terminal.py" --seconds 180 --expect "Do this?" --send "y\n" -- \
    sh -c "$1" >"$scratch/seen"
}
check "approve in the pod, at a terminal" approve_in_pod "$(jq -r .command <<<"$answer")"
check "showed the plan" grep -q 'rollout restart' "$scratch/seen"
is "and the change is made" $((before + 1)) "$(generation)"
helm uninstall todo-local -n "$home" >/dev/null
check "the journal outlives the release" k get pvc $deployment
k delete pvc $deployment --wait=false >/dev/null
kubectl delete pv "$home-journal" --wait=false >/dev/null
finish
