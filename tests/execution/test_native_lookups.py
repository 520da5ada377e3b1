"""Objects that are looked up by ids, at the roots and of listed documents, answered of MongoDB's own bytes: the same
answers as without the native extension."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import bson
import pytest
from bson import Binary, Int64, ObjectId, Regex
from bson.raw_bson import RawBSONDocument

from gateway.compiler.native_backend.extension import EXTENSION
from gateway.model.derived_documents import SEARCH_OUTCOMES
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.plan import global_ids
from gateway.store.client import Database
from gateway.store.index_creation import create_indexes
from gateway.store.tenancy import NAMESPACES
from tests.harness.two_back_ends import NAMESPACE, NOON, Gateways, interaction, search_request

pytestmark = pytest.mark.skipif(EXTENSION is None, reason="the native extension isn't installed")

NESTED = """{ interactions(first: 5) { nodes { interactionId
  session { id sessionId startedAt endedAt interactions(first: 1) { totalCount nodes { interactionId } } }
  user { id userId firstSeenAt lastSeenAt searchRequests(first: 1) { nodes { searchRequestId } } }
  searchRequest { searchRequestId session { sessionId } user { userId }
    outcome { clicked views firstClickAt
      next { searchRequestId outcome { clicked } interactions(last: 1) { nodes { featureId } } } } } } } }"""
ROOTS = """query($id: ID!, $ids: [ID!]!) {
  interaction(interactionId: $id) { id metadata feature { featureId interactions(first: 1) { nodes { position } } } }
  searchRequest(searchRequestId: $id) { id interactions(first: 2) { nodes { interactionId } pageInfo { endCursor } } }
  interactionsByIds(interactionIds: $ids) { interactionId searchRequest { interactions(first: 1) { totalCount } } }
  feature(featureId: $id) { featureId }
  features(featureIds: $ids) { featureId interactions(first: 2) { totalCount nodes { interactionId } } }
  session(sessionId: $id) { startedAt searchRequests { nodes { searchRequestId } } }
  user(userId: $id) { userId }
  users(ids: $ids) { id userId firstSeenAt interactions(first: 1) { nodes { interactionId } } } }"""
NODES = """query($ids: [ID!]!, $id: ID!) {
  node(id: $id) { id __typename ... on Interaction { interactionId } }
  nodes(ids: $ids) { __typename
    ... on Interaction { id found: interactionId metadata
      user { userId interactions(first: 1) { nodes { interactionId } } } }
    ... on SearchRequest { found: searchRequestId interactions(first: 2) { totalCount nodes { interactionId } } }
    ... on Session { sessionId startedAt searchRequests(first: 1) { nodes { searchRequestId } } }
    ... on User { of: userId lastSeenAt interactions(last: 1) { nodes { position } } }
    ... on Namespace { name createdAt retentionDays } ... on Organization { id organization: name } } }"""
ENTITIES = """query($representations: [_Any!]!) { _entities(representations: $representations) { __typename
  ... on Interaction { interactionId occurredAt session { sessionId } }
  ... on SearchRequest { searchRequestId interactions(first: 1) { nodes { interactionId } } }
  ... on Feature { featureId interactions(first: 1) { totalCount } } ... on User { userId firstSeenAt } } }"""
ONE = "query($id: ID!) { interaction(interactionId: $id) { interactionId occurredAt searchRequest { json } } }"
SEVERAL = "query($ids: [ID!]!) { interactionsByIds(interactionIds: $ids) { interactionId metadata } }"


def outcome(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "_id": Binary.from_uuid(UUID(int=number)),
        "namespace_id": NAMESPACE.id,
        "search_request_id": f"r{number}",
        "first_seen_at": NOON + timedelta(seconds=number),
        "clicked": True,
        "first_click_at": NOON,
        "counts": {"view": number},
        "next_id": f"r{number + 1}",
        **fields,
    }


@pytest.fixture
async def gateways(database: Database) -> Gateways:
    await create_indexes(database)
    interactions = [
        interaction(number, user_id="u" if number % 2 else None, effective_session_id=f"s{number % 5}")
        for number in range(20)
    ]
    # Without a session there is no such field.
    del interactions[19]["effective_session_id"]
    await database[INTERACTION.collection].insert_many(interactions)
    requests = [
        search_request(number, effective_session_id="s1", search_request={"user_id": "u"}) for number in range(3)
    ]
    await database[SEARCH_REQUEST.collection].insert_many(requests)
    await database[SEARCH_OUTCOMES].insert_many([outcome(number) for number in range(3)])
    return Gateways(database)


async def test_objects_of_listed_documents_are_answered_natively(gateways: Gateways) -> None:
    answer, how = await gateways.answers(NESTED)
    first, second, *_ = answer["data"]["interactions"]["nodes"]
    assert how == "native"
    assert first["session"] is None
    assert second["session"]["interactions"] == {"totalCount": 4, "nodes": [{"interactionId": "i18"}]}
    assert (first["user"]["userId"], second["user"]) == ("u", None)
    # Nothing is derived of the request of the first.
    assert first["searchRequest"]["outcome"] == {"clicked": False, "views": 0, "firstClickAt": None, "next": None}
    assert second["searchRequest"]["outcome"]["views"] == 2
    assert second["searchRequest"]["outcome"]["next"] is None


@pytest.mark.parametrize(
    ("id", "ids"),
    [("i3", ["i3", "i1", "none", "i3"]), ("r1", []), ("s1", ["f1"]), ("u", ["u", "", "u"]), ("f2", ["f2", "f1", "f2"])],
)
async def test_objects_at_the_roots_are_answered_natively(gateways: Gateways, id: str, ids: list[str]) -> None:
    answer, how = await gateways.answers(ROOTS, id=id, ids=ids)
    assert how == "native"
    assert (answer["data"]["interaction"] is not None) is (id == "i3")
    assert (answer["data"]["searchRequest"] is not None) is (id == "r1")
    assert (answer["data"]["session"] is not None) is (id == "s1")
    assert [feature["featureId"] for feature in answer["data"]["features"]] == ids
    assert len(answer["data"]["interactionsByIds"]) == len(ids)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"interaction_id": 5}, "fetched otherwise"),
        ({"interaction_id": Int64(5)}, "fetched otherwise"),
        ({"interaction_id": 5.0}, "fetched otherwise"),
        ({"interaction_id": ["5", "6"]}, "fetched otherwise"),
        ({"interaction_id": "5"}, "native"),
        ({"interaction_id": "5", "occurred_at": None}, "null"),
        ({"interaction_id": "5", "search_request_id": 7}, "native"),
        ({"interaction_id": "5", "search_request": "x"}, "native"),
    ],
)
async def test_what_is_looked_up_and_stored_oddly_is_answered_as_without(
    gateways: Gateways, database: Database, fields: dict[str, Any], expected: str
) -> None:
    await database[INTERACTION.collection].insert_one(interaction(30, **fields))
    _, how = await gateways.answers(ONE, id="5")
    assert how == expected
    _, several = await gateways.answers(SEVERAL, ids=["5", "i1", "5"])
    assert several == ("fetched otherwise" if expected == "fetched otherwise" else "native")


async def test_of_several_documents_with_one_id_the_latest_is_answered(gateways: Gateways, database: Database) -> None:
    await database[INTERACTION.collection].insert_many(
        [interaction(30 + number, interaction_id="5", metadata=number) for number in range(4)]
    )
    for query, variables in ((ONE, {"id": "5"}), (SEVERAL, {"ids": ["5", "i2"]})):
        _, how = await gateways.answers(query, **variables)
        assert how == "native"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"effective_session_id": 5}, "fetched otherwise"),
        ({"effective_session_id": ObjectId()}, "fetched otherwise"),
        ({"user_id": ["u", "v"]}, "fetched otherwise"),
        ({"effective_session_id": ""}, "native"),
        ({"search_request_id": None}, "native"),
        ({"search_request_id": "r9"}, "native"),
        ({"search_request_id": "r8"}, "bad value"),
    ],
)
async def test_odd_keys_and_outcomes_are_answered_as_without(
    gateways: Gateways, database: Database, fields: dict[str, Any], expected: str
) -> None:
    await database[INTERACTION.collection].insert_one(interaction(40, **fields))
    await database[SEARCH_OUTCOMES].insert_many([outcome(8, clicked="yes"), outcome(9, next_id="r1")])
    _, how = await gateways.answers(NESTED)
    assert how == expected


def node_id(type_name: str, key: str, scope: str = NAMESPACE.id) -> str:
    return global_ids.encode(type_name, scope, key)


NODE_IDS = [
    node_id("SearchRequest", "r1"),
    node_id("Interaction", "i3"),
    node_id("Interaction", "none"),
    node_id("Session", "s1"),
    node_id("Interaction", "i1"),
    node_id("Interaction", "i3"),
    node_id("User", "u"),
    node_id("User", "nobody"),
    node_id("Namespace", NAMESPACE.id, NAMESPACE.id),
    node_id("Organization", "org_1", "org_1"),
    node_id("Interaction", "i5", "ns_foreign"),
    node_id("Nothing", "x"),
]
REPRESENTATIONS = [
    {"__typename": "Interaction", "interactionId": "i3"},
    {"__typename": "Feature", "featureId": "f1"},
    {"__typename": "User", "userId": "nobody"},
    {"__typename": "SearchRequest", "id": node_id("SearchRequest", "r1")},
    {"__typename": "Interaction", "interactionId": "i4"},
]


async def test_objects_of_several_types_are_answered_natively(gateways: Gateways, database: Database) -> None:
    await database[NAMESPACES].insert_one(
        {"_id": NAMESPACE.id, "name": "own", "organization_id": "org_1", "created_at": NOON}
    )
    answer, how = await gateways.answers(NODES, ids=NODE_IDS, id=NODE_IDS[1])
    assert how == "native"
    assert answer["data"]["node"] == {"id": NODE_IDS[1], "__typename": "Interaction", "interactionId": "i3"}
    nodes = answer["data"]["nodes"]
    types = [node and node["__typename"] for node in nodes]
    first = ["SearchRequest", "Interaction", None, "Session", "Interaction", "Interaction", "User", None]
    assert types == [*first, "Namespace", "Organization", None, None]
    assert nodes[0]["interactions"] == {"totalCount": 5, "nodes": [{"interactionId": "i17"}, {"interactionId": "i13"}]}
    assert nodes[1] == nodes[5]
    assert nodes[1]["user"]["interactions"]["nodes"] == [{"interactionId": "i19"}]
    assert (nodes[8]["name"], nodes[9]["organization"]) == ("own", "Acme")


async def test_entities_are_answered_natively(gateways: Gateways) -> None:
    answer, how = await gateways.answers(ENTITIES, representations=REPRESENTATIONS)
    assert how == "native"
    assert [entity["__typename"] for entity in answer["data"]["_entities"]] == [
        representation["__typename"] for representation in REPRESENTATIONS
    ]
    missing = [*REPRESENTATIONS, {"__typename": "SearchRequest", "searchRequestId": "none"}]
    answer, how = await gateways.answers(ENTITIES, representations=missing)
    assert (answer["errors"][0]["path"], how) == (["_entities", 5], "fetched otherwise")


async def test_what_no_global_id_is_among_several_is_answered_as_without(gateways: Gateways) -> None:
    answer, how = await gateways.answers(NODES, ids=[*NODE_IDS, "none"], id=NODE_IDS[2])
    assert (answer["errors"][0]["path"], how) == (["nodes", 12], "fetched otherwise")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"interaction_id": 5}, "fetched otherwise"),
        ({"interaction_id": ["5"]}, "fetched otherwise"),
        ({"interaction_id": "5"}, "native"),
        ({"interaction_id": "5", "user_id": 7}, "fetched otherwise"),
        ({"interaction_id": "5", "user_id": ["u", "v"]}, "fetched otherwise"),
        ({"interaction_id": "5", "metadata": Regex("a")}, "fetched otherwise"),
        ({"interaction_id": "5", "metadata": [Regex("a")]}, "odd type"),
    ],
)
async def test_nodes_that_are_stored_oddly_are_answered_as_without(
    gateways: Gateways, database: Database, fields: dict[str, Any], expected: str
) -> None:
    await database[INTERACTION.collection].insert_one(interaction(30, **fields))
    ids = [*NODE_IDS, node_id("Interaction", "5"), node_id("Interaction", "5")]
    _, how = await gateways.answers(NODES, ids=ids, id=ids[1])
    assert how == expected


@pytest.mark.parametrize(("scope", "expected"), [(NAMESPACE.id, "not UTF-8"), ("ns_foreign", "native")])
async def test_nodes_with_what_is_no_text_are_answered_as_without(
    gateways: Gateways, database: Database, scope: str, expected: str
) -> None:
    # The driver takes bytes for what they say that they are, and MongoDB doesn't look into texts.
    broken = RawBSONDocument(bson.encode(interaction(30, metadata={"a": "tttt"})).replace(b"tttt", b"\xff" * 4))
    await database[INTERACTION.collection].insert_one(broken)
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename ... on Interaction { metadata } } }"
    _, how = await gateways.answers(query, ids=[node_id("Interaction", "i30", scope), node_id("Session", "s1")])
    assert how == expected


async def test_both_back_ends_ask_and_charge_the_same(gateways: Gateways) -> None:
    for query, variables in (
        (NESTED, {}),
        (ROOTS, {"id": "i3", "ids": ["i3", "i1", "f2"]}),
        (NODES, {"id": NODE_IDS[3], "ids": NODE_IDS}),
        (ENTITIES, {"representations": REPRESENTATIONS}),
    ):
        native, other = await gateways.uses(query, **variables)
        assert native == other
