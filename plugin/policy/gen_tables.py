#!/usr/bin/env python3
"""gen_tables.py: what kubectl and helm take on their command line, as C tables.

usage: gen_tables.py {kubectl|helm3|helm4} BINARY [OUT.c]   write a table (stdout without OUT.c)
       gen_tables.py --check TABLE.c BINARY                 say what BINARY has that the table lacks

Everything comes from the binary itself: commands, aliases and flags from the help of each command;
which flags take a value from how the program's own parser answers "COMMAND --help --FLAG" (an
argument is missing, or help is shown). Deprecated flags are hidden from help: a short list of names
is tried on each command. Nothing that is run here does anything: every line has --help in it.
"""
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile

# Names of flags that help hides once they are deprecated; tried on every command of kubectl.
HIDDEN = [
    "alsologtostderr", "add-dir-header", "cascade", "container", "cpu-percent",
    "delete-local-data", "export", "filename", "force", "generator", "grace-period",
    "include-uninitialized", "kustomize", "log-backtrace-at", "log-dir", "log-file",
    "log-file-max-size", "logtostderr", "one-output", "prune-whitelist", "record", "recursive",
    "reorder", "save-config", "schedule", "serviceaccount", "service-overrides",
    "service-generator", "show-all", "show-log", "skip-headers", "skip-log-headers",
    "stderrthreshold", "timeout", "use-protocol-buffers", "vmodule", "hostport", "requests",
    "limits", "session-affinity", "tcp", "template", "version", "wait",
]
HIDDEN_HELM = ["recreate-pods", "purge", "tls", "tiller-namespace", "home", "atomic", "force",
               "create-pods", "show-only", "dry-run", "wait", "timeout", "all", "regexp",
               "api-versions", "hide-secret", "password", "post-renderer", "kube-version", "client",
               "no-update"]
HIDDEN_SHORT = {"client": "c"}


class Program:
    def __init__(self, binary):
        self.binary = os.path.abspath(binary)
        self.home = tempfile.mkdtemp(prefix="gen-tables-")
        self.env = {"PATH": "/nonexistent", "HOME": self.home, "KUBECONFIG": "/dev/null",
                    "HELM_PLUGINS": "/nonexistent", "LC_ALL": "C"}

    def run(self, *args):
        r = subprocess.run([self.binary, *args], env=self.env, stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                           cwd=self.home, text=True)
        return r.returncode, r.stdout, r.stderr


def commands_in(text, is_helm):
    """Names in the "… Commands…:" sections."""
    names, inside = [], False
    for line in text.splitlines():
        if re.match(r"^[A-Z][\w() ]*:$", line) or re.match(r"^\S.*Commands.*:$", line):
            inside = "Commands" in line and "provided by plugins" not in line
        elif inside and (m := re.match(r"^  ([a-z][\w-]*) ", line)):
            names.append(m.group(1))
    return names


def aliases_in(text):
    m = re.search(r"^Aliases:\n\s*(.*)$", text, re.M)
    return [a.strip() for a in m.group(1).split(",")][1:] if m else []


def kubectl_flags(text):
    """[(name, short, type)] of "-n, --namespace='':" lines; type '?' where help cannot tell."""
    found = []
    for m in re.finditer(r"^    (?:-(\S), )?--([\w-]+)=(.*):$", text, re.M):
        short, name, default = m.groups()
        if default in ("true", "false"):
            kind = "b"
        elif default.startswith("["):
            kind = "l"
        else:
            kind = "?"
        found.append((name, short or "", kind))
    return found


def helm_flags(text, heading):
    found, inside = [], False
    for line in text.splitlines():
        if not line.startswith(" "):
            inside = line == heading
        elif inside and (m := re.match(r"^  (?:-(\S), |    )--([\w-]+)(?: ([^ ]\S*))?(?:  |$)", line)):
            short, name, kind = m.groups()
            if not kind:
                t = "b"
            elif "[=" in kind:
                t = "o"
            elif kind.startswith(("strings", "stringArray", "stringToString")) or "Slice" in kind:
                t = "l"
            else:
                t = "s"
            if name != "help":
                found.append((name, short or "", t))
    return found


def probe(program, path, name):
    """'v' takes a value, 'n' needs none, '' is unknown to the command."""
    code, out, err = program.run(*path, "--help", "--" + name)
    if "unknown flag" in err or "unknown shorthand" in err:
        return ""
    if "flag needs an argument" in err or "kuberc file is not found" in err:
        return "v"  # --kuberc is read by a hand-made look at argv before any parsing
    if code != 0:
        raise SystemExit(f"{path} --help --{name}: {err}")
    return "n"


