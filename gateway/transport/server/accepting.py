"""How a server stops to accept connections."""

import asyncio
import select
import socket
from collections.abc import Iterable, Sequence

# Until other workers, which are told at the same time, have stopped, too.
_SHARED_SECONDS = 0.5


async def stop_accepting(
    servers: Iterable[asyncio.Server], listeners: Sequence[socket.socket], *, is_shared: bool
) -> None:
    """Closes them, once every connection is accepted that was made: any other would be reset.

    ``is_shared``: other processes accept from these listeners.
    """
    for listener in listeners:
        waiting = select.poll()
        waiting.register(listener, select.POLLIN)
        while waiting.poll(0):  # noqa: ASYNC110
            await asyncio.sleep(0)
    for server in servers:
        server.close()
    for listener in listeners:
        listener.close()
    if is_shared:
        await asyncio.sleep(_SHARED_SECONDS)
