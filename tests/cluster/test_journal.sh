#!/usr/bin/env bash
# The journal when it is not as it should be: entries that are broken, newer, incomplete or moved, a
# key that is gone, a change that still runs, two undos at once, signals while it is verified, nobody
# left to read the output. Looks at exit codes, words, history and the live objects.
# shellcheck disable=SC2154,SC2317 # variables of ask.sh; functions called by name
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/workloads.sh"
. "$(dirname "${BASH_SOURCE[0]}")/ask.sh"

state=$home/.local/state/kubectl-todo-ai
new_namespace journal
k create configmap one --from-literal=mode=a >/dev/null
deployment web 'exec sleep 3600' >/dev/null
mode() { k get configmap "$1" -o jsonpath='{.data.mode}'; }
variable() { k get deployment web -o jsonpath='{.spec.template.spec.containers[0].env[?(@.name=="X")].value}'; }
plan() { # ARGV... : a plan of one step
  python3 -c 'import json,sys; json.dump([{"argv": sys.argv[1:]}], sys.stdout)' "$@" >"$home/plan.json"
}
to() { plan kubectl patch configmap one --type=merge -p "{\"data\":{\"mode\":\"$1\"}}"; }
all=(-n "$NS" --yes=high)
change() { # VALUE: a change, its ID in $id
  to "$1"
  ask 0 "a change to $1" apply "$home/plan.json" "${all[@]}" -o json
  id=$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["plan"][0]["journal"].split(".")[0])' "$out")
  entry=$state/journal/$id
}

# ---- what was written is not what is read ----
change b
change c
cp "$entry/entry.json" "$home/good"
broken() { # NAME TEXT: the newest entry cannot be read
  ask 0 "history with $1" history -o json
  json_is "$1: it is listed all the same" '"'"$2"'" in d["changes"][0]["error"] and len(d["changes"])' 2
  ask 1 "a bare undo with $1" undo "${all[@]}"
  told "$1: undo says why, and undoes no older change instead" "$2"
  check "$1: nothing was changed" says c mode one
}
head -c 300 "$home/good" >"$entry/entry.json"
broken "half an entry" "cannot be read"
: >"$entry/entry.json"
broken "an empty entry" "cannot be read"
sed 's/"version": *1/"version": 2/' "$home/good" >"$entry/entry.json"
broken "a newer entry" "another version"
cp "$home/good" "$entry/entry.json"
for image in before after; do
  cp "$entry/1.$image" "$home/image"
  head -c 60 "$home/image" >"$entry/1.$image"
  ask 1 "a broken $image-image" undo "${all[@]}"
  check "it changes nothing" says c mode one
  cp "$home/image" "$entry/1.$image"
done
mv "$state/journal.key" "$home/key"
ask 1 "without the key" undo "${all[@]}"
told "it is said which file is gone" "journal.key' is gone"
refused "an undo makes no new key" test -e "$state/journal.key"
: >"$state/journal.key"
to d
ask 7 "with a broken key nothing is changed" apply "$home/plan.json" "${all[@]}"
check "and nothing was" says c mode one
mv "$home/key" "$state/journal.key"
chmod 644 "$state/journal.key"
ask 0 "with the key" undo "${all[@]}"
check "it is undone" says b mode one
check "the key is for its owner alone" says 600 stat -c %a "$state/journal.key"
mv "$state" "$home/elsewhere"
ln -s "$home/elsewhere" "$state"
change e
ask 0 "a state folder that is a link" undo "${all[@]}"
check "is as good as any" says b mode one

# ---- an undo, undone ----
change f
ask 0 "undo" undo "${all[@]}" -o json
ask 0 "its own ID" history -o json
undo=$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["changes"][0]["id"])' "$out")
ask 0 "the undo is undone" undo "$undo" "${all[@]}"
check "the change is there again" says f mode one
ask 0 "history then" history "$id" -o json
json_is "says so" 'd["changes"][0]["plan"][0]["state"]' verified
ask 0 "a bare undo" undo "${all[@]}"
check "undoes it once more" says b mode one

# ---- names that the server chooses ----
python3 -c 'import json,sys; json.dump([{"argv": ["kubectl","create","-f","-"], "stdin":
"apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: made-, labels: {made: x}}\n"}], sys.stdout)' >"$home/plan.json"
ask 0 "a generated name" apply "$home/plan.json" "${all[@]}" -o json
json_is "is one object" 'd["plan"][0]["preview"]["objects"]' 1
json_is "whose name nobody knows before" '"+  name:" in d["plan"][0]["preview"]["diff"]' False
check "it is there" says made- k get configmap -l made=x -o name
ask 0 "undo finds it" undo "${all[@]}"
check "and deletes it" test -z "$(k get configmap -l made=x -o name)"

# a kubectl that kills the plugin when it has made the object, or before
cat >"$home/bin/kubectl" <<END
#!/bin/sh
case "\$*" in *dry-run*) ;; *create*-f*) [ ! -e $home/early ] || kill -9 \$PPID
  [ -e $home/early ] || { $build/bin/kubectl "\$@"; kill -9 \$PPID; } ; exit ;; esac
