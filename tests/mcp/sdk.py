"""sdk.py - the official Python SDK as the client. Run by test_clients with the SDK's Python.

   sdk.py stdio|http FIXTURE_ARGV… : every part of the protocol, in each of the SDK's modes
"""

import asyncio
import sys

import mcp.types as types
from mcp import Client, StdioServerParameters
from mcp.client.sse import sse_client

transport, *target = sys.argv[1:]
failed = False


def server():
    if transport == "stdio":
        return StdioServerParameters(command=target[0], args=target[1:])
    if transport == "sse":
        return sse_client(target[0])
    return target[0]


async def elicit(context, params):
    properties = params.requested_schema["properties"]
    values = {"boolean": True, "string": "Ann", "integer": 3, "number": 1.5, "array": []}
    content = {k: v.get("enum", [values[v["type"]]])[0] for k, v in properties.items()}
    return types.ElicitResult(action="accept", content=content)


async def whole(mode):
    logs, progress = [], []

    async def log(params):
        logs.append(params)

    async def on_progress(done, total, message):
        progress.append((done, total))

    async with Client(server(), mode=mode, elicitation_callback=elicit, logging_callback=log) as c:
        tools = (await c.list_tools()).tools
        assert len(tools) > 20, tools
        r = await c.call_tool("test_simple_text", {})
        assert r.content[0].text == "This is a simple text response for testing.", r
        r = await c.call_tool("test_error_handling", {})
        assert r.is_error
        r = await c.call_tool("test_tool_with_progress", {}, progress_callback=on_progress)
        assert progress == [(0, 100), (50, 100), (100, 100)], progress
        modern = mode == "2026-07-28" or (mode == "auto" and transport != "sse")
        if modern:
            r = await c.call_tool("test_input_required_result_multi_round", {})
            assert r.content[0].text == "both answered", r
        elif transport != "sse":
            r = await c.call_tool("test_elicitation", {"message": "who?"})
            assert "action=accept" in r.content[0].text, r
        r = await c.read_resource("test://template/7/data")
        assert '"7"' in r.contents[0].text, r
        assert len((await c.list_resources()).resources) == 3
        assert len((await c.list_resource_templates()).resource_templates) == 1
        assert len((await c.list_prompts()).prompts) == 5
        r = await c.get_prompt("test_prompt_with_arguments", {"arg1": "a", "arg2": "b"})
        assert "arg1='a', arg2='b'" in r.messages[0].content.text, r
        r = await c.complete(
            types.PromptReference(type="ref/prompt", name="test_prompt_with_arguments"),
            {"name": "arg1", "value": "par"},
        )
        assert "paris" in r.completion.values, r
        results = await asyncio.gather(*(c.call_tool("test_sleep", {"ms": 50}) for _ in range(10)))
        assert all(x.content[0].text == "slept" for x in results)


for mode in ["auto", "legacy"] if transport != "sse" else ["legacy"]:
    try:
        asyncio.run(asyncio.wait_for(whole(mode), 120))
        print(f"ok Python SDK over {transport}, mode {mode}", flush=True)
    except BaseException as e:
        import traceback

        for line in traceback.format_exc().splitlines()[-40:]:
            print("#", line)
        print(f"not ok Python SDK over {transport}, mode {mode}: {type(e).__name__} {e}", flush=True)
        failed = True
sys.exit(failed)
