#!/usr/bin/env bash
# The two images, built by charts/images/build.sh on the stand-in bases: what is in them and what is
# not, who they run as, and how large our layers are. Needs no cluster.
top=$(cd "$(dirname "$0")/../.." && pwd)
charts_here=$top/tests/charts
. "$charts_here/../cluster/lib.sh"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"; lib_end' EXIT

"$charts_here/deps.sh" || { not_ok "both images build" "deps.sh failed"; finish; }
folder=$("$charts_here/images.sh")
[ -f "$folder/todo-frontend.tar" ] && [ -f "$folder/todo-backend.tar" ] || { not_ok "both images build" "no archives in '$folder'"; finish; }
ok "both images build with the real Dockerfiles on the stand-in bases"
base_layers() { tar -xOf "$(dirname "$folder")/$1-image.tar" manifest.json | jq '.[0].Layers | length'; }

# inspect NAME BASE LIMIT_MB DEFAULT_BASE_MB TOTAL_MB: DEFAULT_BASE_MB is what the Dockerfile's
# default base measures, unpacked, as published.
inspect() {
  local name=$1 base=$2 limit=$3 dir=$scratch/$1 config layers ours=0 file
  mkdir "$dir"
  tar -C "$dir" -xf "$folder/todo-$name.tar"
  config=$dir/$(jq -r '.[0].Config' "$dir/manifest.json")
  mapfile -t layers < <(jq -r '.[0].Layers[]' "$dir/manifest.json")
  : >"$scratch/files"
  for file in "${layers[@]:$(base_layers "$base")}"; do
    ours=$((ours + $(stat -Lc %s "$dir/$file")))
    tar -tf "$dir/$file" >>"$scratch/files"
  done
  ours=$(((ours + 999999) / 1000000))
  if [ "$ours" -le "$limit" ]; then
    ok "$name: our layers are $ours MB, at most $limit MB (the base is a stand-in, so its size is not counted)"
  else
    not_ok "$name: our layers are at most $limit MB" "they are $ours MB"
  fi
  is "$name: runs as 65532:65532" 65532:65532 "$(jq -r .config.User "$config")"
  is "$name: SIGTERM ends it" SIGTERM "$(jq -r .config.StopSignal "$config")"
  is "$name: OCI labels" "todo-$name Apache-2.0 1.0.0" \
    "$(jq -r '.config.Labels | [."org.opencontainers.image.title", ."org.opencontainers.image.licenses", ."org.opencontainers.image.version"] | join(" ")' "$config")"
  is "$name: no secret in the environment" "" "$(jq -r '.config.Env[]' "$config" | grep -iE 'secret|key=|token|password|database_url' || true)"
  is "$name: only runtime files" "" \
    "$(grep -E '(^|/)(\.git|\.env|Dockerfile|uv\.lock|tests?/charts|src/app|\.npm|\.cache/uv|next\.config\.ts|typescript/lib)(/|$)' "$scratch/files" | head -n 3 || true)"
  mkdir "$dir/root"
  for file in "${layers[@]:$(base_layers "$base")}"; do tar -C "$dir/root" --no-same-owner -xf "$dir/$file" srv 2>/dev/null; done
  is "$name: no secret in a layer" "" \
    "$(grep -rlE 'BEGIN [A-Z ]*PRIVATE KEY-----[A-Za-z0-9+/=]{40}|sk-[A-Za-z0-9]{32,}|_authToken' "$dir/root" --include='*' -s | grep -v '/node_modules/\|/site-packages/' | head -n 3 || true)"
  is "$name: nothing that its user could change" "" "$(find "$dir/root" -perm -o+w ! -type l -print -quit)"
}

# is NAME WANTED GOT
is() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "'$3' instead of '$2'"; fi; }

inspect frontend node 70
inspect backend python 370

