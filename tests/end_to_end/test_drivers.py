"""The whole gateway does the same on PyMongo's asyncio API and on Motor."""

from typing import Any

import pytest

from gateway.demo.data import interactions
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.interchange.imports import record_all
from gateway.store.client import Database
from tests.harness.gateway_client import Gateway, open_gateway

EVERYTHING = """
  query Everything($id: ID!, $interactionId: ID!, $feature: ID!, $session: ID!, $request: ID!, $after: String) {
    viewer { namespace { name } namespaces { name } }
    node(id: $id) { __typename id }
    nodes(ids: [$id]) { id }
    interaction(interactionId: $interactionId) { json }
    interactionsByIds(interactionIds: [$interactionId, "missing"]) { interactionId }
    interactions(first: 5, after: $after) {
      totalCount edges { cursor node { interactionId } } pageInfo { hasNextPage }
    }
    searchRequest(searchRequestId: $request) { json interactions(first: 2) { totalCount nodes { interactionId } } }
    searchRequests(last: 3) { totalCount(upTo: 5) nodes { searchRequestId interactions { nodes { interactionId } } } }
    feature(featureId: $feature) { interactions(orderBy: { field: POSITION }) { nodes { position } } }
    features(featureIds: [$feature, "missing"]) { interactions { totalCount } }
    session(sessionId: $session) { startedAt endedAt interactions { totalCount } searchRequests { totalCount } }
  }
"""

WRITE = """
  mutation Write($input: RecordInteractionInput!) {
    first: recordInteraction(input: $input) { created interaction { json } }
    again: recordInteraction(input: $input) { created }
    several: recordInteractions(input: { interactions: [$input] }) { createdCount errorCount }
    search: recordSearchRequest(input: { searchRequest: { queries: [], collections: ["c"] } }) { created }
    gone: deleteInteraction(input: { interactionId: "i1" }) { deletedId }
  }
"""


async def answers(gateway: Gateway) -> list[Any]:
    """What a client reads, writes and reads again; nothing in it depends on when or where it runs."""
    generated = list(interactions(60, seed=3, namespace="shop"))
    await record_all(generated, gateway.writer, gateway.namespace)
    known = next(wire for wire in generated if "search_request" in wire and wire.get("session_id"))
    variables = {"interactionId": known["interaction_id"], "feature": known["feature_id"]}
    find = "query ($id: ID!) { interaction(interactionId: $id) { id sessionId searchRequest { searchRequestId } } }"
    found = (await gateway.data(find, {"id": known["interaction_id"]}))["interaction"]
    variables |= {
        "id": found["id"],
        "session": found["sessionId"],
        "request": found["searchRequest"]["searchRequestId"],
    }
    first = await gateway.data(EVERYTHING, variables)
    second = await gateway.data(EVERYTHING, {**variables, "after": first["interactions"]["edges"][-1]["cursor"]})
    record = {"interactionId": "i1", "featureId": "f", "interactionType": "CLICK", "metadata": {"$set": 1}}
    written = await gateway.data(WRITE, {"input": record})
    for answer in (first, second):
        for node in (answer["node"], *answer["nodes"]):
            node.pop("id")
        for edge in answer["interactions"]["edges"]:
            edge.pop("cursor")
    written["gone"] = written["gone"]["deletedId"] is not None
    return [first, second, written]


@pytest.fixture
async def by_driver(mongod: EmbeddedServer, database: Database) -> dict[str, list[Any]]:
    found = {}
    for driver in ("pymongo", "motor"):
        async with open_gateway(database, mongod.uri, driver=driver, root_field_limit=20) as gateway:
            found[driver] = await answers(gateway)
        await database.client.drop_database(database.name)
    return found


async def test_both_drivers_give_the_same_answers(by_driver: dict[str, list[Any]]) -> None:
    assert by_driver["motor"] == by_driver["pymongo"]
    first, second, written = by_driver["motor"]
    assert first["interactions"]["totalCount"] == 60
    assert first["interactions"]["edges"] != second["interactions"]["edges"]
    assert [written["first"]["created"], written["again"]["created"]] == [True, False]
