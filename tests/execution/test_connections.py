"""Connections as clients walk them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from bson import ObjectId

from gateway.app.application import create_app
from gateway.context import Namespace, Reach
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.limits import DEFAULTS
from gateway.model.document_ids import document_id
from gateway.model.indexes import INDEXES
from gateway.model.kinds import INTERACTION, time_order
from gateway.model.wire import validate_interaction
from gateway.plan.commands import Find, Scan
from gateway.plan.cursors import encode_cursor
from gateway.plan.predicate import Lookup
from gateway.plan.usage import Usage
from gateway.plan.write_commands import Recorded
from gateway.settings import Settings, load
from gateway.store.client import Client, Document, close, open_client
from gateway.store.index_creation import create_indexes
from gateway.store.reader import Reader
from gateway.store.writer import Writer
from tests.harness.command_log import Command, commands
from tests.harness.crowd import BUSY, START, fill, interaction, time_of
from tests.harness.gateway_client import Gateway, open_gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

INTERACTIONS = """query($where: InteractionWhere, $orderBy: InteractionOrder, $first: Int, $last: Int, $after: String,
$before: String) {
  listed: interactions(where: $where, orderBy: $orderBy, first: $first, last: $last, after: $after, before: $before)
  { edges { cursor node { id: interactionId } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }
}"""
SEARCH_REQUESTS = INTERACTIONS.replace("interactionId", "searchRequestId").replace("interactions(", "searchRequests(")
SEARCH_REQUESTS = SEARCH_REQUESTS.replace("Interaction", "SearchRequest")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(mongod: EmbeddedServer) -> AsyncIterator[Client]:
    # Building the indexes of a hundred thousand documents may take its time.
    client = open_client(mongod.uri, socket_timeout_ms=300_000)
    yield client
    await client.drop_database("test_connections")
    await close(client)


def peers(namespace_id: str) -> list[Document]:
    """Documents of other writers, in and beside the busy millisecond: ids, times and positions of other types."""
    common = {"namespace_id": namespace_id, "interaction_type": "view", "feature_id": "p1"}
    return [
        {**common, "_id": ObjectId(), "interaction_id": "peer1", "occurred_at": BUSY, "position": 3},
        {**common, "_id": "peer2", "interaction_id": "peer2", "occurred_at": BUSY, "position": None},
        {**common, "_id": 3, "interaction_id": "peer3", "occurred_at": BUSY, "position": "3"},
        {**common, "_id": UUID(int=4), "interaction_id": "peer4", "position": 2.5},
        {**common, "_id": UUID(int=5), "interaction_id": "peer5", "occurred_at": None, "position": float("inf")},
        {**common, "_id": ObjectId(), "interaction_id": "peer6", "position": "30"},
    ]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crowd(client: Client, mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    database = client["test_connections"]
    async with open_gateway(database, mongod.uri) as gateway:
        await fill(database, gateway.namespace, interactions=3_000, search_requests=1_200)
        await fill(database, gateway.other_namespace, interactions=300, search_requests=300)
        await database["interactions"].insert_many(peers(gateway.namespace.id))
        yield gateway


# As MongoDB sorts: null and missing, numbers, strings, binary, object ids, dates.
_RANKS = {type(None): 0, int: 1, float: 1, str: 2, UUID: 3, ObjectId: 4}


def rank(value: Any) -> tuple[int, Any]:
    rank = _RANKS.get(type(value), 5)
    return rank, 0 if value is None else value.bytes if isinstance(value, UUID) else value


async def expected(gateway: Gateway, collection: str, path: str, id_path: str, match: Mapping[str, Any]) -> list[str]:
    """The ids that match, in ascending order by ``path`` and `_id`, found without any of the gateway's code."""
    documents = await gateway.database[collection].find({**match, "namespace_id": gateway.namespace.id}).to_list(None)
    documents.sort(key=lambda document: (rank(document.get(path)), rank(document["_id"])))
    return [document[id_path] for document in documents]


Between = Callable[[], Awaitable[None]]


async def nothing() -> None: ...


async def walk(
    gateway: Gateway,
    query: str,
    variables: Mapping[str, Any],
    *,
    back: bool = False,
    size: int = 100,
    do: Between = nothing,
) -> list[str]:
    """The ids on all pages, in the order of the connection; ``do`` is done between pages."""
    size_name, cursor_name, end, more = (
        ("last", "before", "startCursor", "hasPreviousPage") if back else ("first", "after", "endCursor", "hasNextPage")
    )
    walked: list[str] = []
    window: dict[str, Any] = {size_name: size}
    while True:
        listed = (await gateway.data(query, {**variables, **window}))["listed"]
        ids = [edge["node"]["id"] for edge in listed["edges"]]
        walked = ids + walked if back else walked + ids
        info = listed["pageInfo"]
        assert info["hasPreviousPage" if not back else "hasNextPage"] is (cursor_name in window)
        if not info[more]:
            return walked
        assert len(ids) == size
        window[cursor_name] = info[end]
        await do()


WALKS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, {}, "occurred_at"),
    ({"featureId": {"eq": "p1"}}, {"feature_id": "p1"}, "occurred_at"),
    ({"sessionId": {"eq": "s1"}}, {"effective_session_id": "s1"}, "occurred_at"),
    ({"featureId": {"in": ["p1", "p2", "p4"]}}, {"feature_id": {"$in": ["p1", "p2", "p4"]}}, "occurred_at"),
    (
        {"interactionType": {"in": ["VIEW", "CLICK"]}},
        {"interaction_type": {"$in": ["view", "click"]}},
        "occurred_at",
    ),
    (
        {"searchRequest": {"collections": {"hasAny": ["shop", "sale", "c2"]}}},
        {"search_request.collections": {"$in": ["shop", "sale", "c2"]}},
        "occurred_at",
    ),
    (
        {
            "userId": {"eq": "u1"},
            "occurredAt": {"gt": (START + timedelta(seconds=100)).isoformat(), "lte": BUSY.isoformat()},
            "metadata": [{"path": "device", "value": "ios"}],
        },
        {"user_id": "u1", "occurred_at": {"$gt": START + timedelta(seconds=100), "$lte": BUSY}},
        "occurred_at",
    ),
    ({"featureId": {"eq": "p1"}}, {"feature_id": "p1"}, "position"),
    ({"sessionId": {"eq": "s1"}}, {"effective_session_id": "s1"}, "position"),
    (
        {"featureId": {"eq": "p1"}, "interactionType": {"eq": "VIEW"}},
        {"feature_id": "p1", "interaction_type": "view"},
        "position",
    ),
]


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize(("where", "found", "path"), WALKS, ids=[f"{where}-{path}" for where, _, path in WALKS])
async def test_a_walk_finds_each_once_and_the_same_both_ways(
    crowd: Gateway, where: dict[str, Any], found: dict[str, Any], path: str, direction: str
) -> None:
    ids = await expected(crowd, "interactions", path, "interaction_id", found)
    assert len(ids) > 200
    if direction == "DESC":
        ids.reverse()
    variables = {"where": where, "orderBy": {"field": path.upper(), "direction": direction}}
    assert await walk(crowd, INTERACTIONS, variables) == ids
    assert await walk(crowd, INTERACTIONS, variables, back=True, size=73) == ids


