# shellcheck shell=bash disable=SC2154 # variables of common.sh
# Sourced by up.sh and ctl.sh: starting and watching the cluster's programs.
#
# $root/run/NAME is the script that starts NAME; $build/pids/NAME holds its
# process id and start time (field 22 of /proc/PID/stat), which together name
# a process for good: a reused id has another start time.

# define NAME COMMAND...: writes the script. The program enters the cluster's
# control group and network and replaces the shell, so the id stays the same.
define() {
  local part=$1
  shift
  {
    printf '#!/bin/sh\n'
    printf 'echo $$ >%s/daemons/cgroup.procs || exit 1\n' "$(members_cgroup)"
    printf 'exec env -i HOME=%q PATH=/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin' "$root"
    printf ' nsenter --net=/run/netns/%s --' "$name"
    printf ' %q' "$@"
    printf '\n'
  } >"$root/run/$part"
  chmod 755 "$root/run/$part"
}

# The start time of a process, or nothing when there is none.
start_time() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20; }

launch() {
  setsid "$root/run/$1" </dev/null >>"$root/log/$1.log" 2>&1 9>&- &
  echo "$! $(start_time $!)" >"$build/pids/$1"
}

# pid_of NAME: the id of the running program, or failure.
pid_of() {
  local pid time
  read -r pid time 2>/dev/null <"$build/pids/$1" &&
    [ -n "$time" ] && [ "$(start_time "$pid")" = "$time" ] && echo "$pid"
}

# await SECONDS WHAT COMMAND...: asks again until the command succeeds.
await() {
  local until=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$until" ] || die "gave up waiting for $what; the logs are in $root/log"
    sleep 0.1
  done
}
