#!/usr/bin/env bash
# What is kept of changes: the audit log, the journal's bounds and seals, plans that are resumed,
# reviewed plans that fit no longer. Looks at the files and at the live objects.
# shellcheck disable=SC2154,SC2317 # variables of ask.sh; functions called by name
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/workloads.sh"
. "$(dirname "${BASH_SOURCE[0]}")/ask.sh"

state=$home/.local/state/kubectl-todo-ai
new_namespace records
k create configmap one --from-literal=mode=a >/dev/null
k create configmap two --from-literal=mode=a >/dev/null
mode() { k get configmap "$1" -o jsonpath='{.data.mode}'; }
# plan ARGV...: one step a call of `step`; plan.json is the list.
steps=
step() { # ARGV...
  steps="${steps:+$steps,}$(python3 -c 'import json,sys; print(json.dumps({"argv": sys.argv[1:]}))' "$@")"
}
write_plan() {
  printf '[%s]' "$steps" >"$home/plan.json"
  steps=
}
to() { step kubectl patch configmap "$1" --type=merge -p "{\"data\":{\"mode\":\"$2\"}}"; }
# audit EXPRESSION VALUE NAME: of the list a of all records.
audit() {
  local got
  got=$(python3 -c 'import json,sys; a=[json.loads(l) for l in open(sys.argv[1])]; print(eval(sys.argv[2]))' \
    "$state/audit.jsonl" "$1" 2>&1)
  if [ "$got" = "$2" ]; then ok "$3"; else not_ok "$3" "$1 is '$got', not '$2'"; fi
}

# ---- the audit log ----
to one b
write_plan
ask 3 "nobody is there to confirm" apply "$home/plan.json" -n "$NS"
ask 0 "a change" apply "$home/plan.json" -n "$NS" --yes
audit 'a[0]["type"], a[0]["command"]' "('question', 'apply')" "the question is in the audit log"
audit '[r["state"] for r in a if r["type"] == "action"]' "['declined', 'started', 'verified']" \
  "declined, started, verified: each is in the audit log"
audit 'a[-1]["confirmedBy"], a[-1]["change"], a[-1]["objects"][0]' \
  "('--yes=medium', '1.1', \"configmap/one in '$NS'\")" "who confirmed what is in the audit log"
audit 'all(r["user"] and r["pid"] and r["time"] and r["context"] for r in a)' True "each record says who, when and where"
check "the audit log is for its owner alone" says 600 stat -c %a "$state/audit.jsonl"
type_answers 0 "a person says yes" --expect "Do this?" --send "y\n" -- undo -n "$NS"
audit 'a[-1]["confirmedBy"], a[-1]["undoOf"]' "('a person', '1')" "a person's yes is in the audit log"
check "the undo undid" says a mode one
step kubectl create secret generic s --from-literal=password=correct-horse-battery
write_plan
ask 0 "a secret is made" apply "$home/plan.json" -n "$NS" --yes
refused "no secret is in the audit log" grep -q correct-horse "$state/audit.jsonl"
refused "no secret is in the journal" grep -rq correct-horse "$state/journal"
refused "no secret is in the journal in base64" grep -rq "$(printf correct-horse-battery | base64)" "$state/journal"

mkdir -p "$home/.config/kubectl-todo-ai"
config=$home/.config/kubectl-todo-ai/config.yaml
printf 'auditLog: {file: %s, maxSize: 1Ki, keep: 2}\n' "$home/small.jsonl" >"$config"
for value in c d e f g h; do
  to one $value
  write_plan
  ask 0 "a change to $value" apply "$home/plan.json" -n "$NS" --yes
done
check "the audit log is turned over" test -s "$home/small.jsonl.2"
refused "only so many are kept" test -e "$home/small.jsonl.3"
check "no line is lost at the turn" python3 - "$home" <<'END'
import json, sys
lines = [l for n in (".2", ".1", "") for l in open(sys.argv[1] + "/small.jsonl" + n)]
assert lines and all(json.loads(l)["type"] for l in lines)
END
printf 'auditLog: false\n' >"$config"
to one i
write_plan
size=$(stat -c %s "$state/audit.jsonl")
ask 0 "without an audit log" apply "$home/plan.json" -n "$NS" --yes
check "nothing is written then" says "$size" stat -c %s "$state/audit.jsonl"
printf 'auditLog: /proc/nowhere/audit\n' >"$config"
to one j
write_plan
ask 7 "what cannot be audited is not run" apply "$home/plan.json" -n "$NS" --yes
check "and changes nothing" says i mode one
printf 'auditLog: {colour: red}\n' >"$config"
ask 2 "a wrong auditLog" history -o json "$home/plan.json"
told "the key is named" colour
if [ ! -e /dev/log ]; then
  printf 'auditLog: syslog\n' >"$config"
  python3 - "$home/syslog" <<'END' &
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("/dev/log")
s.settimeout(60)
with open(sys.argv[1], "wb", buffering=0) as f:
    while True:
        f.write(s.recv(65536) + b"\n")
