# shellcheck shell=bash
# Sourced by the chart's tests, after tests/cluster/lib.sh's checks: the cluster with both images, a
# PostgreSQL for the backend, and helm 3 or 4 under the name helm.
#
# KTA_KUBECONFIG, KTA_KUBECTL, KTA_HELM3, KTA_HELM4 use another cluster or other programs.

charts_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$charts_here/../.." && pwd)
chart=$top/charts/todo-app
. "$charts_here/../cluster/lib.sh"
# shellcheck disable=SC2154 # of common.sh
charts_cache=$cache/charts
scratch=$(mktemp -d)

# Everything that a test starts or makes ends with it.
charts_end() {
  [ ! -d "$scratch/postgres" ] || database_down || true
  lib_end
  rm -rf "$scratch"
}
trap charts_end EXIT
trap 'exit 130' INT TERM

# A kubeconfig of its own, since the mission makes a namespace the context's.
prepare_cluster() {
  [ -n "${KTA_KUBECONFIG:-}" ] || "$charts_here/../cluster/up.sh" || exit 1
  cp "${KTA_KUBECONFIG:-$KUBECONFIG}" "$scratch/kubeconfig"
  export KUBECONFIG=$scratch/kubeconfig HELM_CACHE_HOME=$scratch/helm HELM_CONFIG_HOME=$scratch/helm \
    HELM_DATA_HOME=$scratch/helm
  mkdir "$scratch/bin"
  ln -s "${KTA_KUBECTL:-$(command -v kubectl)}" "$scratch/bin/kubectl"
  PATH=$scratch/bin:$PATH
  cd "$top" || exit 1
}

# helm_is 3|4: `helm` is that one from here on.
helm_is() {
  local program
  case $1 in
    3) program=${KTA_HELM3:-$(command -v helm3)} ;;
    4) program=${KTA_HELM4:-$(command -v helm4)} ;;
  esac
  ln -sfn "$program" "$scratch/bin/helm"
  hash -r
}

# The images, as todo-*:local and as the v1.1.0 that the mission upgrades to.
load_images() {
  local folder ctr=(ctr --address "${CONTAINERD_ADDRESS:=$root/containerd.sock}" --namespace k8s.io) image
  export CONTAINERD_ADDRESS
  "$charts_here/deps.sh" || exit 1
  folder=$("$charts_here/images.sh") || exit 1
  if ! cmp -s "$folder/state" "$root/todo-images"; then
    IMAGE_ARCHIVES=$folder "$top/charts/images/load.sh" backend frontend >"$scratch/load.log" 2>&1 || { cat "$scratch/load.log"; exit 1; }
    cp "$folder/state" "$root/todo-images"
  fi
  for image in backend frontend; do
    "${ctr[@]}" image tag --force "docker.io/library/todo-$image:local" "docker.io/library/todo-$image:v1.1.0" >/dev/null
  done
}

# ---- PostgreSQL on the host, where pods reach it --------------------------

postgres_bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
database_port=$((40000 + RANDOM % 20000))

as_postgres() { setpriv --reuid=postgres --regid=postgres --clear-groups --reset-env "$@"; }

# database_make: a new, empty cluster of databases that is not running yet; sets DATABASE_URL.
database_make() {
  mkdir "$scratch/postgres"
  chmod 755 "$scratch"
  chown postgres "$scratch/postgres"
  echo todo-password >"$scratch/password"
  chmod 644 "$scratch/password"
  as_postgres "$postgres_bin/initdb" -D "$scratch/postgres/data" -U todo -A scram-sha-256 -E UTF8 --locale=C.UTF-8 \
    --pwfile="$scratch/password" --no-sync >"$scratch/initdb.log"
  # shellcheck disable=SC2154 # of common.sh
  echo "host all all $all_cidr scram-sha-256" | as_postgres tee -a "$scratch/postgres/data/pg_hba.conf" >/dev/null
  DATABASE_URL=postgresql://todo:todo-password@$host_ip:$database_port/postgres
}

database_up() {
  as_postgres "$postgres_bin/pg_ctl" -D "$scratch/postgres/data" -w -t 30 -l "$scratch/postgres/log" start \
    -o "-h $host_ip -p $database_port -k '' -c fsync=off -c max_connections=100" >/dev/null
}

database_down() { as_postgres "$postgres_bin/pg_ctl" -D "$scratch/postgres/data" -m immediate stop >/dev/null; }

# ---- the application ------------------------------------------------------

# make_secret [KEY=VALUE...]: todo-app-secrets as the README makes it, in $NS.
make_secret() {
  local args=() pair
  for pair in "DATABASE_URL=$DATABASE_URL" "BETTER_AUTH_SECRET=$(openssl rand -base64 32)" "$@"; do
    args+=("--from-literal=$pair")
  done
  k create secret generic todo-app-secrets "${args[@]}" >/dev/null
}

# restricted: Pod Security's strictest level in $NS, as the README's first line does.
restricted() { kubectl label --overwrite namespace "$NS" pod-security.kubernetes.io/enforce=restricted >/dev/null; }

# ready NAME REPLICAS: all of the Deployment's pods are new, ready, and no others are left.
ready() {
  [ "$(k get deployment "$1" -o jsonpath='{.status.updatedReplicas}/{.status.readyReplicas}/{.status.replicas}')" = "$2/$2/$2" ]
}

restarts() { k get pods -l "app=$1" -o json | jq '[.items[].status.containerStatuses[]?.restartCount] | add // 0'; } # of all its pods

# address SERVICE: http://IP:PORT, as the host reaches it.
address() { k get service "$1" -o jsonpath='http://{.spec.clusterIP}:{.spec.ports[0].port}'; }

# web METHOD PATH [JSON]: one call of a signed-in browser through the frontend's Service.
web() {
  local base
  base=$(address frontend-service)
  curl --silent --show-error --max-time 40 --cookie "$scratch/cookies" --cookie-jar "$scratch/cookies" \
    --request "$1" --header "Origin: $base" --header 'Content-Type: application/json' ${3+--data "$3"} "$base$2"
}

# sign_up EMAIL: an account; later calls of web are signed in.
sign_up() {
  rm -f "$scratch/cookies"
  web POST /api/auth/sign-up/email "{\"name\":\"Test\",\"email\":\"$1\",\"password\":\"correct horse battery\"}"
}
