#!/usr/bin/env bash
# Build both images by charts/images/build.sh on the stand-in bases and print the folder with
# todo-backend.tar and todo-frontend.tar. Each is built anew when its sources changed; the folder's
# file `state` tells which they are.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
images=$here/../../charts/images
cache=$("$here/standins.sh")
out=$cache/images
mkdir -p "$out"

# key NAME: a hash of all that the image is made from.
key() {
  {
    cat "$cache/debian.sha256" "$cache/node.sha256" "$images/build.sh"
    cd "$images/$1"
    find . -type f ! -path '*/node_modules/*' ! -path './.next/*' ! -path '*/__pycache__/*' \
      ! -name next-env.d.ts ! -name '*.tsbuildinfo' -print0 | sort -z | xargs -0 sha256sum
  } | sha256sum | cut -c1-12
}

exec 9>"$cache/.lock"
flock 9
stale=()
for name in backend frontend; do
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
  declare -A base=([backend]=python [frontend]=node)
  build() {
    local name=$1
    buildah pull --quiet "docker-archive:$cache/${base[$name]}-image.tar" &&
      env -u TAG BUILDER=buildah \
        PYTHON_IMAGE=localhost/standin/python:3.13-slim NODE_IMAGE=localhost/standin/node:20-alpine \
        BUILD_FLAGS="--pull-never --isolation chroot --volume $ca:$ca:ro" "$images/build.sh" "$name" &&
      rm -f "$out/todo-$name.tar" &&
      buildah push --quiet "localhost/todo-$name:local" \
        "docker-archive:$out/todo-$name.tar:docker.io/library/todo-$name:local"
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
cat "$out/backend.key" "$out/frontend.key" >"$out/state"
echo "$out"
