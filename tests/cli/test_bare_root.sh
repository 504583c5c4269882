#!/usr/bin/env bash
# The README's first command in a bare Debian 12: no compiler, no make, no network but the packages
# that install.sh asks apt for (a folder of them stands for the mirror).
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/cluster/common.sh
. tests/cluster/common.sh
failed=0
is() { # NAME COMMAND...
    local name=$1
    shift
    if "$@" >"$work/said" 2>&1; then
        printf 'ok bare root: %s\n' "$name"
    else
        printf 'not ok bare root: %s: %s\n' "$name" "$(tail -n 5 "$work/said" | tr '\n' ' ')"
        failed=1
    fi
}
work=$(mktemp -d)
root=$work/root
trap 'rm -rf --one-file-system "$work"' EXIT
mkdir "$root"
tar -C "$root" -xf "$(part bare)/root.tar"
rm -rf "$root"/etc/apt/sources.list*
echo 'deb [trusted=yes] file:/packages ./' >"$root/etc/apt/sources.list"
mkdir "$root/checkout"
git ls-files -z --cached --others --exclude-standard | tar --null -T - -cf - | tar -C "$root/checkout" -xf -

# in_root COMMAND...: with namespaces of its own, so that nothing of it outlives the command.
# shellcheck disable=SC2317 # called by name
in_root() {
    # shellcheck disable=SC2016
    unshare --mount --pid --net --fork --kill-child sh -c \
        'mount -t proc proc "$0/proc" && mount -t devtmpfs dev "$0/dev" && exec chroot "$0" "$@"' "$root" \
        env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "$@"
}
# shellcheck disable=SC2317
said() { grep -qF -- "$1" "$work/answer"; }

is "there is no compiler and no make" in_root sh -c '! command -v gcc cc make'
is "./install.sh --demo succeeds" bash -c "$(declare -f in_root); root='$root'; in_root sh -c 'cd /checkout && ./install.sh --demo' >'$work/answer' 2>'$work/err' </dev/null || { cat '$work/answer' '$work/err'; exit 1; }"
is "the cause is told" said "the environment variable DATABASE_URL is not set"
is "with its evidence" said "KeyError: 'DATABASE_URL'"
is "what changed is told" said "What changed"
is "a plan is proposed" said "kubectl rollout undo deployment/backend"
exit $failed
