#!/usr/bin/env bash
# What is seen before a change: the whole difference in a pager, what cannot be previewed, a preview
# that is made anew when its object moved on; and minReadySeconds after it.
# shellcheck disable=SC2154,SC2317 # variables of ask.sh; functions called by name
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/workloads.sh"
. "$(dirname "${BASH_SOURCE[0]}")/ask.sh"

new_namespace preview
k create configmap one --from-literal=mode=a >/dev/null
mode() { k get configmap one -o jsonpath='{.data.mode}'; }
plan() { # ARGV...
  python3 -c 'import json,sys; json.dump([{"argv": sys.argv[1:]}], sys.stdout)' "$@" >"$home/plan.json"
}
to() { plan kubectl patch configmap one --type=merge -p "{\"data\":{\"mode\":\"$1\"}}"; }
# program NAME: from stdin, in front of PATH
program() {
  cat >"${home:?}/bin/$1"
  chmod +x "$home/bin/$1"
  hash -r
}

# ---- the pager ----
program page <<END
#!/bin/sh
stat -c %a "\$2" >$home/rights
cp "\$2" $home/paged
echo "flag \$1, paged"
END
to b
green=$(printf '\033[32m')
PAGER="$home/bin/page -R" type_answers 0 "the difference in colours and in a pager" --expect "${green}+  mode: b" --send "" \
  --expect "[p]ager" --send "p\n" \
  --expect "flag -R, paged" --expect "[p]ager" --send "y\n" -- apply "$home/plan.json" -n "$NS"
check "the pager gets the command" grep -q "kubectl patch configmap one" "$home/paged"
check "the pager gets the difference" grep -q "^+ *mode: b" "$home/paged"
check "the pager's file is for its owner alone" grep -qx 600 "$home/rights"
check "the yes after it counts" says b mode
to c
PAGER=/nowhere/page type_answers 3 "a pager that is nowhere" --expect "[p]ager" --send "p\n" \
  --expect "[p]ager" --send "n\n" -- apply "$home/plan.json" -n "$NS"
check "and a no changes nothing" says b mode

# ---- an object that moves on between preview and yes ----
k create deployment moving --image=busybox:1.36 -- sleep 3600 >/dev/null
k rollout status deployment/moving --timeout=60s >/dev/null
generation() { k get deployment moving -o jsonpath='{.metadata.generation}'; }
program page <<END
#!/bin/sh
exec $build/bin/kubectl -n $NS set env deployment/moving MEANWHILE=yes >/dev/null
END
plan kubectl patch deployment moving -p '{"spec":{"template":{"spec":{"containers":[{"name":"busybox","env":[{"name":"MEANWHILE","value":"no"}]}]}}}}'
before=$(generation)
PAGER=$home/bin/page type_answers 3 "an object whose generation changed" --expect "[p]ager" --send "p\n" \
  --expect "[p]ager" --send "y\n" --expect "previewed again" --expect "[p]ager" --send "n\n" \
  -- apply "$home/plan.json" -n "$NS"
check "only the other's change was made" test "$(generation)" = $((before + 1))
program page <<END
#!/bin/sh
exec $build/bin/kubectl -n $NS patch configmap one --type=merge -p '{"data":{"mode":"theirs"}}' >/dev/null
END
to d
PAGER=$home/bin/page type_answers 3 "an object without a generation that changed" --expect "[p]ager" --send "p\n" \
  --expect "[p]ager" --send "y\n" --expect "previewed again" --expect "mode: theirs" --expect "[p]ager" \
  --send "n\n" -- apply "$home/plan.json" -n "$NS"
check "and the other's value stays" says theirs mode

# ---- labels are a plain patch: no process ----
program kubectl <<END
#!/bin/sh
case "\$*" in todo-ai*) ;; *) echo "\$*" >>$home/runs ;; esac
exec $build/bin/kubectl "\$@"
END
plan kubectl label configmap one tier=x app.kubernetes.io/name=web
ask 0 "a label is previewed" apply "$home/plan.json" -n "$NS" --dry-run -o json
json_is "with its difference" '"app.kubernetes.io/name: web" in d["plan"][0]["preview"]["diff"]' True
check "no kubectl was run for it" test ! -s "$home/runs"
rm "${home:?}/bin/kubectl"
hash -r
k label configmap one tier=z >/dev/null
ask 7 "a label that is there" apply "$home/plan.json" -n "$NS" --yes=high
told "as kubectl says it" "already has a value"

