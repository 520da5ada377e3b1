"""The addresses that OpenSearch's UBI collector sends events and queries to."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from gateway.interchange import ubi_collected
from gateway.transport.collect.address_credentials import path_credentials
from gateway.transport.collect.collected_recordings import CollectedRecordings
from gateway.transport.collect.collector_bodies import CollectorBodies
from gateway.transport.collect.collector_replies import recorded_reply
from gateway.transport.exchange.exchange import Exchange, Reply


class UbiCollector:
    """The collector of UBI's events and queries."""

    def __init__(self, recordings: CollectedRecordings, bodies: CollectorBodies) -> None:
        self._recordings = recordings
        self._bodies = bodies

    async def record_events(self, exchange: Exchange, parameters: Mapping[str, Any]) -> Reply:
        """Records the events of a body, but those that can't be read."""
        context = await exchange.context(*path_credentials(parameters))
        read = partial(ubi_collected.interactions, received_at=datetime.now(UTC))
        received = await self._bodies.read(read, exchange, context)
        return recorded_reply(await self._recordings.interactions(received, exchange, context))

    async def record_queries(self, exchange: Exchange, parameters: Mapping[str, Any]) -> Reply:
        """Records the queries of a body likewise."""
        context = await exchange.context(*path_credentials(parameters))
        received = await self._bodies.read(ubi_collected.search_requests, exchange, context)
        return recorded_reply(await self._recordings.search_requests(received, exchange, context))
