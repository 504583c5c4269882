#!/usr/bin/env bash
# Every kind of change: done, undone, and the live objects compared with what was there before.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
unset OPENAI_API_KEY OPENAI_ENDPOINT OPENAI_API_BASE OPENAI_BASE_URL OPENAI_MODEL
new_namespace undo
python3 "$here/changes.py" "$PWD/build/kubectl-todo-ai" "$NS" "$@" || exit 1
finish
