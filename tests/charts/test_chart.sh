#!/usr/bin/env bash
# The chart without pods: lint, what the schema refuses and how it says so, the README, and what the
# API server says of every rendered object.
. "$(dirname "$0")/lib.sh"
prepare_cluster
new_namespace charts-static
restricted
DATABASE_URL=postgresql://u:p@db/d make_secret

# refuses NAME TEXT ARGUMENT...: rendering fails, and the message holds the text.
refuses() {
  local what=$1 text=$2 output
  shift 2
  if output=$(helm template refused "$chart" "$@" 2>&1 >/dev/null); then
    not_ok "$what" "it was accepted"
  elif [[ $output == *"$text"* ]]; then
    ok "$what"
  else
    not_ok "$what" "the message lacks '$text': ${output//$'\n'/ }"
  fi
}

for version in 3 4; do
  helm_is $version
  for values in values values-dev values-prod; do
    check "helm $version lints $values.yaml" helm lint --strict "$chart" -f "$chart/$values.yaml"
    helm template todo-local "$chart" -n "$NS" -f "$chart/$values.yaml" >"$scratch/$version-$values.yaml"
    check "the API server takes all of $values.yaml rendered by helm $version" \
      k create --dry-run=server --validate=strict -f "$scratch/$version-$values.yaml"
  done
  # Wrong values: the message names the value and what is wrong with it.
  while IFS='|' read -r set name text; do
    refuses "helm $version refuses $set" "$name" --set "$set"
    refuses "helm $version says why it refuses $set" "$text" --set "$set"
  done <<'TABLE'
frontend.replicas=two|replicas|integer
frontend.replicas=-1|replicas|0
frontend.service.type=Nodeport|type|ClusterIP
frontend.service.nodePort=70000|nodePort|65
image.pullPolicy=Sometimes|pullPolicy|IfNotPresent
image.backend.tag=not a tag|tag|match pattern
image.backend.digest=sha256:12|digest|match pattern
backend.resources.limits.memory=lots|memory|match pattern
backend.logLevel=loud|logLevel|warning
backend.service.type=LoadBalancer|service|type
backend.model.baseUrl=api.openai.com|baseUrl|match pattern
ingress.host=a b|host|match pattern
probes.liveness.periodSeconds=0|periodSeconds|1
fronted.replicas=1|fronted|not allowed
preStopSeconds=60|preStopSeconds|terminationGracePeriodSeconds (45) must be more than preStopSeconds (60)
TABLE
  refuses "helm $version names the secrets that lack" "lacks DATABASE_URL and BETTER_AUTH_SECRET" --set secrets.openaiApiKey=k
  refuses "helm $version refuses a short BETTER_AUTH_SECRET" "at least 32 characters" \
    --set secrets.databaseUrl=sqlite:////tmp/t.db --set secrets.betterAuthSecret=short
  secret=mysql://user:hunter2@db/d
  refuses "helm $version refuses a DATABASE_URL that the backend cannot use" "must begin with postgresql:// or sqlite://" \
    --set "secrets.databaseUrl=$secret" --set secrets.betterAuthSecret=0123456789012345678901234567890123
  if helm template r "$chart" --set "secrets.databaseUrl=$secret" --set secrets.betterAuthSecret=x 2>&1 | grep -q hunter2; then
    not_ok "helm $version's message does not show the secret" "it does"
  else
    ok "helm $version's message does not show the secret"
  fi
done
check "helm 3 and helm 4 render the same" diff <(sort "$scratch/3-values-prod.yaml") <(sort "$scratch/4-values-prod.yaml")

check "the README's table of values is not stale" "$top/charts/docs.py" --check
cp -r "$top/charts" "$scratch/charts"
sed -i 's/^preStopSeconds: 5/preStopSeconds: 6/' "$scratch/charts/todo-app/values.yaml"
refused "a stale README is noticed" "$scratch/charts/docs.py" --check
if head -n 1 "$chart/README.md" | grep -q 'kubectl label namespace todo-app pod-security.kubernetes.io/enforce=restricted'; then
  ok "the README's first line labels the namespace"
else
  not_ok "the README's first line labels the namespace" "it is: $(head -n 1 "$chart/README.md")"
fi
if git -C "$top" grep -nE '(sk-[A-Za-z0-9]{20}|postgres(ql)?://[a-z]+:[^U@ ]+@)' -- charts >"$scratch/found"; then
  not_ok "no secret is committed" "$(cat "$scratch/found")"
else
  ok "no secret is committed"
fi
check "lock files name no registry but the public one" \
  sh -c '! grep -oE "https?://[^/\"]+" charts/images/backend/uv.lock | sort -u | grep -vE "//(pypi.org|files.pythonhosted.org)$" && ! grep -q "\"resolved\"" charts/images/frontend/package-lock.json'

finish
