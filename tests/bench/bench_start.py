"""Process start, against a C program that does nothing."""
import tempfile

import bench


def main():
    empty = bench.compiled("int main(void) { return 0; }")
    version = [bench.BINARY, "version"]
    with tempfile.TemporaryDirectory(prefix="kta-bench-") as folder:
        env = {"HOME": folder}
        got = bench.paired({"ours": lambda: bench.run(version, env=env).ms,
                            "empty": lambda: bench.run([empty], env=env).ms},
                           runs=bench.RUNS * 4, warm=5)
        memory = [bench.peak_mib(version, env=env) for _ in range(5)]
    more = bench.median([a - b for a, b in zip(got["ours"], got["empty"])])
    bench.row("process start (version)", bench.spread(got["ours"]),
              "an empty C program: " + bench.spread(got["empty"]),
              "≤ 5 ms more: %.1f ms" % more, more <= 5)
    bench.row("peak memory of that", bench.spread(memory, "MiB"), "-", "-")


if __name__ == "__main__":
    main()
