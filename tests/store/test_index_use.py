"""The tables of docs/indexes.md, row by row, against a crowded database."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.documents import derived_fields
from gateway.model.indexes import INDEXES
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST, Kind, Order, position_order, time_order
from gateway.plan.cursors import encode_cursor
from gateway.store.client import Database, close, open_client
from tests.harness.command_log import Command, commands
from tests.harness.crowd import BUSY, START, fill
from tests.harness.gateway_client import Gateway, open_gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

DOCUMENT = (Path(__file__).parents[2] / "docs" / "indexes.md").read_text()
KINDS = {"interactions": INTERACTION, "searchRequests": SEARCH_REQUEST}
ORDER = {"interactions": "InteractionOrder", "searchRequests": "SearchRequestOrder"}
LOOKED_UP = {
    "interactionId": [f"i{number}" for number in range(1, 2000, 20)],
    "featureId": [f"p{number}" for number in (1, *range(0, 198, 2))],
    "sessionId": [f"s{number}" for number in (1, *range(0, 198, 2))],
    "userId": [f"u{number}" for number in (1, *range(0, 198, 2))],
    "searchRequestId": [f"r{number}" for number in range(1, 200, 2)],
    "interactionType": ["VIEW", "CLICK", "PURCHASE"],
    "collections": ["shop", "sale", "books", "c2", "none"],
    "text": ["Running  shoes", *(f"query {number}" for number in range(0, 198, 2))],
    "value": ["running shoes", *(f"query {number}" for number in range(0, 198, 2))],
}


def rows(table: int) -> list[list[str]]:
    """The cells of one of the page's tables."""
    tables = [block for block in DOCUMENT.split("\n\n") if block.startswith("|")]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in tables[table].splitlines()[2:]]


