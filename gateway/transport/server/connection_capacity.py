"""For which connections there is room, and which one is closed to make some."""

from asyncio import Transport
from collections.abc import Sized
from typing import Protocol

from gateway.errors import Unavailable
from gateway.limits import HEALTH_CONNECTIONS
from gateway.transport.http.health import HEALTH_PATHS


class Connection(Protocol):
    """A connection of the server; its ``transport`` is asyncio's."""

    transport: Transport


class ConnectionCapacity:
    """The room for connections of one process: ``most`` may be used at a time, and a few more to ask for its health.

    Those that wait for a request, or for the rest of its head, take no room from others: where there are too many, the
    one that has waited longest is closed.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        # By for how long they have been waiting.
        self._waiting: dict[Connection, None] = {}

    def add(self, connection: Connection, connections: set[Connection]) -> None:
        """Counts a new one of ``connections`` as waiting, and closes others that wait until there is room for it."""
        self.wait(connection)
        while len(connections) > self._most + HEALTH_CONNECTIONS and len(self._waiting) > 1:
            longest = next(iter(self._waiting))
            self.leave(longest)
            connections.discard(longest)
            longest.transport.close()

    def wait(self, connection: Connection) -> None:
        """Counts a connection as waiting for a request."""
        self._waiting[connection] = None

    def leave(self, connection: Connection) -> None:
        """Counts a connection as used, or as none any longer."""
        self._waiting.pop(connection, None)

    def use(
        self, connection: Connection, address: bytes, connections: Sized, tasks: Sized, pipeline: Sized
    ) -> Unavailable | None:
        """Why a request for this address isn't answered; None where it is, and its connection used from now on.

        ``connections``, ``tasks``: all there are; ``pipeline``: the requests that wait on this connection.
        """
        self.leave(connection)
        most = self._most + (HEALTH_CONNECTIONS if address.partition(b"?")[0] in HEALTH_PATHS else 0)
        if len(connections) - len(self._waiting) > most or len(tasks) >= most or len(pipeline) >= most:
            return Unavailable("Too many connections; try again.")
        return None