async def test_the_walk_by_position_crosses_more_than_a_page_of_nulls(crowd: Gateway) -> None:
    collection = crowd.database["interactions"]
    scoped = {"namespace_id": crowd.namespace.id, "feature_id": "p1"}
    assert await collection.count_documents({**scoped, "position": {"$type": "null"}}) > 200
    assert await collection.count_documents({**scoped, "position": {"$exists": False}}) > 100


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({}, {}),
        ({"sessionId": {"eq": "s1"}}, {"search_request.session_id": "s1"}),
        ({"collections": {"hasAny": ["shop", "c2"]}}, {"search_request.collections": {"$in": ["shop", "c2"]}}),
        (
            {"filters": {"key": "brand", "value": "Nike"}},
            {"search_request.filters.AND": {"key": "brand", "value": "Nike"}},
        ),
    ],
)
async def test_search_requests_are_walked_alike(
    crowd: Gateway, where: dict[str, Any], found: dict[str, Any], direction: str
) -> None:
    ids = await expected(crowd, "search_requests", "first_seen_at", "search_request_id", found)
    assert len(ids) > 200
    if direction == "DESC":
        ids.reverse()
    variables = {"where": where, "orderBy": {"direction": direction}}
    assert await walk(crowd, SEARCH_REQUESTS, variables) == ids
    assert await walk(crowd, SEARCH_REQUESTS, variables, back=True, size=73) == ids