END
  logger=$!
  eventually 10 "a syslog listens" test -S /dev/log
  to one k
  write_plan
  ask 0 "with syslog" apply "$home/plan.json" -n "$NS" --yes
  eventually 10 "syslog has the action" grep -q '"confirmedBy":"--yes=medium"' "$home/syslog"
  kill "$logger"
  rm -f /dev/log
else
  ok "syslog: this machine has one of its own, which is left alone"
fi

# ---- the journal's bounds ----
printf 'journal: {maxEntries: 3, maxAge: 30d, maxSize: 10Mi}\n' >"$config"
to one l
write_plan
ask 0 "one change more" apply "$home/plan.json" -n "$NS" --yes
entries() { find "$state/journal" -mindepth 1 -maxdepth 1 | wc -l; }
check "only so many changes are kept" says 3 entries
newest=$(find "$state/journal" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -n | tail -1)
find "$state/journal" -exec touch -d '40 days ago' {} +
to one m
write_plan
ask 0 "a change after 40 days" apply "$home/plan.json" -n "$NS" --yes
check "what is too old goes, but for the newest" says 2 entries
check "the newest stays" test -d "$state/journal/$newest"
printf 'journal: {maxAge: soon}\n' >"$config"
ask 2 "a wrong bound" history
told "the bound is named" maxAge
rm "$config"

# ---- seals ----
last=$((newest + 1))
check "pre-images are for their owner alone" says 600 stat -c %a "$state/journal/$last/1.before"
cp "$state/journal/$newest/1.before" "$state/journal/$last/1.before"
ask 1 "the pre-image of another change is refused" undo -n "$NS" --yes
check "and changes nothing" says m mode one

# ---- the rest of a plan ----
to one n
step kubectl patch configmap missing --type=merge -p '{"data":{"mode":"z"}}'
to two b
write_plan
k create configmap missing >/dev/null
# a kubectl that fails at the second step alone
cat >"$home/bin/kubectl" <<END
#!/bin/sh
case "\$*" in *"patch configmap missing"*) [ ! -e $home/broken ] || { echo broken >&2; exit 1; } ;; esac
exec $build/bin/kubectl "\$@"
END
chmod +x "$home/bin/kubectl"
touch "$home/broken"
code=0
HOME=$home setsid "$PWD/build/kubectl-todo-ai" apply "$home/plan.json" -n "$NS" --yes >"$out" 2>"$err" </dev/null || code=$?
asked 7 "a plan whose second step fails"
check "what came before it is done" says n mode one
check "what came after it is not" says a mode two
rm "$home/broken" "$home/bin/kubectl"
hash -r
id=$(find "$state/journal" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -n | tail -1)
ask 0 "history tells it" history "$id" -o json
json_is "executed, failed, planned" '[s["state"] for s in d["changes"][0]["plan"]]' "['executed', 'failed', 'planned']"
ask 0 "the rest is resumed" history "$id" --resume -n "$NS" --yes -o json
json_is "only the rest" 'len(d["plan"])' 2
check "the second step is done" says z mode missing
check "the third step is done" says b mode two
ask 1 "nothing is left of it then" history "$((id + 1))" --resume -n "$NS" --yes

