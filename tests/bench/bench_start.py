"""Process start, against a C program that does nothing."""
import os
import subprocess
import tempfile

import bench


def main():
    with tempfile.TemporaryDirectory(prefix="kta-bench-") as folder:
        empty = os.path.join(folder, "empty")
        source = empty + ".c"
        with open(source, "w", encoding="ascii") as f:
            f.write("int main(void) { return 0; }\n")
        subprocess.run([os.environ.get("CC", "cc"), "-O2", "-o", empty, source], check=True)
        env = {"HOME": folder}
        memory = []

        def ours():
            done = bench.run([bench.BINARY, "version"], env=env)
            memory.append(done.kib / 1024)
            return done.ms

        got = bench.paired({"ours": ours, "empty": lambda: bench.run([empty], env=env).ms},
                           runs=bench.RUNS * 4, warm=5)
    more = bench.median([a - b for a, b in zip(got["ours"], got["empty"])])
    bench.row("process start (version)", bench.spread(got["ours"]),
              "an empty C program: " + bench.spread(got["empty"]),
              "≤ 5 ms more: %.1f ms" % more, more <= 5)
    bench.row("peak memory of that", bench.spread(memory, "MiB"), "", "")


if __name__ == "__main__":
    main()
