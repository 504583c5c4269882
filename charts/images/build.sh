#!/usr/bin/env bash
# Build todo-frontend and todo-backend with docker, podman or buildah, whichever is there.
#
#   build.sh [frontend|backend]...
#
# TAG (local)           the images' tag
# NODE_IMAGE            base of the frontend, for example node:20-alpine@sha256:...
# PYTHON_IMAGE          base of the backend
# BUILDER               docker, podman or buildah, where more than one is there
# BUILD_FLAGS           more flags for it
set -euo pipefail
cd "$(dirname "$0")"

builder=${BUILDER:-}
if [ -z "$builder" ]; then
  for candidate in docker podman buildah; do
    command -v "$candidate" >/dev/null && builder=$candidate && break
  done
fi
[ -n "$builder" ] || { echo "build.sh: none of docker, podman and buildah is installed; install one of them" >&2; exit 1; }

[ $# -gt 0 ] || set -- backend frontend
for name in "$@"; do
  [ -f "$name/Dockerfile" ] || { echo "build.sh: there is no image '$name': frontend or backend" >&2; exit 2; }
  args=(--tag "todo-$name:${TAG:-local}" --build-arg "REVISION=$(git rev-parse --short HEAD 2>/dev/null || true)")
  case $name in
    frontend) [ -z "${NODE_IMAGE:-}" ] || args+=(--build-arg "NODE_IMAGE=$NODE_IMAGE") ;;
    backend) [ -z "${PYTHON_IMAGE:-}" ] || args+=(--build-arg "PYTHON_IMAGE=$PYTHON_IMAGE") ;;
  esac
  # buildah and podman keep LABEL and STOPSIGNAL as docker does only in its own format.
  [ "$builder" = docker ] || args+=(--format docker)
  # shellcheck disable=SC2086 # flags are words
  "$builder" build "${args[@]}" ${BUILD_FLAGS:-} "$name"
done