def collect(tool, binary, probing=True):
    program = Program(binary)
    is_helm = tool.startswith("helm")
    commands = {}  # path (tuple) -> (aliases, flags)
    globals_ = []

    def walk(path):
        code, text, err = program.run(*path, "--help")
        if code != 0:
            raise SystemExit(f"{path} --help: {err}")
        flags = (helm_flags(text, "Flags:") if is_helm else
                 kubectl_flags(text) if path else [])
        commands[path] = (aliases_in(text), flags)
        for name in commands_in(text, is_helm):
            walk(path + (name,))

    walk(())
    for extra in ("help", "options") if not is_helm else ("help",):
        commands.setdefault((extra,), ([], []))
    if is_helm:
        globals_ = commands[()][1]
        commands[()] = ([], [])
    else:
        globals_ = kubectl_flags(program.run("options")[1])
    if probing:
        jobs = {}
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            for path, (_, flags) in commands.items():
                if path in (("help",), ("options",)):
                    continue
                own = flags if path else globals_
                for name, _, kind in own:
                    if kind == "?":
                        jobs[path, name] = pool.submit(probe, program, path, name)
                have = {f[0] for f in flags} | {f[0] for f in globals_}
                for name in (HIDDEN_HELM if is_helm else HIDDEN):
                    if name not in have:
                        jobs[path, name] = pool.submit(probe, program, path, name)
        for path, (_, flags) in commands.items():
            own = flags if path else globals_
            for i, (name, short, kind) in enumerate(own):
                if kind == "?":
                    own[i] = (name, short, "o" if jobs[path, name].result() == "n" else "s")
            have = {f[0] for f in flags} | {f[0] for f in globals_}
            for name in (HIDDEN_HELM if is_helm else HIDDEN):
                if (path, name) in jobs and name not in have:
                    r = jobs[path, name].result()
                    if r:
                        (own if path else globals_).append(
                            (name, HIDDEN_SHORT.get(name, ""), "b" if r == "n" else "s"))
    version = program.run(*(["version", "--client"] if not is_helm else
                            ["version", "--template", "{{.Version}}"]))[1]
    version = re.search(r"v\d+\.\d+\.\d+", version).group(0)
    return version, globals_, commands


def wrap(rows, indent="    ", width=100):
    lines, line = [], indent
    for r in rows:
        if len(line) + len(r) + 1 > width and line.strip():
            lines.append(line.rstrip())
            line = indent
        line += r + " "
    lines.append(line.rstrip())
    return lines


def flag_rows(flags):
    rows = []
    for name, short, kind in sorted(flags):
        c = f"'{short}'" if short else "0"
        rows.append(f'{{"{name}", {c}, \'{kind}\'}},')
    return rows


def emit(tool, version, globals_, commands):
    program = "helm" if tool.startswith("helm") else "kubectl"
    out = ["/*",
           f" * {tool}_table.c - commands and flags of {program} {version}.",
           " *",
           " * Generated by gen_tables.py from the program's own help; do not edit. A path of words, its",
           " * last word's other names, its own flags: name, shorthand, and what it takes ('b' a boolean,",
           " * 's' a value, 'l' a value that repeated flags add to, 'o' a value after = only).",
           " */",
           '#include "table.h"',
           "",
           "/* clang-format off */",
           "static const struct kta_flag_def globals[] = {"]
    out += wrap(flag_rows(globals_)) + ["};"]
    shared = {}
    body = []
    for i, (path, (aliases, flags)) in enumerate(sorted(commands.items())):
        rows = tuple(flag_rows(flags))
        if rows and rows not in shared:
            shared[rows] = f"f_{'_'.join(path).replace('-', '_')}"
            out += ["", f"static const struct kta_flag_def {shared[rows]}[] = {{"]
            out += wrap(rows) + ["};"]
        ref = f"{shared[rows]}, KTA_LEN({shared[rows]})" if rows else "NULL, 0"
        body.append(f'    {{"{" ".join(path)}", "{" ".join(aliases)}", {ref}}},')
    out += ["", "static const struct kta_cmd_def commands[] = {"] + body + ["};", "/* clang-format on */", ""]
    out += [f"const struct kta_table kta_table_{tool} = {{",
            f'    .program = "{program}",',
            f'    .version = "{version}",',
            f'    .underscores = {"true" if program == "kubectl" else "false"},',
            "    .globals = globals,",
            "    .n_globals = KTA_LEN(globals),",
            "    .cmds = commands,",
            "    .n_cmds = KTA_LEN(commands),",
            "};"]
    return "\n".join(out) + "\n"


def read_table(path):
    """The inverse of emit, as far as --check needs it."""
    text = open(path).read()
    arrays = {m.group(1): re.findall(r'\{"([\w-]+)", (?:0|\'(.)\'), \'(.)\'\}', m.group(2))
              for m in re.finditer(r"kta_flag_def (\w+)\[\] = \{(.*?)\n\};", text, re.S)}
    cmds = {}
    for m in re.finditer(r'^    \{"([^"]*)", "([^"]*)", (?:NULL|(\w+)), ', text, re.M):
        cmds[m.group(1)] = (m.group(2).split(), arrays.get(m.group(3), []))
    return arrays["globals"], cmds


def check(table, binary):
    tool = re.search(r"kta_table_(\w+)", open(table).read()).group(1)
    _, globals_, commands = collect(tool, binary, probing=False)
    have_globals, have = read_table(table)
    lacks = []

    def compare(where, flags, known):
        names = {n: (s, k) for n, s, k in known}
        for name, short, kind in flags:
            if name not in names:
                lacks.append(f"{where}: flag --{name}")
            elif short != names[name][0]:
                lacks.append(f"{where}: --{name} has shorthand -{short}")
            elif kind != "?" and kind != names[name][1]:
                lacks.append(f"{where}: --{name} is of another type")

    compare(tool, globals_, have_globals)
    for path, (aliases, flags) in commands.items():
        name = " ".join(path)
        if name not in have:
            lacks.append(f"{tool}: command '{name}'")
            continue
        compare(f"{tool} {name}", flags, have[name][1])
        for a in aliases:
            if a not in have[name][0]:
                lacks.append(f"{tool} {name}: alias {a}")
    return lacks


def main(argv):
    if len(argv) == 3 and argv[0] == "--check":
        lacks = check(argv[1], argv[2])
        print("\n".join(lacks) if lacks else f"{argv[1]} has all of {argv[2]}")
        return 1 if lacks else 0
    if len(argv) not in (2, 3) or argv[0] not in ("kubectl", "helm3", "helm4"):
        print(__doc__, file=sys.stderr)
        return 2
    text = emit(argv[0], *collect(argv[0], argv[1]))
    if len(argv) == 3:
        with open(argv[2], "w") as f:
            f.write(text)
    else:
        sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
