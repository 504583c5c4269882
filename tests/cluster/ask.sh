# shellcheck shell=bash
# Running the plugin as a user does, through kubectl; source after lib.sh. Each run is in $out, $err.

out=$(mktemp) err=$(mktemp) home=$(mktemp -d)
mkdir -p "$home/bin"
# what kubectl looks up as "kubectl todo-ai"
ln -s "$PWD/build/kubectl-todo-ai" "$home/bin/kubectl-todo_ai"
PATH=$home/bin:$PATH
unset OPENAI_API_KEY OPENAI_ENDPOINT OPENAI_API_BASE OPENAI_BASE_URL OPENAI_MODEL XDG_CONFIG_HOME \
  XDG_STATE_HOME XDG_CACHE_HOME EDITOR VISUAL

asked() { # EXIT NAME: judges the code of the last run
  if [ "$code" = "$1" ]; then
    ok "$2: exit $1"
  else
    cat "$err" >>"$out"
    not_ok "$2: exit $1" "it was $code" "$out"
  fi
}
# ask EXIT NAME ARGS...: without a terminal.
ask() {
  local want=$1 name=$2
  shift 2
  code=0
  HOME=$home setsid kubectl todo-ai "$@" >"$out" 2>"$err" </dev/null || code=$?
  asked "$want" "$name"
}
# type EXIT NAME [--expect TEXT --send TEXT]... -- ARGS...: in a pseudo-terminal.
type_answers() {
  local want=$1 name=$2 play=()
  shift 2
  while [ "$1" != -- ]; do
    play+=("$1")
    shift
  done
  shift
  code=0
  : >"$err"
  HOME=$home TERM=xterm python3 tests/terminal.py "${play[@]}" -- kubectl todo-ai "$@" >"$out" || code=$?
  asked "$want" "$name"
}
# shown NAME TEXT: the last run's stdout holds it. told: its stderr.
shown() {
  if grep -qF -- "$2" "$out"; then ok "$1"; else not_ok "$1" "stdout lacks '$2'" "$out"; fi
}
told() {
  if grep -qF -- "$2" "$err"; then ok "$1"; else not_ok "$1" "stderr lacks '$2'" "$err"; fi
}
# json_is NAME EXPRESSION VALUE: of the document d on stdout, in Python.
json_is() {
  local got
  got=$(python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$out" "$2" 2>&1)
  if [ "$got" = "$3" ]; then ok "$1"; else not_ok "$1" "$2 is '$got', not '$3'" "$out"; fi
}
done_asking() { rm -rf "$home" "$out" "$err"; }
