#!/usr/bin/env bash
# When things go wrong in the middle of a change: a full disk, a state folder that cannot be written,
# two processes at once, a clock that goes back, an API server that is gone, conflicts, webhooks that
# refuse. Each ends with a clear word and an exit code, and the live objects are what it says.
# shellcheck disable=SC2154,SC2317 # variables of ask.sh and common.sh; functions called by name
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/workloads.sh"
. "$(dirname "${BASH_SOURCE[0]}")/ask.sh"

state=$home/.local/state/kubectl-todo-ai
new_namespace trouble
for name in one two three; do k create configmap $name --from-literal=mode=a; done >/dev/null
mode() { k get configmap "$1" -o jsonpath='{.data.mode}'; }
plan() { # FILE ARGV... : a plan of one step
  local file=$1
  shift
  python3 -c 'import json,sys; json.dump([{"argv": sys.argv[1:]}], sys.stdout)' "$@" >"$home/$file"
}
to() { plan "${3:-plan.json}" kubectl patch configmap "$1" --type=merge -p "{\"data\":{\"mode\":\"$2\"}}"; }
apply=(-n "$NS" --yes=high)

# ---- a full disk ----
mkdir -p "$state"
if mount -t tmpfs -o size=64k none "$state" 2>/dev/null; then
  to one b
  dd if=/dev/zero of="$state/fill" bs=1k count=64 >/dev/null 2>&1
  ask 7 "a full disk" apply "$home/plan.json" "${apply[@]}"
  told "it is said" "No space left"
  told "and what to do" "make room"
  check "nothing was changed on a full disk" says a mode one
  rm "$state/fill"
  ask 0 "with room it runs" apply "$home/plan.json" "${apply[@]}"
  dd if=/dev/zero of="$state/fill" bs=1k count=64 >/dev/null 2>&1
  ask 7 "undo on a full disk" undo "${apply[@]}"
  check "nothing is half undone" says b mode one
  rm "$state/fill"
  ask 0 "undo with room" undo "${apply[@]}"
  check "it is undone" says a mode one
  # ---- a state folder that cannot be written ----
  mount -o remount,ro "$state"
  ask 7 "a read-only state folder" apply "$home/plan.json" "${apply[@]}"
  told "it is said, too" "Read-only file system"
  check "nothing was changed" says a mode one
  umount "$state"
else
  not_ok "a full disk" "no tmpfs can be mounted here"
fi

# ---- two at once ----
pids=
for name in one two three; do
  to $name p "$name.json"
  HOME=$home setsid kubectl todo-ai apply "$home/$name.json" "${apply[@]}" -o json >"$home/$name.out" 2>/dev/null </dev/null &
  pids="$pids $!"
done
bad=0
for pid in $pids; do wait "$pid" || bad=$((bad + 1)); done
check "three processes at once" test "$bad" = 0
ask 0 "history after that" history -o json
json_is "each has a change of its own" 'len({c["id"] for c in d["changes"]}) == len(d["changes"]) >= 3' True
json_is "each is verified" 'sorted(s["state"] for c in d["changes"][:3] for s in c["plan"])' "['verified', 'verified', 'verified']"
for name in one two three; do
  id=$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["plan"][0]["journal"])' "$home/$name.out")
  ask 0 "undo of $name by its own ID" undo "$id" "${apply[@]}"
  check "$name is as before" says a mode $name
done

# ---- a clock that went back ----
cat >"$home/back.c" <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/time.h>
#include <time.h>
/* the wall clock is twenty years behind; the monotonic one is right */
int clock_gettime(clockid_t id, struct timespec *t)
{
    int rc = ((int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime"))(id, t);

    if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)
        t->tv_sec -= 20L * 365 * 86400;
    return rc;
}
time_t time(time_t *out)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    if (out)
        *out = t.tv_sec;
    return t.tv_sec;
}
END
check "a clock is built" gcc -shared -fPIC -o "$home/back.so" "$home/back.c" -ldl
to one q
ask 0 "a change before the clock goes back" apply "$home/plan.json" "${apply[@]}"
to two q
behind() { LD_PRELOAD=$home/back.so HOME=$home setsid "$PWD/build/kubectl-todo-ai" "$@" >"$out" 2>"$err" </dev/null; }
code=0
behind apply "$home/plan.json" "${apply[@]}" --insecure-skip-tls-verify || code=$?
asked 0 "a change with the clock gone back"
check "it is done" says q mode two
ask 0 "a bare undo" undo "${apply[@]}"
check "takes the latest by number, not by clock" says a mode two
check "and leaves the one before" says q mode one
ask 0 "the next bare undo" undo "${apply[@]}"
check "takes the one before" says a mode one

