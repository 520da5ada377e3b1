"""The collections and the vector indexes that were searched, beside what plain Python makes of the same searches."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import pytest
import pytest_asyncio
from pymongo.errors import BulkWriteError

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.generators.stored_searches import NAMESPACES, searches
from tests.harness.derived import derive_outcomes
from tests.harness.gateway_client import Gateway, new_gateway
from tests.oracle import derived_documents as oracle

pytestmark = pytest.mark.asyncio(loop_scope="module")

KNOWN_INDEXES = ("image", "multimodal", "text", "video", "keyword")
Outcomes = Sequence[Mapping[str, Any]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri) as gateway:
        namespaces = dict(zip(NAMESPACES, (gateway.namespace, gateway.other_namespace), strict=True))
        stored = searches(3, requests=150, interactions=300, odd=True)
        for request in stored[0][::10]:
            request["search_request"] = {"queries": [{"vector_index": "sound"}, {"vector_index": "smell"}]}
        for collection, documents in zip(("search_requests", "interactions"), stored, strict=True):
            owned = [
                document | {"namespace_id": namespaces[name].id}
                for document in documents
                if (name := document.get("namespace_id")) in NAMESPACES
            ]
            # What indexes don't take can't be there.
            with suppress(BulkWriteError):
                await gateway.database[collection].insert_many(owned, ordered=False)
        for namespace in namespaces.values():
            await derive_outcomes(gateway.database, namespace)
        yield gateway


@pytest_asyncio.fixture(loop_scope="module")
async def outcomes(shop: Gateway) -> Outcomes:
    requests = await shop.database["search_requests"].find({"namespace_id": shop.namespace.id}).to_list()
    interactions = await shop.database["interactions"].find({"namespace_id": shop.namespace.id}).to_list()
    made: Outcomes = oracle.search_outcomes(requests, interactions)
    assert any(outcome["merged"] for outcome in made)
    return made


def stats(outcomes: Outcomes) -> dict[str, Any]:
    searches = [outcome for outcome in outcomes if not outcome["merged"]]
    clicked = sum(search["searches_clicked"] for search in searches)
    return {
        "searches": len(searches),
        "requests": len(outcomes),
        "users": len({outcome["user_id"] for outcome in outcomes if "user_id" in outcome}),
        "clickThroughRate": clicked / len(searches) if searches else None,
    }


STATS = "stats { searches requests users clickThroughRate }"


async def test_collections_stand_by_searches_and_then_by_name(shop: Gateway, outcomes: Outcomes) -> None:
    names = {name for outcome in outcomes for name in outcome["collections"]}
    expected = []
    for name in names:
        of_name = [outcome for outcome in outcomes if name in outcome["collections"]]
        measured = stats(of_name)
        times = [outcome["first_seen_at"] for outcome in of_name if "first_seen_at" in outcome]
        last = max(times).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z" if times else None
        expected.append(
            {"name": name, "searches": measured["searches"], "lastSearchedAt": last, "stats": measured},
        )
    expected.sort(key=lambda collection: (-collection["searches"], collection["name"]))
    node = f"name searches lastSearchedAt {STATS}"
    found = await shop.data(f"{{ collections {{ nodes {{ {node} }} totalCount }} }}")
    assert found["collections"] == {"nodes": expected, "totalCount": len(expected)}
    assert len(expected) > 2


async def test_pages_of_collections_joined_are_one_page(shop: Gateway) -> None:
    whole = (await shop.data("{ collections { nodes { name } } }"))["collections"]["nodes"]
    paged: list[Any] = []
    after: str | None = None
    while after is not None or not paged:
        page = await shop.data(
            """query ($after: String) {
              collections(first: 1, after: $after) { nodes { name } pageInfo { hasNextPage endCursor } }
            }""",
            {"after": after},
        )
        paged += page["collections"]["nodes"]
        info = page["collections"]["pageInfo"]
        after = info["endCursor"] if info["hasNextPage"] else None
    assert paged == whole


async def test_vector_indexes_that_are_unknown_are_one(shop: Gateway, outcomes: Outcomes) -> None:
    by_index: dict[str, list[Mapping[str, Any]]] = {}
    for outcome in outcomes:
        for name in {name if name in KNOWN_INDEXES else "OTHER" for name in outcome["vector_indexes"]}:
            by_index.setdefault(name, []).append(outcome)
    expected = [
        {"vectorIndex": name.upper(), "searches": (measured := stats(of_index))["searches"], "stats": measured}
        for name, of_index in by_index.items()
    ]
    found = (await shop.data(f"{{ vectorIndexes {{ vectorIndex searches {STATS} }} }}"))["vectorIndexes"]
    assert sorted(found, key=lambda usage: usage["vectorIndex"]) == sorted(
        expected, key=lambda usage: usage["vectorIndex"]
    )
    counts = [usage["searches"] for usage in found]
    assert counts == sorted(counts, reverse=True)
    assert "OTHER" in by_index


async def test_a_page_of_too_many_collections_is_refused(shop: Gateway) -> None:
    answer = await shop.execute("{ collections(first: 101) { nodes { name } } }")
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["message"] == "`first` must be between 0 and 100, not 101."