@pytest.mark.parametrize(("first", "last"), [(7, 3), (3, 7), (None, 5), (5, None), (0, 2), (2, 0)])
async def test_between_two_cursors(crowd: Gateway, first: int | None, last: int | None) -> None:
    for field, where in (("OCCURRED_AT", {}), ("POSITION", {"featureId": {"eq": "p1"}})):
        order = {"where": where, "orderBy": {"field": field}}
        whole = [
            edge
            for page in range(3)
            for edge in (await crowd.data(INTERACTIONS, {**order, "first": 100}))["listed"]["edges"][page * 20 :][:20]
        ]
        for start, stop in ((0, 59), (10, 13), (10, 11), (20, 10)):
            between = whole[start + 1 : stop] if first is None else whole[start + 1 : stop][:first]
            window = {"first": first, "last": last, "after": whole[start]["cursor"], "before": whole[stop]["cursor"]}
            listed = (await crowd.data(INTERACTIONS, {**order, **window}))["listed"]
            assert listed["edges"] == (between if last is None else between[max(0, len(between) - last) :])


@pytest.mark.slow
async def test_elements_present_throughout_are_found_once_while_others_are_inserted(
    client: Client, mongod: EmbeddedServer
) -> None:
    database = client["test_connections_inserting"]
    async with open_gateway(database, mongod.uri) as gateway:
        collection = database["interactions"]
        await fill(database, gateway.namespace, interactions=1_500, search_requests=0)
        before = await expected(gateway, "interactions", "occurred_at", "interaction_id", {})
        numbers = iter(range(1_500, 100_000))
        for back in (False, True):
            for where in ({}, {"featureId": {"in": ["p1", "p2"]}}, {"featureId": {"eq": "p1"}}):
                field = "POSITION" if where == {"featureId": {"eq": "p1"}} else "OCCURRED_AT"

                async def insert() -> None:
                    # In front, in the busy millisecond and behind.
                    new = [interaction(gateway.namespace, next(numbers)) for _ in range(8)]
                    for number, document in enumerate(new):
                        if number % 4 == 0:
                            document["occurred_at"] = START + timedelta(seconds=number * 150)
                    await collection.insert_many(new)

                variables = {"where": where, "orderBy": {"field": field}}
                times_met = Counter(await walk(gateway, INTERACTIONS, variables, back=back, size=50, do=insert))
                assert set(times_met.values()) == {1}
                features = where.get("featureId", {})
                wanted = features.get("in", [features["eq"]] if "eq" in features else None)
                documents = await collection.find({"interaction_id": {"$in": before}}).to_list(None)
                present = {
                    document["interaction_id"]
                    for document in documents
                    if wanted is None or document["feature_id"] in wanted
                }
                assert present <= times_met.keys()
                assert not wanted or {
                    document["feature_id"] for document in documents if document["interaction_id"] in present
                } == set(wanted)
    await client.drop_database(database.name)


