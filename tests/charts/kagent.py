"""kagent.py - the official Python SDK as a client of the server in the cluster, with a token.

   kagent.py URL TOKEN tools                      the names, one a line
   kagent.py URL TOKEN call TOOL ARGUMENTS        the structured answer; nobody is asked
   kagent.py URL TOKEN ask TOOL ARGUMENTS         the same; the person says yes to what is asked
"""

import asyncio
import json
import sys

import mcp.types as types
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

url, token, what, *rest = sys.argv[1:]


async def yes(context, params):
    assert "kubectl" in params.message, params.message
    return types.ElicitResult(action="accept", content={k: True for k in params.requested_schema["properties"]})


async def main():
    http = create_mcp_http_client(headers={"Authorization": f"Bearer {token}"})
    callback = {"elicitation_callback": yes} if what == "ask" else {}
    async with Client(streamable_http_client(url, http_client=http), **callback) as c:
        if what == "tools":
            print("\n".join(t.name for t in (await c.list_tools()).tools))
            return
        r = await c.call_tool(rest[0], json.loads(rest[1]))
        print(json.dumps(r.structured_content or {"text": r.content[0].text}))


asyncio.run(main())
