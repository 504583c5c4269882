"""Serve on port 8000 until SIGTERM, then drain.

A client that keeps its connection must learn that it should open another one (elsewhere) before
this process closes it; so for DRAIN_SECONDS after SIGTERM requests are still served, each answered
with `Connection: close`, and only then does uvicorn stop listening and finish what is under way.
"""

import asyncio
import signal

import uvicorn

from . import log
from .main import app
from .settings import settings

DRAIN_SECONDS = 3


class Drain:
    """ASGI middleware around everything."""

    draining = False

    async def __call__(self, scope, receive, send):
        async def send_and_close(message):
            if message["type"] == "http.response.start" and self.draining:
                message = {**message, "headers": [*message.get("headers", []), (b"connection", b"close")]}
            await send(message)

        await app(scope, receive, send_and_close if scope["type"] == "http" else send)


class Server(uvicorn.Server):
    def handle_exit(self, sig, frame):
        drain = self.config.app
        if sig != signal.SIGTERM or drain.draining:
            return super().handle_exit(sig, frame)
        drain.draining = True
        stop = super().handle_exit
        loop = asyncio.get_running_loop()
        loop.call_soon_threadsafe(loop.call_later, DRAIN_SECONDS, stop, sig, frame)


def main():
    log.configure(settings.log_level)
    config = uvicorn.Config(
        Drain(), host="0.0.0.0", port=8000, log_config=None, access_log=False, server_header=False,
        timeout_keep_alive=75, timeout_graceful_shutdown=35,
    )
    Server(config).run()


if __name__ == "__main__":
    main()