async def test_a_cursor_outlives_its_element(crowd: Gateway) -> None:
    document = interaction(crowd.namespace, 5_001)
    document["occurred_at"] = BUSY
    await crowd.database["interactions"].insert_one(document)
    cursor = encode_cursor(time_order(INTERACTION, descending=True), BUSY, document["_id"])
    with_element = [
        await crowd.data(INTERACTIONS, window) for window in ({"after": cursor}, {"before": cursor, "last": 5})
    ]
    mutation = 'mutation { deleteInteraction(input: {interactionId: "i5001"}) { deletedId } }'
    assert (await crowd.data(mutation))["deleteInteraction"]["deletedId"]
    without = [await crowd.data(INTERACTIONS, window) for window in ({"after": cursor}, {"before": cursor, "last": 5})]
    assert without == with_element
    assert all(len(answer["listed"]["edges"]) >= 5 for answer in without)


async def test_a_cursor_of_another_order_is_refused(crowd: Gateway) -> None:
    cursor = (await crowd.data(INTERACTIONS, {"first": 1}))["listed"]["pageInfo"]["endCursor"]
    for variables in (
        {"orderBy": {"direction": "ASC"}},
        {"orderBy": {"field": "POSITION"}, "where": {"featureId": {"eq": "p1"}}},
    ):
        answer = await crowd.execute(INTERACTIONS, {"after": cursor, **variables})
        [error] = answer["errors"]
        assert error["extensions"] == {"code": "INVALID_CURSOR", "path": ["after"]}
    answer = await crowd.execute(SEARCH_REQUESTS, {"after": cursor})
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_CURSOR"


async def test_a_size_beyond_one_hundred_is_refused(crowd: Gateway) -> None:
    for name in ("first", "last"):
        for size in (-1, 101):
            [error] = (await crowd.execute(INTERACTIONS, {name: size}))["errors"]
            assert error["extensions"] == {"code": "BAD_USER_INPUT", "path": [name]}
            assert "100" in error["message"]


# ---------------------------------------------------------------- nested connections

NESTED = """query($ids: [ID!]!, $first: Int, $last: Int, $after: String, $before: String, $where: InteractionWhere,
$orderBy: InteractionOrder) {
  features(featureIds: $ids) {
    featureId
    interactions(first: $first, last: $last, after: $after, before: $before, where: $where, orderBy: $orderBy) {
      nodes { interactionId metadata } pageInfo { hasNextPage hasPreviousPage endCursor startCursor }
    }
  }
}"""
FEATURES = ["p1", "p2", "p4", "nobody", "p6", "p8"]