# ---- a long value ----
head -c 300000 /dev/zero | tr '\0' x >"$home/aaa"
k create configmap long --from-file="$home/aaa" --from-literal=mode=a >/dev/null
plan kubectl patch configmap long --type=merge -p '{"data":{"mode":"seen"}}'
ask 0 "a change beside a long value" apply "$home/plan.json" -n "$NS" --dry-run -o json
json_is "is seen, and the value is not in its way" '("+  mode: seen" in d["plan"][0]["preview"]["diff"], len(d["plan"][0]["preview"]["diff"]) < 2000)' "(True, True)"
plan kubectl patch configmap long --type=json -p '[{"op":"replace","path":"/data/aaa","value":"'"$(head -c 20000 /dev/zero | tr '\0' y)"'"}]'
ask 0 "a long value that changes" apply "$home/plan.json" -n "$NS" --dry-run -o json
json_is "says how much is not shown" 'd["plan"][0]["preview"]["diff"].count("is not shown, checksum")' 2

# ---- what cannot be previewed ----
unseen() { # NAME TEXT ARGV...
  local name=$1 text=$2
  shift 2
  plan "$@"
  ask 0 "$name" apply "$home/plan.json" -n "$NS" --dry-run -o json
  json_is "$name: said" "any('''$text''' in w for w in d['plan'][0]['preview']['warnings'])" True
}
pod=$(k get pods -l app=moving --field-selector=status.phase=Running -o jsonpath='{.items[0].metadata.name}')
unseen "exec" "runs in the container of $pod: touch /x. What it does there can be neither previewed nor undone" \
  kubectl exec "$pod" -- touch /x
unseen "exec in a container" "runs in container web of pod/$pod: sh -c 'touch /x'. What it does there can be neither" \
  kubectl exec -c web "pod/$pod" -- sh -c 'touch /x'
unseen "cp from a pod" "copies /etc/hosts of pod $pod over hosts of this machine" kubectl cp "$pod:/etc/hosts" hosts
unseen "cp into a pod" "copies README.md of this machine over /tmp/x of pod $NS/$pod. What it does there can be neither" \
  kubectl cp README.md "$NS/$pod:/tmp/x"
unseen "run, attached" "starts pod attached with busybox:1.36: true. What it does there can be neither" \
  kubectl run attached --image=busybox:1.36 --attach --rm -- true
unseen "debug of a pod" "adds a container with busybox:1.36 to $pod, which stays until the pod ends" \
  kubectl debug "$pod" --image=busybox:1.36 -- true
unseen "debug of a node" "on node kta-node, in the node's own namespaces, with its files under /host" \
  kubectl debug node/kta-node --image=busybox:1.36 -- true
plan kubectl run seen --image=busybox:1.36
ask 0 "run has a dry run" apply "$home/plan.json" -n "$NS" --dry-run -o json
json_is "and shows the pod" '"kind: Pod" in d["plan"][0]["preview"]["diff"]' True

# ---- what no difference shows ----
k create configmap two --from-literal=mode=a --dry-run=client -o yaml >"$home/two.yaml"
k apply -f "$home/two.yaml" >/dev/null
plan kubectl apply -f "$home/two.yaml"
ask 0 "an apply of what is there" apply "$home/plan.json" -n "$NS" --dry-run -o json
json_is "changes nothing" "'nothing would change' in d['plan'][0]['preview']['warnings']" True
sed -i 's/mode: a/mode: b/' "$home/two.yaml"
plan kubectl apply set-last-applied -f "$home/two.yaml"
ask 0 "a change of what apply remembers" apply "$home/plan.json" -n "$NS" --dry-run -o json
json_is "is told, though nothing of it is shown" \
  "any('kubectl apply remembers' in w for w in d['plan'][0]['preview']['warnings'])" True

plan kubectl patch deployment moving --subresource=status --type=merge -p '{"status":{"replicas":7}}'
ask 0 "a change of a status" apply "$home/plan.json" -n "$NS" --dry-run -o json
json_is "is seen, which no other is" "'+  replicas: 7' in d['plan'][0]['preview']['diff']" True

# ---- what cannot be known ----
printf 'a\0b' >"$home/nul"
plan kubectl create configmap nul --from-file="$home/nul"
ask 0 "a change whose dry run cannot be read" apply "$home/plan.json" -n "$NS" --yes=high
check "it is told that it cannot be undone" grep -q "which objects it changes is not known: it cannot be undone" "$out"
ask 1 "its undo" undo -n "$NS" --yes=high
told "does not claim that nothing was changed" "cannot be undone"
plan kubectl delete configmap nul
ask 8 "an object that cannot be read goes" apply "$home/plan.json" -n "$NS" --yes=high
check "which is told beforehand" grep -q "cannot be previewed, nor undone" "$out"
ask 1 "and afterwards" undo -n "$NS" --yes=high

# ---- minReadySeconds ----
k patch deployment moving --type=merge -p '{"spec":{"minReadySeconds":25}}' >/dev/null
plan kubectl set env deployment/moving LATE=1
begun=$SECONDS
type_answers 0 "a workload with minReadySeconds, its progress" --seconds 120 --expect "Deployment moving: " --send "" \
  -- apply "$home/plan.json" -n "$NS" --yes=high --verify-timeout=120s
check "is watched for that long" test $((SECONDS - begun)) -ge 25

done_asking
finish
