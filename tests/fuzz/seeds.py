#!/usr/bin/env python3
"""seeds.py FOLDER: what the fuzzers begin with, a folder for each, made of the corpora, cases and
files of this repository (few of each kind: a fuzzer finds variants by itself)."""
import glob
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
KUBECONFIG = """apiVersion: v1
kind: Config
current-context: dev
contexts:
- {name: dev, context: {cluster: c, user: u, namespace: shop}}
- name: b
  context: {cluster: c2, user: e}
clusters:
- name: c
  cluster: {server: 'https://10.0.0.1:6443', certificate-authority-data: LS0tLS1CRUdJTg==}
- name: c2
  cluster: {server: 'http://127.0.0.1:8080', insecure-skip-tls-verify: true, proxy-url: 'http://p:1'}
users:
- name: u
  user: {token: abc, as: x, as-groups: [g], as-user-extra: {a: [b]}}
- name: e
  user:
    exec: {apiVersion: client.authentication.k8s.io/v1, command: aws, args: [eks], env: [{name: A, value: b}],
      interactiveMode: Never, provideClusterInfo: true}
"""
MARKDOWN = [
    "# Title\n\n**bold** and `code`\n\n| A | B |\n|---|---|\n| x | `y` |\n",
    "```bash\n$ kubectl get pods \\\n  -n shop | grep x\n```\nthen\n```yaml\napiVersion: v1\n"
    "kind: ConfigMap\nmetadata: {name: a}\n```\n",
    "a \033]8;;http://x\033\\link\033]8;;\033\\ ![i](http://x/y.png) [l](javascript:x)\n",
    "\u202eevil\u202c zero\u200bwidth \u2066x\u2069\r\n- item\n  1. one\n> quote\n",
    "kubectl scale deploy/web --replicas=2\nhelm rollback web 3\n",
]
SSE = [
    "\ufeffdata: {\"a\":1}\n\ndata: [DONE]\n\n", "event: x\r\ndata:y\rdata: z\r\n\r\n: comment\nid: 1\n\n",
    "data\n\ndata:\n\nretry: 5\n\n", "data: a\ndata: b\n",
]
META = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","progressToken":1}'
RPC = [
    '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},'
    '"clientInfo":{"name":"x","version":"1"}}}\n{"jsonrpc":"2.0","method":"notifications/initialized"}\n'
    '{"jsonrpc":"2.0","id":"a","method":"tools/list"}\n{"jsonrpc":"2.0","id":2,"method":"tools/call",'
    '"params":{"name":"tool","arguments":{"a":[1]},"_meta":{"progressToken":7}}}\n',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"back",' + META + ',"requestState":"x"}}\n',
    '{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{' + META + '}}\n'
    '{"jsonrpc":"2.0","id":3,"method":"resources/read","params":{"uri":"k8s://x",' + META + '}}\n',
    '[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":1,"result":{}},3]\n',
    '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}\n'
    '{"jsonrpc":"2.0","id":4,"method":"logging/setLevel","params":{"level":"debug"}}\n'
    '{"jsonrpc":"2.0","id":5,"method":"prompts/get","params":{"name":"p","arguments":{}}}\n'
    '{"jsonrpc":"2.0","id":6,"method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"p"},'
    '"argument":{"name":"a","value":"b"}}}\n{"jsonrpc":"2.0","id":7,"method":"resources/subscribe",'
    '"params":{"uri":"k8s://x"}}\n',
]
REDACT = ["-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7bq8\n-----END RSA PRIVATE KEY-----\n"]


def write(out, target, texts):
    folder = os.path.join(out, target)
    os.makedirs(folder, exist_ok=True)
    for i, text in enumerate(texts):
        with open(os.path.join(folder, f"seed-{i}"), "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))


def rows(*path):
    with open(os.path.join(TOP, *path), encoding="utf-8") as f:
        return [json.loads(line) for line in f if line.strip()]


def files(*patterns, limit=12000):
    for pattern in patterns:
        for path in sorted(glob.glob(os.path.join(TOP, pattern), recursive=True)):
            if os.path.getsize(path) <= limit:
                with open(path, "rb") as f:
                    yield f.read()


def replies():
    """The streams of the endpoint's fixtures."""
    with open(os.path.join(TOP, "tests", "unit", "llm_shapes.json"), encoding="utf-8") as f:
        shapes = json.load(f)
    for turn in (turn for row in shapes for turn in row["turns"]):
        if "raw" in turn or "body" in turn:
            yield turn.get("raw") or turn["body"]
            continue
        events = turn.get("events") or [{"choices": [{"delta": {
            "content": turn.get("text"), "tool_calls": [{"function": c} for c in turn.get("tool_calls", [])]}}]}]
        yield "".join("data: " + json.dumps(e, ensure_ascii=False) + "\n\n" for e in events)


def main(out):
    argvs = [r["argv"] for r in rows("tests", "policy", "corpus.jsonl")][::4]
    write(out, "argv", [("a" if a[:1] == ["helm"] else "b") + "\n".join(a[1:]) for a in argvs])
    texts = [r["text"] for r in rows("tests", "redact", "corpus.jsonl")]
    write(out, "redact", ["ab" + t for t in texts] + ["ab" + t for t in REDACT])
    write(out, "markdown", MARKDOWN)
    write(out, "jsonrpc", RPC)
    write(out, "sse", SSE)
    write(out, "reply", list(replies()))
    write(out, "kubeconfig", [KUBECONFIG, json.dumps({"apiVersion": "v1", "kind": "Config"})])
    write(out, "yaml", list(files("charts/**/values.yaml", "charts/**/templates/*.yaml",
                                  "tests/cluster/faults/**/*.yaml"))[:60])
    write(out, "json", list(files("tests/demo/**/*.json", "tests/cli/cases/*.json"))[:30]
          + [b'{"a":[1,2.5,-3e9,null,true,"\\u00e9\\ud83d\\ude00\\n"],"b":{"c":{}}}', b"[]", b'"x"'])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
