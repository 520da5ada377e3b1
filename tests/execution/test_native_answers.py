"""Lists answered of MongoDB's own bytes: the same answers as without the native extension, whatever is stored."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from bson import Binary, DatetimeMS, Decimal128, Int64, ObjectId
from bson.raw_bson import RawBSONDocument

from gateway.compiler.native_backend.extension import EXTENSION
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.store.client import Database
from gateway.store.index_creation import create_indexes
from tests.harness.decoded import stored
from tests.harness.two_back_ends import NAMESPACE, NOON, Gateways

pytestmark = pytest.mark.skipif(EXTENSION is None, reason="the native extension isn't installed")

PAGE = """query($first: Int, $last: Int, $after: String, $before: String) {
  interactions(first: $first, last: $last, after: $after, before: $before) {
    totalCount(upTo: 5) pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { id interactionId score occurredAt metadata
      searchRequest { filters { json flat { index branch key operator value } } } } } } }"""


def interaction(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "_id": Binary.from_uuid(UUID(int=number)),
        "namespace_id": NAMESPACE.id,
        "interaction_id": f"i{number}",
        "feature_id": "f",
        "interaction_type": "click",
        "occurred_at": NOON + timedelta(milliseconds=number),
        "search_request_id": "r",
        "search_request": {"filters": {"AND": [{"key": "brand", "operator": "EQ", "value": [number, "é\n"]}]}},
        **fields,
    }


@pytest.fixture
async def gateways(database: Database) -> Gateways:
    await create_indexes(database)
    return Gateways(database)


async def test_pages_in_both_directions_are_answered_natively(gateways: Gateways, database: Database) -> None:
    await database[INTERACTION.collection].insert_many([interaction(number) for number in range(8)])
    seen: list[str] = []
    for arguments, cursor, argument in (({"first": 3}, "endCursor", "after"), ({"last": 3}, "startCursor", "before")):
        place: dict[str, Any] = {}
        while True:
            answer, how = await gateways.answers(PAGE, **arguments, **place)
            assert how == "native"
            page = answer["data"]["interactions"]
            assert page["totalCount"] == 5
            seen += [edge["node"]["interactionId"] for edge in page["edges"]]
            if not page["pageInfo"]["hasNextPage" if argument == "after" else "hasPreviousPage"]:
                break
            place = {argument: page["pageInfo"][cursor]}
    assert sorted(seen) == sorted(f"i{number}" for number in range(8) for _ in range(2))
    answer, how = await gateways.answers(PAGE, first=5, last=2)
    assert (len(answer["data"]["interactions"]["edges"]), how) == (2, "native")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"score": Int64(3)}, "native"),
        ({"metadata": {"id": ObjectId(), "n": [1.5, None]}}, "native"),
        ({"occurred_at": None}, "null"),
        ({"score": "high"}, "bad value"),
        ({"metadata": {"n": Decimal128("1.50")}}, "odd type"),
        ({"occurred_at": DatetimeMS(2**60)}, "odd type"),
        ({"interaction_id": 5}, "bad value"),
        ({"search_request": {"filters": {"NOT": [{"key": "k"}]}}}, "legacy tree"),
        ({"search_request": {"filters": "x"}}, "bad value"),
        ({"search_request": {"filters": {"AND": [{"value": 1, "key": 5}]}}}, "bad value"),
    ],
)
async def test_what_is_stored_oddly_is_answered_as_without(
    gateways: Gateways, database: Database, fields: dict[str, Any], expected: str
) -> None:
    await database[INTERACTION.collection].insert_many([interaction(1), interaction(2, **fields), interaction(3)])
    answer, how = await gateways.answers(PAGE, first=10)
    assert how == expected
    assert len(answer["data"]["interactions"]["edges"]) == 3


async def test_a_long_page_that_is_given_up_is_decoded_in_turns(gateways: Gateways, database: Database) -> None:
    long = {"text": "x" * 40_000}
    await database[INTERACTION.collection].insert_many(
        [interaction(number, metadata=long, score="high" if number == 30 else 1) for number in range(60)]
    )
    answer, how = await gateways.answers(PAGE, last=50)
    assert (how, len(answer["errors"]), len(answer["data"]["interactions"]["edges"])) == ("bad value", 1, 50)


async def test_search_requests_are_answered_natively(gateways: Gateways, database: Database) -> None:
    request = {"queries": [{"value": "red", "type": "text", "vector_index": "text"}], "return_url": True}
    await database[SEARCH_REQUEST.collection].insert_one(
        {
            "_id": Binary.from_uuid(UUID(int=1)),
            "namespace_id": NAMESPACE.id,
            "search_request_id": "r",
            "first_seen_at": NOON,
            "search_request": request,
        }
    )
    answer, how = await gateways.answers("{ searchRequests { nodes { json queries { value } returnUrl } } }")
    node = {"json": request, "queries": [{"value": "red"}], "returnUrl": True}
    assert (answer["data"]["searchRequests"]["nodes"], how) == ([node], "native")


async def test_a_text_that_is_no_utf8_is_answered_as_it_is_without(gateways: Gateways, database: Database) -> None:
    raw = stored(interaction(1, user_id="^^^^")).replace(b"^^^^", b"\xff" * 4)
    await database[INTERACTION.collection].insert_one(RawBSONDocument(raw))
    answer, how = await gateways.answers("{ interactions { nodes { interactionId userId } } }")
    assert how == "not UTF-8"
    assert answer["data"]["interactions"]["nodes"][0]["userId"] == "\ufffd" * 4


@pytest.mark.parametrize("length", [10, 60_000])
async def test_binary_data_of_an_older_form_spoils_no_page(gateways: Gateways, database: Database, length: int) -> None:
    # Its own length, the first four bytes of its content, is wrong: the driver refuses all that comes with it.
    metadata = {"data": Binary(b"x" * length, 0x81), "n": 1}
    raw = stored(interaction(1, metadata=metadata)).replace(b"\x81" + b"x" * 5, b"\x02" + b"x" * 5)
    await database[INTERACTION.collection].insert_one(RawBSONDocument(raw))
    await database[INTERACTION.collection].insert_many([interaction(2), interaction(3, metadata={"t": "y" * length})])
    answer, how = await gateways.answers(PAGE, first=10)
    nodes = [edge["node"] for edge in answer["data"]["interactions"]["edges"]]
    assert how == "odd type"
    assert [node["interactionId"] for node in nodes] == ["i3", "i2", "i1"]
    assert nodes[2]["metadata"]["n"] == 1
    assert "errors" not in answer
