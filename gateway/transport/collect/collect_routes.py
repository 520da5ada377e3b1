"""The addresses of the collectors, and what is recorded at each."""

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import GraphQLSchema
from starlette.routing import BaseRoute

from gateway.errors import NotFound
from gateway.execution.operation_runner import OperationRunner
from gateway.limits import Limits
from gateway.scheduling.paid_work import PaidWork
from gateway.transport.collect.algolia_collector import AlgoliaCollector
from gateway.transport.collect.collected_recordings import CollectedRecordings
from gateway.transport.collect.collector_bodies import CollectorBodies
from gateway.transport.collect.collector_replies import CollectorReplies
from gateway.transport.collect.ubi_collector import UbiCollector
from gateway.transport.exchange.exact_routes import ExactRoute
from gateway.transport.exchange.exchange import Exchange, ExchangePolicy, Reply
from gateway.transport.exchange.exchange_endpoint import Action, ExchangeEndpoint
from gateway.transport.exchange.paid_reading import PaidReading

EVENTS, USER = "/1/events", "/1/usertokens/{token:text}"
UBI_EVENTS, UBI_QUERIES = "/ubi_events", "/ubi_queries"
# Ahead of UBI's addresses, for clients that can send no headers.
IN_PATH = "/collect/{namespace}/{key}"


def collect_routes(
    policy: ExchangePolicy, operations: OperationRunner, paid_work: PaidWork, schema: GraphQLSchema, limits: Limits
) -> Sequence[BaseRoute]:
    """The routes over the graph of this schema, within these limits."""
    recordings = CollectedRecordings(operations, schema, limits)
    bodies = CollectorBodies(PaidReading(paid_work), entry_limit=limits.entries)
    algolia, ubi, replies = AlgoliaCollector(recordings, bodies), UbiCollector(recordings, bodies), CollectorReplies()

    def route(address: str, actions: Mapping[str, Action]) -> BaseRoute:
        return ExactRoute(address, ExchangeEndpoint(policy, actions, replies))

    def both_ways(action: Action) -> Mapping[str, Action]:
        return {"POST": action, "PUT": action}

    return [
        route(EVENTS, {"POST": algolia.record}),
        route(USER, {"DELETE": algolia.erase}),
        route("/1/{rest:text}", dict.fromkeys(("GET", "POST", "PUT", "DELETE"), _nothing_here)),
        *(
            route(prefix + address, both_ways(action))
            for prefix in ("", IN_PATH)
            for address, action in ((UBI_EVENTS, ubi.record_events), (UBI_QUERIES, ubi.record_queries))
        ),
    ]


async def _nothing_here(_exchange: Exchange, _parameters: Mapping[str, Any]) -> Reply:
    raise NotFound("Of Algolia's API, /1/events and /1/usertokens are served here.")
