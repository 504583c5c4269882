#!/usr/bin/env bash
# Build todo-frontend, todo-backend and kubectl-todo-ai (kagent) with docker, podman or buildah,
# whichever is there.
#
#   build.sh [frontend|backend|kagent]...
#
# TAG (local)           the images' tag
# NODE_IMAGE            base of the frontend, for example node:20-alpine@sha256:...
# PYTHON_IMAGE          base of the backend
# DEBIAN_IMAGE          base of kagent; KUBECTL_IMAGE and HELM_IMAGE are where its kubectl and helm
#                       are copied from
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

[ $# -gt 0 ] || set -- backend frontend kagent
for name in "$@"; do
  [ -f "$name/Dockerfile" ] || { echo "build.sh: there is no image '$name': frontend, backend or kagent" >&2; exit 2; }
  image=todo-$name context=$name bases=()
  case $name in
    frontend) bases=(NODE_IMAGE) ;;
    backend) bases=(PYTHON_IMAGE) ;;
    kagent) image=kubectl-todo-ai context=../.. bases=(DEBIAN_IMAGE KUBECTL_IMAGE HELM_IMAGE) ;;
  esac
  args=(--tag "$image:${TAG:-local}" --build-arg "REVISION=$(git rev-parse --short HEAD 2>/dev/null || true)")
  for base in "${bases[@]}"; do
    [ -z "${!base:-}" ] || args+=(--build-arg "$base=${!base}")
  done
  # buildah and podman keep LABEL and STOPSIGNAL as docker does only in its own format.
  [ "$builder" = docker ] || args+=(--format docker)
  if [ "$context" != "$name" ]; then
    args+=(--file "$name/Dockerfile")
    # docker finds it by its name
    [ "$builder" = docker ] || args+=(--ignorefile "$name/Dockerfile.dockerignore")
  fi
  # shellcheck disable=SC2086 # flags are words
  "$builder" build "${args[@]}" ${BUILD_FLAGS:-} "$context"
done
