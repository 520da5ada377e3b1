"""Judgments of items for queries, through the gateway."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio

from gateway.context import Namespace
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.wire import validate_interaction
from gateway.plan.cursors import encode_cursor
from gateway.plan.judged_pages import BY_RATING
from tests.harness.command_log import commands
from tests.harness.gateway_client import Gateway, new_gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def seen(id: str, query: str, feature_id: str, position: int, **recorded: Any) -> dict[str, Any]:
    """A view of an item in the results of a search, unless it is said to be something else."""
    return {
        "interaction_id": id,
        "feature_id": feature_id,
        "interaction_type": "view",
        "position": position,
        "occurred_at": NOON.isoformat(),
        "search_request": {
            "search_request_id": f"r-{query}",
            "queries": [{"vector_index": "text", "type": "text", "value": query}],
            "collections": ["products"],
        },
        **recorded,
    }


# Of position 0, a half of the views are clicked; of position 1, a third.
LOG = [
    *(seen(f"a{number}", "Shoes", "a", 0) for number in range(2)),
    seen("ac", "Shoes", "a", 0, interaction_type="click"),
    *(seen(f"b{number}", "Shoes", "b", 1) for number in range(2)),
    seen("b2", "boots", "b", 1),
    seen("bc", "boots", "b", 1, interaction_type="click"),
    seen("c", "Shoes", "c", 20),
]
COEC = [("boots", "b", 3.0, 1, 1, 1), ("shoes", "a", 1.0, 1, 2, 1), ("shoes", "b", 0.0, 0, 2, 0)]
NODE = "query feature { featureId } rating grade views clicks"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri) as gateway:
        await record(gateway, gateway.namespace, *LOG)
        foreign = (seen(f"f{number}", "shoes", "secret", 0, interaction_type="click") for number in range(3))
        await record(gateway, gateway.other_namespace, seen("f", "shoes", "secret", 0), *foreign)
        yield gateway


async def record(gateway: Gateway, namespace: Namespace, *interactions: Mapping[str, Any]) -> None:
    await gateway.writer.record(namespace, [validate_interaction(interaction) for interaction in interactions], NOON)


async def judged(gateway: Gateway, arguments: str = "", **options: Any) -> list[tuple[Any, ...]]:
    parentheses = f"({arguments})" if arguments else ""
    data = await gateway.data(f"{{ judgments{parentheses} {{ nodes {{ {NODE} }} }} }}", **options)
    return [tuple_of(node) for node in data["judgments"]["nodes"]]


def tuple_of(node: Mapping[str, Any]) -> tuple[Any, ...]:
    names = ("rating", "grade", "views", "clicks")
    return (node["query"], node["feature"]["featureId"], *(node[name] for name in names))


async def test_judgments_stand_by_query_the_best_first(house: Gateway) -> None:
    assert await judged(house) == COEC


@pytest.mark.parametrize(
    ("model", "ratings"),
    [
        ("COEC_WORKBENCH", {("boots", "b"): 3.0, ("shoes", "a"): 1.0, ("shoes", "b"): 0.0, ("shoes", "c"): 0.0}),
        ("SDBN", {("boots", "b"): 4 / 9, ("shoes", "a"): 4 / 9, ("shoes", "b"): 1 / 4}),
        ("FEEDBACK", {("boots", "b"): 1 / 3, ("shoes", "a"): 1 / 3, ("shoes", "b"): 0.0, ("shoes", "c"): 0.0}),
    ],
)
async def test_a_model_rates_so(house: Gateway, model: str, ratings: Mapping[tuple[str, str], float]) -> None:
    found = {(query, item): rating for query, item, rating, *_ in await judged(house, f"model: {model}")}
    assert found == pytest.approx(ratings, abs=1e-9)


async def test_only_interactions_that_match_count(house: Gateway) -> None:
    # With one query alone the position expects as much as there is.
    assert await judged(house, 'where: {text: {eq: "boots"}}') == [("boots", "b", 1.0, 1, 1, 1)]
    assert await judged(house, 'where: {metadata: {path: "arm", value: "b"}}') == []
    assert await judged(house, "where: {or: []}") == []


async def test_positions_and_views_are_bounded(house: Gateway) -> None:
    assert [item for _, item, *_ in await judged(house, "maxRank: 1")] == ["a"]
    assert [item for _, item, *_ in await judged(house, "maxRank: 21")] == ["b", "a", "b", "c"]
    assert await judged(house, "minViews: 2") == [row for row in COEC if row[4] >= 2]


async def test_another_namespaces_interactions_judge_nothing(house: Gateway) -> None:
    assert await judged(house, key=house.other_key, namespace="shop") == [("shoes", "secret", 1.0, 1, 1, 3)]
    assert "secret" not in {item for _, item, *_ in await judged(house, 'where: {featureId: {eq: "secret"}}')}


PAGED = """query ($first: Int, $after: String) {
  judgments(first: $first, after: $after) {
    edges { cursor node { %s } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount
  }
}"""


async def pages(gateway: Gateway, first: int) -> AsyncIterator[dict[str, Any]]:
    after = None
    while True:
        data = await gateway.data(PAGED % NODE, {"first": first, "after": after})
        page: dict[str, Any] = data["judgments"]
        yield page
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


@pytest.mark.parametrize("first", [1, 2, 3])
async def test_pages_joined_are_one_page(house: Gateway, first: int) -> None:
    found = [page async for page in pages(house, first)]
    assert [tuple_of(edge["node"]) for page in found for edge in page["edges"]] == COEC
    assert [page["totalCount"] for page in found] == [3] * len(found)
    assert [page["pageInfo"]["hasPreviousPage"] for page in found] == [number > 0 for number in range(len(found))]
    assert all(page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"] for page in found)


async def test_what_comes_between_two_pages_moves_nothing_on_them(house: Gateway) -> None:
    found = []
    number = 0
    async for page in pages(house, 1):
        found += [tuple_of(edge["node"]) for edge in page["edges"]]
        now = datetime.now(UTC).isoformat()
        click = seen(f"new{number}", "boots", "new", 1, interaction_type=["view", "click"], occurred_at=now)
        await house.database.interactions.delete_many({"feature_id": "new"})
        await record(house, house.namespace, click)
        number += 1
    await house.database.interactions.delete_many({"feature_id": "new"})
    assert found == COEC


async def test_a_total_stops_at_its_bound(house: Gateway) -> None:
    data = await house.data("{ judgments(first: 1) { few: totalCount(upTo: 2) all: totalCount nodes { views } } }")
    assert data["judgments"] == {"few": 2, "all": 3, "nodes": [{"views": 1}]}


async def test_a_page_of_judgments_is_one_command(house: Gateway) -> None:
    await judged(house)
    with commands() as sent:
        await judged(house)
    assert [(command["aggregate"], command["hint"]) for command in sent] == [("interactions", "time")]


@pytest.mark.parametrize(
    ("arguments", "path", "message"),
    [
        ("maxRank: 0", ["maxRank"], "`maxRank` must be between 1 and 1,000, not 0."),
        ("maxRank: 1001", ["maxRank"], "`maxRank` must be between 1 and 1,000, not 1001."),
        ("minViews: -1", ["minViews"], "`minViews` must be 0 or more, not -1."),
        ("first: 101", ["first"], "`first` must be between 0 and 100, not 101."),
    ],
)
async def test_arguments_out_of_bounds_are_refused(
    house: Gateway, arguments: str, path: list[str], message: str
) -> None:
    [error] = (await house.execute(f"{{ judgments({arguments}) {{ nodes {{ views }} }} }}"))["errors"]
    assert error["message"] == message
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "path": path}


@pytest.mark.parametrize(
    "cursor",
    [
        "made up",
        encode_cursor(BY_RATING, NOON, "a"),
        encode_cursor(BY_RATING, "[]", "a"),
        encode_cursor(BY_RATING, '["2024-05-01T12:00:00", "q", 1.0]', "a"),
        encode_cursor(BY_RATING, '["2024-05-01T12:00:00Z", "q", "1.0"]', "a"),
        encode_cursor(BY_RATING, '["2024-05-01T12:00:00Z", "q", true]', "a"),
        encode_cursor(BY_RATING, '["2024-05-01T12:00:00Z", "q", 1.0]', 5),
        encode_cursor(BY_RATING, '["0001-01-01T00:00:00+12:00", "q", 1.0]', "a"),
    ],
)
async def test_a_cursor_that_was_not_given_out_is_refused(house: Gateway, cursor: str) -> None:
    [error] = (await house.execute(PAGED % NODE, {"after": cursor}))["errors"]
    assert error["extensions"]["code"] == "INVALID_CURSOR"
    assert error["extensions"]["path"] == ["after"]
