#!/usr/bin/env bash
# kill -9 at every boundary of a change: nothing is lost, and history tells the truth.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
unset OPENAI_API_KEY OPENAI_ENDPOINT OPENAI_API_BASE OPENAI_BASE_URL OPENAI_MODEL
new_namespace kill
so=$(mktemp)
check "the killer is built" gcc -Wall -Wextra -Werror -shared -fPIC -o "$so" "$here/stop_at.c" -ldl
python3 "$here/kill_points.py" "$PWD/build/kubectl-todo-ai" "$NS" "$so" || lib_failed=1
rm -f "$so"
finish