# ---- conflicts ----
to one r
ask 0 "a change" apply "$home/plan.json" "${apply[@]}"
k patch configmap one --type=merge -p '{"data":{"mode":"theirs","other":"x"}}' >/dev/null
ask 3 "undo where somebody changed the same" undo "${apply[@]}"
told "it says what" "/data/mode"
check "and leaves it" says theirs mode one
ask 0 "undo --force" undo --force "${apply[@]}"
check "puts it back" says a mode one
check "and leaves what others added" says x k get configmap one -o jsonpath='{.data.other}'
plan_of() { python3 -c 'import json,sys; json.dump([{"argv": sys.argv[1:]}], sys.stdout)' "$@" >"$home/plan.json"; }
plan_of kubectl create configmap ours --from-literal=a=b
ask 0 "a creation" apply "$home/plan.json" "${apply[@]}"
k patch configmap ours --type=merge -p '{"data":{"theirs":"x"}}' >/dev/null
ask 3 "undo of what somebody has changed since" undo "${apply[@]}"
told "says by whose hand" "configmap/ours (changed since by kubectl-patch)"
check "and leaves it" k get configmap ours
plan_of kubectl delete configmap ours
ask 0 "a deletion" apply "$home/plan.json" "${apply[@]}"
k create configmap ours --from-literal=another=one >/dev/null
ask 3 "undo where somebody has created another one" undo "${apply[@]}"
told "says so" "configmap/ours (somebody has created it anew)"
check "and leaves it" says one k get configmap ours -o jsonpath='{.data.another}'
ask 0 "undo --force" undo --force "${apply[@]}"
check "makes it as it was" says '{"a":"b","theirs":"x"}' k get configmap ours -o jsonpath='{.data}'
# a 409: the manifest's resourceVersion is not the object's any more
k get configmap two -o json >"$home/old.json"
k label configmap two seen=yes >/dev/null
python3 - "$home" <<'END'
import json, sys
o = json.load(open(sys.argv[1] + "/old.json"))
o["data"]["mode"] = "late"
json.dump([{"argv": ["kubectl", "replace", "-f", "-"], "stdin": json.dumps(o)}], open(sys.argv[1] + "/plan.json", "w"))
END
ask 7 "a 409 is known before it is asked" apply "$home/plan.json" "${apply[@]}"
told "and said" "the object has been modified"
check "nothing was written over it" says a mode two

# ---- webhooks ----
cat >"$home/hook.py" <<'END'
import base64, http.server, json, ssl, sys
class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        dry = review["request"].get("dryRun")
        no = self.path.startswith("/always") or (self.path.startswith("/real") and not dry)
        body = json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": {
            "uid": review["request"]["uid"], "allowed": not no, "status": {"message": "the house says no"}}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *a):
        pass
s = http.server.ThreadingHTTPServer((sys.argv[1], 0), Hook)
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
c.load_cert_chain(sys.argv[2], sys.argv[3])
s.socket = c.wrap_socket(s.socket, server_side=True)
open(sys.argv[4], "w").write(str(s.server_port))
s.serve_forever()
END
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=hook -addext "subjectAltName=IP:$host_ip" \
  -keyout "$home/key.pem" -out "$home/cert.pem" >/dev/null 2>&1
python3 "$home/hook.py" "$host_ip" "$home/cert.pem" "$home/key.pem" "$home/port" 2>"$home/hook.log" &
hook=$!
eventually 20 "the webhook listens" test -s "$home/port"
webhook() { # PATH
  kubectl apply -f - <<END
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: $NS}
webhooks:
- name: house.kta.test
  admissionReviewVersions: [v1]
  sideEffects: None
  failurePolicy: Fail
  timeoutSeconds: 5
  namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: $NS}}
  rules: [{apiGroups: [""], apiVersions: [v1], operations: [UPDATE], resources: [configmaps]}]
  clientConfig: {url: "https://$host_ip:$(cat "$home/port")$1", caBundle: $(base64 -w0 <"$home/cert.pem")}
