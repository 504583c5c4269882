#!/usr/bin/env python3
"""Runs a command in a real pseudo-terminal and plays a person.

terminal.py [--expect TEXT --send TEXT]… [--seconds N] -- COMMAND…
Each --expect waits until TEXT has been printed (since the last one), then its --send is typed;
\\n, \\x03 (Ctrl-C), \\x04 (Ctrl-D) and \\t are understood. Prints what the terminal showed; exits with
the command's exit code, or 124 when an expected text did not come in time.

As a module: Terminal(command, env, cwd) with expect, send, resize, hang_up, end.
"""
import fcntl, os, pty, re, select, signal, struct, sys, termios, time


class Terminal:
    def __init__(self, command, env=None, cwd=None, rows=24, columns=80):
        self.shown, self.at, self.status = b"", 0, None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            if cwd:
                os.chdir(cwd)
            os.execvpe(command[0], command, env if env is not None else os.environ)
        self.resize(rows, columns)

    def resize(self, rows, columns):
        """The kernel tells the program by SIGWINCH."""
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds=0.1):
        """False when the program has closed the terminal."""
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.shown += data
        return bool(data)

    def text(self):
        return self.shown.decode(errors="replace")

    def new(self):
        """What was shown since the last text that was expected."""
        return self.text()[self.at:]

    def expect(self, wanted, seconds=20):
        """Waits for a text ("re:" in front: a regular expression), returns what was shown up to its
        end; None when it did not come."""
        deadline, alive = time.monotonic() + seconds, True
        pattern = re.compile(wanted[3:] if wanted.startswith("re:") else re.escape(wanted), re.S)
        while True:
            found = pattern.search(self.text(), self.at)
            if found:
                said, self.at = self.text()[self.at:found.end()], found.end()
                return said
            if not alive or time.monotonic() > deadline:
                return None
            alive = self.read()

    def send(self, text):
        os.write(self.fd, text.encode())

    def hang_up(self):
        """The window is closed."""
        os.close(self.fd)
        self.fd = -1

    def end(self, seconds=20):
        """The exit code; 124 when it had to be killed."""
        deadline = time.monotonic() + seconds
        while self.fd >= 0 and self.read() and time.monotonic() < deadline:
            pass
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > deadline:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                if self.fd >= 0:
                    self.hang_up()
                return 124
            time.sleep(0.02)
        if self.fd >= 0:
            self.hang_up()
        return os.waitstatus_to_exitcode(status) % 256


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
    deadline, code, why = time.monotonic() + seconds, None, ""
    t = Terminal(command)
    for wanted, answer in steps:
        if t.expect(wanted, deadline - time.monotonic()) is None:
            late = time.monotonic() > deadline
            why = f"(waited {seconds} s for {wanted!r})" if late else f"(it ended without {wanted!r})"
            code = 124 if late else 125
            break
        t.send(answer)
    if code == 124:
        os.kill(t.pid, signal.SIGKILL)
    ended = t.end(max(0.1, deadline - time.monotonic()))
    sys.stdout.buffer.write(t.shown)
    sys.stdout.flush()
    if why or ended == 124:
        print("\n" + (why or f"(waited {seconds} s for the end)"))
    sys.exit(ended if code is None else code)


if __name__ == "__main__":
    main()
