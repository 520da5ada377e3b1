"""What the driver tells of its connections, for whoever counts them."""

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

from pymongo.monitoring import (
    ConnectionCheckedInEvent,
    ConnectionCheckedOutEvent,
    ConnectionCheckOutFailedEvent,
    ConnectionClosedEvent,
    ConnectionPoolListener,
    ConnectionReadyEvent,
)

Listener: TypeAlias = ConnectionPoolListener

IDLE, USED = "idle", "used"


class ConnectionMonitor(Protocol):
    """Whoever is told of connections, within the driver: it may neither wait nor raise."""

    def connections_changed(self, state: str, difference: int) -> None:
        """More connections, or fewer, are idle or used."""
        ...

    def connection_waited(self, seconds: float) -> None:
        """A command got a connection, or none, after so long."""
        ...


class MonitoredConnections(ConnectionPoolListener):
    """The driver's connections as a monitor is told of them."""

    def __init__(self, monitor: ConnectionMonitor) -> None:
        self._monitor = monitor
        # One that is closed before it was ready never counted.
        self._ready: set[tuple[object, int]] = set()

    def connection_ready(self, event: ConnectionReadyEvent) -> None:
        self._ready.add((event.address, event.connection_id))
        self._monitor.connections_changed(IDLE, 1)

    def connection_checked_out(self, event: ConnectionCheckedOutEvent) -> None:
        self._monitor.connections_changed(IDLE, -1)
        self._monitor.connections_changed(USED, 1)
        self._monitor.connection_waited(event.duration or 0.0)

    def connection_checked_in(self, event: ConnectionCheckedInEvent) -> None:
        self._monitor.connections_changed(USED, -1)
        self._monitor.connections_changed(IDLE, 1)

    def connection_closed(self, event: ConnectionClosedEvent) -> None:
        connection = (event.address, event.connection_id)
        if connection in self._ready:
            self._ready.remove(connection)
            self._monitor.connections_changed(IDLE, -1)

    def connection_check_out_failed(self, event: ConnectionCheckOutFailedEvent) -> None:
        self._monitor.connection_waited(event.duration or 0.0)

    def _ignored(self, event: Any) -> None:
        pass

    connection_created = connection_check_out_started = _ignored
    pool_created = pool_ready = pool_cleared = pool_closed = _ignored


def listeners(monitor: ConnectionMonitor) -> Sequence[Listener]:
    """What a client is opened with, for the monitor to be told of its connections."""
    return (MonitoredConnections(monitor),)
