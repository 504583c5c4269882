#!/usr/bin/env python3
"""Write the table of values in todo-app/README.md from the comments of values.yaml.

A value's description is the comment right above it. `docs.py --check` changes nothing and exits 1
when the table is stale or a value has no description.
"""
import re
import sys
from pathlib import Path

CHART = Path(__file__).parent / "todo-app"
BEGIN, END = "<!-- values: written by charts/docs.py -->", "<!-- /values -->"


def rows(text):
    """Yield (path, default, description) for every leaf of values.yaml's two-space block style."""
    path, comment = [], []
    for line in text.splitlines():
        if not line.strip():
            comment = []
        elif line.lstrip().startswith("#"):
            comment.append(line.strip().lstrip("# "))
        else:
            indent, key, value = re.fullmatch(r"( *)([\w.-]+):(?: +(.*))?", line).groups()
            path = path[: len(indent) // 2] + [key]
            if value is not None:
                yield ".".join(path), value, " ".join(comment)
            comment = []


def table():
    lines = ["| Value | Default | What it is |", "|---|---|---|"]
    for path, default, description in rows((CHART / "values.yaml").read_text()):
        if not description:
            sys.exit(f"docs.py: values.yaml: {path} has no comment")
        lines.append("| `{}` | `{}` | {} |".format(path, default.replace("|", "\\|"), description.replace("|", "\\|")))
    return "\n".join(lines)


def main():
    readme = CHART / "README.md"
    old = readme.read_text()
    head, rest = old.split(BEGIN)
    new = f"{head}{BEGIN}\n{table()}\n{END}{rest.split(END)[1]}"
    if sys.argv[1:] == ["--check"]:
        sys.exit(old != new and "docs.py: todo-app/README.md is stale: run charts/docs.py")
    readme.write_text(new)


if __name__ == "__main__":
    main()