def listings(table: int) -> list[Any]:
    return [
        pytest.param(root, where, operator, index, id=f"{root}-{where}-{operator}")
        for root, where, operators, index in rows(table)
        for operator in operators.replace("`", "").split(", ")
    ]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crowded(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    client = open_client(mongod.uri)
    database = client["test_indexes"]
    async with open_gateway(database, mongod.uri) as gateway:
        sibling, _ = await gateway.tenancy.create_namespace(gateway.organization, "sibling")
        await fill(database, gateway.namespace, interactions=24_000, search_requests=8_000)
        await fill(database, gateway.other_namespace, interactions=6_000, search_requests=2_000)
        await fill(database, sibling, interactions=2_000, search_requests=0)
        yield gateway
    await client.drop_database(database.name)
    await close(client)


async def test_of_several_ids_the_latest_document_of_each_is_all_that_is_looked_at(crowded: Gateway) -> None:
    with commands() as sent:
        await crowded.data('{ interactionsByIds(interactionIds: ["i1", "i2", "i3"]) { position } }')
    [command] = [one for one in sent if one.get("aggregate") == "interactions"]
    asked = {name: command[name] for name in ("aggregate", "pipeline", "hint", "cursor")}
    explained = await crowded.database.command({"explain": asked, "verbosity": "queryPlanner"})
    assert "DISTINCT_SCAN" in str(explained)


def filters(where: str, operator: str) -> tuple[dict[str, Any], int]:
    """The `where` of a row, and how many values it looks up where they are several."""
    if where == "–":
        return {}, 0
    steps = where.split(".")
    match operator:
        case "key" | "key value":
            inner: Any = dict(zip(operator.split(), ("brand", "Nike"), strict=False))
            count = 0
        case "eq ignoring case":
            inner = {"eq": LOOKED_UP[steps[-1]][0].upper(), "caseSensitive": False}
            count = 0
        case "in ignoring case":
            # A filter compares with 1,000 characters ignoring case.
            inner = {"in": LOOKED_UP[steps[-1]][:50], "caseSensitive": False}
            count = 50
        case "startsWith":
            inner = {operator: "Run"}
            count = 0
        case "in" | "hasAny":
            inner = {operator: LOOKED_UP[steps[-1]]}
            count = len(LOOKED_UP[steps[-1]])
        case _:
            inner = {operator: LOOKED_UP[steps[-1]][0]}
            count = 0
    for step in reversed(steps):
        inner = {step: inner}
    return inner, count


async def middle(gateway: Gateway, kind: Kind, order: Order, value: Any, condition: Mapping[str, Any]) -> str:
    """The cursor of a document amid those that have ``value`` in this order and match the listing."""
    scoped = {"$and": [condition, {order.path: value}]}
    collection = gateway.database[kind.collection]
    tied = await collection.find(scoped, {"_id": 1}).sort("_id", 1).to_list(None)
    # None tied: a place among the others all the same.
    tie = tied[len(tied) // 2]["_id"] if tied else (await collection.find_one(condition, {"_id": 1}) or {})["_id"]
    return encode_cursor(order, value, tie)


def stages(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for inner in [plan["inputStage"]] if "inputStage" in plan else plan.get("inputStages", []):
        yield from stages(inner)


async def explained(database: Database, command: Command) -> tuple[int, int, set[str], bool]:
    """Rows, keys examined, indexes walked and whether there was a sort, of a find command as it was sent."""
    explain = {"explain": command, "verbosity": "executionStats"}
    answer = await database.command(explain, codec_options=database.codec_options)
    statistics = answer["executionStats"]
    plan = list(stages(statistics["executionStages"]))
    names = {stage["indexName"] for stage in plan if stage["stage"] == "IXSCAN"}
    sorts = any(stage["stage"] in ("SORT", "SORT_DEFAULT", "SORT_SIMPLE", "COLLSCAN") for stage in plan)
    return statistics["nReturned"], statistics["totalKeysExamined"], names, sorts


async def sent(gateway: Gateway, root: str, variables: Mapping[str, Any]) -> tuple[int, list[Command]]:
    """How many rows a listing answers, and the commands that it sends."""
    query = (
        f"query($where: {KINDS[root].type_name}Where, $orderBy: {ORDER[root]}, $first: Int, $last: Int, "
        "$after: String, $before: String) { listed: "
        f"{root}(where: $where, orderBy: $orderBy, first: $first, last: $last, after: $after, before: $before)"
        " { nodes { id json } } }"
    )
    with commands() as log:
        data = await gateway.data(query, variables)
    return len(data["listed"]["nodes"]), log


async def assert_exact(gateway: Gateway, root: str, variables: Mapping[str, Any], index: str, values: int) -> None:
    answered, log = await sent(gateway, root, variables)
    plans = [await explained(gateway.database, command) for command in log]
    context = f"{variables} {plans}"
    assert log, context
    assert {name for _, _, names, _ in plans for name in names} <= {index}, context
    assert not any(sorts for *_, sorts in plans), context
    assert sum(keys for _, keys, *_ in plans) <= 2 * (answered + 10) + values, context


def windows(cursors: Sequence[str]) -> Iterator[dict[str, Any]]:
    yield {"first": 10}
    yield {"last": 100}
    for cursor in cursors:
        yield {"first": 10, "after": cursor}
        yield {"last": 10, "before": cursor}
    yield {"first": 10, "after": cursors[0], "before": cursors[-1]}


@pytest.mark.parametrize(("root", "where", "operator", "index"), listings(0))
async def test_an_exact_listing_examines_what_it_answers(
    crowded: Gateway, root: str, where: str, operator: str, index: str
) -> None:
    kind = KINDS[root]
    condition, values = filters(where, operator)
    time_name = "occurredAt" if kind is INTERACTION else "firstSeenAt"
    ranges = [{}, {time_name: {"gte": START.isoformat(), "lt": (START + timedelta(seconds=20_000)).isoformat()}}]
    _, [command, *_] = await sent(crowded, root, {"where": condition, "first": 1})
    for direction in ("DESC", "ASC"):
        order = time_order(kind, descending=direction == "DESC")
        places = [
            await middle(crowded, kind, order, at, command["filter"]) for at in (BUSY, START + timedelta(seconds=2002))
        ]
        for times in ranges:
            for window in windows(places):
                variables = {"where": {**condition, **times}, "orderBy": {"direction": direction}, **window}
                await assert_exact(crowded, root, variables, index, values)


@pytest.mark.parametrize(("root", "where", "operator", "index"), listings(1))
async def test_a_listing_by_position_examines_what_it_answers(
    crowded: Gateway, root: str, where: str, operator: str, index: str
) -> None:
    condition, values = filters(where, operator)
    _, [command, *_] = await sent(crowded, root, {"where": condition, "first": 1})
    for direction in ("DESC", "ASC"):
        order = position_order(descending=direction == "DESC")
        places = [await middle(crowded, INTERACTION, order, value, command["filter"]) for value in (None, 3, 19)]
        for window in windows(places):
            variables = {"where": condition, "orderBy": {"field": "POSITION", "direction": direction}, **window}
            await assert_exact(crowded, root, variables, index, values)


async def test_the_page_tells_of_every_index() -> None:
    documented = {(KINDS[root].collection, index) for table in (0, 1) for root, _, _, index in rows(table)}
    nested = {
        ("search_requests" if connection.endswith("searchRequests") else "interactions", index)
        for connection, *by in rows(2)
        for index in by
        if index != "–"
    }
    assert documented | nested == {(index.kind.collection, index.name) for index in INDEXES}


async def test_a_page_in_the_depth_is_as_cheap_as_the_first(crowded: Gateway) -> None:
    page = "{ interactions(first: 5, after: %s) { pageInfo { endCursor } } }"
    keys, cursor = [], "null"
    for _ in range(40):
        with commands() as log:
            data = await crowded.data(page.replace("5", "100") % cursor)
        cursor = f'"{data["interactions"]["pageInfo"]["endCursor"]}"'
        [command] = log
        keys.append((await explained(crowded.database, command))[1])
    assert max(keys) <= keys[0] + 2


async def test_what_counts_and_walks_is_counted_only_when_selected(crowded: Gateway) -> None:
    where = '(where: {featureId: {eq: "p1"}})'
    with commands() as log:
        await crowded.data(f"{{ interactions{where} {{ nodes {{ id }} pageInfo {{ hasNextPage }} }} }}")
    assert [next(iter(command)) for command in log] == ["find"]
    with commands() as log:
        data = await crowded.data(f"{{ interactions{where} {{ totalCount(upTo: 100) }} }}")
    assert data == {"interactions": {"totalCount": 100}}
    assert "aggregate" in [next(iter(command)) for command in log]


EVERYWHERE = {
    "namespace_id": "ns_peer",
    "interaction_id": ["i1", "i2"],
    "feature_id": ["p1", "p2"],
    "user_id": ["u1", "u2"],
    "session_id": ["s1", "s2"],
    "interaction_type": ["view", "click"],
    "occurred_at": START,
    "search_request": {
        "collections": ["shop", "sale"],
        "session_id": ["s1", "s2"],
        "queries": [{"filters": {"AND": [{"key": "a", "value": 1}, {"key": "b", "value": [1, 2]}]}}],
        "filters": {"AND": [{"key": "a", "value": 1}, {"key": "b", "value": 2}]},
    },
}


async def test_a_document_with_arrays_at_every_path_of_a_client_can_be_inserted(crowded: Gateway) -> None:
    document = {**EVERYWHERE, **derived_fields(EVERYWHERE)}
    assert len(document["condition_tokens"]) > 1
    for collection in ("interactions", "search_requests"):
        await crowded.database[collection].insert_one({**document, "search_request_id": "r1", "first_seen_at": START})
    async for index in await crowded.database["interactions"].list_indexes():
        paths = [path for path in index["key"] if path not in ("_id", "namespace_id", "occurred_at", "position")]
        assert len(paths) <= 1, index
    await crowded.database["interactions"].delete_one({"namespace_id": "ns_peer"})
    await crowded.database["search_requests"].delete_one({"namespace_id": "ns_peer"})
