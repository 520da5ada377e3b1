"""Why an operation was slow: its commands, each with the plan by which MongoDB answers it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from structlog.typing import FilteringBoundLogger

from gateway.observability.records import OperationRecord

# So many of an operation's commands are told of.
_MOST = 10
_SECONDS = 5.0

# The fields that tell of a command; may ask MongoDB.
Explain = Callable[[Any], Awaitable[Mapping[str, Any]]]


class SlowCommands:
    """The log of the commands of slow operations: of one operation at a time, so that a slow database isn't asked more.
    Operations that are slow meanwhile have their own line only."""

    def __init__(self, logger: FilteringBoundLogger, explain: Explain) -> None:
        self._logger = logger
        self._explain = explain
        self._explaining: asyncio.Task[None] | None = None

    def __call__(self, operation: OperationRecord) -> None:
        """Logs the commands of an operation by and by."""
        if self._explaining is None and operation.commands:
            self._explaining = asyncio.create_task(self._log(operation))
            self._explaining.add_done_callback(self._done)

    def _done(self, _: object) -> None:
        self._explaining = None

    async def _log(self, operation: OperationRecord) -> None:
        for command in operation.commands[:_MOST]:
            try:
                async with asyncio.timeout(_SECONDS):
                    fields = await self._explain(command)
            except Exception as error:
                # It is told of an operation that has ended: nobody else learns of this.
                fields = {"command": type(command).__name__, "unexplained": type(error).__name__}
            self._logger.warning("slow command", request_id=operation.request.id, **fields)
