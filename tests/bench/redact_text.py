#!/usr/bin/env python3
"""redact_text.py KIND MEGABYTES: a text for bench_redact.py. sparse: an access log; app: an
application's log with a secret every 200 lines; json: structured logs with identifiers, headers and
tokens; yaml: objects as kubectl prints them, every tenth a Secret."""
import base64
import random
import sys

rnd = random.Random(7)
hexa = lambda n: "".join(rnd.choice("0123456789abcdef") for _ in range(n))
word = lambda: rnd.choice("orders checkout cart users stock search image mail ledger audit".split())


def sparse(i):
    return (f'10.2.{rnd.randrange(256)}.{rnd.randrange(256)} - - [23/Nov/2026:10:{i % 60:02d}:07 +0000] '
            f'"GET /api/{word()}/{rnd.randrange(99999)} HTTP/1.1" 200 {rnd.randrange(9999)} "-" "Go-http-client/2.0"\n')


def app(i):
    extra = f" password=pw-{hexa(10)}" if i % 200 == 0 else ""
    return (f"2026-11-23T10:{i % 60:02d}:07.{rnd.randrange(999):03d}Z {rnd.choice(['INFO', 'WARN', 'ERROR'])} "
            f"[{word()}-service] request {hexa(8)} for {word()} took {rnd.randrange(900)} ms, "
            f"{rnd.randrange(40)} rows from db-{rnd.randrange(4)}.shop.svc:5432{extra}\n")


def structured(i):
    token = f',"authorization":"Bearer {hexa(40)}"' if i % 10 == 0 else ""
    return (f'{{"ts":"2026-11-23T10:{i % 60:02d}:07Z","level":"info","logger":"{word()}","session":"{hexa(12)}",'
            f'"user_id":{rnd.randrange(9999)},"cache_key":"{word()}:{rnd.randrange(999)}","msg":"token refreshed for '
            f'{word()}","url":"http://{word()}.shop.svc:8080/{word()}?page={rnd.randrange(9)}","code":200,'
            f'"trace":"{hexa(32)}"{token}}}\n')


def yaml(i):
    if i % 10 == 0:
        value = base64.b64encode(hexa(24).encode()).decode()
        return (f"---\napiVersion: v1\ndata:\n  password: {value}\n  url: {value}\nkind: Secret\nmetadata:\n"
                f"  name: {word()}-{i}\n  namespace: shop\ntype: Opaque\n")
    return (f"---\napiVersion: v1\nkind: Pod\nmetadata:\n  labels:\n    app: {word()}\n  name: {word()}-{hexa(10)}-{hexa(5)}\n"
            f"  uid: {hexa(8)}-{hexa(4)}-{hexa(4)}-{hexa(4)}-{hexa(12)}\nspec:\n  containers:\n  - env:\n"
            f"    - name: LOG_LEVEL\n      value: info\n    - name: DB_PASSWORD\n      valueFrom:\n        secretKeyRef:\n"
            f"          key: password\n          name: db\n    image: registry.shop.dev/{word()}@sha256:{hexa(64)}\n"
            f"    volumeMounts:\n    - mountPath: /var/run/secrets/kubernetes.io/serviceaccount\n      name: kube-api-access\n")


def main(kind, megabytes):
    line = {"sparse": sparse, "app": app, "json": structured, "yaml": yaml}[kind]
    block = "".join(line(i) for i in range(4000))
    left = int(megabytes) << 20
    while left > 0:
        sys.stdout.write(block[:left])
        left -= len(block)


if __name__ == "__main__":
    main(*sys.argv[1:])