exec $build/bin/kubectl "\$@"
END
chmod +x "$home/bin/kubectl"
# cut NAME: the plan is killed, and nobody has heard the name
cut_off() {
  code=0
  HOME=$home setsid "$PWD/build/kubectl-todo-ai" apply "$home/plan.json" "${all[@]}" >"$out" 2>"$err" </dev/null || code=$?
  asked 137 "$1"
}
made() { k get configmap -l made=x -o name; }
cut_off "killed after a generated name was given" 2>/dev/null
refused "it is there" test -z "$(made)"
ask 0 "history then" history -o json
json_is "says that it is not known" 'd["changes"][0]["plan"][0]["state"]' unknown
json_is "and which name to look for" 'd["changes"][0]["plan"][0]["objects"][0]["generateName"]' made-
json_is "and what an undo would do" '"looks for what it may have made" in d["changes"][0]["plan"][0]["undo"]' True
ask 0 "undo finds it all the same" undo "${all[@]}"
check "and deletes it then" test -z "$(made)"
cut_off "killed after another one" 2>/dev/null
k create -f - <<<'{apiVersion: v1, kind: ConfigMap, metadata: {generateName: made-, labels: {made: x}}}' >/dev/null
ask 0 "undo beside somebody else's" undo "${all[@]}"
told "leaves both, and says so" "the change made is not known: they are left as they are"
check "both are there" test "$(made | wc -l)" = 2
k delete configmap -l made=x >/dev/null
touch "$home/early"
change_before=$(made)
cut_off "killed before it was made" 2>/dev/null
check "nothing was made" test "$change_before" = "$(made)"
ask 0 "undo of nothing" undo "${all[@]}"
told "is said to be so" "what was changed is as it was before"
ask 0 "history of it" history -o json
json_is "it counts as undone, and a bare undo goes on to the one before" 'd["changes"][0]["plan"][0]["state"]' undone
rm "$home/bin/kubectl" "$home/early"
hash -r

# ---- a change that still runs ----
begin() { # VALUE: until it is verified, in the background
  plan kubectl set env deployment/web "X=$1"
  HOME=$home setsid env --default-signal=INT,TERM,HUP "$PWD/build/kubectl-todo-ai" apply "$home/plan.json" \
    "${all[@]}" >"$home/$1.out" 2>"$home/$1.err" </dev/null &
  pid=$!
  eventually_quiet 30 says "$1" variable
}
begin running
ask 1 "undo of what still runs" undo "${all[@]}"
told "is refused" "still runs"
code=0
wait "$pid" || code=$?
asked 0 "the change itself"
pids=
for n in 1 2; do
  HOME=$home setsid "$PWD/build/kubectl-todo-ai" undo "${all[@]}" >/dev/null 2>"$home/undo$n" </dev/null &
  pids="$pids $!"
done
done_=0
for pid in $pids; do wait "$pid" && done_=$((done_ + 1)); done
check "of two undos at once one undoes" test "$done_" = 1
check "and the other says why not" grep -qE "is being undone|is undone already|still runs" "$home/undo1" "$home/undo2"
check "it is undone" test -z "$(variable)"

# ---- signals while it is verified ----
for signal in INT:130 TERM:143 HUP:129; do
  begin "${signal%:*}"
  eventually_quiet 10 grep -q "1. done" "$home/${signal%:*}.err" "$home/${signal%:*}.out"
  kill "-${signal%:*}" "$pid"
  code=0
  wait "$pid" || code=$?
  cp "$home/${signal%:*}.err" "$err"
  asked "${signal#*:}" "${signal%:*} while it is verified"
  check "${signal%:*}: the state is said" grep -q "before all was verified: 1 of 1 done, 0 not started" "$home/${signal%:*}.err"
  ask 0 "history after ${signal%:*}" history -o json
  json_is "${signal%:*}: it says executed" 'd["changes"][0]["plan"][0]["state"]' executed
  ask 0 "undo after ${signal%:*}" undo "${all[@]}"
  check "${signal%:*}: it is undone" test -z "$(variable)"
done

# ---- nobody there ----
to g
type_answers 3 "the terminal's input ends at the question" --expect "Do this?" --send "\x04" -- apply "$home/plan.json" -n "$NS"
check "which is no yes" says b mode one
code=0
HOME=$home setsid "$PWD/build/kubectl-todo-ai" apply "$home/plan.json" "${all[@]}" -o json >/dev/full 2>"$err" </dev/null || code=$?
asked 1 "an output that cannot be written"
check "does not keep the change from being done" says g mode one
ask 0 "and recorded" history -o json
json_is "to its end" 'd["changes"][0]["plan"][0]["state"]' verified
python3 - "$home" "$NS" "$PWD/build/kubectl-todo-ai" <<'END'
import os, subprocess, sys
home, ns, plugin = sys.argv[1:]
p = subprocess.Popen([plugin, "undo", "-n", ns, "--yes=high", "-o", "jsonl"], env=dict(os.environ, HOME=home),
                     stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
p.stdout.close()
p.stderr.close()
p.wait(timeout=60)
END
check "pipes that nobody reads do not stop an undo" says b mode one

done_asking
finish
