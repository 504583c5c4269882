"""What the benchmarks share: paired runs, medians with their spread, rows of the table.

A benchmark is a program tests/bench/bench_NAME.py or .sh. It prints, a line each,
    row<TAB>WHAT<TAB>OURS<TAB>SIDE BY SIDE WITH<TAB>AIM<TAB>VERDICT
    note<TAB>TEXT
where VERDICT is "met", "not met" or "-" (nothing is aimed at), and anything else for people on
standard error. run.sh collects the rows. Sides of a pair run alternately, in an order that changes,
so that what else the machine does hits both. KTA_BENCH_RUNS sets how often (default 15).
"""
import os
import resource
import statistics
import sys
import time

RUNS = int(os.environ.get("KTA_BENCH_RUNS", "15"))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.environ.get("KTA_BINARY", os.path.join(ROOT, "build", "kubectl-todo-ai"))


class Child:
    """A finished process: wall milliseconds, peak memory in KiB, exit code, what it printed."""

    def __init__(self, ms, kib, code, out):
        self.ms, self.kib, self.code, self.out = ms, kib, code, out


def run(argv, env=None, keep=False, started=None):
    """Runs argv to its end; its output goes to /dev/null, or is kept. started(t0) is told when."""
    r, w = os.pipe() if keep else (None, os.open(os.devnull, os.O_WRONLY))
    null = os.open(os.devnull, os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, w, 1),
               (os.POSIX_SPAWN_DUP2, null, 2)]
    t0 = time.monotonic()
    if started:
        started(t0)
    pid = os.posix_spawnp(argv[0], argv, dict(os.environ, **(env or {})), file_actions=actions)
    os.close(w)
    out = b""
    while keep:
        piece = os.read(r, 65536)
        if not piece:
            break
        out += piece
    _, status, use = os.wait4(pid, 0)
    ms = (time.monotonic() - t0) * 1000
    os.close(null)
    if keep:
        os.close(r)
    return Child(ms, use.ru_maxrss, os.waitstatus_to_exitcode(status), out.decode("utf-8", "replace"))


def median(values):
    return statistics.median(values)


def quarter(values, which):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * which))]


def spread(values, unit="ms"):
    """Median and the middle half of the values."""
    form = "%.1f" if median(values) < 100 else "%.0f"
    return (form + " %s (" + form + "–" + form + ")") % (
        median(values), unit, quarter(values, 0.25), quarter(values, 0.75))


def paired(sides, runs=RUNS, warm=2):
    """{name: function → value} → {name: [values]}, run alternately; the first `warm` rounds do not
    count."""
    names, got = list(sides), {name: [] for name in sides}
    for i in range(runs + warm):
        for name in names[i % len(names):] + names[:i % len(names)]:
            value = sides[name]()
            if i >= warm:
                got[name].append(value)
    return got


def ratio(a, b):
    """The median of the ratios of the pairs."""
    return median([x / y for x, y in zip(a, b)])


def row(what, ours, beside, aim="", met=None):
    verdict = "-" if met is None else "met" if met else "not met"
    print("\t".join(["row", what, ours, beside, aim, verdict]), flush=True)


def note(text):
    print("note\t" + text, flush=True)


def skip(why):
    note("left out: " + why)
    sys.exit(0)


def load():
    return os.getloadavg()[0]
