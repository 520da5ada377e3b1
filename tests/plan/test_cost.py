"""What operations cost: estimated before they are run, and counted while they are."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from bson import Timestamp

from bench.operations import FLAT, JOINED, NESTED
from gateway.context import Caller, Context, Namespace, Organization, Permission
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.wire import validate_interaction
from gateway.plan.sources.insertions import BoundInsertions
from tests.harness import prepared
from tests.harness.gateway_client import Gateway, new_gateway

KNOWN = prepared.new_table()
ORGANIZATION = Organization("org_1", "Acme")
CONTEXT = Context(
    Caller("key", "web", frozenset(Permission), ORGANIZATION, None),
    Namespace("ns_1", "shop", ORGANIZATION.id, datetime(2024, 5, 1, tzinfo=UTC)),
)
BATCH = "mutation ($input: RecordInteractionsInput!) { recordInteractions(input: $input) { createdCount } }"
ONE = {"featureId": "f", "interactionType": "VIEW"}
DAY = 'occurredAt: {gte: "2024-05-01T00:00:00Z", lt: "2024-05-02T00:00:00Z"}'
WEEK = 'occurredAt: {gte: "2024-05-01T00:00:00Z", lt: "2024-05-08T00:00:00Z"}'


def estimated(query: str, variables: Mapping[str, Any] | None = None) -> int:
    return prepared.bound(KNOWN, query, variables or {}).cost


def where(filters: str, selection: str = "nodes { id }", first: int = 10) -> str:
    return f"{{ interactions(first: {first}, where: {{{filters}}}) {{ {selection} }} }}"


@pytest.mark.parametrize(
    ("query", "points"),
    [
        # Documents: whole pages, however much is selected of each.
        ("{ __typename }", 1),
        ("{ viewer { keyName } }", 1),
        ("{ viewer { keyName namespaces { name } } }", 1_000),
        ("{ namespaces(first: 5) { nodes { name } } }", 5),
        ("{ interactions { nodes { id } } }", 10),
        ("{ interactions(first: 100) { edges { cursor node { json searchRequest { filters { json } } } } } }", 100),
        ("{ interactions(first: 3, last: 5) { nodes { id } } }", 5),
        ("{ interactions(first: 0) { pageInfo { hasNextPage } } }", 1),
        ('{ interactionsByIds(interactionIds: ["a", "b", "c"]) { id } }', 3),
        ('{ node(id: "a") { id } }', 1),
        ('{ nodes(ids: ["a", "b"]) { id } }', 1),
        ('{ session(sessionId: "a") { startedAt } }', 4),
        # An item itself is not looked for.
        ('{ features(featureIds: ["a", "b", "c"]) { featureId } }', 1),
        ('{ features(featureIds: ["a", "b", "c"]) { interactions(first: 5) { nodes { id } } } }', 15),
        # What is nested counts for each document above it, at every level.
        ("{ searchRequests(first: 20) { nodes { interactions(first: 3) { nodes { id } } } } }", 20 + 60),
        (
            """{ interactions(first: 2) { nodes { feature { interactions(first: 3) { nodes {
              searchRequest { interactions(first: 4) { nodes { id } } } } } } } } }""",
            2 + 2 * 3 + 2 * 3 * 4,
        ),
        # Roots, and aliases of one.
        ("{ a: interactions(first: 7) { nodes { id } } b: interactions(first: 8) { nodes { id } } }", 15),
        # Counting: one point for a thousand, on top of the page.
        ("{ interactions(first: 10) { totalCount } }", 10 + 10),
        ("{ interactions(first: 0) { totalCount(upTo: 1) } }", 1),
        ("{ interactions(first: 0) { totalCount(upTo: 1000000) } }", 1_000),
        ("{ searchRequests(first: 5) { nodes { interactions(first: 0) { totalCount(upTo: 2000) } } } }", 5 + 5 * 2),
        # What an index serves costs nothing besides.
        (where('featureId: {eq: "a"}'), 10),
        (where('searchRequest: {filters: {key: "color", value: "navy"}}'), 10),
        (where(WEEK), 10),
        # What none serves costs a hundred each, and by half within a day.
        (where('position: {gt: 3}, featureId: {eq: "a"}'), 110),
        (where("position: {gt: 3}, durationMs: {gt: 3}"), 210),
        (where(f"position: {{gt: 3}}, durationMs: {{gt: 3}}, {DAY}"), 110),
        (where(f"position: {{gt: 3}}, durationMs: {{gt: 3}}, {WEEK}"), 210),
        (where('position: {gt: 3}, occurredAt: {gte: "2024-05-01T00:00:00Z"}'), 110),
        # Their further comparisons cost ten each, and what tries texts letter by letter forty more.
        (where("position: {gt: 3, lt: 9}"), 120),
        (where("or: [{position: {gt: 3}}, {durationMs: {gt: 3}, position: {in: [1, 2]}}]"), 130),
        (where('metadata: [{path: "a", operator: CONTAINS, value: "x"}]'), 150),
        (where('metadata: [{path: "a", operator: IN, value: ["x", "y"], caseSensitive: false}]'), 150),
        (where('nor: [{metadata: [{path: "a", operator: STARTS_WITH, value: "x"}], position: {gt: 3}}]'), 160),
        (where('featureId: {eq: "a"}, or: [{userId: {eq: "b"}}, {userId: {eq: "c"}}]'), 120),
        # A total is another command that examines them.
        (where("position: {gt: 3}", "totalCount"), 10 + 10 + 200),
        # One command for all parents.
        (
            """{ searchRequests(first: 100) {
              nodes { interactions(first: 1, where: {position: {gt: 3}}) { nodes { id } } }
            } }""",
            100 + 100 + 100,
        ),
        # Nothing can match, or the arguments are wrong: nothing is read.
        (where("featureId: {in: []}"), 1),
        ("{ interactions(first: 101) { nodes { id } } }", 1),
    ],
)
def test_an_operation_is_estimated(query: str, points: int) -> None:
    assert estimated(query) == points


def test_what_writes_costs_two_points_a_piece() -> None:
    assert estimated(BATCH, {"input": {"interactions": [ONE] * 1_000}}) == 2_000
    assert estimated(BATCH, {"input": {"interactions": []}}) == 1
    assert estimated('mutation { deleteInteraction(input: {interactionId: "a"}) { deletedId } }') == 2
    nested = """mutation ($input: RecordInteractionsInput!) {
      recordInteractions(input: $input) {
        results { interaction { feature { interactions(first: 3) { nodes { id } } } } }
      }
    }"""
    assert estimated(nested, {"input": {"interactions": [ONE] * 7}}) == 7 * 2 + 7 * 3


def test_variables_count_as_what_they_hold() -> None:
    ids = """query ($ids: [ID!]!, $first: Int = 4) {
      features(featureIds: $ids) { interactions(first: $first) { nodes { id } } }
    }"""
    assert estimated(ids, {"ids": ["a"] * 5}) == 20
    assert estimated(ids, {"ids": ["a"] * 5, "first": 100}) == 500
    skipped = "query ($with: Boolean!) { interactions { totalCount @include(if: $with) } }"
    assert (estimated(skipped, {"with": True}), estimated(skipped, {"with": False})) == (20, 10)


def test_the_benchmark_costs_what_it_reads() -> None:
    assert estimated(FLAT, {"first": 20}) == 20
    assert estimated(NESTED, {"first": 50}) == 50
    assert estimated(JOINED, {"first": 20}) == 80


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    """Twelve interactions of four searches, a minute between them."""
    noon = datetime(2024, 5, 1, 12, tzinfo=UTC)
    async with new_gateway(mongod.uri, rate_limit_restore=25_000) as gateway:
        recordings = [
            validate_interaction(
                {
                    "interaction_id": f"i{number}",
                    "feature_id": f"f{number % 3}",
                    "interaction_type": "view",
                    "position": number,
                    "occurred_at": (noon + timedelta(minutes=number)).isoformat(),
                    "search_request": {"search_request_id": f"r{number % 4}", "queries": [], "collections": []},
                }
            )
            for number in range(12)
        ]
        await gateway.writer.record(gateway.namespace, recordings, noon)
        yield gateway


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("query", "requested", "actual"),
    [
        ("{ interactions(first: 11) { nodes { id } } }", 11, 11),
        ("{ interactions(first: 100) { nodes { id } } }", 100, 12),
        ("{ searchRequests { nodes { interactions { nodes { id } } } } }", 110, 4 + 12),
        ("{ searchRequests { nodes { interactions { totalCount } } } }", 210, 4 + 12 + 4),
        # What isn't there is looked for all the same.
        (
            '{ features(featureIds: ["a", "b", "c", "d"]) { x: interactions(first: 9) { nodes { id } } '
            "y: interactions(first: 9) { nodes { id } } z: interactions(first: 9) { nodes { id } } } }",
            108,
            12,
        ),
        (
            '{ x: nodes(ids: ["a"]) { id } '
            + " ".join(f'n{n}: session(sessionId: "{n}") {{ id }}' for n in range(5))
            + "}",
            20,
            20,
        ),
        # To read a request and to send its answer costs ten.
        ('{ nodes(ids: ["WyJ4Il0"]) { id } session(sessionId: "none") { id } }', 10, 10),
        ('{ interactionsByIds(interactionIds: ["i1", "i1", "none"]) { id } }', 10, 10),
        (where("position: {gt: 100}, featureId: {in: []}"), 10, 10),
        ('mutation { recordInteraction(input: {featureId: "f", interactionType: VIEW}) { created } }', 10, 10),
        ('mutation { createNamespace(input: {name: "costly"}) { created } }', 50, 50),
    ],
)
async def test_what_was_read_is_what_it_cost(query: str, requested: int, actual: int, shop: Gateway) -> None:
    cost = (await shop.execute(query))["extensions"]["cost"]
    assert (cost["requested"], cost["actual"]) == (requested, actual)


@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_examined_in_vain_costs_its_surcharge_and_more_where_that_takes_long(shop: Gateway) -> None:
    cost = (await shop.execute(where("position: {gt: 100}")))["extensions"]["cost"]
    assert cost["requested"] == 110
    assert cost["actual"] >= 100


@pytest.mark.asyncio(loop_scope="module")
async def test_an_operation_that_may_cost_too_much_is_not_run(shop: Gateway) -> None:
    query = "{ searchRequests(first: 50) { nodes { interactions(first: 99) { nodes { id } } } } }"
    assert estimated(query) == 5_000
    assert "errors" not in await shop.execute(query)
    response = await shop.post(
        {"query": query.replace("first: 50", "first: 51")}, headers={"Accept": "application/graphql-response+json"}
    )
    assert response.status_code == 400
    assert response.json() == {
        "errors": [
            {
                "message": "The operation may cost 5,100 points; at most 5,000 are allowed.",
                "extensions": {"code": "OPERATION_TOO_COMPLEX", "requested": 5_100, "limit": 5_000},
            }
        ]
    }


@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_large_but_fair_may_be_asked(shop: Gateway) -> None:
    page = """id json searchRequest { json interactions(first: 10) { totalCount(upTo: 100) nodes { id } } }
      feature { interactions(first: 10) { nodes { id } } }"""
    await shop.data(f"{{ interactions(first: 100) {{ totalCount edges {{ cursor node {{ {page} }} }} }} }}")
    batch = [{**ONE, "interactionId": f"b{number}"} for number in range(1_000)]
    data = await shop.data(BATCH, {"input": {"interactions": batch}})
    assert data["recordInteractions"]["createdCount"] == 1_000


@pytest.mark.asyncio(loop_scope="module")
async def test_answers_that_may_be_cached_do_not_tell_what_they_cost(shop: Gateway) -> None:
    response = await shop.http.get(
        "/graphql", params={"query": "{ viewer { keyName } }"}, headers={"Authorization": f"Bearer {shop.key}"}
    )
    assert response.json() == {"data": {"viewer": {"keyName": "web"}}}
    assert response.headers["ratelimit-limit"] == "250000"


def test_a_subscription_is_told_of_as_examining_only_what_searches_texts() -> None:
    query = """subscription {
      interactionRecorded(where: {userId: {eq: "u"}, position: {gt: 3}, metadata: [%s]}) { interactionId }
    }"""
    for path_filter, names in (
        ('{path: "a", value: "x"}', ()),
        ('{path: "a", operator: CONTAINS, value: "x"}', ("metadata.a",)),
    ):
        operation = prepared.bound(KNOWN, query % path_filter, {})
        [insertions] = operation.bindings.values()
        assert isinstance(insertions, BoundInsertions)
        [find] = insertions.commands(CONTEXT, ["id"], Timestamp(1, 1))
        assert find.unindexed == names
        assert find.may_be_long
