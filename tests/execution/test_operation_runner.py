"""Golden operations: each document in tests/execution/operations beside the commands it sends and the response it gets.

NAME.json holds the variables, how the answer was made (tests/compiler/test_shaping.py), the commands, the cost and the
response. It may also hold what the key may do, by default everything (``permissions``); documents that others wrote,
in MongoDB's extended JSON, by collection (``stored``); whether outcomes are derived of all (``derived``); and, of a
subscription, whose ``response`` is a list of events, what is recorded for each (``recorded``), or which match of a
percolator is stored (``matched``). After a change that is
meant to change them, run with GATEWAY_TESTS_REWRITE=1 and read the difference.
"""

import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
import pytest_asyncio
from bson import json_util
from graphql import (
    DocumentNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    parse,
    visit,
)

from gateway.context import Namespace, Permission
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.derived_documents import ITEM_DAYS, SEARCH_OUTCOMES
from gateway.model.jobs import JOB, JOB_PROGRESS
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.model.percolators import PERCOLATOR, PERCOLATOR_MATCH
from gateway.model.wire import validate_interaction
from gateway.plan import global_ids
from gateway.store.client import Database, close, open_client
from gateway.store.tenancy import NAMESPACES, ORGANIZATIONS
from gateway.store.writer import Writer
from tests.harness.command_log import Command, as_json, commands
from tests.harness.default_graph import EXECUTABLE
from tests.harness.derived import derive_item_days, derive_outcomes
from tests.harness.gateway_client import Gateway, open_gateway
from tests.harness.live_client import served, stream

pytestmark = pytest.mark.asyncio(loop_scope="module")

FOLDER = Path(__file__).parent / "operations"
NAMES = sorted(path.stem for path in FOLDER.glob("*.graphql"))
REWRITE = "GATEWAY_TESTS_REWRITE"
NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


@asynccontextmanager
async def golden_gateway(mongodb_uri: str, **settings: Any) -> AsyncIterator[Gateway]:
    """A gateway whose organization and namespace have the ids that the golden files hold."""
    client = open_client(mongodb_uri)
    database = client[f"test_{uuid4().hex}"]
    organization_id, namespace_id = "org_000000000000000000000001", "ns_000000000000000000000001"
    await database[ORGANIZATIONS].insert_one({"_id": organization_id, "name": "Acme", "created_at": NOON})
    await database[NAMESPACES].insert_one(
        {"_id": namespace_id, "name": "shop", "organization_id": organization_id, "created_at": NOON}
    )
    async with open_gateway(database, mongodb_uri, **settings) as gateway:
        yield gateway
    await client.drop_database(database.name)
    await close(client)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with golden_gateway(mongod.uri, rate_limit_restore=25_000) as gateway:
        yield gateway


@pytest_asyncio.fixture(loop_scope="module")
async def gateway(shop: Gateway) -> Gateway:
    """The gateway with the data set as it was recorded, whatever an operation before has written."""
    await store_data_set(shop.database, shop.namespace, {})
    return shop


async def store_data_set(database: Database, namespace: Namespace, golden: Mapping[str, Any]) -> None:
    """Replaces all interactions and search requests by what was recorded, and what a golden file has besides."""
    kinds = (INTERACTION, SEARCH_REQUEST, PERCOLATOR, PERCOLATOR_MATCH, JOB, JOB_PROGRESS)
    for collection in (*(kind.collection for kind in kinds), SEARCH_OUTCOMES, ITEM_DAYS):
        await database[collection].delete_many({})
    lines = (FOLDER / "recorded.jsonl").read_bytes().splitlines()
    await Writer(database).record(namespace, [validate_interaction(orjson.loads(line)) for line in lines], NOON)
    for collection, documents in json_util.loads(json.dumps(golden.get("stored", {}))).items():
        await database[collection].insert_many(documents)
    if golden.get("derived"):
        await derive_outcomes(database, namespace)
        await derive_item_days(database, namespace)


def document(name: str) -> str:
    return (FOLDER / f"{name}.graphql").read_text()


def permitted(golden: Mapping[str, Any]) -> frozenset[Permission]:
    return frozenset(Permission[name] for name in golden.get("permissions", Permission.__members__))


def unordered(sent: list[Command]) -> list[Command]:
    """The commands as JSON; in an order of their own, as those of one level are sent at once."""
    return sorted(as_json(sent), key=lambda command: json.dumps(command, sort_keys=True))


