"""Lists interactions, records one between two pages, hears of it by subscription, and prints what came."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

from gql import Client, GraphQLRequest, gql
from gql.client import AsyncClientSession
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport
from gql.utilities import update_schema_scalar
from graphql import GraphQLScalarType

INTERACTIONS = gql("""
  query Interactions($first: Int!, $after: String, $where: InteractionWhere) {
    interactions(first: $first, after: $after, where: $where) {
      nodes { interactionId interactionType featureId occurredAt searchRequest { filters { text } } }
      pageInfo { hasNextPage endCursor }
    }
  }
""")

RECORD = gql("""
  mutation Record($input: RecordInteractionInput!) {
    recordInteraction(input: $input) { created interaction { id occurredAt } }
  }
""")

RECORDED = gql("""
  subscription Recorded($where: InteractionWhere) {
    interactionRecorded(where: $where) { interactionId }
  }
""")

# Moments are datetimes in Python, in variables and in results.
DATE_TIME = GraphQLScalarType("DateTime", serialize=datetime.isoformat, parse_value=datetime.fromisoformat)


typed_client = partial(Client, serialize_variables=True, parse_results=True)


async def pages(session: AsyncClientSession, first: int, **where: Any) -> AsyncIterator[list[dict[str, Any]]]:
    """Page after page, each fetched when it is asked for; what others write meanwhile neither repeats nor hides
    anything."""
    after = None
    while True:
        variables = {"first": first, "after": after, "where": where}
        connection = (await session.execute(GraphQLRequest(INTERACTIONS, variable_values=variables)))["interactions"]
        yield connection["nodes"]
        if not connection["pageInfo"]["hasNextPage"]:
            return
        after = connection["pageInfo"]["endCursor"]


async def heard(session: AsyncClientSession, interaction_id: str) -> list[str]:
    """The ids that the subscription tells of, up to this one."""
    told = []
    async for event in session.subscribe(RECORDED):
        told.append(event["interactionRecorded"]["interactionId"])
        if told[-1] == interaction_id:
            break
    return told


async def main(url: str, key: str, namespace: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {key}", "X-Namespace": namespace}
    over_http = HTTPXAsyncTransport(url, headers=headers)
    over_socket = WebsocketsTransport(
        url.replace("http", "ws", 1), init_payload=headers, subprotocols=["graphql-transport-ws"]
    )
    interaction_id = str(uuid4())
    interaction = {
        "interactionId": interaction_id,
        "featureId": "sku-00603",
        "interactionType": "PURCHASE",
        "occurredAt": datetime.now(UTC),
    }
    record = GraphQLRequest(RECORD, variable_values={"input": interaction})

    # With the schema at hand, operations are validated before they are sent.
    async with typed_client(transport=over_http, fetch_schema_from_transport=True) as session:
        schema = session.client.schema
        assert schema is not None
        update_schema_scalar(schema, "DateTime", DATE_TIME)
        async with typed_client(transport=over_socket, schema=schema) as live, asyncio.TaskGroup() as tasks:
            hearing = tasks.create_task(heard(live, interaction_id))
            await asyncio.sleep(0)
            # What is sent over a socket is taken in order: once this is answered, the subscription has begun.
            await live.execute(gql("{ __typename }"))

            listed, created = [], []
            async for page in pages(session, 5):
                listed.append(page)
                if len(listed) == 1:
                    created.append((await session.execute(record))["recordInteraction"])
                if len(listed) == 3:
                    break
            created.append((await session.execute(record))["recordInteraction"])
    return {
        "first": [node["interactionId"] for node in listed[0]],
        "list": [node["interactionId"] for page in listed for node in page],
        "recorded": interaction_id,
        "created": [answer["created"] for answer in created],
        "occurredAt": created[0]["interaction"]["occurredAt"].isoformat(),
        "received": hearing.result(),
    }


if __name__ == "__main__":
    environment = (os.environ[f"GATEWAY_{name}"] for name in ("URL", "KEY", "NAMESPACE"))
    print(json.dumps(asyncio.run(main(*environment))))
