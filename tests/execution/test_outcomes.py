"""What became of search requests: beside them, and as what they are filtered by."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from gateway.app.application import create_app
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.derived_documents import SEARCH_OUTCOMES
from gateway.model.wire import validate_interaction
from gateway.settings import Settings, load
from tests.harness.command_log import Command, commands
from tests.harness.derived import derive_outcomes
from tests.harness.gateway_client import Gateway, new_gateway
from tests.harness.live_client import served, socket

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def interaction(number: int, type_: str, request: str | None, session: str, seconds: float, **more: Any) -> Any:
    at = (NOON + timedelta(seconds=seconds)).isoformat()
    wire: dict[str, Any] = {
        "interaction_id": f"i{number}",
        "feature_id": f"p{number}",
        "interaction_type": type_,
        "session_id": session,
        "occurred_at": at,
        **more,
    }
    if request is not None:
        query = {"vector_index": "text", "type": "text", "value": f"text {request}"}
        wire["search_request"] = {
            "search_request_id": request,
            "session_id": session,
            "queries": [query],
            "collections": ["shop"],
        }
    return validate_interaction(wire)


# In one session: a search that another followed at once, one that was clicked and bought of, and one that led to views.
RECORDED = [
    interaction(1, "view", "r1", "s1", 0),
    interaction(2, "view", "r2", "s1", 60),
    interaction(3, "click", "r2", "s1", 61, position=4),
    interaction(4, "click", "r2", "s1", 62, position=2),
    interaction(5, "add_to_cart", "r2", "s1", 63),
    interaction(6, "purchase", "r2", "s1", 64),
    interaction(7, "view", "r3", "s1", 600),
    interaction(8, "zero_results", "r4", "s2", 700),
    interaction(9, "view", None, "s3", 800),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri) as gateway:
        for recorded in RECORDED:
            await gateway.writer.record(gateway.namespace, [recorded], NOON)
            await gateway.writer.record(gateway.other_namespace, [recorded], NOON)
        await derive_outcomes(gateway.database, gateway.namespace)
        # What happened in another namespace under the same ids.
        foreign = interaction(10, "click", "r3", "s1", 601, position=0)
        await gateway.writer.record(gateway.other_namespace, [foreign], NOON)
        await derive_outcomes(gateway.database, gateway.other_namespace)
        # Recorded, and not yet derived of.
        await gateway.writer.record(gateway.namespace, [interaction(11, "click", "r5", "s5", 900)], NOON)
        await gateway.database["search_outcomes"].delete_many({"search_request_id": "r5"})
        yield gateway


OUTCOME = """{ clicked converted addedToCart purchased noResults abandoned reformulated firstClickAt
  lowestClickedPosition views clicks }"""
NOTHING = {
    **dict.fromkeys(("clicked", "converted", "addedToCart", "purchased", "noResults"), False),
    **{"abandoned": False, "reformulated": False, "firstClickAt": None, "lowestClickedPosition": None},
    **{"views": 0, "clicks": 0},
}
IN_ORDER = "orderBy: { direction: ASC }"


async def asked(gateway: Gateway, query: str, **variables: Any) -> tuple[Any, list[Command]]:
    with commands() as sent:
        data = await gateway.data(query, variables)
    return data, [command for command in sent if command.get("aggregate") or command.get("find")]


async def test_a_page_of_search_requests_shows_what_became_of_each(shop: Gateway) -> None:
    data, _ = await asked(shop, f"{{ searchRequests({IN_ORDER}) {{ nodes {{ searchRequestId outcome {OUTCOME} }} }} }}")
    outcomes = {node["searchRequestId"]: node["outcome"] for node in data["searchRequests"]["nodes"]}
    assert outcomes == {
        "r1": {**NOTHING, "views": 1, "reformulated": True},
        "r2": {
            **NOTHING,
            **dict.fromkeys(("clicked", "converted", "addedToCart", "purchased"), True),
            "firstClickAt": "2024-05-01T12:01:01.000Z",
            "lowestClickedPosition": 2,
            "views": 1,
            "clicks": 2,
        },
        "r3": {**NOTHING, "views": 1, "abandoned": True},
        "r4": {**NOTHING, "noResults": True},
        "r5": NOTHING,
    }


async def test_outcomes_of_a_page_are_one_command_and_neighbours_one_more_each(shop: Gateway) -> None:
    data, sent = await asked(
        shop,
        f"""{{ searchRequests({IN_ORDER}) {{ nodes {{ searchRequestId
          outcome {{ clicked next {{ searchRequestId outcome {{ clicked }} }} previous {{ searchRequestId }} }}
        }} }} }}""",
    )
    nodes = data["searchRequests"]["nodes"]
    assert [node["outcome"]["next"] for node in nodes] == [
        {"searchRequestId": "r2", "outcome": {"clicked": True}},
        {"searchRequestId": "r3", "outcome": {"clicked": False}},
        *[None] * 3,
    ]
    assert [node["outcome"]["previous"] for node in nodes] == [
        None,
        {"searchRequestId": "r1"},
        {"searchRequestId": "r2"},
        *[None] * 2,
    ]
    collections = sorted(command.get("find") or command["aggregate"] for command in sent)
    assert collections == ["search_outcomes"] * 2 + ["search_requests"] * 3


async def test_interactions_show_what_became_of_their_search_requests(shop: Gateway) -> None:
    data, sent = await asked(
        shop, f"{{ interactions({IN_ORDER}) {{ nodes {{ searchRequest {{ outcome {{ clicks }} }} }} }} }}"
    )
    clicks = [
        node["searchRequest"] and node["searchRequest"]["outcome"]["clicks"] for node in data["interactions"]["nodes"]
    ]
    assert clicks == [0, 2, 2, 2, 2, 2, 0, 0, None, 0]
    assert len(sent) == 2


async def test_searches_of_one_time_are_in_the_order_of_their_ids_in_every_namespace(mongod: EmbeddedServer) -> None:
    recorded = [interaction(number, "view", f"r{number}", "s1", 0, user_id=f"u{number}") for number in range(9)]
    of_one_search = [interaction(number, "view", "r9", "s2", 0, user_id=f"u{number}") for number in range(10, 19)]
    async with new_gateway(mongod.uri) as gateway:
        for namespace in (gateway.namespace, gateway.other_namespace):
            await gateway.writer.record(namespace, [*recorded, *of_one_search], NOON)
            await derive_outcomes(gateway.database, namespace)
            outcomes = await gateway.database["search_outcomes"].find({"namespace_id": namespace.id}).to_list()
            following = {outcome["search_request_id"]: outcome.get("next_id") for outcome in outcomes}
            assert following == {**{f"r{number}": f"r{number + 1}" for number in range(8)}, "r8": None, "r9": None}
            [user] = [outcome["user_id"] for outcome in outcomes if outcome["search_request_id"] == "r9"]
            assert user == "u10"


async def test_what_became_of_a_page_is_found_by_as_many_keys_as_it_answers(shop: Gateway) -> None:
    _, sent = await asked(shop, "{ searchRequests { nodes { outcome { clicked } } } }")
    [command] = [command for command in sent if command["find"] == "search_outcomes"]
    explained = await shop.database.command({"explain": command, "verbosity": "executionStats"})
    assert explained["executionStats"]["totalKeysExamined"] <= 2 * (5 + 10)
    assert explained["executionStats"]["totalDocsExamined"] == 4


async def searched(gateway: Gateway, where: Any, **arguments: Any) -> list[str]:
    query = """query ($where: SearchRequestWhere, $first: Int, $last: Int, $after: String, $before: String) {
      searchRequests(where: $where, first: $first, last: $last, after: $after, before: $before,
                     orderBy: { direction: ASC }) { nodes { searchRequestId } totalCount } }"""
    data = await gateway.data(query, {"where": where, **arguments})
    ids = [node["searchRequestId"] for node in data["searchRequests"]["nodes"]]
    if not arguments:
        assert data["searchRequests"]["totalCount"] == len(ids)
    return ids


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"outcome": {"clicked": True}}, ["r2"]),
        ({"outcome": {"clicked": False}}, ["r1", "r3", "r4", "r5"]),
        ({"outcome": {"converted": True, "clicked": True}}, ["r2"]),
        ({"outcome": {"noResults": True}}, ["r4"]),
        ({"outcome": {"abandoned": True}}, ["r3"]),
        ({"outcome": {"reformulated": True}}, ["r1"]),
        ({"outcome": {}}, ["r1", "r2", "r3", "r4", "r5"]),
        ({"or": [{"outcome": {"abandoned": True}}, {"outcome": {"noResults": True}}]}, ["r3", "r4"]),
        ({"or": [{"outcome": {"clicked": True}}, {"searchRequestId": {"eq": "r4"}}]}, ["r2", "r4"]),
        ({"nor": [{"outcome": {"clicked": True}}, {"outcome": {"reformulated": True}}]}, ["r3", "r4", "r5"]),
        ({"and": [{"or": [{"nor": [{"outcome": {"clicked": False}}]}]}]}, ["r2"]),
        ({"outcome": {"clicked": False}, "sessionId": {"eq": "s1"}}, ["r1", "r3"]),
        ({"outcome": {"clicked": False}, "searchRequestId": {"in": ["r1", "r2"]}}, ["r1"]),
        ({"outcome": {"clicked": False}, "firstSeenAt": {"gte": "2024-05-01T12:10:00Z"}}, ["r3", "r4", "r5"]),
        ({"outcome": {"clicked": False}, "or": []}, []),
    ],
)
async def test_search_requests_are_filtered_by_what_became_of_them(
    shop: Gateway, where: Any, expected: list[str]
) -> None:
    assert await searched(shop, where) == expected


@pytest.mark.parametrize(
    ("where", "collection"),
    [
        ({"outcome": {"abandoned": True}, "text": {"startsWith": "l"}}, "search_outcomes"),
        (
            {"or": [{"outcome": {"clicked": True}}, {"outcome": {"noResults": True, "clicked": False}}]},
            "search_outcomes",
        ),
        # Of what has no outcome yet, too, or by what outcomes don't hold.
        ({"outcome": {"clicked": False}}, "search_requests"),
        ({"or": [{"outcome": {"clicked": True}}, {"resultCount": {"eq": 0}}]}, "search_requests"),
        ({"outcome": {"clicked": True}, "sessionId": {"eq": "s1"}}, "search_requests"),
    ],
)
async def test_what_needs_an_outcome_is_counted_by_outcomes_alone(shop: Gateway, where: Any, collection: str) -> None:
    query = (
        "query ($where: SearchRequestWhere) { searchRequests(where: $where, first: 100) { totalCount nodes { id } } }"
    )
    data, sent = await asked(shop, query, where=where)
    assert data["searchRequests"]["totalCount"] == len(data["searchRequests"]["nodes"])
    assert sorted(command["aggregate"] for command in sent) == sorted(["search_requests", collection])


async def test_such_listings_page_as_others_do(shop: Gateway) -> None:
    for where in ({"outcome": {"clicked": False}}, {"outcome": {"clicked": False}, "sessionId": {"in": ["s1", "s2"]}}):
        ids = await searched(shop, where)
        query = """query ($where: SearchRequestWhere) { searchRequests(where: $where, orderBy: { direction: ASC }) {
          edges { cursor } } }"""
        data = await shop.data(query, {"where": where})
        cursors = [edge["cursor"] for edge in data["searchRequests"]["edges"]]
        for number, cursor in enumerate(cursors):
            assert await searched(shop, where, first=2, after=cursor) == ids[number + 1 :][:2]
            assert await searched(shop, where, last=2, before=cursor) == ids[:number][-2:]
            assert await searched(shop, where, first=1, after=cursors[0], before=cursor) == ids[1:number][:1]


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        ({"clicked": True}, ["i2", "i3", "i4", "i5", "i6"]),
        # What names no search request has none that was clicked.
        ({"clicked": False}, ["i1", "i7", "i8", "i9", "i11"]),
        ({"noResults": True}, ["i8"]),
    ],
)
async def test_interactions_are_filtered_by_what_became_of_their_search(
    shop: Gateway, outcome: Any, expected: list[str]
) -> None:
    query = """query ($where: InteractionWhere) { interactions(where: $where, orderBy: { direction: ASC }) {
      nodes { interactionId json } totalCount } }"""
    data = await shop.data(query, {"where": {"searchRequest": {"outcome": outcome}}})
    nodes = data["interactions"]["nodes"]
    assert [node["interactionId"] for node in nodes] == expected
    assert data["interactions"]["totalCount"] == len(expected)
    assert not any("search_outcome" in node["json"] for node in nodes)


async def test_nested_connections_are_filtered_so_for_all_parents_at_once(shop: Gateway) -> None:
    data, sent = await asked(
        shop,
        """query ($where: SearchRequestWhere, $within: InteractionWhere) {
          session(sessionId: "s1") {
            searchRequests(where: $where) { nodes { searchRequestId } totalCount }
            interactions(where: $within) { nodes { interactionId } totalCount }
          } }""",
        where={"outcome": {"clicked": False}},
        within={"or": [{"searchRequest": {"outcome": {"abandoned": True}}}, {"interactionId": {"eq": "i2"}}]},
    )
    assert data["session"]["searchRequests"] == {
        "nodes": [{"searchRequestId": "r3"}, {"searchRequestId": "r1"}],
        "totalCount": 2,
    }
    assert data["session"]["interactions"]["nodes"] == [{"interactionId": "i7"}, {"interactionId": "i2"}]
    assert len(sent) == 5


async def refused(gateway: Gateway, query: str, **variables: Any) -> Any:
    answer = await gateway.execute(query, variables)
    [error] = answer["errors"]
    return error


@pytest.mark.parametrize(
    ("where", "path"),
    [
        ({"outcome": None}, ["where", "outcome"]),
        ({"or": [{"outcome": {"clicked": None}}]}, ["where", "or", "0", "outcome", "clicked"]),
    ],
)
async def test_an_explicit_null_is_an_error(shop: Gateway, where: Any, path: Sequence[str]) -> None:
    query = "query ($where: SearchRequestWhere) { searchRequests(where: $where) { totalCount } }"
    error = await refused(shop, query, where=where)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["path"] == path


async def test_subscriptions_refuse_to_filter_by_it(shop: Gateway) -> None:
    query = "subscription ($where: InteractionWhere) { interactionRecorded(where: $where) { id } }"
    where = {"or": [{"searchRequest": {"outcome": {"clicked": True}}}]}
    async with served(shop.app) as address, socket(address) as client:
        await client.init(shop.key)
        await client.subscribe("1", query, {"where": where})
        message = await client.hear()
    assert message["type"] == "error"
    [error] = message["payload"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["path"] == ["where", "or", "0", "searchRequest", "outcome", "clicked"]


async def test_what_takes_too_long_names_the_outcome(shop: Gateway, mongod: EmbeddedServer) -> None:
    namespace, _ = await shop.tenancy.create_namespace(shop.organization, "crowded")
    requests = shop.database["search_requests"]
    pattern = await requests.find_one({"namespace_id": shop.namespace.id})
    assert pattern is not None
    copies = [{**pattern, "_id": number, "namespace_id": namespace.id} for number in range(5_000)]
    await requests.insert_many(copies)
    settings = load(Settings, mongodb_uri=mongod.uri, mongodb_database=shop.database.name, read_time_limit_ms=1)
    app = create_app(settings)
    where = {"or": [{"outcome": {"clicked": True}}, {"outcome": {"noResults": True}}]}
    query = "query ($where: SearchRequestWhere) { searchRequests(where: $where) { nodes { id } } }"
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.example") as http,
    ):
        hurried = replace(shop, app=app, http=http)
        answer = await hurried.execute(query, {"where": where}, namespace=namespace.id)
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "QUERY_TOO_BROAD"
    assert "No index serves `outcome`:" in error["message"]


async def test_what_others_put_among_the_outcomes_is_nobodys(shop: Gateway) -> None:
    outcomes = shop.database[SEARCH_OUTCOMES]
    odd = [
        {"_id": f"odd {number}", "namespace_id": shop.namespace.id, "search_request_id": ids, "first_seen_at": NOON}
        for number, ids in enumerate((["r1", "x"], [["r1"]], {"r1": 1}, None))
    ]
    query = "{ searchRequests(first: 5) { nodes { searchRequestId outcome { clicked } } } viewer { keyName } }"
    expected = await shop.data(query)
    await outcomes.insert_many(odd)
    try:
        assert await shop.data(query) == expected
    finally:
        await outcomes.delete_many({"_id": {"$in": [document["_id"] for document in odd]}})
