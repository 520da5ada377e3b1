"""Long bodies sent as fast as they are read, and given up where that is too slow."""

import asyncio
from typing import Any

from starlette.types import Receive, Scope, Send

from gateway.limits import LEAST_BYTES_PER_SECOND, LONG_BODY_BYTES, READING_GRACE_SECONDS

# A scope's extension of this name has, as ``call``, what ends its connection at once.
ABORT = "connection.abort"


async def send_paced(body: bytes, scope: Scope, receive: Receive, send: Send, *, more_body: bool = False) -> bool:
    """Sends a body in pieces, each of which has to be taken in time: within 10 seconds and one more for each 20,000
    bytes up to its end; whether they were. Otherwise the connection is ended. ``more_body``: this is a part of it.

    What a server is sent at once waits in its buffers, whether it is read or not; where it is sent piece by piece, each
    waits until the one before is on its way.
    """
    due = asyncio.get_running_loop().time() + READING_GRACE_SECONDS
    for start in range(0, len(body), LONG_BODY_BYTES):
        piece = body[start : start + LONG_BODY_BYTES]
        end = start + len(piece)
        message = {"type": "http.response.body", "body": piece, "more_body": more_body or end < len(body)}
        try:
            async with asyncio.timeout_at(due + end / LEAST_BYTES_PER_SECOND):
                await send(message)
        except TimeoutError:
            await abort(scope, receive)
            return False
    return True


async def abort(scope: Scope, receive: Receive) -> None:
    """Ends the connection of a reply that can't be finished, so that nobody takes it for whole."""
    extensions: dict[str, Any] = scope.get("extensions") or {}
    if ABORT in extensions:
        extensions[ABORT]["call"]()
    # Without it the kernel cuts off who reads nothing.
    while (await receive())["type"] != "http.disconnect":
        pass
