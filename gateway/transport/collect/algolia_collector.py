"""Algolia's Insights API: events, and users whose events are to be erased."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from gateway.interchange import algolia_events
from gateway.interchange.collected import Collected
from gateway.model.wire.unfit_values import UnfitValue
from gateway.transport.collect.address_credentials import algolia_credentials
from gateway.transport.collect.collected_recordings import CollectedRecordings
from gateway.transport.collect.collector_bodies import CollectorBodies
from gateway.transport.collect.collector_replies import erased_reply, recorded_reply
from gateway.transport.exchange.exchange import Exchange, Reply


class AlgoliaCollector:
    """The collector of Algolia's events."""

    def __init__(self, recordings: CollectedRecordings, bodies: CollectorBodies) -> None:
        self._recordings = recordings
        self._bodies = bodies

    async def record(self, exchange: Exchange, _parameters: Mapping[str, Any]) -> Reply:
        """Records all events of a body, or none."""
        context = await exchange.context(*algolia_credentials(exchange))
        read = partial(_interactions, received_at=datetime.now(UTC))
        received = await self._bodies.read(read, exchange, context)
        return recorded_reply(await self._recordings.interactions(received, exchange, context))

    async def erase(self, exchange: Exchange, parameters: Mapping[str, Any]) -> Reply:
        """Begins to erase what names a user."""
        context = await exchange.context(*algolia_credentials(exchange))
        return erased_reply(await self._recordings.erase_user(parameters["token"], exchange, context))


def _interactions(body: Any, unfit: UnfitValue | None, received_at: datetime) -> Collected:
    if unfit is not None:
        raise unfit.error()
    wires = algolia_events.interactions(body, received_at)
    return Collected(wires, [(index,) for index in range(len(wires))])
