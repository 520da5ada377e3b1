"""Who stays connected for longer than one request: each session ends when its key does, or when the process goes away.

What ends a session is the same over every transport; how its client is told is the transport's.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from gateway.auth.authenticator import Authenticator
from gateway.context import Context
from gateway.errors import GatewayError, GoingAway, TooManySubscriptions
from gateway.errors.formatting import foreseen
from gateway.scheduling.cancellation import cancel

_LOG = logging.getLogger(__name__)
_CHECK_SECONDS = 2.0
_GRACE_SECONDS = 5.0


class OpenConnection:
    """``context``: in whose name, once that is known. ``end`` is called with what ends it, at most once."""

    def __init__(self, end: Callable[[GatewayError], None], admit: Callable[[Context], None]) -> None:
        self.context: Context | None = None
        self._end = end
        self._admit = admit
        self._ended = False

    def enter(self, context: Context) -> None:
        """Says in whose name this is, or still is. Raises `TooManySubscriptions` where the key has as many sessions as
        it may."""
        if self.context is None:
            self._admit(context)
        self.context = context

    def end(self, error: GatewayError) -> None:
        if not self._ended:
            self._ended = True
            self._end(error)


class OpenConnections:
    """All sessions of this process, up to ``max_of_key`` of each key; while there are any, their keys and namespaces
    are looked up every 2 seconds."""

    def __init__(self, access: Authenticator, *, max_of_key: int) -> None:
        self._access = access
        self._max_of_key = max_of_key
        self._open: set[OpenConnection] = set()
        self._checking: asyncio.Task[None] | None = None
        self._closed = False
        self._over = asyncio.Event()

    @contextmanager
    def opened(self, end: Callable[[GatewayError], None], context: Context | None = None) -> Iterator[OpenConnection]:
        """A session for as long as this is entered. Raises `GoingAway` once they are closed, and what
        `OpenConnection.enter` does."""
        if self._closed:
            raise GoingAway()
        session = OpenConnection(end, self._admit)
        if context is not None:
            session.enter(context)
        self._open.add(session)
        if self._checking is None:
            self._checking = asyncio.create_task(self._check_all())
        try:
            yield session
        finally:
            self._open.remove(session)
            if self._closed and not self._open:
                self._over.set()

    def _admit(self, context: Context) -> None:
        keys = [one.context.caller.key_id for one in self._open if one.context is not None]
        if keys.count(context.caller.key_id) >= self._max_of_key:
            raise TooManySubscriptions(f"A key may have at most {self._max_of_key:,} websockets and event streams.")

    async def close(self) -> None:
        """Ends every session, and lets no other begin; returns once they are over, or after 5 seconds."""
        self._closed = True
        for session in list(self._open):
            session.end(GoingAway())
        if self._open:
            with suppress(TimeoutError):
                async with asyncio.timeout(_GRACE_SECONDS):
                    await self._over.wait()
        if self._checking is not None:
            await cancel([self._checking])

    async def _check_all(self) -> None:
        try:
            while self._open:
                await asyncio.sleep(_CHECK_SECONDS)
                try:
                    await self._check()
                except Exception as error:
                    # Without the database nothing can be told to anybody either.
                    _LOG.warning("Keys of open sessions can't be checked: %s", foreseen(error).message)
        finally:
            self._checking = None

    async def _check(self) -> None:
        contexts = {session.context for session in self._open if session.context is not None}
        over = await self._access.revoked(contexts)
        for session in list(self._open):
            if session.context in over:
                session.end(over[session.context])
