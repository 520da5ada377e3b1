"""Long bodies sent as fast as they are read, and given up where that is too slow."""

import asyncio
from typing import Any

from starlette.types import Receive, Scope, Send

from gateway.limits import LEAST_BYTES_PER_SECOND, LONG_BODY_BYTES, READING_GRACE_SECONDS

# A scope's extension of this name has, as ``call``, what ends its connection at once.
ABORT = "connection.abort"


async def send_paced(body: bytes, scope: Scope, receive: Receive, send: Send) -> None:
    """Sends a body in pieces, each of which has to be taken in time: within 10 seconds and one more for each 20,000
    bytes up to its end. Otherwise the connection is ended.

    What a server is sent at once waits in its buffers, whether it is read or not; where it is sent piece by piece, each
    waits until the one before is on its way.
    """
    due = asyncio.get_running_loop().time() + READING_GRACE_SECONDS
    for start in range(0, len(body), LONG_BODY_BYTES):
        piece = body[start : start + LONG_BODY_BYTES]
        end = start + len(piece)
        message = {"type": "http.response.body", "body": piece, "more_body": end < len(body)}
        try:
            async with asyncio.timeout_at(due + end / LEAST_BYTES_PER_SECOND):
                await send(message)
        except TimeoutError:
            await _abort(scope, receive)
            return


async def _abort(scope: Scope, receive: Receive) -> None:
    extensions: dict[str, Any] = scope.get("extensions") or {}
    if ABORT in extensions:
        extensions[ABORT]["call"]()
    # Without it the kernel cuts off who reads nothing.
    while (await receive())["type"] != "http.disconnect":
        pass
