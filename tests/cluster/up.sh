#!/usr/bin/env bash
# Starts the test cluster: one node, a real control plane, CoreDNS and
# metrics-server, in a few seconds. Its kubeconfig is build/cluster/kubeconfig,
# kubectl and helm are in build/cluster/bin. Run again, it says that the cluster
# is up; after a crash it removes what is left and starts afresh.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
. "$here/clean.sh"
. "$here/run.sh"

kubeconfig=$build/kubeconfig
pki=$root/pki
parts='etcd registry containerd apiserver controller-manager scheduler proxy kubelet coredns metrics-server'

kubectl() { KUBECACHEDIR=$root/kubectl "$clients/kubectl" --kubeconfig "$kubeconfig" "$@"; }

# healthy: every program runs and the node is Ready.
healthy() {
  local part
  [ "$(owner)" = "$build" ] || return 1
  for part in $parts; do pid_of "$part" || return 1; done
  kubectl --request-timeout=5s wait --for=condition=Ready --timeout=5s "node/$node"
}

# ---- before anything is changed ------------------------------------------

check_machine() {
  local tool used
  [ "$(id -u)" = 0 ] || die "a cluster needs root: run this with sudo"
  for tool in etcd containerd runc ctr openssl ip nsenter iptables conntrack; do
    command -v "$tool" >/dev/null || die "$tool is missing: './install.sh --test' installs what the tests need"
  done
  [ -x /usr/lib/cni/ptp ] || die "/usr/lib/cni/ptp is missing: './install.sh --test' installs what the tests need"
  if [ -e "$kubeconfig" ] && ! ours "$kubeconfig"; then
    die "$kubeconfig was not written by this script, so it stays as it is: move it away first"
  fi
  if [ -e /var/lib/kubelet/device-plugins/kubelet.sock ] && ! compgen -G '/var/lib/kubectl-todo-ai-cluster*/owner' >/dev/null; then
    die "this machine is a node of another Kubernetes cluster already: the test cluster would get in its way"
  fi
  used=$(ip -o route show root "$all_cidr")
  [ -z "$used" ] || die "this machine already uses $all_cidr ($used): set KTA_CLUSTER_NET to two other numbers, such as 10.77"
}

# ---- certificates --------------------------------------------------------

# authority NAME
authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 \
    -subj "/CN=$1" -keyout "$pki/$1.key" -out "$pki/$1.crt" 2>/dev/null
}

# certificate NAME AUTHORITY SUBJECT [SUBJECT-ALTERNATIVE-NAMES]
certificate() {
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
    -subj "$3" -keyout "$pki/$1.key" 2>/dev/null |
    openssl x509 -req -days 30 -CA "$pki/$2.crt" -CAkey "$pki/$2.key" \
      -set_serial "0x$(openssl rand -hex 15)" -out "$pki/$1.crt" \
      -extfile <(echo "keyUsage=digitalSignature"; echo "extendedKeyUsage=clientAuth,serverAuth"
        [ -z "${4-}" ] || echo "subjectAltName=$4") 2>/dev/null
}

# kubeconfig_for NAME: certificates inline, so that the file can be moved.
kubeconfig_for() {
  printf '%s\n' 'apiVersion: v1' 'kind: Config' 'current-context: kta-test' \
    'clusters:' '- name: kta-test' '  cluster:' \
    "    server: https://$node_ip:6443" \
    "    certificate-authority-data: $(base64 -w0 <"$pki/ca.crt")" \
    'contexts:' '- name: kta-test' '  context:' '    cluster: kta-test' '    user: kta-test' \
    'users:' '- name: kta-test' '  user:' \
    "    client-certificate-data: $(base64 -w0 <"$pki/$1.crt")" \
    "    client-key-data: $(base64 -w0 <"$pki/$1.key")"
}

make_certificates() {
  mkdir -m 700 "$pki"
  authority ca
  authority front-proxy-ca
  openssl genrsa -out "$pki/sa.key" 2048 2>/dev/null
  openssl rsa -in "$pki/sa.key" -pubout -out "$pki/sa.pub" 2>/dev/null
  certificate apiserver ca /CN=kube-apiserver \
    "IP:$node_ip,IP:$kubernetes_ip,IP:127.0.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local"
  certificate front-proxy front-proxy-ca /CN=front-proxy-client
  certificate admin ca /O=system:masters/CN=kta-test
  certificate controller-manager ca /CN=system:kube-controller-manager
  certificate scheduler ca /CN=system:kube-scheduler
  certificate proxy ca /CN=system:kube-proxy
  certificate kubelet ca "/O=system:nodes/CN=system:node:$node"
  local user
  for user in admin controller-manager scheduler proxy kubelet; do
    kubeconfig_for "$user" >"$root/$user.kubeconfig"
  done
}

