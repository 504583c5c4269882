#!/usr/bin/env bash
# An install puts exactly what an uninstall removes; kubectl finds the plugin, its completion works.
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
is() { # NAME COMMAND...
    local name=$1
    shift
    if "$@" >"$work/said" 2>&1; then
        printf 'ok install: %s\n' "$name"
    else
        printf 'not ok install: %s: %s\n' "$name" "$(tail -n 3 "$work/said" | tr '\n' ' ')"
        failed=1
    fi
}
# shellcheck source=tests/cluster/common.sh
. tests/cluster/common.sh
kubectl=$(part clients)/kubectl
prefix=$work/prefix
export HOME=$work/home
mkdir -p "$HOME" "$prefix/bin" "$prefix/share"
touch "$prefix/bin/something-else" "$prefix/share/kept"
files() { (cd "$prefix" && find . ! -type d | sort); }
files >"$work/before"

is "make install" make -s install PREFIX="$prefix"
export PATH=$prefix/bin:/usr/bin:/bin
is "the program runs" kubectl-todo-ai version
is "kubectl lists it" sh -c "'$kubectl' plugin list | grep -q kubectl-todo_ai"
is "without a warning" sh -c "! '$kubectl' plugin list 2>&1 | grep -iE 'warning|error'"
is "kubectl todo-ai runs it" sh -c "'$kubectl' todo-ai version | grep -q kubectl-todo-ai"
is "a question by kubectl needs a cluster" sh -c "'$kubectl' todo-ai 'why is backend crashing' </dev/null 2>&1 | grep -q kubeconfig"
is "kubectl completes it" sh -c "'$kubectl' __complete todo-ai diag | grep -q diagnose"
is "bash completion is there" bash -n "$prefix/share/bash-completion/completions/kubectl-todo-ai"
is "the man page is clean" sh -c "man --warnings -E UTF-8 -l '$prefix/share/man/man1/kubectl-todo-ai.1' 2>&1 >/dev/null | { ! grep .; }"
is "the man page has every flag of --help" sh -c "for f in \$(kubectl-todo-ai help | grep -oE '^ +(-., )?--[a-z-]+' | grep -oE '[-][-][a-z-]+'); do sed 's/\\\\-/-/g' '$prefix/share/man/man1/kubectl-todo-ai.1' | grep -q -- \"\$f\" || { echo \$f; exit 1; }; done"
is "the chart is there" test -f "$prefix/share/kubectl-todo-ai/charts/todo-app/Chart.yaml"
is "make uninstall" make -s uninstall PREFIX="$prefix"
files >"$work/after"
is "nothing is left, nothing else is gone" cmp "$work/before" "$work/after"
exit $failed
