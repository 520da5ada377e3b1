"""Lists with what is joined to their elements, answered of MongoDB's own bytes: the same answers as without the native
extension, whatever is stored, with the same commands."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from bson import Binary, Int64, ObjectId
from bson.raw_bson import RawBSONDocument

from gateway.compiler.native_backend.extension import EXTENSION
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.store.client import Database
from gateway.store.index_creation import create_indexes
from tests.harness.decoded import stored
from tests.harness.two_back_ends import Gateways, interaction, search_request

pytestmark = pytest.mark.skipif(EXTENSION is None, reason="the native extension isn't installed")

_PAGE = "totalCount(upTo: 5) pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
JOINED = f"""query($first: Int, $last: Int, $after: String) {{
  searchRequests(first: 20) {{ {_PAGE} edges {{ cursor node {{ searchRequestId firstSeenAt
    interactions(first: $first, last: $last, after: $after) {{
      {_PAGE} edges {{ cursor node {{ id interactionId metadata }} }} }} }} }} }} }}"""
LEVELS = """{ interactions(first: 4) { nodes { interactionId
  feature { featureId interactions(first: 3) { totalCount nodes { interactionId
    searchRequest { searchRequestId interactions(last: 2) { nodes { id } pageInfo { hasPreviousPage } } } } } }
  searchRequest { filters { flat { key } } interactions(first: 2) { nodes { feature { featureId } } } } } } }"""


@pytest.fixture
async def gateways(database: Database) -> Gateways:
    await create_indexes(database)
    await database[INTERACTION.collection].insert_many([interaction(number) for number in range(20)])
    await database[SEARCH_REQUEST.collection].insert_many([search_request(number) for number in range(6)])
    return Gateways(database)


def _connections(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [edge["node"]["interactions"] for edge in answer["data"]["searchRequests"]["edges"]]


@pytest.mark.parametrize("arguments", [{"first": 3}, {"last": 3}, {"first": 0}, {"first": 4, "last": 2}, {}])
async def test_pages_of_each_parent_are_answered_natively(gateways: Gateways, arguments: dict[str, Any]) -> None:
    answer, how = await gateways.answers(JOINED, **arguments)
    assert how == "native"
    asked = min(5, *arguments.values()) if arguments else 5
    # Nothing led to by the latest two.
    assert [len(page["edges"]) for page in _connections(answer)] == [0, 0] + [asked] * 4
    assert [page["totalCount"] for page in _connections(answer)] == [0, 0, 5, 5, 5, 5]


async def test_a_page_behind_a_cursor_is_made_of_all_parts_of_the_join(gateways: Gateways) -> None:
    answer, _ = await gateways.answers(JOINED, first=2)
    # Two interactions are of each time, so that it is found in two intervals.
    cursor = _connections(answer)[2]["pageInfo"]["endCursor"]
    answer, how = await gateways.answers(JOINED, first=2, after=cursor)
    pages = [[edge["node"]["interactionId"] for edge in page["edges"]] for page in _connections(answer)]
    assert how == "native"
    assert pages == [[], [], ["i11", "i7"], ["i14", "i10"], ["i13", "i9"], ["i12", "i8"]]


async def test_several_levels_are_answered_natively(gateways: Gateways) -> None:
    answer, how = await gateways.answers(LEVELS)
    [first, *_] = answer["data"]["interactions"]["nodes"]
    assert how == "native"
    assert [node["interactionId"] for node in first["feature"]["interactions"]["nodes"]] == ["i19", "i16", "i13"]
    assert first["feature"]["interactions"]["nodes"][1]["searchRequest"]["interactions"]["pageInfo"] == {
        "hasPreviousPage": True
    }
    assert len(first["searchRequest"]["interactions"]["nodes"]) == 2


async def test_a_listing_by_what_became_of_it_is_answered_natively(gateways: Gateways) -> None:
    query = """{ searchRequests(where: { outcome: { clicked: false } }) { nodes { searchRequestId
      interactions(first: 1) { nodes { interactionId } } } } }"""
    answer, how = await gateways.answers(query)
    assert how == "native"
    assert len(answer["data"]["searchRequests"]["nodes"]) == 6


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"search_request_id": 5}, "fetched otherwise"),
        ({"search_request_id": Int64(5)}, "fetched otherwise"),
        ({"search_request_id": 5.0}, "fetched otherwise"),
        ({"search_request_id": ["r1", "r2"]}, "fetched otherwise"),
        ({"search_request_id": {"id": "r1"}}, "fetched otherwise"),
        ({"search_request_id": ObjectId()}, "fetched otherwise"),
        ({"search_request_id": True}, "fetched otherwise"),
        ({"search_request_id": None}, "null"),
        ({"search_request_id": ""}, "native"),
        ({"search_request_id": "$r1"}, "native"),
        # Found as a number as well.
        ({"search_request_id": "5"}, "native"),
        ({"search_request_id": "é\n\"'"}, "native"),
    ],
)
async def test_odd_keys_of_parents_are_answered_as_without(
    gateways: Gateways, database: Database, fields: dict[str, Any], expected: str
) -> None:
    await database[SEARCH_REQUEST.collection].insert_one(search_request(9, **fields))
    for number, key in enumerate((5, "5", "", "$r1", "é\n\"'", None, ["r1", "5"])):
        await database[INTERACTION.collection].insert_one(interaction(30 + number, search_request_id=key))
    answer, how = await gateways.answers(JOINED, first=3)
    assert how == expected
    assert len(answer["data"]["searchRequests"]["edges"]) == 7


async def test_a_key_that_a_parent_lacks_is_answered_as_without(gateways: Gateways, database: Database) -> None:
    document = search_request(9)
    del document["search_request_id"]
    await database[SEARCH_REQUEST.collection].insert_one(document)
    # The id isn't null; nor is the connection of whoever has none.
    assert (await gateways.answers(JOINED, first=3))[1] == "null"
    query = "{ searchRequests { nodes { firstSeenAt interactions { nodes { interactionId } } } } }"
    answer, how = await gateways.answers(query)
    assert how == "bad value"
    assert len(answer["errors"]) == 1


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"metadata": {"n": Int64(2**40)}}, "native"),
        ({"interaction_id": 5}, "bad value"),
        ({"occurred_at": None}, "native"),
        ({"metadata": {"$ref": "x"}}, "fetched otherwise"),
    ],
)
async def test_what_is_joined_and_stored_oddly_is_answered_as_without(
    gateways: Gateways, database: Database, fields: dict[str, Any], expected: str
) -> None:
    await database[INTERACTION.collection].insert_one(interaction(33, search_request_id="r5", **fields))
    answer, how = await gateways.answers(JOINED, first=3)
    assert how == expected
    assert len(_connections(answer)[0]["edges"]) == 1


@pytest.mark.parametrize("number", [19, 0])
async def test_what_is_no_utf8_is_answered_as_it_is_without_also_behind_the_page(
    gateways: Gateways, database: Database, number: int
) -> None:
    # Of the first request's five interactions the last is only looked at to tell whether there are more.
    raw = stored(interaction(number, metadata="^^^^", search_request_id="r4")).replace(b"^^^^", b"\xff" * 4)
    await database[INTERACTION.collection].delete_one({"_id": Binary.from_uuid(UUID(int=number))})
    await database[INTERACTION.collection].insert_one(RawBSONDocument(raw))
    between = interaction(10, search_request_id="r4", _id=Binary.from_uuid(UUID(int=500)))
    await database[INTERACTION.collection].insert_one(between)
    answer, how = await gateways.answers(JOINED, first=1)
    assert how == "not UTF-8"
    assert [len(page["edges"]) for page in _connections(answer)] == [0, 1, 1, 1, 1, 1]


async def test_long_pages_that_are_given_up_are_decoded_in_turns(gateways: Gateways, database: Database) -> None:
    long = {"text": "x" * 40_000}
    await database[INTERACTION.collection].insert_many(
        [interaction(40 + number, metadata=long, interaction_id="i" if number != 7 else 7) for number in range(60)]
    )
    answer, how = await gateways.answers(JOINED, first=15)
    assert how == "bad value"
    assert [len(page["edges"]) for page in _connections(answer)] == [0, 0, 15, 15, 15, 15]


async def test_long_parents_with_odd_keys_are_decoded_in_turns(gateways: Gateways, database: Database) -> None:
    await database[SEARCH_REQUEST.collection].insert_many(
        [
            search_request(10 + number, search_request={"queries": [{"value": "x" * 60_000}]}, search_request_id=number)
            for number in range(12)
        ]
    )
    query = "{ searchRequests(first: 15) { nodes { json interactions { nodes { interactionId } } } } }"
    answer, how = await gateways.answers(query)
    assert how == "fetched otherwise"
    assert len(answer["data"]["searchRequests"]["nodes"]) == 15


async def test_a_connection_with_arguments_that_are_refused_fails_as_it_does_without(gateways: Gateways) -> None:
    answer, how = await gateways.answers(JOINED, first=1_000)
    assert how == "fetched otherwise"
    assert len(answer["errors"]) == 6


async def test_both_back_ends_ask_and_charge_the_same(gateways: Gateways) -> None:
    for query, arguments in ((JOINED, {"first": 3}), (LEVELS, {})):
        native, other = await gateways.uses(query, **arguments)
        assert native == other
