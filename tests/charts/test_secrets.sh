#!/usr/bin/env bash
# Secrets at install and afterwards, with helm 3 and helm 4: missing ones are named, given ones
# survive an upgrade that does not repeat them, and a change rolls the pods. No pod runs here.
. "$(dirname "$0")/lib.sh"
prepare_cluster
none=(--set "frontend.replicas=0,backend.replicas=0")
good=0123456789012345678901234567890123456789
database=postgresql://u:p@db.example.com/d

# is NAME WANTED GOT
is() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "'$3' instead of '$2'"; fi; }

# refuses NAME TEXT COMMAND...: it fails, and says all the words of TEXT.
refuses() {
  local what=$1 word
  local -a words
  read -ra words <<<"$2"
  shift 2
  if "$@" >"$scratch/refused" 2>&1; then not_ok "$what" "it succeeded"; return; fi
  for word in "${words[@]}"; do
    grep -qF -- "$word" "$scratch/refused" || { not_ok "$what" "the message lacks '$word'" "$scratch/refused"; return; }
  done
  ok "$what"
}

value() { k get secret "$1" -o "jsonpath={.data.$2}" | base64 -d; }
sum() { k get deployment "$1" -o jsonpath='{.spec.template.metadata.annotations.checksum/secrets}'; }
used() { k get deployment backend -o jsonpath='{.metadata.annotations.todo-app/secret}'; }
install() { helm install todo-local "$chart" -n "$NS" "${none[@]}" "$@"; }
# shellcheck disable=SC2120 # it may be called without any
upgrade() { helm upgrade todo-local "$chart" -n "$NS" "${none[@]}" "$@"; }

for version in 3 4; do
  helm_is $version
  h="helm $version"

  # One that exists already.
  new_namespace charts-secrets
  refuses "$h: without a Secret the install names it, its keys and how to make it" \
    "todo-app-secrets DATABASE_URL BETTER_AUTH_SECRET OPENAI_API_KEY kubectl create secret generic" install
  refused "$h: and leaves nothing behind" k get deployment backend
  refuses "$h: a namespace that is yet to be made has no Secret either" "todo-app-secrets" \
    helm install todo-local "$chart" -n "$NS-new" --create-namespace "${none[@]}"
  k create secret generic todo-app-secrets --from-literal=DATABASE_URL=$database >/dev/null
  refuses "$h: a missing key is named" "todo-app-secrets lacks BETTER_AUTH_SECRET" install
  k patch secret todo-app-secrets -p '{"stringData":{"BETTER_AUTH_SECRET":"short"}}' >/dev/null
  refuses "$h: a key of a wrong shape is named" "BETTER_AUTH_SECRET 32 characters" install
  k patch secret todo-app-secrets -p "{\"stringData\":{\"BETTER_AUTH_SECRET\":\"$good\"}}" >/dev/null
  check "$h: with both keys it installs" install
  check "$h: NOTES tell that the chat is off" says "has no OPENAI_API_KEY" helm get notes todo-local -n "$NS"
  is "$h: the Secret is used, none is made" "todo-app-secrets " "$(used) $(k get secret todo-local-todo-app-secrets -o name 2>/dev/null)"
  before=$(sum backend)/$(sum frontend)
  upgrade >/dev/null
  is "$h: an upgrade that changes nothing rolls no pod" "$before" "$(sum backend)/$(sum frontend)"
  k patch secret todo-app-secrets -p '{"stringData":{"OPENAI_API_KEY":"k"}}' >/dev/null
  upgrade >/dev/null
  if [ "$(sum backend)" != "${before%/*}" ]; then ok "$h: a changed Secret rolls the backend"; else not_ok "$h: a changed Secret rolls the backend" "same checksum"; fi
  is "$h: and not the frontend, which does not read that key" "${before#*/}" "$(sum frontend)"

  # Another one, named at install; --set without -f forgets the name.
  new_namespace charts-secrets
  k create secret generic mine --from-literal=DATABASE_URL=$database --from-literal=BETTER_AUTH_SECRET=$good >/dev/null
  check "$h: a Secret of another name" install --set secrets.existingSecret=mine
  check "$h: an upgrade that does not name it" upgrade --set image.backend.tag=v1.1.0
  is "$h: goes on using it" mine "$(used)"

  # Values at install; an upgrade with --set and no -f goes back to the chart's defaults.
  new_namespace charts-secrets
  check "$h: values at install" install --set "secrets.databaseUrl=$database,secrets.betterAuthSecret=$good,secrets.openaiApiKey=key-1"
  is "$h: are in a Secret that the chart makes" "$good" "$(value todo-local-todo-app-secrets BETTER_AUTH_SECRET)"
  before=$(k get secret todo-local-todo-app-secrets -o jsonpath='{.data}')
  check "$h: an upgrade without them" upgrade --set image.backend.tag=v1.1.0
  is "$h: neither loses nor changes them" "$before" "$(k get secret todo-local-todo-app-secrets -o jsonpath='{.data}')"
  is "$h: and they are still used" todo-local-todo-app-secrets "$(used)"
  before=$(sum backend)
  check "$h: an upgrade that changes one" upgrade --set secrets.openaiApiKey=key-2
  is "$h: changes that one" "key-2 $database" "$(value todo-local-todo-app-secrets OPENAI_API_KEY) $(value todo-local-todo-app-secrets DATABASE_URL)"
  if [ "$(sum backend)" != "$before" ]; then ok "$h: and rolls the backend"; else not_ok "$h: and rolls the backend" "same checksum"; fi
  check "$h: rollback brings the old one back" helm rollback todo-local 2 -n "$NS"
  is "$h: the old one is back" key-1 "$(value todo-local-todo-app-secrets OPENAI_API_KEY)"
  is "$h: no ConfigMap holds a secret" "" "$(k get configmaps -o json | grep -E "key-1|$good|example.com/d" || true)"
  refuses "$h: a Secret's name and values at once are refused" "either secrets.existingSecret or" \
    upgrade --set secrets.existingSecret=mine,secrets.openaiApiKey=k
done
finish
