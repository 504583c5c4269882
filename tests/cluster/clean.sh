# shellcheck shell=bash disable=SC2154 # variables of common.sh
# Sourced by up.sh and down.sh: who owns the cluster of this machine, and
# removing all of it, also after a crash.
#
# Every process of the cluster, its containers and what they forked included,
# lies in one control group, and nothing else does. So ending them never needs
# a list of process ids that might be somebody else's by now.

# cgroups: the cluster's own folder in each hierarchy (one under cgroup v2).
cgroups() {
  local top
  if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    echo "/sys/fs/cgroup/$name"
  else
    for top in /sys/fs/cgroup/*/cgroup.procs; do echo "${top%/*}/$name"; done
  fi
}

# The one whose members are listed: every process is in each of them.
members_cgroup() {
  if [ -d /sys/fs/cgroup/pids ]; then echo "/sys/fs/cgroup/pids/$name"; else echo "/sys/fs/cgroup/$name"; fi
}

processes() { find "$(members_cgroup)" -name cgroup.procs -exec cat {} + 2>/dev/null; }

# exiting PID...: those that are still there, but for zombies, whose parent may
# never ask for them.
exiting() {
  local pid
  for pid in "$@"; do
    case $(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null) in '' | Z*) ;; *) echo "$pid" ;; esac
  done
}

alive() { [ -n "$(processes | head -n 1)" ]; }

owner() { cat "$root/owner" 2>/dev/null; }

mounts() { awk -v top="$root/" 'index($5, top) == 1 { print $5 }' /proc/self/mountinfo | sort -r; }

# refuse_others VERB: ends here when another checkout's cluster runs.
refuse_others() {
  local who
  if ! who=$(owner); then
    ! alive || die "cannot $1: processes of a test cluster run whose state is not in $root, perhaps in a container or chroot of this machine: $(processes | xargs)"
    return 0
  fi
  if [ "$who" != "$build" ] && [ -e "$who/kubeconfig" ] && alive; then
    die "cannot $1: the test cluster of $who runs on this machine, and there can be only one. Use its kubeconfig, $who/kubeconfig, or run 'make cluster-down' in that checkout first."
  fi
}

# What the kubelet sets for the whole machine; put back afterwards.
sysctls='vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes'

save_sysctls() {
  local key
  for key in $sysctls; do echo "$key $(cat "/proc/sys/$key")"; done >"$root/sysctls"
}

restore_sysctls() {
  local key value
  [ -f "$root/sysctls" ] || return 0
  while read -r key value; do
    [ "$(cat "/proc/sys/$key")" = "$value" ] || echo "$value" >"/proc/sys/$key" || true
  done <"$root/sysctls"
}

# clean: ends and removes everything. Data of the cluster is not kept.
clean() {
  local who pids='' i path
  who=$(owner) || who=$build

  # A killed process leaves its group before its memory and files are gone.
  for ((i = 0; i < 200; i++)); do
    # shellcheck disable=SC2086 # one argument a process
    pids=$(processes; exiting $pids)
    [ -n "$pids" ] || break
    # shellcheck disable=SC2046 # one argument a process
    kill -KILL $(processes) 2>/dev/null || true
    sleep 0.05
  done
  ! alive || die "cannot end these processes of the cluster: $(processes | tr '\n' ' ')"

  restore_sysctls
  # Twice: a mount may have been made below another one.
  for i in 1 2; do
    mounts | while read -r path; do umount "$path" 2>/dev/null || umount -l "$path" || true; done
  done
  [ -z "$(mounts)" ] || die "cannot unmount $(mounts | head -n 1)"

  # The namespace takes its devices, routes and firewall rules with it, but not
  # before the kernel has noticed.
  ip link del "$name" 2>/dev/null || true
  if [ -e "/run/netns/$name" ]; then ip netns del "$name"; fi

  # What containerd and the kubelet write outside their own folders: the
  # shims' sockets, the network plugins' results, links to logs, a socket.
  { find "$root/containerd-state" -name address -exec grep -hoz '/run/containerd/s/.*' {} + 2>/dev/null || true; } |
    xargs -0 -r rm -f
  for path in "$root"/containerd-state/io.containerd.grpc.v1.cri/sandboxes/*; do
    rm -f /var/lib/cni/results/*-"${path##*/}"-*
  done
  rm -f /var/lib/kubelet/device-plugins/kubelet.sock
  find /var/log/containers -lname "$root/*" -delete 2>/dev/null || true
  for path in /var/lib/kubelet/device-plugins /var/lib/kubelet /var/lib/cni/results /var/lib/cni /var/log/containers /run/containerd/s /run/containerd; do
    rmdir "$path" 2>/dev/null || true
  done

  cgroups | while read -r path; do
    [ ! -d "$path" ] || find "$path" -depth -type d -exec rmdir {} + 2>/dev/null || true
  done
  rm -rf --one-file-system "$root"
  rm -rf "${who:?}"/{pids,bin,log,cache}
  if ours "$who/kubeconfig"; then rm -f "$who/kubeconfig"; fi
}

# ours FILE: whether this kubeconfig was written by up.sh.
ours() { [ -f "$1" ] && grep -q '^current-context: kta-test$' "$1"; }
