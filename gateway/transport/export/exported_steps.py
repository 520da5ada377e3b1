"""The operations of one export over HTTP: each is observed by itself, and none is asked for a client that has left."""

import asyncio

from gateway.observability.records import OperationRecord
from gateway.scheduling.cancellation import cancel
from gateway.transport.exchange.exchange import Exchange


class ExportedSteps:
    """What the pages of an export are asked for: an exchange that goes on."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._step: OperationRecord | None = None
        self._leaving: asyncio.Task[None] = asyncio.create_task(exchange.left())

    def operation(self) -> OperationRecord:
        """The record of the next operation, with which the one before has ended."""
        self._end_step()
        self._step = self._exchange.step()
        return self._step

    async def left(self) -> None:
        """Raises `ClientDisconnect` once the client has left."""
        await asyncio.shield(self._leaving)

    async def wait(self, seconds: float) -> None:
        """Returns after so long; raises as ``left`` does."""
        await asyncio.wait([self._leaving], timeout=seconds)
        self.require_client()

    def require_client(self) -> None:
        """Raises `ClientDisconnect` where the client has left."""
        if self._leaving.done():
            self._leaving.result()

    async def close(self) -> None:
        self._end_step()
        if self._leaving.done():
            self._leaving.exception()
        await cancel([self._leaving])

    def _end_step(self) -> None:
        step, self._step = self._step, None
        if step is not None:
            self._exchange.ended(step)
