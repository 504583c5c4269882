#!/usr/bin/env python3
"""Runs a command in a real pseudo-terminal and plays a person.

terminal.py [--expect TEXT --send TEXT]… [--seconds N] -- COMMAND…
Each --expect waits until TEXT has been printed (since the last one), then its --send is typed;
\\n, \\x03 (Ctrl-C), \\x04 (Ctrl-D) and \\t are understood. Prints what the terminal showed; exits with
the command's exit code, or 124 when an expected text did not come in time.
"""
import os, pty, select, signal, sys, time


def arguments(argv):
    steps, seconds, i = [], 60.0, 0
    while argv[i] != "--":
        if argv[i] == "--expect":
            steps.append([argv[i + 1], ""])
        elif argv[i] == "--send":
            steps[-1][1] = argv[i + 1].encode().decode("unicode_escape")
        elif argv[i] == "--seconds":
            seconds = float(argv[i + 1])
        i += 2
    return steps, seconds, argv[i + 1:]


def main():
    steps, seconds, command = arguments(sys.argv[1:])
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    seen, shown, deadline = "", b"", time.monotonic() + seconds
    while True:
        ready, _, _ = select.select([fd], [], [], 0.1)
        if ready:
            try:
                data = os.read(fd, 65536)
            except OSError:
                data = b""
            if not data:
                break
            shown += data
            seen += data.decode(errors="replace")
        if steps and steps[0][0] in seen:
            seen = seen.split(steps[0][0], 1)[1]
            os.write(fd, steps.pop(0)[1].encode())
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            sys.stdout.buffer.write(shown)
            print(f"\n(waited {seconds} s for {steps[0][0] if steps else 'the end'!r})")
            os.waitpid(pid, 0)
            sys.exit(124)
    sys.stdout.buffer.write(shown)
    sys.stdout.flush()
    _, status = os.waitpid(pid, 0)
    if steps:
        print(f"\n(it ended without {steps[0][0]!r})")
        sys.exit(125)
    sys.exit(os.waitstatus_to_exitcode(status) % 256)


main()
