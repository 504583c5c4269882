"""remediate.py - a real client (the official Python SDK) has faults remediated; its person says yes.

   remediate.py stdio COMMAND… -- NAMESPACE…
   remediate.py http|sse URL -- NAMESPACE…

Prints a line for each namespace: "NAMESPACE STATE QUESTIONS".
"""

import asyncio
import sys

import mcp.types as types
from mcp import Client, StdioServerParameters
from mcp.client.sse import sse_client

transport, *rest = sys.argv[1:]
target, namespaces = rest[: rest.index("--")], rest[rest.index("--") + 1 :]
asked = []


def server():
    if transport == "stdio":
        return StdioServerParameters(command=target[0], args=target[1:], env=dict(__import__("os").environ))
    if transport == "sse":
        return sse_client(target[0])
    return target[0]


async def yes(context, params):
    """The person sees the whole preview, and the question has one answer to give."""
    assert "kubectl" in params.message, params.message
    asked.append(params.message)
    content = {}
    for key, v in params.requested_schema["properties"].items():
        content[key] = v["enum"][0] if "enum" in v else True
    return types.ElicitResult(action="accept", content=content)


async def main():
    async with Client(server(), elicitation_callback=yes) as c:
        for ns in namespaces:
            before = len(asked)
            r = await c.call_tool("remediate", {"namespace": ns, "mode": "ask", "timeout": "4m"})
            state = (r.structured_content or {}).get("state", "error")
            print(ns, state, len(asked) - before, flush=True)
            if state != "recovered":
                print("# " + r.content[0].text[:1500].replace("\n", "\n# "), flush=True)


asyncio.run(main())
