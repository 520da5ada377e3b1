"""Reports of filters: numbers 14 to 22, 70, 71 and 85 of the log in this folder's README."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.harness.gateway_client import Gateway, new_gateway
from tests.harness.live_client import RECORD

pytestmark = pytest.mark.asyncio(loop_scope="module")

FIND = """query ($where: InteractionWhere) {
  interactions(where: $where, orderBy: {direction: ASC}) { totalCount nodes { interactionId } }
}"""
METADATA: list[dict[str, Any]] = [{"text": "a.b"}, {"text": "a+b"}, {"text": "aXb"}, {"text": "MAVİ"}]
# What MongoDB and JavaScript have a meaning of their own for, as keys.
ODD_KEYS = {"a.b": 1, "$where": {"$gt": 2}, "": 3, "__proto__": 4, "0": 5, "_id": 6, "\U0001f600": 7, "a": {"b": 8}}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    """Four interactions, of which 1 and 3 have a user and 2 has a search request; and one of another feature."""
    async with new_gateway(mongod.uri) as gateway:
        for number, metadata in enumerate([*METADATA, ODD_KEYS]):
            input: dict[str, Any] = {
                "interactionId": str(number),
                "featureId": "other" if number == 4 else "p1",
                "interactionType": "VIEW",
                "metadata": metadata,
                "occurredAt": f"2024-05-01T12:00:0{number}Z",
            }
            if number in (1, 3):
                input["userId"] = "u"
            if number == 2:
                condition = {"condition": {"key": "color", "value": "navy"}}
                input["searchRequest"] = {"queries": [], "collections": ["c"], "filters": {"and": [condition]}}
            await gateway.data(RECORD, {"input": input})
        yield gateway


async def found(gateway: Gateway, where: dict[str, Any]) -> str:
    """The ids of what matches among the four, written together."""
    answer = await gateway.data(FIND, {"where": {"featureId": {"eq": "p1"}, **where}})
    ids = [node["interactionId"] for node in answer["interactions"]["nodes"]]
    assert answer["interactions"]["totalCount"] == len(ids)
    return "".join(ids)


def text(operator: str, value: Any, **more: Any) -> dict[str, Any]:
    return {"metadata": [{"path": "text", "operator": operator, "value": value, **more}]}


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ({"interactionId": {"in": []}}, ""),
        ({"interactionId": {"nin": []}}, "0123"),
        ({"interactionId": {"in": ["1", "1", "3"]}}, "13"),
        ({"interactionType": {"in": []}}, ""),
        (text("IN", []), ""),
        (text("NIN", []), "0123"),
        ({"and": []}, "0123"),
        ({"or": []}, ""),
        ({"nor": []}, "0123"),
        ({"or": [{}]}, "0123"),
        ({"nor": [{}]}, ""),
        ({"and": [{"or": []}]}, ""),
        ({"nor": [{"and": []}]}, ""),
        ({"nor": [{"or": []}]}, "0123"),
        ({"nor": [{"nor": [{"or": []}]}]}, ""),
        ({"userId": {}}, "0123"),
        ({"userId": {"ne": "u"}}, "02"),
        ({"userId": {"nin": ["u"]}}, "02"),
        ({"userId": {"ne": "somebody else"}}, "0123"),
        ({"nor": [{"userId": {"eq": "u"}}]}, "02"),
        ({"searchRequest": {"filters": {}}}, "0123"),
        ({"searchRequest": {"filters": {"key": "color"}}}, "2"),
        ({"nor": [{"searchRequest": {"filters": {"key": "color"}}}]}, "013"),
        (text("CONTAINS", "a.b"), "0"),
        (text("CONTAINS", "a.b", caseSensitive=False), "0"),
        (text("STARTS_WITH", "a+"), "1"),
        (text("STARTS_WITH", "^a"), ""),
        (text("CONTAINS", "("), ""),
        # İ has no simple case folding: it equals itself only.
        (text("CONTAINS", "mav", caseSensitive=False), "3"),
        (text("CONTAINS", "mavİ", caseSensitive=False), "3"),
        (text("CONTAINS", "mavi", caseSensitive=False), ""),
    ],
)
async def test_a_filter_finds_what_it_says(where: dict[str, Any], ids: str, gateway: Gateway) -> None:
    assert await found(gateway, where) == ids


@pytest.mark.parametrize(
    ("where", "path"),
    [
        ({"userId": {"eq": None}}, ["userId", "eq"]),
        ({"userId": {"in": None}}, ["userId", "in"]),
        ({"userId": None}, ["userId"]),
        ({"or": None}, ["or"]),
        ({"nor": None, "interactionId": {"in": ["1"]}}, ["nor"]),
        ({"metadata": None}, ["metadata"]),
    ],
)
async def test_null_is_neither_ignored_nor_taken_for_false(
    where: dict[str, Any], path: list[str], gateway: Gateway
) -> None:
    [error] = (await gateway.execute(FIND, {"where": where}))["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "path": ["where", *path]}


async def test_a_variable_that_is_not_set_leaves_its_comparison_out_however_deep_it_stands(gateway: Gateway) -> None:
    query = """query ($key: String, $id: ID) { interactions(
      where: {featureId: {eq: "p1"}, searchRequest: {filters: {key: $key}, searchRequestId: {eq: $id}}}
    ) { totalCount } }"""
    assert (await gateway.data(query))["interactions"]["totalCount"] == 4
    assert (await gateway.data(query, {"key": "color"}))["interactions"]["totalCount"] == 1


async def test_keys_with_dots_and_dollars_come_back_as_they_were(gateway: Gateway) -> None:
    query = "query ($w: InteractionWhere) { interactions(where: $w) { nodes { metadata } } }"
    for path, value in [("$where.$gt", 2), ("__proto__", 4), ("0", 5), ("_id", 6), ("\U0001f600", 7), ("a.b", 8)]:
        answer = await gateway.data(query, {"w": {"metadata": [{"path": path, "value": value}]}})
        assert answer["interactions"]["nodes"] == [{"metadata": ODD_KEYS}], path
    # A key that holds a dot can't be named: the path means the key within the other.
    answer = await gateway.data(query, {"w": {"metadata": [{"path": "a.b", "value": 1}]}})
    assert answer["interactions"]["nodes"] == []


async def test_a_nul_character_is_kept_in_a_value_and_refused_in_a_key(gateway: Gateway) -> None:
    input = {"interactionId": "n\0l", "featureId": "f\0", "interactionType": "VIEW", "metadata": {"v": "a\0b"}}
    assert (await gateway.data(RECORD, {"input": input}))["recordInteraction"]["created"]
    query = "query ($id: ID!) { interaction(interactionId: $id) { interactionId featureId metadata } }"
    answer = (await gateway.data(query, {"id": "n\0l"}))["interaction"]
    assert answer == {"interactionId": "n\0l", "featureId": "f\0", "metadata": {"v": "a\0b"}}
    [error] = (await gateway.execute(RECORD, {"input": {**input, "metadata": {"k": {"a\0b": 1}}}}))["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "path": ["input", "metadata", "k"]}


@pytest.mark.parametrize("sent", ["2024-06-01T12:00:00.123456789Z", "2024-06-01T14:00:00.1239+02:00"])
async def test_what_comes_after_a_time_that_was_told_leaves_that_out(sent: str, gateway: Gateway) -> None:
    input = {"interactionId": sent, "featureId": sent, "interactionType": "VIEW", "occurredAt": sent}
    await gateway.data(RECORD, {"input": input})
    query = "query ($id: ID!) { interaction(interactionId: $id) { occurredAt } }"
    told = (await gateway.data(query, {"id": sent}))["interaction"]["occurredAt"]
    assert told == "2024-06-01T12:00:00.123Z"
    for time, counts in ((told, (0, 1, 0, 1)), (sent, (0, 0, 1, 1))):
        for operator, count in zip(("gt", "gte", "lt", "lte"), counts, strict=True):
            page = await gateway.data(FIND, {"where": {"featureId": {"eq": sent}, "occurredAt": {operator: time}}})
            assert page["interactions"]["totalCount"] == count, (operator, time)


async def test_what_is_there_and_not_null_is_there_also_an_empty_list(gateway: Gateway) -> None:
    values: list[Any] = ["x", "", 0, False, {}, [], [None], [None, "x"], None]
    for number, value in enumerate([*values, ...]):
        input = {"interactionId": f"there-{number}", "featureId": "there", "interactionType": "VIEW"}
        input |= {"occurredAt": f"2024-07-01T12:00:0{number}Z"}
        await gateway.data(RECORD, {"input": {**input, "metadata": {} if value is ... else {"v": value}}})
    for there, numbers in ((True, range(8)), (False, (8, 9))):
        where = {"featureId": {"eq": "there"}, "metadata": [{"path": "v", "operator": "EXISTS", "value": there}]}
        page = (await gateway.data(FIND, {"where": where}))["interactions"]
        assert [node["interactionId"] for node in page["nodes"]] == [f"there-{number}" for number in numbers]


async def test_a_text_is_found_by_the_letters_that_it_was_typed_with(gateway: Gateway) -> None:
    for number, town in enumerate(["Chamb\u00e9ry", "Chambe\u0301ry"]):
        request = {"searchRequestId": f"town-{number}", "text": town, "collections": ["towns"]}
        input = {"interactionId": f"town-{number}", "featureId": "town", "interactionType": "CLICK"}
        await gateway.data(RECORD, {"input": {**input, "searchRequest": request}})
        for spelling in (town, f" {town.upper()}"):
            nodes = (await gateway.data(FIND, {"where": {"text": {"eq": spelling}}}))["interactions"]["nodes"]
            assert nodes == [{"interactionId": f"town-{number}"}]