def with_one_more(pipeline: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The same for one more key that nothing has: MongoDB doesn't account for the last look-up of a pipeline."""
    stages = deepcopy([dict(stage) for stage in pipeline])
    for stage in stages:
        if "$documents" in stage:
            stage["$documents"].append({**stage["$documents"][-1], "key": "nobody at all"})
        if "$unionWith" in stage:
            stage["$unionWith"]["pipeline"] = with_one_more(stage["$unionWith"]["pipeline"])
    return stages


async def keys_examined(gateway: Gateway, command: Command) -> int:
    admin = gateway.database.client["admin"]

    async def scanned() -> int:
        status = await admin.command("serverStatus")
        keys: int = status["metrics"]["queryExecutor"]["scanned"]
        return keys

    async def examined() -> int:
        before = await scanned()
        cursor = await gateway.database.aggregate(with_one_more(command["pipeline"]))
        await cursor.to_list(None)
        return await scanned() - before

    # MongoDB counts what it does meanwhile for others, and for itself, as well.
    return min([await examined() for _ in range(3)])


async def assert_joined(gateway: Gateway, variables: Mapping[str, Any], *, factor: int = 2) -> list[dict[str, Any]]:
    """The features, each with what the same connection answers at the root, fetched in one cheap command."""
    with commands() as log:
        features: list[dict[str, Any]] = (await gateway.data(NESTED, variables))["features"]
    [command] = log
    size = variables.get("first") or variables["last"]
    for feature in features:
        where = {"and": [{"featureId": {"eq": feature["featureId"]}}, variables.get("where", {})]}
        alone = (await gateway.data(INTERACTIONS, {**variables, "where": where}))["listed"]
        assert [node["interactionId"] for node in feature["interactions"]["nodes"]] == [
            edge["node"]["id"] for edge in alone["edges"]
        ]
        assert feature["interactions"]["pageInfo"] == alone["pageInfo"]
    assert await keys_examined(gateway, command) <= len(features) * (size + 1) * factor
    return features


async def cursor_of(gateway: Gateway, order: Mapping[str, Any], number: int) -> str:
    """The cursor of the most active feature's element with this number."""
    where = {"featureId": {"eq": "p1"}}
    cursor: str | None = None
    while number > 0:
        step = min(number, 100)
        window = {"where": where, "orderBy": order, "first": step, "after": cursor}
        cursor = (await gateway.data(INTERACTIONS, window))["listed"]["pageInfo"]["endCursor"]
        number -= step
    assert cursor is not None
    return cursor


ORDERS = [
    {"field": field, "direction": direction} for field in ("OCCURRED_AT", "POSITION") for direction in ("ASC", "DESC")
]
LATE = START + timedelta(seconds=105_000)
NESTED_FILTERS: list[dict[str, Any]] = [
    {"occurredAt": {"gte": (START + timedelta(seconds=100)).isoformat(), "lt": LATE.isoformat()}},
    # Served by an index of its own, which would be the wrong one.
    {"interactionType": {"in": ["VIEW", "CLICK", "PURCHASE"]}},
    {"searchRequest": {"filters": {"key": "brand"}}},
]


async def assert_every_window(gateway: Gateway, order: dict[str, str]) -> None:
    variables: dict[str, Any] = {"ids": FEATURES, "orderBy": order}
    await assert_joined(gateway, {**variables, "first": 3})
    await assert_joined(gateway, {**variables, "last": 3})
    for number in (40, 700):
        cursor = await cursor_of(gateway, order, number)
        await assert_joined(gateway, {**variables, "first": 3, "after": cursor})
        await assert_joined(gateway, {**variables, "last": 3, "before": cursor})
    other = await cursor_of(gateway, order, 40)
    await assert_joined(gateway, {**variables, "first": 3, "after": other, "before": cursor}, factor=3)
    for where in NESTED_FILTERS:
        await assert_joined(gateway, {**variables, "first": 3, "where": where})
        await assert_joined(gateway, {**variables, "first": 3, "where": where, "after": cursor})


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "-".join(order.values()))
async def test_a_nested_connection_is_one_round_trip_for_all_parents(crowd: Gateway, order: dict[str, str]) -> None:
    await assert_every_window(crowd, order)


async def test_connections_nest_at_every_parent(crowd: Gateway) -> None:
    page = "(first: 3) { nodes { interactionId } totalCount(upTo: 5) }"
    query = f"""{{
      session(sessionId: "s1") {{
        interactions{page}
        searchRequests(first: 4) {{ nodes {{ searchRequestId interactions{page} }} }}
      }}
      searchRequests(first: 5) {{ nodes {{ searchRequestId interactions{page} }} }}
      interactions(first: 5) {{
        nodes {{ interactionId feature {{ interactions{page} }} searchRequest {{ interactions{page} }} }}
      }}
    }}"""
    with commands() as log:
        data = await crowd.data(query)
    # Per root one, and per nested connection one for its page and one for its totals.
    assert len(log) == 3 + 2 * 6 - 1
    for node in data["interactions"]["nodes"]:
        stored = await crowd.database["interactions"].find_one(
            {"interaction_id": node["interactionId"], "namespace_id": crowd.namespace.id}
        )
        assert stored is not None
        ids = await expected(
            crowd, "interactions", "occurred_at", "interaction_id", {"feature_id": stored["feature_id"]}
        )
        nested = node["feature"]["interactions"]
        assert [node["interactionId"] for node in nested["nodes"]] == ids[::-1][:3]
        assert nested["totalCount"] == min(5, len(ids))
    for node in data["session"]["searchRequests"]["nodes"] + data["searchRequests"]["nodes"]:
        condition = {"search_request_id": node["searchRequestId"]}
        ids = await expected(crowd, "interactions", "occurred_at", "interaction_id", condition)
        assert [node["interactionId"] for node in node["interactions"]["nodes"]] == ids[::-1][:3]
        assert node["interactions"]["totalCount"] == min(5, len(ids))


