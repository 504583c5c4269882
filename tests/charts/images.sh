#!/usr/bin/env bash
# Build both images by charts/images/build.sh on the stand-in bases and print the folder with
# todo-backend.tar and todo-frontend.tar. One folder for each state of their sources, in the cache.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
images=$here/../../charts/images
cache=$("$here/standins.sh")

key=$({
  cat "$cache/debian.sha256" "$cache/node.sha256" "$images/build.sh"
  cd "$images"
  find backend frontend -type f ! -path '*/node_modules/*' ! -path '*/.next/*' ! -path '*/__pycache__/*' \
    ! -name next-env.d.ts ! -name '*.tsbuildinfo' -print0 | sort -z | xargs -0 sha256sum
} | sha256sum | cut -c1-12)
out=$cache/images-$key

exec 9>"$cache/.lock"
flock 9
if [ ! -d "$out" ]; then
  echo "images: building both on the stand-in bases (one to three minutes; log: $cache/images.log)" >&2
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
  mkdir "$work/out"
  if ! {
    buildah pull --quiet "docker-archive:$cache/python-image.tar"
    buildah pull --quiet "docker-archive:$cache/node-image.tar"
    env -u TAG BUILDER=buildah \
      PYTHON_IMAGE=localhost/standin/python:3.13-slim NODE_IMAGE=localhost/standin/node:20-alpine \
      BUILD_FLAGS="--pull-never --isolation chroot --volume $ca:$ca:ro" "$images/build.sh"
    for name in backend frontend; do
      buildah push --quiet "localhost/todo-$name:local" \
        "docker-archive:$work/out/todo-$name.tar:docker.io/library/todo-$name:local"
    done
  } >"$cache/images.log" 2>&1; then
    tail -n 30 "$cache/images.log" >&2
    echo "images: the build failed; all of its log: $cache/images.log" >&2
    exit 1
  fi
  # Only the newest is kept: an archive is some hundred MB.
  rm -rf "$cache"/images-*/
  mv "$work/out" "$out"
fi
echo "$out"
