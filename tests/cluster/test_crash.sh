#!/usr/bin/env bash
# The test cluster survives a crash of all its programs, and when it goes down
# it leaves nothing behind. This is a second cluster, beside the one in use.
# shellcheck disable=SC2317 # functions are called by name
set -u
KTA_CLUSTER_BUILD=$(mktemp -d)
export KTA_CLUSTER_BUILD KTA_CLUSTER_NAME=crash KTA_CLUSTER_NET=${KTA_CRASH_NET:-10.210}
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$here/clean.sh"

# What lies outside the state folder and could stay behind.
traces() {
  mounts
  cgroups | while read -r group; do [ ! -e "$group" ] || echo "$group"; done
  ip link show "$name" 2>/dev/null
  ip route show root "$all_cidr"
  ip netns list | grep -w "$name"
  pgrep -af "$root"
  iptables-save 2>/dev/null | grep -e KUBE -e CNI
  find "$root" /var/lib/cni/results -maxdepth 1 -name "*$name*" 2>/dev/null
  find /var/log/containers -lname "$root/*" 2>/dev/null
}

settings() { for key in $sysctls; do echo "$key $(cat "/proc/sys/$key")"; done; }

check "the cluster comes up" "$here/up.sh"
check "a pod runs" kubectl run before --image=busybox:1.36 --restart=Never -- sleep 3600
check "it is Ready" kubectl wait --for=condition=Ready --timeout=60s pod/before

# shellcheck disable=SC2046 # one argument a process
kill -KILL $(processes)
refused "after a crash nothing answers" kubectl get --raw /readyz --request-timeout=2s
check "after a crash the cluster comes up again" "$here/up.sh"
check "the node is Ready again" kubectl wait --for=condition=Ready --timeout=30s "node/$node"
check "a pod runs again" kubectl run after --image=busybox:1.36 --restart=Never -- sleep 3600
check "it is Ready again" kubectl wait --for=condition=Ready --timeout=60s pod/after

saved=$(cat "$root/sysctls")
check "the cluster goes down" "$here/down.sh"
left=$(traces)
if [ -z "$left" ]; then ok "nothing is left behind"; else not_ok "nothing is left behind" "$left"; fi
if [ "$(settings)" = "$saved" ]; then ok "the kernel's settings are back"; else
  not_ok "the kernel's settings are back" "they were $saved and are $(settings)"
fi
refused "the kubeconfig is gone" test -e "$KUBECONFIG"
check "down a second time has nothing to do" says "not up" "$here/down.sh"

mkdir -p "$build"
echo 'kind: Config' >"$KUBECONFIG"
refused "a kubeconfig of somebody else stays" "$here/up.sh"
check "it is as it was" grep -x 'kind: Config' "$KUBECONFIG"
rm -r "$build"
finish
