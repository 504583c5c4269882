#!/bin/sh
# install.sh DESTDIR PREFIX install|uninstall: puts the program where kubectl finds it, or removes
# exactly what was put there. Called by `make install` and `make uninstall`.
set -eu
cd "$(dirname "$0")/../.."
root=$1$2
bin=$root/bin
bash_dir=$root/share/bash-completion/completions
zsh_dir=$root/share/zsh/site-functions
fish_dir=$root/share/fish/vendor_completions.d
man_dir=$root/share/man/man1
data=$root/share/kubectl-todo-ai

case $3 in
install)
    umask 022
    mkdir -p "$bin" "$bash_dir" "$zsh_dir" "$fish_dir" "$man_dir" "$data/charts"
    program=$bin/kubectl-todo-ai
    install -m 755 build/kubectl-todo-ai "$program"
    # kubectl looks up "kubectl todo-ai" under this name
    ln -sf kubectl-todo-ai "$bin/kubectl-todo_ai"
    # kubectl's completion of plugins: candidates, then a directive (4: no file names)
    cat >"$bin/kubectl_complete-todo_ai" <<'EOF'
#!/bin/sh
"$(dirname "$0")/kubectl-todo-ai" __complete "$@"
echo ":4"
EOF
    chmod 755 "$bin/kubectl_complete-todo_ai"
    ln -sf kubectl_complete-todo_ai "$bin/kubectl_complete-todo-ai"
    build/kubectl-todo-ai completion bash >"$bash_dir/kubectl-todo-ai"
    build/kubectl-todo-ai completion zsh >"$zsh_dir/_kubectl-todo-ai"
    build/kubectl-todo-ai completion fish >"$fish_dir/kubectl-todo-ai.fish"
    build/kubectl-todo-ai help man >"$man_dir/kubectl-todo-ai.1"
    rm -rf "$data/charts/todo-app"
    cp -R charts/todo-app "$data/charts/todo-app"
    ;;
uninstall)
    rm -f "$bin/kubectl-todo-ai" "$bin/kubectl-todo_ai" \
        "$bin/kubectl_complete-todo_ai" "$bin/kubectl_complete-todo-ai" \
        "$bash_dir/kubectl-todo-ai" "$zsh_dir/_kubectl-todo-ai" \
        "$fish_dir/kubectl-todo-ai.fish" "$man_dir/kubectl-todo-ai.1"
    rm -rf "$data"
    # folders that an install may have made, where nothing else is in them
    for d in "$bin" "$bash_dir" "$root/share/bash-completion" "$zsh_dir" "$root/share/zsh" \
        "$fish_dir" "$root/share/fish" "$man_dir" "$root/share/man" "$root/share"; do
        [ ! -d "$d" ] || rmdir "$d" 2>/dev/null || true
    done
    ;;
*)
    echo "install.sh DESTDIR PREFIX install|uninstall" >&2
    exit 2
    ;;
esac