async def test_lists_and_nulls_are_joined_on_what_they_hold(client: Client, mongod: EmbeddedServer) -> None:
    database = client["test_connections_joins"]
    async with open_gateway(database, mongod.uri) as gateway:
        common = {"namespace_id": gateway.namespace.id, "interaction_type": "view", "occurred_at": START}
        await database["interactions"].insert_many(
            [
                {**common, "_id": "1", "interaction_id": "i1", "feature_id": ["p1", "p2"]},
                {**common, "_id": "2", "interaction_id": "i2", "feature_id": None},
                {**common, "_id": "3", "interaction_id": "i3"},
                {**common, "_id": "4", "interaction_id": "i4", "feature_id": "p1"},
            ]
        )
        features = (await gateway.data(NESTED, {"ids": ["p1", "p2", "null", ""], "first": 5}))["features"]
        assert [[node["interactionId"] for node in feature["interactions"]["nodes"]] for feature in features] == [
            ["i4", "i1"],
            ["i1"],
            [],
            [],
        ]
        answer = await gateway.execute(
            "{ interactions { nodes { id: interactionId feature { interactions { nodes { id } } } } } }"
        )
        assert answer["data"]["interactions"]["nodes"][0]["id"] == "i4"
        # An unreadable document spoils its own node, and is not unforeseen.
        assert [error["path"][:3] for error in answer["errors"]] == [["interactions", "nodes", n] for n in (1, 2, 3)]
        assert [error["extensions"] for error in answer["errors"]] == [{"code": "INTERNAL_SERVER_ERROR"}] * 3
    await client.drop_database(database.name)


# ---------------------------------------------------------------- totals


async def test_a_total_stops_at_its_bound(crowd: Gateway) -> None:
    all_of_p1 = await crowd.database["interactions"].count_documents(
        {"namespace_id": crowd.namespace.id, "feature_id": "p1"}
    )
    query = """{ interactions(first: 1, where: {featureId: {eq: "p1"}}) {
      totalCount one: totalCount(upTo: 1) ten: totalCount(upTo: 10) million: totalCount(upTo: 1000000)
    } }"""
    with commands() as log:
        data = await crowd.data(query)
    assert data["interactions"] == {"totalCount": all_of_p1, "one": 1, "ten": 10, "million": all_of_p1}
    # All aliases in one count.
    assert sorted(next(iter(command)) for command in log) == ["aggregate", "find"]


@pytest.mark.parametrize("up_to", [0, -1, 1_000_001])
async def test_a_bound_out_of_range_is_refused_and_the_page_stays(crowd: Gateway, up_to: int) -> None:
    total = f"totalCount(upTo: {up_to}) two: totalCount(upTo: 2)"
    query = (
        f'{{ features(featureIds: ["p1", "none"]) {{ interactions(first: 1) {{ nodes {{ featureId }} {total} }} }} }}'
    )
    for _ in range(2):
        answer = await crowd.execute(query)
        assert [error["path"] for error in answer["errors"]] == [
            ["features", index, "interactions", "totalCount"] for index in range(2)
        ]
        for error in answer["errors"]:
            assert error["extensions"] == {"code": "BAD_USER_INPUT", "path": ["upTo"]}
        assert [feature["interactions"] for feature in answer["data"]["features"]] == [
            {"nodes": [{"featureId": "p1"}], "totalCount": None, "two": 2},
            {"nodes": [], "totalCount": None, "two": 0},
        ]


async def test_what_is_not_counted_for_its_bound_is_not_asked_for(crowd: Gateway) -> None:
    with commands() as log:
        answer = await crowd.execute("{ interactions(first: 0) { totalCount(upTo: 0) } }")
    assert answer["data"] == {"interactions": {"totalCount": None}}
    assert [next(iter(command)) for command in log] == ["find"]