images=$top/charts/images
is "node:20-alpine and python:3.13-slim are the defaults" "ARG NODE_IMAGE=node:20-alpine ARG PYTHON_IMAGE=python:3.13-slim" \
  "$(grep -h '^ARG [A-Z]*_IMAGE=' "$images/frontend/Dockerfile" "$images/backend/Dockerfile" | paste -sd' ')"
for name in frontend backend; do
  is "$name: a .dockerignore that lets in only what is named" '*' "$(head -n 1 "$images/$name/.dockerignore")"
done
grep -q curl "$images/frontend/Dockerfile" && ok "frontend: curl is installed" || not_ok "frontend: curl is installed" "the Dockerfile does not"

# The scripts say plainly what is missing.
empty=$scratch/empty
mkdir "$empty"
for tool in bash dirname cat env git mktemp rm; do ln -s "$(command -v $tool)" "$empty/$tool"; done
output=$(PATH=$empty "$images/scan.sh" 2>&1)
is "make images-scan says that trivy is not installed" 127 $?
[[ $output == *"trivy is not installed, so nothing was scanned"* ]] && ok "and that nothing was scanned" || not_ok "and that nothing was scanned" "$output"
output=$(PATH=$empty "$images/build.sh" 2>&1) && not_ok "make images says what is missing" "it succeeded" ||
  { [[ $output == *"none of docker, podman and buildah is installed"* ]] && ok "make images says what is missing" || not_ok "make images says what is missing" "$output"; }
# A trivy that finds something fails the scan; it is asked for critical and high ones.
printf '#!/bin/sh\necho "$@" >>%s/trivy.log\nexit 1\n' "$scratch" >"$empty/trivy"
chmod +x "$empty/trivy"
PATH=$empty "$images/scan.sh" >/dev/null 2>&1
is "make images-scan fails when trivy does" 1 $?
is "trivy is asked for CRITICAL and HIGH" "image --exit-code 1 --severity CRITICAL,HIGH todo-backend:local" "$(cat "$scratch/trivy.log")"

# Programs that are not on this machine stand in by telling how they were called.
stand_in() { # NAME [OUTPUT]: replaces whatever stood in before
  printf '#!/bin/sh\necho "%s $*" >>%s\n%s\n' "$1" "$scratch/called" "${2-}" >"$empty/$1"
  chmod +x "$empty/$1"
}
called() { # NAME WANT COMMAND...: the command succeeds and calls what contains WANT
  local what=$1 want=$2
  shift 2
  : >"$scratch/called"
  if ! output=$(PATH=$empty "$@" 2>&1); then
    not_ok "$what" "it failed: $output"
  elif grep -qF -- "$want" "$scratch/called"; then
    ok "$what"
  else
    not_ok "$what" "it did not call '$want'" "$scratch/called"
  fi
}
for builder in buildah podman docker; do # each goes before the one that stood alone until then
  stand_in "$builder"
  called "make images builds with $builder where it is there" "$builder build --tag todo-backend:local" "$images/build.sh"
done
called "a base can be pinned by its digest" "--build-arg NODE_IMAGE=node:20-alpine@sha256:0" \
  env NODE_IMAGE=node:20-alpine@sha256:0 "$images/build.sh" frontend
stand_in kubectl 'echo kind-todo'
stand_in kind
called "make images-load loads into kind" "kind load image-archive --name todo " "$images/load.sh"
grep -q 'docker save --output .*/backend.tar todo-backend:local' "$scratch/called" && ok "what docker saved" ||
  not_ok "what docker saved" "it was not saved" "$scratch/called"
stand_in kubectl 'echo minikube'
stand_in minikube
called "make images-load loads into minikube" "minikube image load " "$images/load.sh"
rm "$empty/minikube"
stand_in kubectl 'echo production'
output=$(PATH=$empty "$images/load.sh" 2>&1) && not_ok "another cluster is not guessed at" "it succeeded" ||
  { [[ $output == *"'production' is neither kind nor minikube; push the images"* ]] && ok "another cluster is not guessed at" || not_ok "another cluster is not guessed at" "$output"; }

finish