# ---- an undo by helm that stops: what helm resets is put back by steps that are in the plan, too ----
mkdir -p "$home/chart/templates"
printf 'apiVersion: v2\nname: small\nversion: 0.1.0\n' >"$home/chart/Chart.yaml"
printf 'mode: a\n' >"$home/chart/values.yaml"
cat >"$home/chart/templates/all.yaml" <<'END'
apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}"}
data: {mode: "{{ .Values.mode }}", fixed: ours}
END
fixed() { k get configmap "$1" -o jsonpath='{.data.mode}-{.data.fixed}'; }
# stopped NAME: a release that was upgraded, one of whose fields somebody changed since, is undone by
# a plugin that is killed, or fails, on the way. Its ID in $id.
stopped() {
  helm3 install -n "$NS" "$1" "$home/chart" >/dev/null
  step helm upgrade "$1" "$home/chart" --set mode=b
  write_plan
  ask 0 "$1: an upgrade" apply "$home/plan.json" -n "$NS" --yes=high
  k patch configmap "$1" --type=merge -p '{"data":{"fixed":"theirs"}}' >/dev/null
  touch "$home/broken"
  HOME=$home setsid "$PWD/build/kubectl-todo-ai" undo -n "$NS" --yes=high >"$out" 2>"$err" </dev/null
  rm "$home/broken"
  id=$(find "$state/journal" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -n | tail -1)
}
resumed() { # NAME
  ask 0 "$1: the undo is resumed" history "$id" --resume -n "$NS" --yes=high
  check "$1: all is as it was, and what is theirs stays" says a-theirs fixed "$1"
  ask 1 "$1: once" history "$id" --resume -n "$NS" --yes=high
  told "$1: that is said" "was taken up by change $((id + 1))"
  ask 1 "$1: nothing is left then" history "$((id + 1))" --resume -n "$NS" --yes=high
}
cat >"$home/bin/kubectl" <<END
#!/bin/sh
case "\$*" in *"patch configmap"*-p*) [ ! -e $home/broken ] || { echo broken >&2; exit 1; } ;; esac
exec $build/bin/kubectl "\$@"
END
cat >"$home/bin/helm" <<END
#!/bin/sh
$build/bin/helm3 "\$@" || exit
case "\$*" in rollback*killed*) [ ! -e $home/broken ] || kill -9 \$PPID ;; esac
END
chmod +x "$home/bin/kubectl" "$home/bin/helm"
stopped failing 2>/dev/null
ask 0 "history of a rest that failed" history "$id" -o json
json_is "has the rest as its second step" '[s["state"] for s in d["changes"][0]["plan"]]' "['verified', 'failed']"
resumed failing
stopped killed 2>/dev/null
check "helm has reset what is theirs" says a-ours fixed killed
resumed killed
stopped killed-twice 2>/dev/null
touch "$home/broken"
HOME=$home setsid "$PWD/build/kubectl-todo-ai" history "$id" --resume -n "$NS" --yes=high >"$out" 2>"$err" </dev/null
rm "$home/broken"
id=$((id + 1))
resumed killed-twice 2>/dev/null
rm "$home/bin/kubectl" "$home/bin/helm"
hash -r

# ---- releases: what helm itself would not say beforehand, and what somebody did to them since ----
for version in helm3 helm4; do
  ln -sf "$build/bin/$version" "$home/bin/helm"
  step helm install "$version-new" "$home/chart"
  write_plan
  ask 0 "$version: a new release" apply "$home/plan.json" -n "$NS" --yes=high
  ask 7 "$version: the same name again" apply "$home/plan.json" -n "$NS" --yes=high -o json
  json_is "$version: is refused beforehand" 'd["plan"][0]["preview"]["warnings"]' \
    "[\"there is a release '$version-new' in '$NS' already: helm refuses it\"]"
  step helm upgrade "$version-new" "$home/chart" --set mode=b
  write_plan
  ask 0 "$version: the preview of an upgrade" apply "$home/plan.json" -n "$NS" --dry-run -o json
  json_is "$version: is of what changes" '[l for l in d["plan"][0]["preview"]["diff"].splitlines() if l[0] in "+-"][2:]' "['-  mode: a', '+  mode: b']"
  k patch configmap "$version-new" --type=merge -p '{"data":{"mode":"theirs"}}' >/dev/null
  ask 3 "$version: the undo of an install that somebody changed since" undo -n "$NS" --yes=high
  told "$version: says what and who" "somebody changed the same since: configmap/$version-new (changed since by kubectl-patch)"
  check "$version: and leaves it" says theirs-ours fixed "$version-new"
  ask 0 "$version: with --force it is undone" undo -n "$NS" --yes=high --force
  refused "$version: nothing is left of it" k get configmap "$version-new"
done
rm "$home/bin/helm"
hash -r

