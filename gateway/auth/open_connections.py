"""The connections that stay open for longer than one request: each ends when its key does, or when the process stops.

What ends a connection is the same over every transport; how its client is told is the transport's.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from gateway.auth.authenticator import Authenticator
from gateway.context import Context
from gateway.errors import GatewayError, GoingAway, TooManyConnections, TooManySubscriptions
from gateway.errors.formatting import as_gateway_error
from gateway.scheduling.cancellation import cancel
from gateway.scheduling.used_connections import UsedConnections

_LOG = logging.getLogger(__name__)
_CHECK_SECONDS = 2.0
_GRACE_SECONDS = 5.0


class OpenConnection:
    """A websocket or an event stream.

    ``context``: in whose name it is, once that is known. ``end`` is called with what ends it, at most once.
    """

    def __init__(self, end: Callable[[GatewayError], None], admit: Callable[["OpenConnection", Context], None]) -> None:
        self.context: Context | None = None
        self._end = end
        self._admit = admit
        self._ended = False
        self.is_counted = False

    def enter(self, context: Context) -> None:
        """Says in whose name this is, or still is. Raises `TooManySubscriptions` where the key has as many connections
        as it may, and `TooManyConnections` where its organization uses as many."""
        if self.context is None:
            self._admit(self, context)
        self.context = context

    def end(self, error: GatewayError) -> None:
        if not self._ended:
            self._ended = True
            self._end(error)


class OpenConnections:
    """All open connections of this process, up to ``max_of_key`` of each key, and as many as its organization may use.

    Of those that don't say yet in whose name they are, the oldest ends where there are more than ``max_unnamed``.

    While there are any, their keys and namespaces are looked up every 2 seconds.
    """

    def __init__(
        self, authenticator: Authenticator, used_connections: UsedConnections, *, max_of_key: int, max_unnamed: int
    ) -> None:
        self._authenticator = authenticator
        self._used_connections = used_connections
        self._max_of_key = max_of_key
        self._max_unnamed = max_unnamed
        self._connections: set[OpenConnection] = set()
        # In the order in which they were opened.
        self._unnamed: dict[OpenConnection, None] = {}
        self._checking: asyncio.Task[None] | None = None
        self._closed = False
        self._all_ended = asyncio.Event()

    @contextmanager
    def opened(self, end: Callable[[GatewayError], None], context: Context | None = None) -> Iterator[OpenConnection]:
        """A connection for as long as this is entered; one with a ``context`` is a request's, which counts as used by
        itself. Raises `GoingAway` once they are closed, and what `OpenConnection.enter` does."""
        if self._closed:
            raise GoingAway()
        connection = OpenConnection(end, self._admit)
        if context is None:
            self._add_unnamed(connection)
        else:
            connection.enter(context)
        self._connections.add(connection)
        if self._checking is None:
            self._checking = asyncio.create_task(self._check_all())
        try:
            yield connection
        finally:
            self._connections.remove(connection)
            self._unnamed.pop(connection, None)
            if connection.is_counted and connection.context is not None:
                self._used_connections.end(connection.context.caller.organization.id)
            if self._closed and not self._connections:
                self._all_ended.set()

    def _add_unnamed(self, connection: OpenConnection) -> None:
        if len(self._unnamed) >= self._max_unnamed:
            oldest = next(iter(self._unnamed))
            del self._unnamed[oldest]
            oldest.end(TooManyConnections("Too many websockets wait to be initialised; connect again."))
        self._unnamed[connection] = None

    def _admit(self, connection: OpenConnection, context: Context) -> None:
        contexts = [connection.context for connection in self._connections if connection.context is not None]
        of_key = sum(other.caller.id == context.caller.id for other in contexts)
        if of_key >= self._max_of_key:
            raise TooManySubscriptions(f"A key may have at most {self._max_of_key:,} websockets and event streams.")
        if connection in self._unnamed:
            self._used_connections.begin(context.caller.organization.id)
            connection.is_counted = True
            del self._unnamed[connection]

    async def close(self) -> None:
        """Ends every connection, and lets no other begin; returns once they have ended, or after 5 seconds."""
        self._closed = True
        for connection in list(self._connections):
            connection.end(GoingAway())
        if self._connections:
            with suppress(TimeoutError):
                async with asyncio.timeout(_GRACE_SECONDS):
                    await self._all_ended.wait()
        if self._checking is not None:
            await cancel([self._checking])

    async def _check_all(self) -> None:
        try:
            while self._connections:
                await asyncio.sleep(_CHECK_SECONDS)
                try:
                    await self._check()
                except Exception as error:
                    # Without the database nothing can be sent to anybody either.
                    _LOG.warning("Keys of open connections can't be checked: %s", as_gateway_error(error).message)
        finally:
            self._checking = None

    async def _check(self) -> None:
        contexts = {connection.context for connection in self._connections if connection.context is not None}
        revoked = await self._authenticator.revoked(contexts)
        for connection in list(self._connections):
            if connection.context in revoked:
                connection.end(revoked[connection.context])
