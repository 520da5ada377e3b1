"""A server in this process, which hands its listener over to a worker process on SIGHUP."""

import asyncio
import logging
import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import Any

from gateway.app.worker_processes import ReadyServer, Worker, Workers, give_up

_LOG = logging.getLogger(__name__)


class RenewableServer(ReadyServer):
    """A server that ends once its successor, a process of the same application, accepts connections. This process
    stays, as the successor's parent: whoever started it goes on knowing it.

    ``for_successor``: another configuration, as it was made.
    """

    def __init__(self, config: Any, for_successor: Any, listener: socket.socket, ready: Callable[[], None]) -> None:
        super().__init__(config, ready)
        self._for_successor = for_successor
        self._listener = listener
        self._kept: socket.socket | None = None
        self._successor: Worker | None = None
        self._renewal: asyncio.Task[None] | None = None
        self._is_renewal_due = False

    def serve_and_hand_over(self) -> None:
        """Serves until a signal ends this server and its successors; raises KeyboardInterrupt where that came before
        there was one, and SystemExit where the application can't start."""
        if hasattr(signal, "SIGHUP"):
            # Not by the loop, which would leave the default behind: to be killed.
            signal.signal(signal.SIGHUP, self._ask_for_renewal)
        try:
            self.run(sockets=[self._listener])
        except KeyboardInterrupt:
            self._end_successor()
            if self._successor is not None:
                self._successor.process.join()
            raise
        if self._successor is not None and self._kept is not None:
            workers = Workers(self._for_successor, self._kept, [self._successor])
            # Asked for while this one ended.
            workers.is_renewal_due = self._is_renewal_due
            workers.run()

    async def on_tick(self, counter: int) -> bool:
        if self._is_renewal_due and (self._renewal is None or self._renewal.done()):
            self._is_renewal_due = False
            self._renewal = asyncio.create_task(self._renew())
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self._end_successor()

    def _end_successor(self) -> None:
        if self._successor is not None:
            self._successor.end()
        if self._kept is not None:
            # Else connections would go on being made, and wait for nobody.
            self._kept.close()

    def _ask_for_renewal(self, *_: object) -> None:
        self._is_renewal_due = True

    async def _renew(self) -> None:
        # The server closes its own.
        kept = self._kept = self._listener.dup()
        successor = self._successor = Worker(self._for_successor, kept)
        if await asyncio.to_thread(successor.becomes_ready, lambda: self.should_exit):
            _LOG.info("Process %s serves from now on", successor.process.pid)
            self.should_exit = True
        elif not self.should_exit:
            give_up(successor)
            self._successor = self._kept = None
            kept.close()
