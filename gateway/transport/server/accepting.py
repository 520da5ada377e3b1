"""How a server stops to accept connections."""

import asyncio
import select
import socket
from collections.abc import Iterable, Sequence


async def stop_accepting(servers: Iterable[asyncio.Server], listeners: Sequence[socket.socket]) -> None:
    """Closes them, once every connection is accepted that was made: any other would be reset."""
    for listener in listeners:
        waiting = select.poll()
        waiting.register(listener, select.POLLIN)
        while waiting.poll(0):  # noqa: ASYNC110
            await asyncio.sleep(0)
    for server in servers:
        server.close()
    for listener in listeners:
        listener.close()