async def test_nothing_is_counted_that_is_not_selected(crowd: Gateway) -> None:
    query = """query($all: Boolean!) { features(featureIds: ["p1", "p2"]) { interactions(first: 1) {
      nodes { interactionId } totalCount(upTo: 7) @include(if: $all) } } }"""
    for counted in (False, True):
        with commands() as log:
            data = await crowd.data(query, {"all": counted})
        assert len(log) == 1 + counted
        assert [feature["interactions"].get("totalCount") for feature in data["features"]] == (
            [7, 6] if counted else [None, None]
        )


# ---------------------------------------------------------------- creating the indexes


@pytest.mark.slow
async def test_indexes_are_created_beside_reads_and_writes(client: Client, mongod: EmbeddedServer) -> None:
    database = client["test_connections_indexing"]
    namespace = Namespace("ns_populated", "populated", "org_1", START)
    await fill(database, namespace, interactions=20_000, search_requests=500)
    listing = Find(
        Scan(Reach(namespace), INTERACTION, Lookup("feature_id", ("p1",))),
        {"interaction_id": 1},
        (("occurred_at", -1), ("_id", -1)),
        5,
        "feature",
    )
    reader, writer = Reader(database, time_limit_ms=5_000), Writer(database)
    without = await reader.run(listing, Usage(DEFAULTS.usage))
    building = asyncio.create_task(create_indexes(database))
    during = 0
    while not building.done():
        recording = validate_interaction(
            {"interaction_id": f"new{during}", "feature_id": "p1", "interaction_type": "view"}
        )
        [recorded] = await writer.record(namespace, [recording], START - timedelta(days=1))
        assert isinstance(recorded, Recorded)
        assert await reader.run(listing, Usage(DEFAULTS.usage)) == without
        during += 1
    await building
    assert during > 3
    assert await reader.run(listing, Usage(DEFAULTS.usage)) == without
    there = {index["name"] async for index in await database["interactions"].list_indexes()}
    assert {index.name for index in INDEXES if index.kind is INTERACTION} < there
    await create_indexes(database)
    await client.drop_database(database.name)


# ---------------------------------------------------------------- a hundred thousand elements


def copied(gateway: Gateway, patterns: Sequence[Document], number: int) -> Document:
    """A document like the pattern's; all but one in twelve are of one feature."""
    document = {
        **patterns[number % len(patterns)],
        "_id": document_id(gateway.namespace.id, "interaction", f"i{number}"),
        "interaction_id": f"i{number}",
        "occurred_at": time_of(number),
    }
    return {**document, "feature_id": "p1"} if number % 12 else document


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def masses(client: Client, mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    database = client["test_connections_masses"]
    async with open_gateway(database, mongod.uri) as gateway:
        # A namespace of a single feature, where the index by time serves as well, and is then remembered.
        other = [interaction(gateway.other_namespace, number) for number in range(1, 400, 2)]
        await database["interactions"].insert_many(other)
        collection = database["interactions"]
        await collection.drop_indexes()
        patterns = [interaction(gateway.namespace, number) for number in range(1_000)]
        for start in range(0, 110_000, 5_000):
            await collection.insert_many([copied(gateway, patterns, start + number) for number in range(5_000)])
        await create_indexes(database)
        yield gateway
    await client.drop_database(database.name)


@pytest.mark.slow
@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "-".join(order.values()))
async def test_a_nested_connection_is_as_cheap_where_a_parent_has_a_hundred_thousand(
    masses: Gateway, order: dict[str, str]
) -> None:
    for _ in range(3):
        await masses.data(NESTED, {"ids": ["p1", "p1"], "first": 3, "orderBy": order}, key=masses.other_key)
    await assert_every_window(masses, order)


BROAD = {
    "metadata": [{"path": "device", "operator": "CONTAINS", "value": "nothing like this"}],
    "durationMs": {"gt": 5},
    "featureId": {"eq": "p1"},
}


