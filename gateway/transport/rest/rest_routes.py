"""The addresses of the original service, and what is asked at each."""

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import GraphQLSchema
from starlette.routing import BaseRoute

from gateway.execution.asked_operations import AskedOperations
from gateway.execution.operation_runner import OperationRunner
from gateway.limits import Limits
from gateway.scheduling.paid_work import PaidWork
from gateway.transport.exchange.exact_routes import ExactRoute
from gateway.transport.exchange.exchange import ExchangePolicy
from gateway.transport.exchange.exchange_endpoint import Action, ExchangeEndpoint
from gateway.transport.exchange.paid_reading import PaidReading
from gateway.transport.rest.endpoint_documents import endpoint_documents
from gateway.transport.rest.interaction_resource import InteractionResource
from gateway.transport.rest.namespace_resource import NamespaceResource
from gateway.transport.rest.openapi import OPENAPI_PATH, Description
from gateway.transport.rest.rest_replies import RestReplies

INTERACTIONS, INTERACTION = "/features/search/interactions", "/features/search/interactions/{interaction_id:text}"
NAMESPACES, NAMESPACE, INDEXES = "/namespaces", "/namespaces/{namespace}", "/namespaces/indexes"


def rest_routes(
    policy: ExchangePolicy,
    operations: OperationRunner,
    paid_work: PaidWork,
    schema: GraphQLSchema,
    limits: Limits,
    *,
    described_beside: Mapping[str, Any],
) -> Sequence[BaseRoute]:
    """The routes over the graph of this schema, within these limits. ``described_beside``: as of `Description`."""
    asked, reading = AskedOperations(operations, endpoint_documents(schema)), PaidReading(paid_work)
    interactions = InteractionResource(asked, reading, schema, page_limit=limits.page_size, entry_limit=limits.entries)
    namespaces = NamespaceResource(asked, reading, entry_limit=limits.entries)
    replies = RestReplies()

    def route(address: str, actions: Mapping[str, Action]) -> BaseRoute:
        return ExactRoute(address, ExchangeEndpoint(policy, actions, replies))

    return [
        route(INTERACTIONS, {"GET": interactions.list, "POST": interactions.create}),
        route(INTERACTION, {"GET": interactions.get, "DELETE": interactions.delete}),
        route(NAMESPACES, {"GET": namespaces.list, "POST": namespaces.create}),
        # Ahead of the namespaces, of which one may have that name.
        route(INDEXES, {"GET": namespaces.indexes}),
        route(NAMESPACE, {"GET": namespaces.get, "PUT": namespaces.update, "DELETE": namespaces.delete}),
        ExactRoute(OPENAPI_PATH, Description(limits.page_size, described_beside).read),
    ]
