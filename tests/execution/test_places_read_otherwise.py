"""Documents whose `_id`, time or position the driver reads otherwise than they are stored: pages lead through all of
them, each once and in MongoDB's order, whichever way they are read."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from bson import Code, Decimal128, Int64, MaxKey, MinKey, Timestamp, encode
from bson.raw_bson import RawBSONDocument

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.bson_elements import whole
from gateway.model.kinds import INTERACTION
from tests.execution.test_user_isolation import USER, gateway_with_tokens, token_of
from tests.generators.odd_bson import with_elements
from tests.harness.gateway_client import Gateway
from tests.harness.two_back_ends import NOON

# The type and the content of each, as BSON has them.
STORED = {
    "not UTF-8": (b"\x02", b"\x02\0\0\0\xff\0"),
    "not UTF-8 either": (b"\x02", b"\x02\0\0\0\xfe\0"),
    "what is read of both": (b"\x02", b"\x04\0\0\0\xef\xbf\xbd\0"),
    "a DBPointer": (b"\x0c", b"\x02\0\0\0c\0" + bytes(12)),
    "another DBPointer": (b"\x0c", b"\x02\0\0\0c\0" + bytes(11) + b"\x01"),
    "a symbol": (b"\x0e", b"\x02\0\0\0s\0"),
    "an object that has a key twice": (b"\x03", with_elements(encode({"a": 1}), encode({"a": 5}))),
    "an object that stands behind that": (b"\x03", encode({"a": 2})),
    "undefined in an object": (b"\x03", whole(b"\x06a\0")),
    "null in an object": (b"\x03", whole(b"\x0aa\0")),
    "binary data of a wrong length": (b"\x05", b"\x03\0\0\0\x02abc"),
    "binary data of another wrong length": (b"\x05", b"\x03\0\0\0\x02abd"),
    "code that isn't UTF-8": (b"\x0d", b"\x02\0\0\0\xff\0"),
    "code with a scope": (b"\x0f", b"\x0f\0\0\0\x02\0\0\0c\0" + whole(b"")),
}
# No `_id` is one of these.
UNDEFINED = {"undefined": (b"\x06", b""), "a pattern": (b"\x0b", b"\xff\0i\0")}
VALUES: list[Any] = [MinKey(), MaxKey(), None, ..., 1, 2.5, NOON, "x", {"a": 1}, Code("c"), Timestamp(1, 2), b"x", True]


def element(name: str, stored: tuple[bytes, bytes]) -> bytes:
    kind, content = stored
    return whole(kind + name.encode() + b"\0" + content)


def interactions(gateway: Gateway, varied: str, *, is_first: bool) -> Iterator[bytes]:
    """Some with each value at ``varied``, which stands ahead of all else or behind it."""
    base = {"namespace_id": gateway.namespace.id, "feature_id": "p", "interaction_type": "view", "occurred_at": NOON}
    base["position"] = 1
    base.pop(varied, None)
    stored = [element(varied, value) for value in STORED.values()]
    if varied == "_id":
        stored += [encode({"_id": value}) for value in VALUES if value is not ...]
    else:
        stored += [element(varied, value) for value in UNDEFINED.values()]
        stored += [encode({} if value is ... else {varied: value}) for value in VALUES]
        stored *= 3
    for number, one in enumerate(stored):
        others = encode({**({} if varied == "_id" else {"_id": number}), **base, "interaction_id": f"{number}"})
        yield with_elements(one, others) if is_first else with_elements(others, one)


@pytest.mark.parametrize("selected", ["json", ""], ids=["whole", "projected"])
@pytest.mark.parametrize("varied", ["_id", "occurred_at", "position"])
async def test_every_document_comes_once_and_in_order(gateway: Gateway, varied: str, selected: str) -> None:
    collection = gateway.database[INTERACTION.collection]
    documents = list(interactions(gateway, varied, is_first=bool(selected)))
    await collection.insert_many([RawBSONDocument(document) for document in documents])
    for direction, size in product((1, -1), (1, 3, 10)):
        path = "position" if varied == "position" else "occurred_at"
        expected = [
            document["interaction_id"]
            async for document in collection.find({}, {"interaction_id": 1, "_id": 0}).sort(
                [(path, direction), ("_id", direction)]
            )
        ]
        assert len(expected) == len(documents)
        order = f"orderBy: {{field: {path.upper()}, direction: {'ASC' if direction > 0 else 'DESC'}}}"
        for at, more in (("first: $size, after", "hasNextPage"), ("last: $size, before", "hasPreviousPage")):
            query = f"""query ($size: Int, $at: String) {{
              feature(featureId: "p") {{ interactions({at}: $at, {order}) {{
                pageInfo {{ {more} startCursor endCursor }} edges {{ cursor node {{ interactionId {selected} }} }}
              }} }} }}"""
            assert await walked(gateway, query, size, more) == (expected if more == "hasNextPage" else expected[::-1])


async def walked(gateway: Gateway, query: str, size: int, more: str, **options: Any) -> list[str]:
    """The ids on all pages, in the order in which they come."""
    seen, cursor, has_more = list[str](), None, True
    while has_more and len(seen) < 200:
        answer = await gateway.execute(query, {"size": size, "at": cursor}, **options)
        page = answer["data"]["feature"]["interactions"]
        ids = [edge["node"]["interactionId"] for edge in page["edges"]]
        seen += ids if more == "hasNextPage" else ids[::-1]
        has_more = page["pageInfo"][more]
        cursor = page["pageInfo"]["endCursor" if more == "hasNextPage" else "startCursor"]
    return seen


# Some are alike to MongoDB and not to Python, some to Python and not to MongoDB.
ALIKE: list[Any] = [1, 1.0, Int64(1), Decimal128("1"), True, 0, False, float("nan"), Decimal128("NaN"), None, []]
ALIKE += [{"a": 1, "b": 2}, {"b": 2, "a": 1}]


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_what_is_between_two_cursors_is_what_is_listed_between_them(gateway: Gateway, direction: str) -> None:
    base = {"namespace_id": gateway.namespace.id, "feature_id": "p", "interaction_type": "view", "occurred_at": NOON}
    stored = [encode({"position": value}) for value in ALIKE]
    stored += [element("position", (kind, b"\x02\0\0\0\xff\0")) for kind in (b"\x02", b"\x0e")]
    stored += [element("position", UNDEFINED["undefined"])]
    documents = []
    for number, one in enumerate(stored):
        others = {"_id": number * 9 % len(stored), **base, "interaction_id": f"{number}"}
        documents.append(RawBSONDocument(with_elements(one, encode(others))))
    await gateway.database[INTERACTION.collection].insert_many(documents)
    query = f"""query ($after: String, $before: String) {{ feature(featureId: "p") {{
      interactions(after: $after, before: $before, first: 50, orderBy: {{field: POSITION, direction: {direction}}}) {{
        edges {{ cursor node {{ interactionId }} }} }} }} }}"""
    edges = (await gateway.data(query))["feature"]["interactions"]["edges"]
    assert len(edges) == len(stored)
    # A list stands on pages behind no cursor only.
    lists = f"{ALIKE.index([])}"
    for first, last in product(range(len(edges)), repeat=2):
        variables = {"after": edges[first]["cursor"], "before": edges[last]["cursor"]}
        found = (await gateway.data(query, variables))["feature"]["interactions"]["edges"]
        assert found == [edge for edge in edges[first + 1 : last] if edge["node"]["interactionId"] != lists]


@pytest.mark.parametrize("field", ["POSITION", "OCCURRED_AT"])
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_whoever_reaches_one_users_documents_comes_to_the_end_of_them(
    mongod: EmbeddedServer, tmp_path: Path, field: str, direction: str
) -> None:
    """Behind null and undefined, too, where a filter has conditions beside those of the reach."""
    async with gateway_with_tokens(mongod, tmp_path) as gateway:
        base: dict[str, Any] = {"namespace_id": gateway.namespace.id, "feature_id": "p", "interaction_type": "view"}
        base |= {"position": 1, "occurred_at": NOON}
        base.pop(field.lower())
        values = [*(element(field.lower(), value) for value in UNDEFINED.values()), encode({}), encode({})]
        values += [encode({field.lower(): value}) for value in (None, MinKey(), 1, NOON)]
        users = [USER, "another"] * len(values)
        documents = []
        for number, (one, user) in enumerate(zip([*values, *values], users, strict=True)):
            others = {"_id": number, "interaction_id": f"{number}", **base, "user_id": user}
            documents.append(RawBSONDocument(with_elements(one, encode(others))))
        await gateway.database[INTERACTION.collection].insert_many(documents)
        order = f"orderBy: {{field: {field}, direction: {direction}}}"
        for at, more in (("first: $size, after", "hasNextPage"), ("last: $size, before", "hasPreviousPage")):
            query = f"""query ($size: Int, $at: String) {{
              feature(featureId: "p") {{ interactions({at}: $at, {order}) {{
                pageInfo {{ {more} startCursor endCursor }} edges {{ cursor node {{ interactionId }} }}
              }} }} }}"""
            seen = await walked(gateway, query, 1, more, key=token_of(USER))
            assert sorted(seen, key=int) == [f"{number}" for number in range(0, 2 * len(values), 2)]
