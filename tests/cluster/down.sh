#!/usr/bin/env bash
# Ends the test cluster of this checkout and removes every trace of it.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
. "$here/clean.sh"

[ -e "$root" ] || { say "not up"; exit 0; }
[ "$(id -u)" = 0 ] || die "ending the cluster needs root: run this with sudo"
mkdir -p "${lock%/*}"
exec 9>"$lock"
flock 9
refuse_others "end the cluster"
clean
say "down"
