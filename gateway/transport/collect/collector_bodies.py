"""Bodies of JSON, whatever type they are sent as: beacons say that they are plain text."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gateway.context import Context
from gateway.interchange.collected import Collected
from gateway.model.wire.unfit_values import UnfitValue
from gateway.preparation.json_requests import parsed_json
from gateway.transport.exchange.exchange import Exchange
from gateway.transport.exchange.paid_reading import PaidReading


@dataclass(frozen=True, slots=True)
class Received:
    """What was read of a body of ``size`` bytes, ``waited`` seconds later."""

    content: Collected
    size: int
    waited: float


class CollectorBodies:
    """The reading of what collectors receive; ``entry_limit``: how many entries the lists and objects of a body may
    have."""

    def __init__(self, reading: PaidReading, *, entry_limit: int) -> None:
        self._reading = reading
        self._entry_limit = entry_limit

    async def read(
        self, mapped: Callable[[Any, UnfitValue | None], Collected], exchange: Exchange, context: Context
    ) -> Received:
        """What ``mapped`` makes of a body's JSON, and of what is unfit in it; raises what that, `parsed_json` and
        `PaidReading` do."""
        body = await self._reading.body(exchange, context, of_any_type=True)

        def read() -> Collected:
            return mapped(*parsed_json(body, "body", max_entries=self._entry_limit))

        content, waited = await self._reading.read(read, len(body), exchange, context)
        return Received(content, len(body), waited)
