#!/usr/bin/env bash
# usage: ctl.sh stop|cont|kill|start|restart NAME
# For tests: freezes (SIGSTOP), thaws, kills or starts one program of the
# running cluster, such as apiserver, kubelet or metrics-server.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
. "$here/clean.sh"
. "$here/run.sh"

[ $# -eq 2 ] || die "usage: ctl.sh stop|cont|kill|start|restart NAME"
[ "$(owner)" = "$build" ] || die "this checkout's cluster is not up"
[ -x "$root/run/$2" ] || die "there is no program '$2'; there are: $(cd "$root/run" && echo ./* | sed 's|\./||g')"

end() {
  local pid
  pid=$(pid_of "$1") || return 0
  kill -KILL "$pid"
  await 10 "the end of $1" gone "$1"
}
gone() { ! pid_of "$1"; }
running() { pid_of "$1" || die "$1 does not run"; }

case $1 in
  stop) kill -STOP "$(running "$2")" ;;
  cont) kill -CONT "$(running "$2")" ;;
  kill) end "$2" ;;
  start) pid_of "$2" >/dev/null || launch "$2" ;;
  restart) end "$2"; launch "$2" ;;
  *) die "usage: ctl.sh stop|cont|kill|start|restart NAME" ;;
esac
