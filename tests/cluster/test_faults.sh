#!/usr/bin/env bash
# Every fault and every piece of ordinary life of faults/, on the real cluster: is the cause named
# with the right object in one finding, is it cured where it can be, and is nothing said of what is
# well? Side by side, so that the waiting is shared.
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
export FAULTS_AT_ONCE=${FAULTS_AT_ONCE:-10} FAULTS_SECONDS=${FAULTS_SECONDS:-120}
exec bash faults/run.sh