END
}
check "a webhook that always refuses" webhook /always
refuses() { ! k patch configmap three --type=merge -p '{"data":{"x":"y"}}' --dry-run=server >"$out" 2>&1; }
eventually 30 "it is in force" refuses
to one s
ask 7 "refused at the dry run" apply "$home/plan.json" "${apply[@]}"
told "in the webhook's words" "the house says no"
check "nothing was tried" says a mode one
check "a webhook that refuses only the real write" webhook /real
refuses_write() { ! k patch configmap three --type=merge -p '{"data":{"x":"y"}}' >"$out" 2>&1 && ! refuses; }
eventually 30 "it is in force, too" refuses_write
ask 7 "refused at the real write" apply "$home/plan.json" "${apply[@]}" -o json
json_is "the step failed" 'd["plan"][0]["state"]' failed
json_is "in the webhook's words, too" '"the house says no" in d["plan"][0]["output"]' True
check "nothing was changed by it" says a mode one
kubectl delete validatingwebhookconfiguration "$NS" >/dev/null
kill "$hook"

# ---- the effect in words ----
deployment guarded 'exec sleep 3600' >/dev/null
k scale deployment guarded --replicas=2 >/dev/null
k create poddisruptionbudget guard --selector=app=guarded --min-available=2 >/dev/null
k expose deployment guarded --port=80 >/dev/null
eventually_quiet 60 ready guarded 2
guards() { [ "$(k get pdb guard -o jsonpath='{.status.desiredHealthy}/{.status.disruptionsAllowed}')" = 2/0 ]; }
eventually 30 "the budget is computed" guards
says_of() { # TEXT NAME ARGV...
  local text=$1 name=$2
  shift 2
  plan plan.json "$@"
  ask 0 "$name: previewed" apply "$home/plan.json" -n "$NS" --dry-run -o json
  json_is "$name: said" "any('''$text''' in w for w in d['plan'][0]['preview']['warnings'])" True
}
says_of "PodDisruptionBudget 'guard' in '$NS' lets none of its 2 pods here go now" "a drain's budget" \
  kubectl drain "$node" --pod-selector=app=guarded --ignore-daemonsets
says_of "PodDisruptionBudget 'guard' wants at least 2" "a scale's budget" kubectl scale deployment guarded --replicas=1
says_of "Service 'guarded' sends its requests to the pods" "who selects it" kubectl delete deployment guarded
k set env deployment guarded --from=configmap/three >/dev/null
eventually_quiet 60 ready guarded 2
says_of "ConfigMap 'three' is in use by 2 pods" "who mounts it" kubectl delete configmap three

# ---- an API server that is gone ----
gone() { # NAME WAY BACK: while a slow step runs
  plan plan.json kubectl annotate configmap three "moment=$1"
  cat >"$home/bin/kubectl" <<END
#!/bin/sh
case "\$*" in *dry-run*) ;; *annotate*three*) : >$home/there; while [ ! -e $home/go ]; do sleep 0.05; done ;; esac
exec $build/bin/kubectl --request-timeout=3s "\$@"
END
  chmod +x "$home/bin/kubectl"
  rm -f "$home/there" "$home/go"
  HOME=$home setsid "$PWD/build/kubectl-todo-ai" apply "$home/plan.json" "${apply[@]}" --request-timeout=3s \
    --verify-timeout=5s >"$out" 2>"$err" </dev/null &
  local pid=$!
  eventually_quiet 60 test -e "$home/there"
  $2
  : >"$home/go"
  code=0
  wait "$pid" || code=$?
  $3
  rm "$home/bin/kubectl"
  hash -r
  asked 7 "$1"
  eventually 30 "$1: the API server is back" kubectl get --raw /readyz --request-timeout=2s
  HOME=$home "$PWD/build/kubectl-todo-ai" history -o json >"$out" 2>"$err"
  json_is "$1: history says failed" 'd["changes"][0]["plan"][0]["state"]' failed
}
stopped() { "$here/ctl.sh" stop apiserver; }
continued() { "$here/ctl.sh" cont apiserver; }
gone "a stopped API server" stopped continued
if iptables -w -I OUTPUT -d 192.0.2.254 -j DROP 2>/dev/null && iptables -w -D OUTPUT -d 192.0.2.254 -j DROP; then
  dropped() { iptables -w -I OUTPUT -d "$node_ip" -p tcp --dport 6443 -j DROP; }
  passed() { iptables -w -D OUTPUT -d "$node_ip" -p tcp --dport 6443 -j DROP; }
  gone "a dropped API server" dropped passed
else
  ok "a dropped API server: this machine has no packet filter; the stopped one stands for it"
fi
ask 0 "afterwards a change runs as ever" apply "$home/plan.json" "${apply[@]}"
done_asking
finish
