"""What the benchmarks share: paired runs, medians with their spread, rows of the table.

A benchmark is a program tests/bench/bench_NAME.py or .sh. It prints, a line each,
    row<TAB>WHAT<TAB>OURS<TAB>SIDE BY SIDE WITH<TAB>AIM<TAB>VERDICT
    note<TAB>TEXT
where VERDICT is "met", "not met" or "-" (nothing is aimed at), and anything else for people on
standard error. run.sh collects the rows. Sides of a pair run alternately, in an order that changes,
so that what else the machine does hits both. KTA_BENCH_RUNS sets how often (default 15).
"""
import atexit
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

RUNS = int(os.environ.get("KTA_BENCH_RUNS", "15"))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.environ.get("KTA_BINARY", os.path.join(ROOT, "build", "kubectl-todo-ai"))


class Child:
    """A finished process: wall milliseconds, exit code, what it printed."""

    def __init__(self, ms, code, out):
        self.ms, self.code, self.out = ms, code, out


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
    _, status = os.waitpid(pid, 0)
    ms = (time.monotonic() - t0) * 1000
    os.close(null)
    if keep:
        os.close(r)
    return Child(ms, os.waitstatus_to_exitcode(status), out.decode("utf-8", "replace"))


# A child's peak memory counts what its parent had before the exec, so the parent is a tiny program.
PEAK = r"""
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    struct rusage use;
    int status, keep = dup(1);
    pid_t pid = argc > 1 ? fork() : -1;
    if (pid == 0) {
        freopen("/dev/null", "w", stdout);
        freopen("/dev/null", "w", stderr);
        freopen("/dev/null", "r", stdin);
        execvp(argv[1], argv + 1);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &use) < 0)
        return 1;
    dprintf(keep, "%ld\n", use.ru_maxrss);
    return 0;
}
"""


def compiled(source):
    """The path of a C program, compiled; it lies there until we end."""
    folder = tempfile.mkdtemp(prefix="kta-bench-")
    atexit.register(shutil.rmtree, folder, True)
    path = os.path.join(folder, "program")
    subprocess.run([os.environ.get("CC", "cc").split()[-1], "-O2", "-w", "-x", "c", "-o", path, "-"],
                   input=source.encode(), check=True)
    return path


def peak_mib(argv, env=None):
    """Runs argv and tells its peak memory."""
    global PEAK
    if "\n" in PEAK:
        PEAK = compiled(PEAK)
    done = subprocess.run([PEAK, *argv], env=dict(os.environ, **(env or {})), capture_output=True,
                          text=True, check=True)
    return int(done.stdout) / 1024


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