def taken(response: dict[str, Any], golden: Mapping[str, Any]) -> Any:
    """What the operation might have cost, and did, taken out of its response; None where it was refused as a whole.

    One that examines documents which no index finds also pays for the time: its golden file has the ``least``.
    """
    if "data" not in response:
        assert "extensions" not in response
        return None
    cost = response.pop("extensions")["cost"]
    assert cost["restoreRate"] == 25_000
    assert cost["remaining"] <= 250_000 - cost["actual"]
    if "least" in (golden.get("cost") or {}):
        return {"requested": cost["requested"], "least": min(cost["actual"], golden["cost"]["least"])}
    return {"requested": cost["requested"], "actual": cost["actual"]}


def timeless(response: Any) -> Any:
    """The response without what is another each time: what a key has left, and when it has all; places of today."""
    match response:
        case dict():
            volatile = {"remaining", "resetAt", "cursorOfToday"} & response.keys()
            return {key: key if key in volatile else timeless(value) for key, value in response.items()}
        case list():
            return [timeless(item) for item in response]
    return response


@pytest.mark.parametrize("name", NAMES)
async def test_an_operation_sends_these_commands_and_gets_this_response(name: str, gateway: Gateway) -> None:
    path = FOLDER / f"{name}.json"
    golden = json.loads(path.read_bytes())
    await store_data_set(gateway.database, gateway.namespace, golden)
    if golden.keys() & {"recorded", "matched", "progressed"}:
        actual = await subscribed(gateway, document(name), golden)
    else:
        actual = await answered(gateway, document(name), golden)
    actual = {**golden, **actual}
    if os.environ.get(REWRITE):
        assert "CI" not in os.environ, "golden files are rewritten by people, who read what has changed"
        path.write_text(json.dumps(actual, indent=2, ensure_ascii=False) + "\n")
    else:
        assert actual == golden


async def answered(gateway: Gateway, query: str, golden: Mapping[str, Any]) -> dict[str, Any]:
    key = await gateway.make_key(*permitted(golden)) if "permissions" in golden else gateway.key
    with commands() as sent:
        response = await gateway.execute(query, golden["variables"], key=key)
    return {"commands": unordered(sent), "cost": taken(response, golden), "response": timeless(response)}


async def subscribed(gateway: Gateway, query: str, golden: Mapping[str, Any]) -> dict[str, Any]:
    events: list[Any] = []
    async with served(gateway.app) as address:
        with commands() as sent:
            async with stream(address, gateway.key, query, golden["variables"]) as subscription:
                for write in inserts(gateway, golden):
                    await write()
                    event = await subscription.event()
                    assert event is not None
                    events.append(event[1])
    # A subscription writes nothing: that is what was recorded.
    reads = [command for command in sent if "insert" not in command]
    return {"commands": unordered(reads), "cost": None, "response": events}


def inserts(gateway: Gateway, golden: Mapping[str, Any]) -> Iterator[Callable[[], Awaitable[Any]]]:
    """What inserts each of the documents that a subscription is told of."""
    for wire in golden.get("recorded", ()):
        yield partial(gateway.writer.record, gateway.namespace, [validate_interaction(wire)], NOON)
    for progress in json_util.loads(json.dumps(golden.get("progressed", []))):
        yield partial(gateway.database[JOB_PROGRESS.collection].insert_one, progress)
    for match in json_util.loads(json.dumps(golden.get("matched", []))):
        yield partial(gateway.database[PERCOLATOR_MATCH.collection].insert_one, match)


async def test_the_same_operation_sends_the_same_commands_when_its_plan_is_known(gateway: Gateway) -> None:
    name = "search_requests_nodes"
    await gateway.execute(document(name))
    golden = json.loads((FOLDER / f"{name}.json").read_bytes())
    again = await answered(gateway, document(name), golden)
    assert {**golden, **again} == golden


class _Selected(Visitor):
    """The coordinates of the fields that documents select, and how their fragments are conditioned."""

    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self._info = info
        self.fields: set[str] = set()
        self.conditions: set[str] = set()
        self.directives: set[str] = set()
        self.aliases = 0

    def enter_field(self, node: Any, *_: Any) -> None:
        self.fields.add(f"{self._info.get_parent_type()}.{node.name.value}")
        self.aliases += node.alias is not None

    def enter_inline_fragment(self, node: Any, *_: Any) -> None:
        if node.type_condition:
            self.conditions.add(node.type_condition.name.value)

    def enter_directive(self, node: Any, *_: Any) -> None:
        self.directives.add(node.name.value)


def selected() -> _Selected:
    info = TypeInfo(EXECUTABLE)
    visitor = _Selected(info)
    for name in NAMES:
        parsed: DocumentNode = parse(document(name))
        visit(parsed, TypeInfoVisitor(info, visitor))
    return visitor


def coordinates() -> Iterator[str]:
    for type_ in EXECUTABLE.type_map.values():
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
            yield from (f"{type_.name}.{name}" for name in type_.fields)