# ---- reviewed plans ----
to two c
write_plan
ask 0 "a plan is reviewed" apply "$home/plan.json" -n "$NS" --dry-run -o json
cp "$out" "$home/reviewed.json"
k patch configmap two --type=merge -p '{"data":{"other":"x","mode":"zz"}}' >/dev/null
ask 3 "the cluster changed under it" apply "$home/reviewed.json" -n "$NS" --yes
told "that is said" "the cluster has changed since the plan was reviewed"
check "and nothing is changed" says zz mode two
k patch configmap two --type=json -p '[{"op":"remove","path":"/data/other"},{"op":"replace","path":"/data/mode","value":"b"}]' >/dev/null
ask 0 "as it was reviewed it runs" apply "$home/reviewed.json" -n "$NS" --yes
check "and changes what was reviewed" says c mode two
# what a dry run invents anew each time (a uid, a name) is no change of the cluster
step kubectl create job reviewed --image=busybox:1.36 -- true
step kubectl run reviewed --image=busybox:1.36 -- true
steps="$steps,$(python3 -c 'import json; print(json.dumps({"argv": ["kubectl", "create", "-f", "-"], "stdin": json.dumps(
  {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"generateName": "reviewed-"}, "spec": {"template": {"spec": {
   "restartPolicy": "Never", "containers": [{"name": "a", "image": "busybox:1.36", "command": ["true"]}]}}}})}))')"
write_plan
ask 0 "a Job and a Pod are reviewed" apply "$home/plan.json" -n "$NS" --dry-run -o json
cp "$out" "$home/reviewed.json"
ask 0 "and run as they were reviewed" apply "$home/reviewed.json" -n "$NS" --yes=high --no-verify
check "they are there" k get job/reviewed pod/reviewed
to two d
write_plan
ask 0 "another plan is reviewed" apply "$home/plan.json" -n "$NS" --dry-run -o json
cp "$out" "$home/reviewed.json"
printf 'rules:\n- {action: deny, verb: patch, reason: "no patches today"}\n' >"$config"
ask 4 "the policy changed under it" apply "$home/reviewed.json" -n "$NS" --yes
rm "$config"
sed 's|"server": "[^"]*"|"server": "https://elsewhere:6443"|' "$home/reviewed.json" >"$home/elsewhere.json"
ask 3 "a plan for another server" apply "$home/elsewhere.json" -n "$NS" --yes
check "and nothing is changed" says c mode two
step kubectl --context elsewhere patch configmap two --type=merge -p '{"data":{"mode":"x"}}'
write_plan
ask 7 "a step for another context" apply "$home/plan.json" -n "$NS" --yes
told "both contexts are named" "it names context 'elsewhere'"

# ---- another context of the same cluster ----
cp "$KUBECONFIG" "$home/two-contexts"
chmod 600 "$home/two-contexts"
context=$(kubectl config current-context)
kubectl --kubeconfig "$home/two-contexts" config set-context other --namespace="$NS" \
  --cluster="$(kubectl config view -o jsonpath='{.contexts[0].context.cluster}')" \
  --user="$(kubectl config view -o jsonpath='{.contexts[0].context.user}')" >/dev/null
to two f
write_plan
ask 0 "a change" apply "$home/plan.json" -n "$NS" --yes
id=$(find "$state/journal" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -n | tail -1)
KUBECONFIG=$home/two-contexts ask 1 "undo in another context of the cluster" undo --context other --yes
told "takes no change of this one" "there is no change in context 'other' to undo"
told "but says where it was made" "undo $id (it was made in context '$context')"
check "it is left" says f mode two
KUBECONFIG=$home/two-contexts ask 0 "by its ID it is undone from there" undo "$id" --context other --yes
check "and was" says c mode two

# ---- protected ----
printf 'protected:\n- {namespace: "%s", action: type}\n' "$NS" >"$config"
to two e
write_plan
ask 4 "a protected namespace without a terminal" apply "$home/plan.json" -n "$NS" --yes=high
type_answers 0 "its name is typed" --expect "Do this?" --send "y\n" --expect "to do it" --send "two\n" -- apply "$home/plan.json" -n "$NS" --yes=high
check "then it is changed" says e mode two
rm "$config"

# ---- a guessed name ----
k create deployment payments --image=busybox:1.36 -- sh -c 'echo no; exit 1' >/dev/null
eventually_quiet 60 crashed payments
k set env deployment/payments A=b >/dev/null
k rollout undo deployment/payments --dry-run=server >/dev/null
ask 0 "a name that is nearly there" -n "$NS" --dry-run -o json "why is paymants crashing"
json_is "every change is of high risk then" 'all(s["risk"] == "high" for s in d["plan"])' True

done_asking
finish
