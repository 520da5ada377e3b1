"""Objects that are looked up by ids, at the roots and of listed documents, answered of MongoDB's own bytes: the same
answers as without the native extension."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from bson import Binary, Int64, ObjectId

from gateway.compiler.native_backend.extension import EXTENSION
from gateway.model.derived_documents import SEARCH_OUTCOMES
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.store.client import Database
from gateway.store.index_creation import create_indexes
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


async def test_both_back_ends_ask_and_charge_the_same(gateways: Gateways) -> None:
    for query, variables in ((NESTED, {}), (ROOTS, {"id": "i3", "ids": ["i3", "i1", "f2"]})):
        native, other = await gateways.uses(query, **variables)
        assert native == other
