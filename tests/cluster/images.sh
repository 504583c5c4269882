#!/usr/bin/env bash
# usage: images.sh FOLDER
# Makes the images that tests use and loads them into the running cluster; no
# registry is needed. All are one layer, busybox and a small web server:
#
#   kta.test/pause:1             what holds a pod together
#   busybox:1.36                 a shell and the usual tools (kta.test/busybox:1 too)
#   kta.test/web:1               the web server, port $PORT (8000), /health
#   todo-backend:v1 and :v2      the same; $VERSION is v1 and v2
#   todo-frontend:v1 and :v2     the same, port 3000
#
# busybox's wget crashes when it is given -T; `timeout 3 wget …` works.
# `todo-backend:local` is left to the real application's image.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

work=$1
mkdir -p "$work/archive"
cp -a "$(part busybox)" "$work/layer"
chmod 1777 "$work/layer/tmp"
printf 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n' >"$work/layer/etc/passwd"
printf 'root:x:0:\nnobody:x:65534:\n' >"$work/layer/etc/group"
cat >"$work/layer/bin/serve" <<'END'
#!/bin/sh
# A web server that logs as applications do and ends when it is told to.
port=${PORT:-8000}
echo "INFO  starting ${NAME:-web} ${VERSION:-} on port $port"
site=$(mktemp -d /tmp/site.XXXXXX) || { echo "ERROR cannot write to /tmp" >&2; exit 1; }
echo '{"status":"ok"}' >"$site/health"
echo "${NAME:-web} ${VERSION:-}" >"$site/index.html"
trap 'echo "INFO  shutting down"; kill $server; exit 0' TERM INT
httpd -f -v -p "$port" -h "$site" &
server=$!
wait $server
END
chmod 755 "$work/layer/bin/serve"
tar --numeric-owner --owner=0 --group=0 --mtime=@0 -C "$work/layer" -cf "$work/archive/layer.tar" .
sum=$(sha256sum <"$work/archive/layer.tar")

images=
# image CONFIG TAG...: CONFIG is the inside of the image's "config" object.
image() {
  local file tags
  file=$(printf '%s' "$1" | sha256sum | cut -c 1-16).json
  printf '{"architecture":"amd64","os":"linux","created":"2024-01-01T00:00:00Z","config":{%s},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
    "$1" "${sum%% *}" >"$work/archive/$file"
  shift
  tags=$(printf ',"%s"' "$@")
  images="$images,{\"Config\":\"$file\",\"RepoTags\":[${tags#,}],\"Layers\":[\"layer.tar\"]}"
}

path='"PATH=/bin"'
image "\"Env\":[$path],\"Entrypoint\":[\"/bin/sleep\",\"infinity\"]" kta.test/pause:1
image "\"Env\":[$path],\"Cmd\":[\"/bin/sh\"]" docker.io/library/busybox:1.36 kta.test/busybox:1
web() { # NAME VERSION PORT TAG
  image "\"Env\":[$path,\"NAME=$1\",\"VERSION=$2\",\"PORT=$3\"],\"Cmd\":[\"/bin/serve\"],\"ExposedPorts\":{\"$3/tcp\":{}}" "$4"
}
web web 1 8000 kta.test/web:1
for version in v1 v2; do
  web todo-backend "$version" 8000 "docker.io/library/todo-backend:$version"
  web todo-frontend "$version" 3000 "docker.io/library/todo-frontend:$version"
done
printf '[%s]' "${images#,}" >"$work/archive/manifest.json"
tar -C "$work/archive" -cf "$work/images.tar" .
ctr --address "$root/containerd.sock" --namespace k8s.io images import --no-unpack "$work/images.tar"
rm -rf "$work"
