"""Documents whose `_id`, time or position the driver reads otherwise than they are stored: pages lead through all of
them, each once and in MongoDB's order, whichever way they are read."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from bson import Code, MaxKey, MinKey, Timestamp, encode
from bson.raw_bson import RawBSONDocument

from gateway.model.bson_elements import whole
from gateway.model.kinds import INTERACTION
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


async def walked(gateway: Gateway, query: str, size: int, more: str) -> list[str]:
    """The ids on all pages, in the order in which they come."""
    seen, cursor, has_more = list[str](), None, True
    while has_more and len(seen) < 200:
        answer = await gateway.execute(query, {"size": size, "at": cursor})
        page = answer["data"]["feature"]["interactions"]
        ids = [edge["node"]["interactionId"] for edge in page["edges"]]
        seen += ids if more == "hasNextPage" else ids[::-1]
        has_more = page["pageInfo"][more]
        cursor = page["pageInfo"]["endCursor" if more == "hasNextPage" else "startCursor"]
    return seen