async def test_together_the_operations_select_every_field_of_every_type() -> None:
    # An interface's field may be selected on the interface itself.
    fields = selected().fields
    missing = {
        coordinate
        for coordinate in coordinates()
        if coordinate not in fields and not (coordinate.endswith(".id") and "Node.id" in fields)
    }
    # The definition would stand in two golden files: tests/schema/test_federation.py has it. Keys and who asks are
    # others in each run: tests/execution/test_key_administration.py.
    of_callers = {*(f"Viewer.{name}" for name in ("kind", "callerId", "expiresAt", "userId")), "Query.keys"}
    administered = {coordinate for coordinate in missing if "Key" in coordinate.partition(".")[0] + coordinate[-3:]}
    assert missing - administered == {"Query._service", "_Service.sdl", *of_callers}
    assert all(
        coordinate.startswith(("Key", "CreateKey", "RevokeKey", "LimitKey", "Mutation.")) for coordinate in administered
    )


async def test_together_they_use_every_way_to_select() -> None:
    used = selected()
    assert used.directives == {"skip", "include"}
    assert used.aliases
    for type_ in EXECUTABLE.type_map.values():
        if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            assert {possible.name for possible in EXECUTABLE.get_possible_types(type_)} <= used.conditions


async def test_types_of_one_list_may_select_different_things_under_one_name(gateway: Gateway) -> None:
    """GraphQL merges no fields of types that no object has both of."""
    ids = [
        global_ids.encode("Session", gateway.namespace.id, "visit"),
        global_ids.encode("SearchRequest", gateway.namespace.id, "boots"),
    ]
    data = await gateway.data(
        """query ($ids: [ID!]!) {
          nodes(ids: $ids) {
            ... on Session {
              found: interactions(first: 1) {
                totalCount(upTo: 1)
                nodes { interactionId feature { interactions(first: 1) { nodes { position } } } }
              }
            }
            ... on SearchRequest {
              found: interactions(last: 2) {
                totalCount
                nodes { interactionId feature { interactions(last: 2) { nodes { interactionId } } } }
              }
            }
          }
        }""",
        {"ids": ids},
    )
    session, request = (node["found"] for node in data["nodes"])
    assert session == {
        "totalCount": 1,
        "nodes": [{"interactionId": "i4", "feature": {"interactions": {"nodes": [{"position": None}]}}}],
    }
    assert request["totalCount"] == 2
    assert [node["interactionId"] for node in request["nodes"]] == ["i3", "i1"]
    assert [len(node["feature"]["interactions"]["nodes"]) for node in request["nodes"]] == [2, 2]
    assert "interactionId" in request["nodes"][0]["feature"]["interactions"]["nodes"][0]


async def test_connections_of_one_type_are_joined_for_objects_of_that_type_alone(gateway: Gateway) -> None:
    ids = [
        global_ids.encode("Interaction", gateway.namespace.id, "i6"),
        global_ids.encode("SearchRequest", gateway.namespace.id, "boots"),
    ]
    with commands() as sent:
        data = await gateway.data(
            """query ($ids: [ID!]!) {
              nodes(ids: $ids) {
                ... on Interaction { searchRequest { searchRequestId } }
                ... on SearchRequest { interactions { totalCount nodes { id } } }
              }
            }""",
            {"ids": ids},
        )
    assert data["nodes"][1]["interactions"]["totalCount"] == 2
    joins = [command["pipeline"] for command in sent if "aggregate" in command]
    assert joins
    assert all("'boots'" in str(pipeline) and "'all'" not in str(pipeline) for pipeline in joins)


async def test_operations_of_one_document_have_conditions_of_their_own(gateway: Gateway) -> None:
    query = """
      query A($with: Boolean!) { interaction(interactionId: "i1") { ...F } }
      query B { interaction(interactionId: "i1") { position } }
      query C($with: Boolean = true) { interaction(interactionId: "i1") { ...F } }
      fragment F on Interaction { interactionId featureId @include(if: $with) }
    """
    for name, variables, expected in (
        ("A", {"with": True}, {"interactionId": "i1", "featureId": "shoe"}),
        ("A", {"with": False}, {"interactionId": "i1"}),
        ("B", {}, {"position": 3}),
        ("C", {}, {"interactionId": "i1", "featureId": "shoe"}),
    ):
        response = await gateway.post({"query": query, "operationName": name, "variables": variables})
        assert response.json()["data"] == {"interaction": expected}


async def test_a_condition_that_is_null_is_bad_input(gateway: Gateway) -> None:
    query = "query ($with: Boolean = true) { interactions { totalCount @include(if: $with) nodes { id } } }"
    answer = await gateway.execute(query, {"with": None})
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]
