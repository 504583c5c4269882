#!/usr/bin/python3
"""A load of requests until SIGTERM, then one JSON line: how many were sent, and which were lost.

    load.py COOKIES SECONDS URL...

Each URL is asked by two clients, ten times a second at most: one opens a connection for each
request, the other keeps its connection for as long as the server does. Lost is a request without a
2xx answer. Ends by itself after SECONDS. COOKIES is a file of curl's.
"""
import http.client
import json
import signal
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

PAUSE = 0.1
TIMEOUT = 20

stop = threading.Event()
results = {"sent": 0, "kept": 0, "slowest_ms": 0, "lost": []}
lock = threading.Lock()


def client(url, cookie, keep):
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    connection = None
    while not stop.wait(PAUSE):
        began, problem = time.monotonic(), ""
        reused = connection is not None
        try:
            connection = connection or http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT)
            connection.request("GET", path, headers={"Cookie": cookie} | ({} if keep else {"Connection": "close"}))
            answer = connection.getresponse()
            body = answer.read()
            if not 200 <= answer.status < 300:
                problem = f"HTTP {answer.status} {body[:80]!r}"
            if not keep or answer.will_close:
                connection.close()
                connection = None
        except (OSError, http.client.HTTPException) as error:
            problem = f"{type(error).__name__} {error}"
            connection = None
        ms = round((time.monotonic() - began) * 1000)
        with lock:
            results["sent"] += 1
            results["kept"] += reused
            results["slowest_ms"] = max(results["slowest_ms"], ms)
            if problem:
                results["lost"].append(f"{time.strftime('%H:%M:%S')} {'kept' if reused else 'new'} {path} after {ms} ms: {problem}")


def main():
    cookies, seconds, urls = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
    lines = (line.split("\t") for line in Path(cookies).read_text().splitlines())
    cookie = "; ".join(f"{fields[5]}={fields[6]}" for fields in lines if len(fields) == 7)
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    clients = [threading.Thread(target=client, args=(url, cookie, keep)) for url in urls for keep in (False, True)]
    for each in clients:
        each.start()
    stop.wait(seconds)
    stop.set()
    for each in clients:
        each.join()
    print(json.dumps(results))


if __name__ == "__main__":
    main()
