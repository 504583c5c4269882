#!/usr/bin/env bash
# Build the images by charts/images/build.sh on the stand-in bases and print the folder with
# todo-backend.tar and todo-frontend.tar, or kubectl-todo-ai.tar. Each is built anew when its sources
# changed; the folder's file `state` tells which the first two are.
#
#   images.sh [backend|frontend|kagent]...     (nothing: backend and frontend)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
images=$top/charts/images
cache=$("$here/standins.sh")
out=$cache/images
mkdir -p "$out"

# key NAME: a hash of all that the image is made from.
key() {
  {
    cat "$images/build.sh"
    if [ "$1" = kagent ]; then
      cat "$cache"/{bookworm,kubectl,helm}.sha256 "$images/kagent/"*
      cd "$top" && find Makefile include plugin prompts charts/todo-app -type f -print0 | sort -z | xargs -0 sha256sum
      return
    fi
    cat "$cache/debian.sha256" "$cache/node.sha256"
    cd "$images/$1"
    find . -type f ! -path '*/node_modules/*' ! -path './.next/*' ! -path '*/__pycache__/*' \
      ! -name next-env.d.ts ! -name '*.tsbuildinfo' -print0 | sort -z | xargs -0 sha256sum
  } | sha256sum | cut -c1-12
}

exec 9>"$cache/.lock"
flock 9
stale=()
[ $# -gt 0 ] || set -- backend frontend
for name in "$@"; do
  [ "$(cat "$out/$name.key" 2>/dev/null)" = "$(key "$name")" ] || stale+=("$name")
done

if [ ${#stale[@]} -gt 0 ]; then
  echo "images: building ${stale[*]} on the stand-in bases (a minute or two; log: $cache/images.log)" >&2
  work=$(mktemp -d "$cache/building.XXXXXX")
  # buildah's own storage lies in the cache, and goes when the archives are written.
  export CONTAINERS_STORAGE_CONF=$work/storage.conf
  printf '[storage]\ndriver="%s"\ngraphroot="%s/root"\nrunroot="%s/run"\n' \
    "${STORAGE_DRIVER:-overlay}" "$work" "$work" >"$CONTAINERS_STORAGE_CONF"
  end() {
    buildah rm --all >/dev/null 2>&1 || true
    umount "$work/root/overlay" 2>/dev/null || true
    rm -rf --one-file-system "$work"
  }
  trap end EXIT
  ca=/etc/ssl/certs/ca-certificates.crt
  declare -A bases=([backend]=python [frontend]=node [kagent]='bookworm kubectl helm')
  build() {
    local name=$1 image=todo-$1 base
    [ "$name" != kagent ] || image=kubectl-todo-ai
    for base in ${bases[$name]}; do
      buildah pull --quiet "docker-archive:$cache/$base-image.tar" || return
    done
    env -u TAG BUILDER=buildah \
        PYTHON_IMAGE=localhost/standin/python:3.13-slim NODE_IMAGE=localhost/standin/node:20-alpine \
        DEBIAN_IMAGE=localhost/standin/debian:bookworm-slim KUBECTL_IMAGE=localhost/standin/kubectl:v1.34.4 \
        HELM_IMAGE=localhost/standin/helm:3.19.0 \
        BUILD_FLAGS="--pull-never --isolation chroot --volume $ca:$ca:ro" "$images/build.sh" "$name" &&
      rm -f "$out/$image.tar" &&
      buildah push --quiet "localhost/$image:local" \
        "docker-archive:$out/$image.tar:docker.io/library/$image:local"
  }
  for name in "${stale[@]}"; do
    rm -f "$out/$name.key"
    if ! build "$name" >"$cache/images.log" 2>&1; then
      tail -n 30 "$cache/images.log" >&2
      echo "images: the build of $name failed; all of its log: $cache/images.log" >&2
      exit 1
    fi
    key "$name" >"$out/$name.key"
  done
fi
cat "$out/backend.key" "$out/frontend.key" >"$out/state" 2>/dev/null || true # kagent alone may be there
echo "$out"
