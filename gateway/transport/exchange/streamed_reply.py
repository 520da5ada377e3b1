"""A reply whose body comes in parts: each is sent as fast as it is read, and made only once the one before is."""

import asyncio
from collections.abc import AsyncIterator
from typing import TypeAlias

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from gateway.errors import GatewayError
from gateway.errors.formatting import as_gateway_error
from gateway.limits import READING_GRACE_SECONDS
from gateway.scheduling.unread_bytes import UnreadBytes
from gateway.transport.exchange.compression import StreamCompression
from gateway.transport.exchange.paced_sending import abort, send_paced

Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]

_LOOK_AGAIN_SECONDS = 0.1


class StreamedReply:
    """A reply on its way; ``unread``: what waits for the clients of its key."""

    def __init__(self, unread: UnreadBytes, scope: Scope, receive: Receive, send: Send) -> None:
        self._unread = unread
        self._scope = scope
        self._receive = receive
        self._send = send

    async def send(self, headers: Headers, parts: AsyncIterator[bytes], coding: str | None) -> GatewayError | None:
        """Sends all parts; the error where one couldn't be had, or wasn't read: then the connection is ended."""
        compression = None if coding is None else StreamCompression(coding)
        if coding is not None:
            headers = (*headers, (b"content-encoding", coding.encode()))
        await self._send({"type": "http.response.start", "status": 200, "headers": list(headers)})
        try:
            async for part in parts:
                if part and not await self._sent(part if compression is None else compression.part(part)):
                    return None
        except ClientDisconnect:
            return None
        except Exception as error:
            failure = as_gateway_error(error)
            await abort(self._scope, self._receive)
            return failure
        await self._send({"type": "http.response.body", "body": b"" if compression is None else compression.end()})
        return None

    async def _sent(self, part: bytes) -> bool:
        """Whether a part was read in time. Raises `AnswersUnread` where too much of the key waits for too long."""
        # What else waits may be read meanwhile.
        for _ in range(int(READING_GRACE_SECONDS / _LOOK_AGAIN_SECONDS)):
            if self._unread.fits(len(part)):
                break
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        with self._unread.held(len(part)):
            return await send_paced(part, self._scope, self._receive, self._send, more_body=True)
