#!/usr/bin/env bash
# Bring the images that build.sh made to the cluster of the current context: minikube, kind, or the
# containerd of the test cluster.
#
#   load.sh [frontend|backend|kagent]...
#
# TAG (local)              the images' tag
# CONTAINERD_ADDRESS       a containerd socket to import into
# IMAGE_ARCHIVES           folder with IMAGE.tar, where they are archives already
set -euo pipefail

tag=${TAG:-local}
context=$(kubectl config current-context 2>/dev/null || true)
[ $# -gt 0 ] || set -- backend frontend kagent
scratch=$(mktemp -d)
trap 'rm -r "$scratch"' EXIT

# archive NAME IMAGE: print the path of a docker archive of the image.
archive() {
  local image=$2:$tag file=$scratch/$1.tar
  if [ -n "${IMAGE_ARCHIVES:-}" ]; then
    echo "$IMAGE_ARCHIVES/$2.tar"
  elif command -v docker >/dev/null; then
    docker save --output "$file" "$image" && echo "$file"
  elif command -v podman >/dev/null; then
    podman save --quiet --output "$file" "$image" && echo "$file"
  else
    buildah push --quiet "$image" "docker-archive:$file:docker.io/library/$image" >&2 && echo "$file"
  fi
}

for name in "$@"; do
  case $name in
    kagent) image=kubectl-todo-ai ;;
    *) image=todo-$name ;;
  esac
  if [ -n "${CONTAINERD_ADDRESS:-}" ]; then
    ctr --address "$CONTAINERD_ADDRESS" --namespace k8s.io image import "$(archive "$name" "$image")"
  elif [[ $context == kind-* ]]; then
    kind load image-archive --name "${context#kind-}" "$(archive "$name" "$image")"
  elif command -v minikube >/dev/null; then
    minikube image load "$(archive "$name" "$image")"
  else
    echo "load.sh: context '$context' is neither kind nor minikube; push the images and give image.registry, or set CONTAINERD_ADDRESS" >&2
    exit 1
  fi
  echo "loaded $image:$tag"
done