# ---- control groups and network ------------------------------------------

make_cgroups() {
  local group file
  cgroups | while read -r group; do
    mkdir -p "$group"
    # A new cpuset is empty, and nothing can join it, until it is told.
    for file in cpuset.cpus cpuset.mems; do
      if [ -f "$group/cpuset.cpu_exclusive" ]; then cat "$group/../$file" >"$group/$file"; fi
    done
    # cgroup v2: a controller is there when every group above hands it down.
    if [ -f "$group/cgroup.controllers" ] && [ "$group" = "/sys/fs/cgroup/$name" ]; then
      for file in "$group/.." "$group"; do
        sed 's/^\| / +/g' "$file/cgroup.controllers" >"$file/cgroup.subtree_control"
      done
    fi
  done
  mkdir -p "$(members_cgroup)/daemons"
}

# inside COMMAND...: runs it in the cluster's network.
inside() { nsenter --net="/run/netns/$name" -- "$@"; }

make_network() {
  ip netns add "$name"
  ip link add "$name" type veth peer name eth0 netns "$name"
  ip addr add "$host_ip/30" dev "$name"
  ip link set "$name" up
  inside ip link set lo up
  inside ip addr add "$node_ip/30" dev eth0
  inside ip link set eth0 up
  # Pods and Services can be reached from the host, as from another node.
  ip route add "$all_cidr" via "$node_ip"
  inside sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
}

# ---- the programs --------------------------------------------------------

# overlayfs, unless $root lies on a file system that cannot carry it.
snapshotter() {
  local try=$root/try
  mkdir -p "$try/lower" "$try/upper" "$try/work" "$try/merged"
  if mount -t overlay overlay "$try/merged" \
    -o "lowerdir=$try/lower,upperdir=$try/upper,workdir=$try/work" 2>/dev/null; then
    umount "$try/merged"
    echo overlayfs
  else
    echo native
  fi
  rm -rf "$try"
}

write_configuration() {
  local snapshots
  snapshots=$(snapshotter)
  mkdir -p "$root/cni" "$root/registry/hosts" "$root/registry/empty"
  sed -e "s|@ROOT@|$root|g" -e "s|@SNAPSHOTTER@|$snapshots|g" \
    "$here/config/containerd.toml" >"$root/containerd.toml"
  sed -e "s|@NAME@|$name|g" -e "s|@ROOT@|$root|g" -e "s|@POD_CIDR@|$pod_cidr|g" \
    "$here/config/cni.conflist" >"$root/cni/10-$name.conflist"
  sed -e "s|@ROOT@|$root|g" -e "s|@DNS_IP@|$dns_ip|g" -e "s|@NODE_IP@|$node_ip|g" \
    -e "s|@NAME@|$name|g" "$here/config/kubelet.yaml" >"$root/kubelet.yaml"
  sed -e "s|@ROOT@|$root|g" -e "s|@POD_CIDR@|$pod_cidr|g" \
    "$here/config/proxy.yaml" >"$root/proxy.yaml"
  sed -e "s|@ROOT@|$root|g" -e "s|@NODE_IP@|$node_ip|g" \
    "$here/config/Corefile" >"$root/Corefile"
  sed -e "s|@DNS_IP@|$dns_ip|g" -e "s|@NODE_IP@|$node_ip|g" \
    "$here/config/addons.yaml" >"$root/addons.yaml"
  echo "nameserver $node_ip" >"$root/resolv.conf"
  # The usual registries are a server on the node that has no image, and wants
  # a password for those under private/: pulls fail as they do for users. Any
  # other registry cannot be reached.
  local registry
  for registry in docker.io ghcr.io quay.io registry.k8s.io registry.example; do
    mkdir "$root/registry/hosts/$registry"
    printf '%s\n' 'server = "http://127.0.0.1:5000"' '[host."http://127.0.0.1:5000"]' \
      '  capabilities = ["pull", "resolve"]' >"$root/registry/hosts/$registry/hosts.toml"
  done
  printf '/v2/private:kta:kta\n' >"$root/registry/httpd.conf"
}

