"""Documents that others wrote straight into MongoDB, with values of every type at every place that is read, sorted or
joined on: both back ends answer alike, nothing is unforeseen, and pages lead through all of them."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from bson import Binary
from bson.raw_bson import RawBSONDocument
from pymongo.errors import BulkWriteError

from gateway.compiler.native_backend.extension import EXTENSION
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST, Kind
from gateway.store.client import Database
from gateway.store.index_creation import create_indexes
from tests.generators.odd_bson import ODD_VALUES, RECORDED_INTERACTION, RECORDED_REQUEST, with_elements
from tests.harness.decoded import stored
from tests.harness.two_back_ends import NAMESPACE, NOON, Gateways

pytestmark = pytest.mark.skipif(EXTENSION is None, reason="the native extension isn't installed")

# Among so many are native answers and given up ones.
_PAGE = 6
_TREE = "json text flat { index key operator value } and { ... on FilterCondition { key operator value } }"
_REQUEST = f"""id searchRequestId firstSeenAt collections sessionId userId returnUrl resultCount json exported
  queries {{ value vectorIndex type filters {{ {_TREE} }} }} filters {{ {_TREE} }} sort {{ field direction }}"""
_INTERACTION = """id interactionId featureId interactionType interactionTypes position score durationMs metadata
  sessionId userId occurredAt json exported"""
SELECTIONS = {
    INTERACTION: (
        f"{_INTERACTION} searchRequest {{ {_REQUEST} }}",
        "interactionId metadata searchRequest { filters { flat { value } json } }",
        "feature { interactions(first: 0) { stats { clicks } } }",
        "interactionId feature { featureId interactions(first: 2) { totalCount edges { cursor node { id } } } }",
        "position searchRequest { searchRequestId interactions(last: 1) { nodes { occurredAt } } }",
    ),
    SEARCH_REQUEST: (
        _REQUEST,
        "searchRequestId json interactions(first: 2) { totalCount edges { cursor node { interactionId } } }",
    ),
}
_SEARCHED = {
    **{name: RECORDED_INTERACTION[name] for name in ("_id", "search_request_id", "first_seen_at", "user_id")},
    "search_request": RECORDED_REQUEST,
}
RECORDED = {INTERACTION: {**RECORDED_INTERACTION, "shadowed": {"score": 1}}, SEARCH_REQUEST: _SEARCHED}


def documents(kind: Kind) -> Iterator[dict[str, Any]]:
    """A document for each odd value at each name, which otherwise has an ``_id`` and a time of its own."""
    recorded, number = RECORDED[kind], 0
    for name in sorted({*recorded, "extra"} - {"namespace_id"}):
        for value in ODD_VALUES:
            number += 1
            place = {"_id": Binary.from_uuid(UUID(int=number)), kind.time_path: NOON + timedelta(seconds=number // 3)}
            yield {**recorded, **place, kind.id_path: f"{number}", "namespace_id": NAMESPACE.id, name: value}


@pytest.mark.parametrize(
    ("kind", "selection"), [(kind, selection) for kind, selections in SELECTIONS.items() for selection in selections]
)
async def test_both_back_ends_answer_alike_on_every_page(database: Database, kind: Kind, selection: str) -> None:
    await create_indexes(database)
    raw = [RawBSONDocument(stored(document)) for document in documents(kind)]
    # No `_id` is a list or a regular expression, nor one that is there already.
    with suppress(BulkWriteError):
        await database[kind.collection].insert_many(raw, ordered=False)
    number = await database[kind.collection].count_documents({})
    assert number > len(raw) - 20
    gateways = Gateways(database)
    root = "interactions" if kind is INTERACTION else "searchRequests"
    query = f"""query($first: Int, $after: String) {{ {root}(first: $first, after: $after) {{
      pageInfo {{ hasNextPage endCursor }} nodes {{ {selection} }} }} }}"""
    seen, ways = 0, set[str]()
    page: dict[str, Any] = {"pageInfo": {"hasNextPage": True, "endCursor": None}}
    while page["pageInfo"]["hasNextPage"]:
        answer, how = await gateways.answers(query, first=_PAGE, after=page["pageInfo"]["endCursor"])
        assert not any("incident" in error["extensions"] for error in answer.get("errors", ()))
        page = answer["data"][root]
        seen += len(page["nodes"])
        ways.add(how)
    assert seen == number
    # What is joined to nearly all of these is the same few, some of which are odd.
    assert "interactions(" in selection or ways == {"no program"} or "native" in ways


# Of whole documents, and of what is selected of them; in the order of the times, and of the positions in one feature.
_PAGE_OF = "first: $size, after: $after"
_EDGES = "{ pageInfo { hasNextPage endCursor } edges { node { interactionId %s } } }"
_OF_TIMES = f"interactions({_PAGE_OF}, orderBy: {{direction: %s}}) {_EDGES}"
_OF_POSITIONS = f"""feature(featureId: "f") {{
  interactions({_PAGE_OF}, orderBy: {{field: POSITION, direction: %s}}) {_EDGES} }}"""
LISTS = {
    "times of what is whole": (_OF_TIMES, "json"),
    "times": (_OF_TIMES, "occurredAt"),
    "positions of what is whole": (_OF_POSITIONS, "json"),
    "positions": (_OF_POSITIONS, "position"),
}


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize(("listing", "selected"), LISTS.values(), ids=LISTS)
async def test_what_has_its_time_or_position_twice_is_listed_once(
    database: Database, listing: str, selected: str, direction: str
) -> None:
    """It stands where MongoDB sorts it, by the first, whatever the second is: pages behind it lead on from there."""
    await create_indexes(database)
    others = [None, NOON + timedelta(days=1), NOON - timedelta(days=1), [NOON], "x"]
    raw = []
    for number in range(12):
        key = "occurred_at" if number % 2 else "position"
        document = {**RECORDED_INTERACTION, "_id": number, "interaction_id": f"{number}", "feature_id": "f"}
        document |= {"namespace_id": NAMESPACE.id, "position": number // 3}
        document |= {"occurred_at": NOON + timedelta(seconds=number // 3)}
        again = {key: others[number % 5] if key == "occurred_at" else 100 - number}
        raw.append(RawBSONDocument(with_elements(stored(document), stored(again))))
    await database[INTERACTION.collection].insert_many(raw)
    gateways = Gateways(database)
    for size in (1, 5):
        seen, cursor, has_more = list[str](), None, True
        while has_more and len(seen) <= len(raw):
            query = f"query($size: Int, $after: String) {{ {listing % (direction, selected)} }}"
            answer, _ = await gateways.answers(query, size=size, after=cursor)
            page = answer["data"].get("interactions") or answer["data"]["feature"]["interactions"]
            has_more, cursor = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
            seen += [edge["node"]["interactionId"] for edge in page["edges"]]
        expected = [f"{number}" for number in range(12)]
        assert seen == (expected if direction == "ASC" else expected[::-1])
