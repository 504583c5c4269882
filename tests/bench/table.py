"""usage: table.py [README.md] <ROWS

The rows of the benchmarks (see bench.py) as an aligned table on standard output; with a file, as
Markdown between its lines "<!-- bench -->" and "<!-- /bench -->".
"""
import os
import platform
import sys

HEAD = ["what", "ours", "beside", "aim", ""]
BEGIN, END = "<!-- bench -->", "<!-- /bench -->"


def width(text):
    return len(text)


def machine():
    with open("/proc/meminfo", encoding="ascii") as f:
        gib = int(f.readline().split()[1]) / 1048576
    return "%d cores, %.0f GiB, %s %s; medians, with the middle half in brackets" % (
        os.cpu_count(), gib, platform.system(), platform.machine())


def plain(rows):
    widths = [max(width(r[i]) for r in rows + [HEAD]) for i in range(len(HEAD))]
    for r in [HEAD] + rows:
        print("  ".join(c + " " * (w - width(c)) for c, w in zip(r, widths)).rstrip())


def markdown(rows, notes):
    lines = ["| " + " | ".join(HEAD) + " |", "|" + "---|" * len(HEAD)]
    lines += ["| " + " | ".join(c.replace("|", "\\|") for c in r) + " |" for r in rows]
    return "\n".join(lines + ["", machine() + "." + "".join(" " + n + "." for n in notes)])


def main():
    rows, notes = [], []
    for line in sys.stdin:
        kind, *cells = line.rstrip("\n").split("\t")
        if kind == "row" and len(cells) == len(HEAD):
            rows.append(["" if c == "-" else c for c in cells])
        elif kind == "note":
            notes.append(cells[0])
    plain(rows)
    for n in notes:
        print("# " + n)
    print("# " + machine())
    if len(sys.argv) > 1 and rows:
        with open(sys.argv[1], encoding="utf-8") as f:
            text = f.read()
        if BEGIN not in text or END not in text:
            sys.exit("%s has no lines %s and %s" % (sys.argv[1], BEGIN, END))
        before, rest = text.split(BEGIN, 1)
        after = rest.split(END, 1)[1]
        with open(sys.argv[1], "w", encoding="utf-8") as f:
            f.write(before + BEGIN + "\n" + markdown(rows, notes) + "\n" + END + after)
    if not rows:
        sys.exit("no rows")


if __name__ == "__main__":
    main()