define_programs() {
  local kube
  kube=$(part kube)/kube
  define etcd etcd --data-dir "$root/etcd" --unsafe-no-fsync --log-level warn \
    --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
    --listen-peer-urls http://127.0.0.1:2380
  define registry "$(part busybox)/bin/busybox" httpd -f -p 127.0.0.1:5000 -h "$root/registry/empty" -c "$root/registry/httpd.conf"
  define containerd containerd --config "$root/containerd.toml"
  define apiserver "$kube" kube-apiserver --etcd-servers http://127.0.0.1:2379 \
    --advertise-address "$node_ip" --secure-port 6443 --service-cluster-ip-range "$service_cidr" \
    --authorization-mode Node,RBAC --allow-privileged --client-ca-file "$pki/ca.crt" \
    --tls-cert-file "$pki/apiserver.crt" --tls-private-key-file "$pki/apiserver.key" \
    --kubelet-client-certificate "$pki/admin.crt" --kubelet-client-key "$pki/admin.key" \
    --kubelet-preferred-address-types InternalIP \
    --service-account-issuer https://kubernetes.default.svc.cluster.local \
    --service-account-key-file "$pki/sa.pub" --service-account-signing-key-file "$pki/sa.key" \
    --enable-aggregator-routing --requestheader-client-ca-file "$pki/front-proxy-ca.crt" \
    --requestheader-allowed-names front-proxy-client --requestheader-username-headers X-Remote-User \
    --requestheader-group-headers X-Remote-Group --requestheader-extra-headers-prefix X-Remote-Extra- \
    --proxy-client-cert-file "$pki/front-proxy.crt" --proxy-client-key-file "$pki/front-proxy.key"
  define controller-manager "$kube" kube-controller-manager --leader-elect=false \
    --kubeconfig "$root/controller-manager.kubeconfig" --use-service-account-credentials \
    --service-account-private-key-file "$pki/sa.key" --root-ca-file "$pki/ca.crt" \
    --cluster-signing-cert-file "$pki/ca.crt" --cluster-signing-key-file "$pki/ca.key" \
    --kube-api-qps 200 --kube-api-burst 400
  define scheduler "$kube" kube-scheduler --leader-elect=false --kubeconfig "$root/scheduler.kubeconfig"
  define proxy "$kube" kube-proxy --config "$root/proxy.yaml" --hostname-override "$node"
  define kubelet "$kube" kubelet --config "$root/kubelet.yaml" --kubeconfig "$root/kubelet.kubeconfig" \
    --root-dir "$root/kubelet" --cert-dir "$root/kubelet/pki" --hostname-override "$node" \
    --node-ip "$node_ip" --housekeeping-interval 5s
  define coredns "$(part addons)/coredns" -conf "$root/Corefile"
  define metrics-server "$(part addons)/metrics-server" --kubeconfig "$root/admin.kubeconfig" \
    --authentication-kubeconfig "$root/admin.kubeconfig" --authorization-kubeconfig "$root/admin.kubeconfig" \
    --kubelet-insecure-tls --kubelet-preferred-address-types InternalIP --metric-resolution 10s \
    --kubelet-request-timeout 8s --secure-port 4443 --cert-dir "$root/metrics-server"
}

start() {
  # The owner is written first: from here on a crash can be cleaned up.
  mkdir -p "$root/run" "$root/log" "$build/pids" "$build/bin"
  chmod 700 "$root"
  echo "$build" >"$root/owner"
  ln -sfn "$root/log" "$build/log"
  save_sysctls
  make_cgroups
  make_network
  write_configuration
  define_programs
  launch etcd
  launch registry
  launch containerd
  make_certificates
  ln -sfn "$clients"/* "$build/bin/"
  install -m 600 "$root/admin.kubeconfig" "$kubeconfig"

  launch apiserver
  await 30 containerd ctr --address "$root/containerd.sock" version
  "$here/images.sh" "$root/images" >"$root/log/images.log" 2>&1 ||
    die "the test images cannot be loaded: see $root/log/images.log"
  await 60 "the API server" kubectl get --raw /readyz
  launch controller-manager
  launch scheduler
  launch proxy
  launch kubelet
  kubectl create -f "$root/addons.yaml" >"$root/log/addons.log"
  launch coredns
  launch metrics-server
  await 60 "the node" kubectl wait --for=condition=Ready --timeout=10s "node/$node"
  await 30 "the default service account" kubectl get serviceaccount default
  await 30 "CoreDNS" inside "$(part busybox)/bin/busybox" wget -q -O /dev/null http://127.0.0.1:8181/ready
}

main() {
  local began
  trap '[ $? = 0 ] || say "the cluster is not up; running this again starts afresh"' EXIT
  began=$(date +%s%N)
  mkdir -p "${lock%/*}"
  exec 9>"$lock"
  flock 9
  refuse_others "start a cluster"
  clients=$(part clients)
  if healthy >/dev/null 2>&1; then
    say "already up; KUBECONFIG is $kubeconfig"
    return
  fi
  if [ -e "$root" ] || [ -e "/run/netns/$name" ] || alive; then
    say "removing what is left of an earlier cluster"
    clean
  fi
  check_machine
  "$here/deps.sh"
  start
  local ms=$((($(date +%s%N) - began) / 1000000))
  say "up after $((ms / 1000)).$((ms % 1000 / 100)) s; KUBECONFIG is $kubeconfig, kubectl and helm are in $build/bin"
}

main
