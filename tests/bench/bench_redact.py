"""Redaction of unbounded text: bytes a second of CPU time, and memory, on four kinds of text."""
import os
import resource
import subprocess
import sys
import tempfile

import bench

HERE = os.path.dirname(os.path.abspath(__file__))
MEGABYTES, RUNS, AIM, AIM_MIB = 64, 5, 100, 64
SED = r"s/(password|secret|token|key)([=:] *)[^ ]+/\1\2***/g"
KINDS = {"sparse": "an access log", "app": "an application's log",
         "json": "structured logs full of telling names", "yaml": "objects, a tenth of them Secrets"}


def cpu(argv, path):
    """The child's user and system time in seconds, and its peak memory in MiB."""
    with open(path, "rb") as f:
        p = subprocess.Popen(argv, stdin=f, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(p.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{argv[0]} failed")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    with tempfile.TemporaryDirectory(prefix="kta-bench-") as folder:
        path = os.path.join(folder, "text")
        for kind, what in KINDS.items():
            with open(path, "wb") as f:
                subprocess.run([sys.executable, os.path.join(HERE, "redact_text.py"), kind, str(MEGABYTES)],
                               stdout=f, check=True)
            runs = [cpu([bench.BINARY, "redact"], path) for _ in range(RUNS)]
            sed = min(cpu(["sed", "-E", SED], path)[0] for _ in range(2))
            ours = MEGABYTES / min(r[0] for r in runs)
            peak = max(r[1] for r in runs)
            bench.row(f"redact: {what}", f"{ours:.0f} MB/s, {peak:.0f} MiB",
                      f"sed with one rule: {MEGABYTES / sed:.0f} MB/s", f"≥ {AIM} MB/s, ≤ {AIM_MIB} MiB",
                      ours >= AIM and peak <= AIM_MIB)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
