#!/usr/bin/env bash
# Fail when trivy knows a critical or high vulnerability in an image.
set -euo pipefail

if ! command -v trivy >/dev/null; then
  echo "scan.sh: trivy is not installed, so nothing was scanned; see https://trivy.dev (for example: brew install trivy)" >&2
  exit 127
fi
for image in todo-backend todo-frontend kubectl-todo-ai; do
  trivy image --exit-code 1 --severity CRITICAL,HIGH "$image:${TAG:-local}"
done
