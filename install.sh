#!/usr/bin/env bash
# install.sh: from a bare Debian 12 and this checkout to a running kubectl-todo-ai.
#
#   ./install.sh             install for you (PREFIX=~/.local); --system installs to /usr/local
#   ./install.sh --demo      build and answer a question from a bundled snapshot: no cluster needed
#   ./install.sh --test      install what the tests need and run all of them
#   ./install.sh --uninstall remove exactly what an install put there
#
# Missing Debian packages are installed with apt-get (as root, or through sudo). Nothing else on the
# machine is touched; what the tests download or build goes into
# ${KTA_TEST_CACHE:-${XDG_CACHE_HOME:-~/.cache}/kubectl-todo-ai-tests}.
set -euo pipefail
cd "$(dirname "$0")"

build_packages="gcc libc6-dev make pkg-config libcurl4-openssl-dev libcjson-dev libreadline-dev
    libyaml-dev libpcre2-dev zlib1g-dev libmicrohttpd-dev libsodium-dev"
test_packages="libcmocka-dev clang-format shellcheck git python3 python3-venv ca-certificates curl
    man-db util-linux procps zsh fish"

say() { printf '==> %s\n' "$*"; }
die() {
    printf 'install.sh: %s\n' "$*" >&2
    exit 1
}

packages() { # NAME...: installs those that are missing
    local missing=() p
    command -v dpkg-query >/dev/null || die "this is not a Debian system; install by hand: $*"
    for p in "$@"; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing+=("$p")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    local root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || die "these packages are missing, and you are not root: ${missing[*]}"
        root=(sudo)
    fi
    say "installing Debian packages: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    "${root[@]}" apt-get update -q >/dev/null || die "apt-get update failed"
    "${root[@]}" apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null ||
        die "apt-get could not install: ${missing[*]}"
}

from_file() { # FILE: package names, one a line, # begins a comment
    [ ! -f "$1" ] || sed 's/#.*//' "$1"
}

# clang and the fuzzers' run-time library of its version; without them the fuzzers still run, blindly
fuzz_packages() {
    local version
    version=$(apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9]*\)$/\1/p')
    [ -z "$version" ] || echo "clang libclang-rt-$version-dev"
}

build() {
    # shellcheck disable=SC2086
    packages $build_packages
    say "building"
    make -s -j"$(nproc)"
}

installed_hint() {
    local bin=$1/bin
    case ":$PATH:" in
    *":$bin:"*) ;;
    *) say "$bin is not on your PATH yet; add to your shell's start file: export PATH=\"$bin:\$PATH\"" ;;
    esac
    say "installed. Try: kubectl todo-ai \"what is wrong\""
}

prefix=${PREFIX:-$HOME/.local}
mode=install
for arg in "$@"; do
    case $arg in
    --demo | --test | --uninstall) mode=${arg#--} ;;
    --system) prefix=/usr/local ;;
    --prefix=*) prefix=${arg#--prefix=} ;;
    -h | --help)
        sed -n '2,8s/^# \{0,1\}//p' "$0"
        exit 0
        ;;
    *) die "unknown argument '$arg' (./install.sh --help)" ;;
    esac
done

case $mode in
demo)
    build
    make -s demo
    ;;
test)
    # shellcheck disable=SC2086,SC2046
    packages $build_packages $test_packages $(from_file tests/cluster/debian-packages.txt) \
        $(from_file tests/charts/debian-packages.txt)
    # shellcheck disable=SC2046
    packages $(fuzz_packages)
    build
    for deps in tests/cluster/deps.sh tests/charts/deps.sh tests/mcp/deps.sh; do
        [ ! -x "$deps" ] || "$deps" >/dev/null
    done
    make -s test
    ;;
install)
    build
    make -s install PREFIX="$prefix" DESTDIR="${DESTDIR:-}"
    installed_hint "$prefix"
    ;;
uninstall)
    make -s uninstall PREFIX="$prefix" DESTDIR="${DESTDIR:-}" 2>/dev/null ||
        plugin/gen/install.sh "${DESTDIR:-}" "$prefix" uninstall
    ;;
esac
