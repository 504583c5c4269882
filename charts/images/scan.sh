#!/usr/bin/env bash
# Fail when trivy knows a critical or high vulnerability in either image.
set -euo pipefail

if ! command -v trivy >/dev/null; then
  echo "scan.sh: trivy is not installed, so nothing was scanned; see https://trivy.dev (for example: brew install trivy)" >&2
  exit 127
fi
for name in backend frontend; do
  trivy image --exit-code 1 --severity CRITICAL,HIGH "todo-$name:${TAG:-local}"
done
