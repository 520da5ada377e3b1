"""Reports of ids and values: numbers 31 to 38, 41, 62, 69 and 90, but 34, of the log in this folder's README."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from bson import Int64

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.kinds import INTERACTION
from tests.harness.gateway_client import Gateway, new_gateway
from tests.harness.live_client import RECORD

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    """``r0`` and ``r1`` of ``p1``; nothing else that the tests count."""
    async with new_gateway(mongod.uri) as gateway:
        for number in range(2):
            input = {"interactionId": f"r{number}", "featureId": "p1", "interactionType": "CLICK"}
            await gateway.data(RECORD, {"input": {**input, "occurredAt": f"2024-05-01T12:00:0{number}Z"}})
        yield gateway


@pytest.mark.parametrize(
    "garbage",
    ["", "x", "é", "1", "SW50ZXJhY3Rpb246MQ==", "a390e12f-fd71-46ed-9343-fc3b1f3d0a10", "{good}\n", "{good}="],
)
async def test_what_is_no_global_id_is_told_so_and_spoils_nothing_else(garbage: str, gateway: Gateway) -> None:
    id = (await gateway.data('{ interaction(interactionId: "r0") { id } }'))["interaction"]["id"]
    bad = garbage.format(good=id)
    query = "query ($ids: [ID!]!, $id: ID!) { nodes(ids: $ids) { id } node(id: $id) { id } viewer { keyName } }"
    answer = await gateway.execute(query, {"ids": [id, bad, id], "id": bad})
    assert answer["data"] == {"nodes": [{"id": id}, None, {"id": id}], "node": None, "viewer": {"keyName": "web"}}
    told = [(error["path"], error["extensions"]["path"]) for error in answer["errors"]]
    assert sorted(told, key=repr) == sorted([(["nodes", 1], ["ids", "1"]), (["node"], ["id"])], key=repr)


async def test_what_is_asked_for_twice_is_answered_twice_and_in_order(gateway: Gateway) -> None:
    data = await gateway.data("""{
      interactionsByIds(interactionIds: ["r1", "none", "r0", "r1"]) { interactionId }
      features(featureIds: ["none", "p1", "none"]) { featureId interactions { totalCount } }
    }""")
    ids = [found and found["interactionId"] for found in data["interactionsByIds"]]
    assert ids == ["r1", None, "r0", "r1"]
    counts = [(one["featureId"], one["interactions"]["totalCount"]) for one in data["features"]]
    assert counts == [("none", 0), ("p1", 2), ("none", 0)]


async def test_one_reference_that_is_wrong_leaves_the_other_entities(gateway: Gateway) -> None:
    query = "query ($things: [_Any!]!) { mine: _entities(representations: $things) { type: __typename } }"
    good = {"__typename": "Interaction", "interactionId": "r0", "unknown": {"more": 1}}
    bad = [{"__typename": "Interaction", "interactionId": "none"}, {"__typename": "Interaction", "unknown": 1}]
    answer = await gateway.execute(query, {"things": [good, *bad, {"__typename": "Nope"}, {"a": 1}, good]})
    assert answer["data"]["mine"] == [{"type": "Interaction"}, *[None] * 4, {"type": "Interaction"}]
    assert [error["path"] for error in answer["errors"]] == [["mine", number] for number in (1, 2, 3, 4)]


async def test_entities_come_in_the_order_asked_whatever_their_types(gateway: Gateway) -> None:
    features = [{"__typename": "Feature", "featureId": id} for id in ("p1", "p2", "p1")]
    interactions = [{"__typename": "Interaction", "interactionId": id} for id in ("r1", "r0", "r1")]
    things = [thing for pair in zip(features, interactions, strict=True) for thing in pair]
    query = """query ($things: [_Any!]!) { _entities(representations: $things) {
      __typename ... on Feature { featureId } ... on Interaction { interactionId }
    } }"""
    assert (await gateway.data(query, {"things": things}))["_entities"] == things


async def test_integers_of_any_size_are_ids(gateway: Gateway) -> None:
    big = 9007199254740993
    record = f"mutation {{ recordInteraction(input: {{interactionId: {big}, featureId: -4, interactionType: VIEW}}) {{"
    await gateway.data(record + " created } }")
    query = "query ($id: ID!) { interaction(interactionId: $id) { interactionId featureId } }"
    for id in (big, str(big)):
        assert (await gateway.data(query, {"id": id}))["interaction"] == {"interactionId": str(big), "featureId": "-4"}


async def test_a_stored_number_beyond_int_spoils_its_field_alone(gateway: Gateway) -> None:
    document = await gateway.database[INTERACTION.collection].find_one({"interaction_id": "r0"})
    assert document
    changed = {"_id": "big", "interaction_id": "big", "duration_ms": Int64(4589382775), "feature_id": "big"}
    await gateway.database[INTERACTION.collection].insert_one({**document, **changed})
    query = '{ interactions(where: {featureId: {eq: "big"}}) { totalCount nodes { interactionId durationMs json } } }'
    answer = await gateway.execute(query)
    [node] = answer["data"]["interactions"]["nodes"]
    assert (node["interactionId"], node["durationMs"], node["json"]["duration_ms"]) == ("big", None, 4589382775)
    assert [error["path"] for error in answer["errors"]] == [["interactions", "nodes", 0, "durationMs"]]


@pytest.mark.parametrize(("sent", "taken"), [(1.0, True), (2, True), (1.5, False), ("1", False), (True, False)])
async def test_whole_numbers_are_integers_however_json_spells_them(sent: Any, taken: bool, gateway: Gateway) -> None:
    answer = await gateway.execute("query ($n: Int) { interactions(first: $n) { totalCount } }", {"n": sent})
    assert ("errors" not in answer) is taken


@pytest.mark.parametrize(
    ("literal", "id"),
    [
        (r'"\u{1F600}"', "\U0001f600"),
        (r'"\uD83D\uDE00"', "\U0001f600"),
        ('"\U0001f600"', "\U0001f600"),
        ('"""\U0001f600"""', "\U0001f600"),
        (r'"e\u0301"', "e\u0301"),
        (r'"\u00e9"', "\u00e9"),
        (r'"\uD83D"', None),
        (r'"\uDE00\uD83D"', None),
        (r'"\u{D800}"', None),
        (r'"\u{110000}"', None),
    ],
)
async def test_escapes_are_the_characters_they_name_and_halves_are_none(
    literal: str, id: str | None, gateway: Gateway
) -> None:
    for name in ("\U0001f600", "e\u0301", "\u00e9"):
        input = {"interactionId": name, "featureId": name, "interactionType": "VIEW"}
        await gateway.data(RECORD, {"input": {**input, "occurredAt": "2024-01-01T00:00:00Z"}})
    answer = await gateway.execute(f"{{ interaction(interactionId: {literal}) {{ interactionId featureId id }} }}")
    if id is None:
        assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"
        assert answer["errors"][0]["locations"]
        return
    found = answer["data"]["interaction"]
    assert (found["interactionId"], found["featureId"]) == (id, id)
    node = await gateway.data(
        "query ($id: ID!) { node(id: $id) { ... on Interaction { interactionId } } }", {"id": found["id"]}
    )
    assert node["node"] == {"interactionId": id}


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("2024-05-01t12:00:00z", "2024-05-01T12:00:00.000Z"),
        ("2024-05-01T12:00:00-00:00", "2024-05-01T12:00:00.000Z"),
        ("2024-05-01T12:00:00+14:00", "2024-04-30T22:00:00.000Z"),
        ("2024-05-01T12:00:00.1Z", "2024-05-01T12:00:00.100Z"),
        ("2024-05-01T12:00:00.123456789Z", "2024-05-01T12:00:00.123Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"),
        ("9999-12-31T23:59:59.9999Z", "9999-12-31T23:59:59.999Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
        ("0001-01-01T00:00:00+01:00", None),
        ("9999-12-31T23:59:59-23:59", None),
        ("2023-02-29T00:00:00Z", None),
        ("2024-05-01T24:00:00Z", None),
        ("2016-12-31T23:59:60Z", None),
        ("2024-05-01T12:00:00+0000", None),
        ("2024-05-01T12:00:00", None),
        ("2024-05-01", None),
        ("2024-05-01T12:00:00+24:00", None),
        (1714564800000, None),
    ],
)
async def test_times_are_rfc_3339_and_never_beyond_the_calendar(
    sent: Any, stored: str | None, gateway: Gateway
) -> None:
    record = """mutation ($input: RecordInteractionInput!) {
      recordInteraction(input: $input) { interaction { occurredAt } } }"""
    input = {"featureId": "time", "interactionType": "VIEW", "occurredAt": sent}
    answer = await gateway.execute(record, {"input": input})
    if stored is None:
        [error] = answer["errors"]
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "path": ["input", "occurredAt"]}
    else:
        assert answer["data"]["recordInteraction"]["interaction"] == {"occurredAt": stored}


async def test_a_stored_time_beyond_the_calendar_spoils_its_interaction_alone(gateway: Gateway) -> None:
    collection = gateway.database[INTERACTION.collection]
    document = await collection.find_one({"interaction_id": "r0"})
    assert document
    for number, time in enumerate([datetime(2024, 1, 1, tzinfo=UTC), Int64(0)]):
        await collection.insert_one({**document, "_id": f"t{number}", "feature_id": "times", "occurred_at": time})
    await collection.update_one({"_id": "t1"}, [{"$set": {"occurred_at": {"$toDate": Int64(8_640_000_000_000_000)}}}])
    query = '{ interactions(where: {featureId: {eq: "times"}}) { totalCount nodes { occurredAt } } }'
    answer = await gateway.execute(query)
    assert answer["data"]["interactions"] == {
        "totalCount": 2,
        "nodes": [None, {"occurredAt": "2024-01-01T00:00:00.000Z"}],
    }


@pytest.mark.parametrize("greatest", ["9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.999999+00:00"])
@pytest.mark.parametrize(("operator", "count"), [("lt", 2), ("lte", 2), ("gt", 0), ("gte", 0)])
async def test_the_greatest_time_of_a_language_is_a_bound_as_any_other(
    operator: str, count: int, greatest: str, gateway: Gateway
) -> None:
    query = "query ($where: InteractionWhere) { interactions(where: $where) { totalCount } }"
    where = {"featureId": {"eq": "p1"}, "occurredAt": {operator: greatest}}
    assert (await gateway.data(query, {"where": where}))["interactions"] == {"totalCount": count}


async def test_integers_of_64_bits_come_back_with_all_their_digits(gateway: Gateway) -> None:
    numbers = [384622082018771969, 750727362669608961, 2**63 - 1, -(2**63), 0.1, 1e300]
    record = """mutation ($numbers: JSON, $last: Int = 9) { recordInteraction(input: {
      interactionId: "exact", featureId: "exact", interactionType: VIEW,
      metadata: {sent: $numbers, written: [384622082018771969, -9223372036854775808, $last]},
      searchRequest: {queries: [], collections: [],
        filters: {and: [{condition: {key: "id", operator: IN, value: $numbers}}]}}
    }) { interaction { ...Told } } } fragment Told on Interaction {
      metadata json searchRequest { json filters { text conditions { value } } } }"""
    told = (await gateway.data(record, {"numbers": numbers}))["recordInteraction"]["interaction"]
    metadata = {"sent": numbers, "written": [384622082018771969, -(2**63), 9]}
    assert told["metadata"] == told["json"]["metadata"] == metadata
    filters = told["searchRequest"]["filters"]
    assert filters["conditions"] == [{"value": numbers}]
    assert all(f"{number}" in filters["text"] for number in numbers[:4])
    for operator, value, count in (("EQ", 750727362669608961, 1), ("EQ", 750727362669608960, 0), ("GT", 2**63 - 2, 1)):
        where = {"featureId": {"eq": "exact"}, "metadata": [{"path": "sent", "operator": operator, "value": value}]}
        query = "query ($where: InteractionWhere) { interactions(where: $where) { totalCount nodes { metadata } } }"
        page = (await gateway.data(query, {"where": where}))["interactions"]
        assert page == {"totalCount": count, "nodes": [{"metadata": metadata}] * count}