@pytest.mark.slow
async def test_what_takes_too_long_is_an_error_and_never_a_part_of_a_page(
    masses: Gateway, mongod: EmbeddedServer
) -> None:
    async with hurried(masses, mongod, milliseconds=10) as execute:
        answer = await execute(INTERACTIONS, {"where": BROAD, "first": 1})
        [error] = answer["errors"]
        assert error["extensions"]["code"] == "QUERY_TOO_BROAD"
        assert "`durationMs`, `metadata.device`" in error["message"]
        assert "longer than 10 ms" in error["message"]
        assert "featureId" not in error["message"]
        assert answer["data"] is None
        answer = await execute(NESTED, {"ids": ["p1", "p2"], "where": {"durationMs": {"gt": 5}}, "first": 1})
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"QUERY_TOO_BROAD"}
        assert "`durationMs`" in answer["errors"][0]["message"]


# What a long text of one letter almost holds, again and again.
SOUGHT = "a" * 150 + "b"


@pytest_asyncio.fixture(loop_scope="module")
async def notes(client: Client, mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    """Thousands of long texts, which take seconds to search, between a few short ones, which take no time."""
    database = client["test_connections_notes"]
    async with open_gateway(database, mongod.uri) as gateway:
        # None in the busy millisecond.
        documents = [interaction(gateway.namespace, 4 * number + 3) for number in range(4_003)]
        for number, document in enumerate(documents):
            document["metadata"] = {"note": SOUGHT if number % 4_000 < 3 else "a" * 5_000}
        await database["interactions"].insert_many(documents)
        yield gateway
    await client.drop_database(database.name)


@pytest.mark.slow
async def test_a_total_that_takes_too_long_is_null_beside_its_page_and_an_error(
    notes: Gateway, mongod: EmbeddedServer
) -> None:
    # A page is found in a few milliseconds, a total in tens of seconds: any machine is between both.
    where = {"metadata": [{"path": "note", "operator": "CONTAINS", "value": SOUGHT}], "userId": {"eq": "u1"}}
    query = INTERACTIONS.replace("{ edges", "{ totalCount(upTo: 1000000) few: totalCount(upTo: 20) edges")

    def assert_too_broad(answer: dict[str, Any], *paths: list[Any]) -> None:
        assert [error["path"] for error in answer["errors"]] == list(paths)
        for error in answer["errors"]:
            assert error["extensions"] == {"code": "QUERY_TOO_BROAD"}
            assert "The total took longer than 1,000 ms. No index serves `" in error["message"]
            assert "`metadata.note`" in error["message"]

    async with hurried(notes, mongod, milliseconds=1_000) as execute:
        answer = await execute(query, {"where": where, "first": 1})
        listed = answer["data"]["listed"]
        assert (len(listed["edges"]), listed["totalCount"], listed["few"]) == (1, None, None)
        assert_too_broad(answer, ["listed", "totalCount"], ["listed", "few"])
        nested = NESTED.replace("{\n      nodes", "{ totalCount(upTo: 1000000)\n      nodes")
        answer = await execute(nested, {"ids": ["p1", "p1"], "where": where, "first": 1})
        features = answer["data"]["features"]
        assert [feature["interactions"]["totalCount"] for feature in features] == [None, None]
        assert len(features[0]["interactions"]["nodes"]) == 1
        first, second = (["features", index, "interactions", "totalCount"] for index in range(2))
        assert_too_broad(answer, first, second)


@asynccontextmanager
async def hurried(
    gateway: Gateway, mongod: EmbeddedServer, *, milliseconds: int
) -> AsyncIterator[Callable[..., Awaitable[dict[str, Any]]]]:
    """The same data behind a gateway that gives MongoDB so little time."""
    database = gateway.database.name
    limit = {"read_time_limit_ms": milliseconds}
    settings = load(Settings, mongodb_uri=mongod.uri, mongodb_database=database, insights=False, **limit)
    app = create_app(settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.example") as http,
    ):
        yield replace(gateway, app=app, http=http).execute
