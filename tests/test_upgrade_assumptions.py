"""What is assumed of libraries beyond their public API, a sentence each, for whoever upgrades one of them.

A section stands for the one module that relies on it.
"""

import ast
import asyncio
import inspect
import logging
import re
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import FrameType
from typing import Annotated, Any
from uuid import UUID

import bson
import graphql
import pymongo.asynchronous.pool
import pymongo.lock
import pymongo.network_layer
import pymongo.pool_shared
import pytest
import strawberry
import uvicorn
from bson import Binary
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    Node,
    OperationDefinitionNode,
    OverlappingFieldsCanBeMergedRule,
    SchemaMetaFieldDef,
    SelectionSetNode,
    TypeInfo,
    TypeInfoVisitor,
    TypeMetaFieldDef,
    Undefined,
    ValidationContext,
    VariableValues,
    Visitor,
    build_schema,
    execute_sync,
    get_variable_values,
    introspection_types,
    parse,
    validate,
    visit,
)
from starlette.types import ASGIApp, Receive, Scope, Send
from strawberry.schema.config import StrawberryConfig
from uvicorn import config as uvicorn_config
from uvicorn.config import LOGGING_CONFIG, STARTUP_FAILURE
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import CloseCode, Frame, Opcode
from websockets.server import ServerProtocol

import gateway
from gateway.compiler import graphql_core_adapter
from gateway.errors import BadRequest, GatewayError, HeadersTooLarge, PayloadTooLarge, RequestTimeout, Unavailable
from gateway.observability.log_lines import REFUSED_BY_SERVER
from gateway.plan.fetched_pages import Pages
from gateway.schema import strawberry_adapter
from gateway.schema.type_names import Names
from gateway.store.client import Client, Driver, aggregate, watch
from gateway.store.pymongo_adapter import message_protocol
from gateway.store.pymongo_adapter.exchanges import primary_answer
from gateway.store.pymongo_adapter.mends import buffered, patch_uuids
from gateway.store.written_keys import token_time
from tests.harness.command_log import commands

# Strawberry: gateway/schema/strawberry_adapter.py


@strawberry.interface
class Named:
    name: str = strawberry.field(metadata={"kept": "of the interface"})


@strawberry.type
class Thing(Named):
    some_size: int | None = strawberry.field(metadata={"kept": "of the type"})
    weight: int = strawberry.field(name="mass", default=0)


AnyThing = Annotated[Thing, strawberry.union(name="AnyThing")]


@strawberry.input(one_of=True)
class Choice:
    first_one: int | None = strawberry.field(default=strawberry.UNSET, metadata={"kept": "of the input"})
    other: int | None = strawberry.UNSET


@strawberry.input
class Pair:
    left: int = 0


def _by_choice(choice: Choice, pair_up: Pair, size_up_to: int = 5) -> None: ...


@pytest.fixture(scope="module")
def core() -> GraphQLSchema:
    thing: Thing = strawberry.field(metadata={"kept": "of the root"})
    strawberry_adapter.take_arguments(thing, _by_choice)
    annotations = {"thing": Thing, "union": AnyThing}
    root = type("Query", (), {"__annotations__": annotations, "thing": thing, "union": strawberry.field()})
    config = StrawberryConfig(name_converter=Names("Own"))
    return strawberry_adapter.core_schema(strawberry_adapter.Schema(query=strawberry.type(root), config=config))


def test_a_strawberry_schema_stands_for_one_of_graphql_core(core: GraphQLSchema) -> None:
    assert isinstance(core, GraphQLSchema)
    assert core.query_type is not None
    assert set(core.query_type.fields) == {"thing", "union"}


def test_types_of_graphql_core_know_the_names_they_are_declared_with(core: GraphQLSchema) -> None:
    renamed = {name: strawberry_adapter.declared_name(type_) for name, type_ in core.type_map.items() if "Own" in name}
    assert renamed == {
        "OwnThing": "Thing",
        "OwnAnyThing": "AnyThing",
        "OwnNamed": "Named",
        "OwnChoice": "Choice",
        "OwnPair": "Pair",
    }


def test_types_of_graphql_core_know_the_classes_that_declare_them(core: GraphQLSchema) -> None:
    assert strawberry_adapter.declaring_class(core.type_map["OwnThing"]) is Thing
    assert strawberry_adapter.declaring_class(core.type_map["OwnNamed"]) is Named
    assert strawberry_adapter.declaring_class(core.type_map["OwnChoice"]) is Choice
    assert strawberry_adapter.declaring_class(core.type_map["OwnAnyThing"]) is None
    assert strawberry_adapter.declaring_class(core.type_map["Int"]) is None


def test_fields_of_graphql_core_have_the_metadata_that_they_are_declared_with(core: GraphQLSchema) -> None:
    assert core.query_type is not None
    thing, named, choice = core.type_map["OwnThing"], core.type_map["OwnNamed"], core.type_map["OwnChoice"]
    assert isinstance(thing, GraphQLObjectType)
    assert isinstance(named, GraphQLInterfaceType)
    assert isinstance(choice, GraphQLInputObjectType)
    fields = (core.query_type.fields["thing"], thing.fields["someSize"], named.fields["name"])
    kept = [strawberry_adapter.metadata_of(field) for field in (*fields, choice.fields["firstOne"])]
    assert [metadata["kept"] for metadata in kept] == ["of the root", "of the type", "of the interface", "of the input"]
    assert not strawberry_adapter.metadata_of(choice.fields["other"])


def test_input_fields_of_graphql_core_know_their_names_in_python(core: GraphQLSchema) -> None:
    choice = core.type_map["OwnChoice"]
    assert isinstance(choice, GraphQLInputObjectType)
    names = {name: strawberry_adapter.python_name(field) for name, field in choice.fields.items()}
    assert names == {"firstOne": "first_one", "other": "other"}


def test_input_types_of_graphql_core_know_whether_they_take_one_of_their_fields(core: GraphQLSchema) -> None:
    choice, pair = core.type_map["OwnChoice"], core.type_map["OwnPair"]
    assert isinstance(choice, GraphQLInputObjectType)
    assert isinstance(pair, GraphQLInputObjectType)
    assert strawberry_adapter.is_one_of(choice)
    assert not strawberry_adapter.is_one_of(pair)


def test_a_strawberry_schema_extends_introspection_by_a_method_of_its_own(core: GraphQLSchema) -> None:
    introspected = '{ __type(name: "Query") { isOneOf fields { type { isOneOf } } } }'
    extended = inspect.getsource(strawberry.Schema._extend_introspection)
    assert set(re.findall(r'fields\["(\w+)"\]', extended)) == {"isOneOf"}
    assert execute_sync(core, parse(introspected)).errors is None


def test_a_strawberry_type_lists_its_fields_by_their_names_in_python() -> None:
    assert strawberry_adapter.class_field(Thing, "some_size") == ({"kept": "of the type"}, True)
    assert not strawberry_adapter.class_field(Thing, "weight").optional
    with pytest.raises(ValueError, match="not enough values"):
        strawberry_adapter.class_field(Thing, "mass")


def test_a_field_without_a_resolver_takes_the_parameters_of_a_function_as_arguments(core: GraphQLSchema) -> None:
    assert core.query_type is not None
    arguments = core.query_type.fields["thing"].args
    types = {name: str(argument.type) for name, argument in arguments.items()}
    assert types == {"choice": "OwnChoice!", "pairUp": "OwnPair!", "sizeUpTo": "Int!"}
    assert arguments["sizeUpTo"].default_value == 5


# graphql-core: gateway/compiler/graphql_core_adapter.py

QUERY = """
query A($a: Int = 1, $b: [String!]!, $c: Int) @skip(if: false) { viewer { ...F } node(id: "x") { ... on Viewer { id } }}
fragment F on Viewer { key(first: $c, texts: $b, in: {one: [1, 2.5, ENUM, null, true, "x"]}) }
"""
SDL = """
type Query { viewer: Viewer node(id: ID!): Viewer }
type Viewer { id: ID key(first: Int = 2, texts: [String!], in: In, last: Int): Int }
input In { one: Int = 3 two: Int }
"""


@pytest.fixture(scope="module")
def plain() -> GraphQLSchema:
    return build_schema(SDL)


def _first(node: DocumentNode) -> OperationDefinitionNode:
    return next(definition for definition in node.definitions if isinstance(definition, OperationDefinitionNode))


def test_the_attributes_of_a_kind_of_node_lead_to_all_nodes_in_the_order_of_the_text() -> None:
    walked: list[Node] = []

    class Recorder(Visitor):
        def enter(self, node: Node, *_: object) -> None:
            walked.append(node)

    def children(node: Node) -> Iterator[Node]:
        yield node
        for attribute in graphql_core_adapter.CHILD_ATTRIBUTES.get(node.kind, ()):
            value = getattr(node, attribute, None)
            for child in value if isinstance(value, tuple) else [value]:
                if child is not None:
                    yield from children(child)

    document = parse(QUERY)
    visit(document, Recorder())
    assert list(map(id, children(document))) == list(map(id, walked))


def test_what_is_not_given_is_its_default_and_undefined_without_one(plain: GraphQLSchema) -> None:
    viewer, input_type = plain.type_map["Viewer"], plain.type_map["In"]
    assert isinstance(viewer, GraphQLObjectType)
    assert isinstance(input_type, GraphQLInputObjectType)
    arguments, fields = viewer.fields["key"].args, input_type.fields
    assert [graphql_core_adapter.default_value(argument) for argument in arguments.values()] == [
        2,
        Undefined,
        Undefined,
        Undefined,
    ]
    assert [graphql_core_adapter.default_value(field) for field in fields.values()] == [3, Undefined]


def test_values_of_variables_are_their_signatures_with_what_was_sent_and_what_that_is_coerced_to(
    plain: GraphQLSchema,
) -> None:
    nodes = _first(parse(QUERY)).variable_definitions or ()
    signatures = [graphql_core_adapter.variable_signature(plain, node) for node in nodes]
    assert [(signature.name, str(signature.type), signature.default is None) for signature in signatures] == [
        ("a", "Int", False),
        ("b", "[String!]!", True),
        ("c", "Int", True),
    ]
    source_type = graphql_core_adapter.VariableValueSource
    sources = {
        "a": source_type(signatures[0], 5),
        "b": source_type(signatures[1], "x"),
        "c": source_type(signatures[2]),
    }
    expected = get_variable_values(plain, nodes, {"a": 5, "b": "x"})
    assert isinstance(expected, VariableValues)
    assert expected.coerced == {"a": 5, "b": ["x"]}
    assert [(name, source.signature.name, source.value) for name, source in sources.items()] == [
        (name, source.signature.name, source.value) for name, source in expected.sources.items()
    ]
    assert type(expected.sources["a"]) is source_type


def test_the_fields_of_introspection_ask_an_execution_for_its_schema_alone(plain: GraphQLSchema) -> None:
    types = [type_ for type_ in introspection_types.values() if isinstance(type_, GraphQLObjectType)]
    fields = [field for type_ in types for field in type_.fields.values()]
    for field in [SchemaMetaFieldDef, TypeMetaFieldDef, *fields]:
        asked = re.findall(r"\binfo\.(\w+)", inspect.getsource(field.resolve))
        assert set(asked) <= {"schema"}
    named = graphql_core_adapter.introspection_value(plain, TypeMetaFieldDef, {"name": "Query"})
    assert named(None) is plain.query_type


def test_an_execution_ends_with_an_exception_that_is_no_error_of_a_field(plain: GraphQLSchema) -> None:
    document = parse("{ a: __typename __schema { types { name kind } } }")
    whole = graphql_core_adapter.execute_within(10_000, plain, document, Pages())
    assert whole == execute_sync(plain, document)
    assert graphql_core_adapter.execute_within(10, plain, document, Pages()) is None


def test_the_rule_of_overlapping_fields_counts_down_its_steps_and_aborts_below_none(plain: GraphQLSchema) -> None:
    class Counted(OverlappingFieldsCanBeMergedRule):
        steps = 0
        left = 0

        def __init__(self, context: ValidationContext) -> None:
            super().__init__(context)
            graphql_core_adapter.limit_overlap_steps(self, self.steps)

        def enter_selection_set(self, selection_set: SelectionSetNode, *place: object) -> None:
            try:
                super().enter_selection_set(selection_set, *place)
            finally:
                type(self).left = graphql_core_adapter.overlap_steps_left(self)

    document = parse("{ a: viewer { id } a: viewer { id } }")
    Counted.steps = 100
    assert validate(plain, document, [Counted]) == []
    needed = 100 - Counted.left
    Counted.steps = needed
    assert validate(plain, document, [Counted]) == []
    Counted.steps = needed - 1
    assert [error.message for error in validate(plain, document, [Counted])] == ["Validation aborted."]
    assert Counted.left < 0


def test_a_context_keeps_by_node_what_it_finds_and_may_stop_to_suggest(plain: GraphQLSchema) -> None:
    document = parse(QUERY)
    operation, definitions = _first(document), []

    class Context(graphql_core_adapter.NodeKeyedContext):
        def find_variable_usages(
            self, node: OperationDefinitionNode | FragmentDefinitionNode, types: TypeInfo
        ) -> list[graphql_core_adapter.VariableUsage]:
            definitions.append(node)
            visitor = graphql_core_adapter.VariableUsageVisitor(types)
            visit(node, TypeInfoVisitor(types, visitor))
            return visitor.usages

    context = Context(plain, document, TypeInfo(plain), [], hide_suggestions=False)
    usages = [context.get_recursive_variable_usages(operation) for _ in range(2)]
    assert [(usage.node.name.value, str(usage.type)) for usage in usages[0]] == [("c", "Int"), ("b", "[String!]")]
    assert usages[1] is usages[0]
    assert sorted(map(id, definitions)) == sorted(map(id, document.definitions))
    spreads = [context.get_fragment_spreads(operation.selection_set) for _ in range(2)]
    assert spreads[1] is spreads[0]
    suggesting = [context.hide_suggestions]
    context.suggest_no_more()
    assert [*suggesting, context.hide_suggestions] == [False, True]


def test_fragments_that_nest_too_deeply_abort_a_validation() -> None:
    chain = [f"fragment F{number} on Query {{ viewer {{ ...F{number + 1} }} }}" for number in range(1_000)]
    document = parse("\n".join(["{ ...F0 }", *chain, "fragment F1000 on Viewer { id }"]))
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    with pytest.raises(RecursionError):
        visit(document, graphql_core_adapter.FragmentNestingVisitor(fragments))


# PyMongo: gateway/store/pymongo_adapter/


def test_the_driver_waits_for_a_condition_by_a_function_that_can_be_put_in_its_place() -> None:
    """What is put there waits as it does, and in the task that holds the lock: tests/store/test_pymongo_adapter.py."""
    wait_for = vars(pymongo.lock)["wait_for"]
    assert wait_for.__module__ in ("asyncio.tasks", "gateway.store.pymongo_adapter.mends")
    assert "wait_for(" in inspect.getsource(pymongo.lock._async_cond_wait)


def test_the_driver_sends_and_waits_by_functions_and_a_protocol_that_can_be_put_in_their_places() -> None:
    """What is put there does the same: tests/store/test_pymongo_adapter.py. Where the driver's own make no tasks any
    more, nothing need be."""
    adapter, network = "gateway.store.pymongo_adapter.message_protocol", pymongo.network_layer
    pool = vars(pymongo.asynchronous.pool)
    for name in ("async_sendall", "async_receive_message"):
        assert pool[name].__module__ in ("pymongo.network_layer", adapter)
    assert vars(pymongo.pool_shared)["PyMongoProtocol"].__module__ in ("pymongo.network_layer", adapter)
    assert inspect.getsource(network.async_receive_message).count("create_task(") == 2
    assert "wait_for(conn.write(buf), timeout=conn.gettimeout)" in inspect.getsource(network.async_sendall)


async def test_what_stands_for_the_drivers_protocol_has_all_that_the_driver_asks_of_it() -> None:
    interface = inspect.getsource(pymongo.network_layer.AsyncNetworkingInterface)
    asked = set(re.findall(r"self\.conn\[1\]\.(\w+)", interface))
    assert asked == {"gettimeout", "settimeout", "close", "wait_closed"}
    assert asked <= set(dir(message_protocol.MessageProtocol()))


async def test_the_idle_connections_to_a_primary_are_known(client: Client, database_name: str) -> None:
    """And what one is asked is answered as by the driver, which is told to whoever listens to its commands."""
    database = client[database_name]
    await database["c"].insert_one({"_id": 1})
    with commands() as sent:
        answer = await primary_answer(database, {"count": "c"}, database.codec_options)
    assert answer is not None
    assert answer["n"] == 1
    assert [command["count"] for command in sent] == ["c"]


def test_the_driver_makes_a_uuid_by_a_method_that_can_be_put_in_its_place() -> None:
    """Binary data that is called a UUID and has another length than one stays as it is."""
    patch_uuids()
    options: CodecOptions[dict[str, Any]] = CodecOptions(uuid_representation=UuidRepresentation.STANDARD)
    values = {"uuid": UUID(int=7), "short": Binary(b"abc", 4), "older": Binary(b"abc", 3), "long": Binary(b"x" * 17, 4)}
    assert bson.decode(bson.encode(values, codec_options=options), options) == values


@pytest.mark.parametrize("driver", ["pymongo", "motor"])
async def test_the_driver_decodes_a_reply_by_a_method_that_can_be_put_in_its_place(
    client: Client, database_name: str, driver: Driver
) -> None:
    """Binary data of subtype 2 whose length is wrong are of nobody's, wherever they stand in a reply."""
    raw = bson.encode({"_id": 1, "in": [{"wrong": Binary(b"abcdefg", 0x81)}], "n": 2}).replace(b"\x81", b"\x02")
    await client[database_name]["c"].insert_one(RawBSONDocument(raw))
    read = {"_id": 1, "in": [{"wrong": Binary(b"abcdefg", 0x80)}], "n": 2}
    assert await client[database_name]["c"].find({}).to_list(None) == [read]
    reply = await client[database_name].command({"find": "c"})
    assert reply["cursor"]["firstBatch"] == [read]


@pytest.mark.parametrize("driver", ["pymongo", "motor"])
async def test_a_cursor_tells_how_many_documents_it_gives_without_asking_again(client: Client, driver: Driver) -> None:
    with commands() as sent:
        pipeline = [{"$documents": [{"number": number} for number in range(250)]}]
        cursor = await aggregate(client["admin"], pipeline)
        sizes = []
        while cursor.alive:
            first = await cursor.to_list(1)
            waiting = buffered(cursor)
            rest = await cursor.to_list(waiting) if waiting else []
            sizes.append(len(first) + len(rest))
            assert buffered(cursor) == 0
    # MongoDB's first batch has 101 documents, unless another number is asked for.
    assert [size for size in sizes if size] == [101, 149]
    assert len(sent) == 2


# MongoDB: gateway/store/written_keys.py


async def test_a_resume_token_begins_with_the_time_of_its_change(client: Client, database_name: str) -> None:
    database = client[database_name]
    await database["c"].insert_one({})
    stream = await watch(database["c"], [], max_await_time_ms=1)
    await database["c"].insert_one({})
    change = await stream.try_next()
    while change is None:
        change = await stream.try_next()
    assert token_time(change["_id"]) == change["clusterTime"]
    assert stream.resume_token is not None
    assert token_time(stream.resume_token) >= change["clusterTime"]
    await stream.close()


# All of them

ADAPTERS = {
    "compiler/graphql_core_adapter.py": {"graphql"},
    "store/pymongo_adapter/message_protocol.py": {"pymongo"},
    "store/pymongo_adapter/exchanges.py": {"pymongo"},
    "store/pymongo_adapter/mends.py": {"pymongo"},
    "transport/server/uvicorn_adapter.py": {"uvicorn", "websockets"},
    "app/serving.py": {"uvicorn"},
    "app/worker_processes.py": {"uvicorn"},
}
# PyMongo documents its classes by the modules that hold them.
DOCUMENTED = re.compile(
    r"pymongo(\.(asynchronous\.\w+|errors|monitoring|read_concern|read_preferences|write_concern))?$"
)
# The type of `GraphQLResolveInfo.path`.
PUBLIC_TYPES = {("graphql.pyutils", "Path")}


def test_other_modules_import_what_libraries_document_and_nothing_of_the_server() -> None:
    root = Path(gateway.__file__).parent
    for module in sorted(root.rglob("*.py")):
        name = str(module.relative_to(root))
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Import):
                imports = [(alias.name, "") for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                imports = [(node.module, alias.name) for alias in node.names]
            else:
                continue
            for imported_module, imported in imports:
                library = imported_module.split(".")[0]
                if library in ADAPTERS.get(name, ()):
                    continue
                refusal = f"{name} imports {imported} of {imported_module}"
                assert library not in ("uvicorn", "websockets"), refusal
                if library == "graphql" and imported and (imported_module, imported) not in PUBLIC_TYPES:
                    assert imported in graphql.__all__, refusal
                if library == "pymongo":
                    assert DOCUMENTED.match(imported_module), refusal
                    assert not imported.startswith("_"), refusal


# uvicorn and websockets: gateway/transport/server/uvicorn_adapter.py, gateway/app/serving.py


class Transport(asyncio.Transport):
    """A connection in memory."""

    def __init__(self, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self.written = bytearray()
        self.is_read = True
        self.protocol: asyncio.BaseProtocol = protocol

    def write(self, data: Any) -> None:
        self.written += data

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self.protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def is_closing(self) -> bool:
        return False

    def close(self) -> None: ...

    def pause_reading(self) -> None:
        self.is_read = False

    def resume_reading(self) -> None:
        self.is_read = True


HEAD = b"POST / HTTP/1.1\r\nHost: a\r\n"


async def _no_content(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


async def _open_websocket(
    app: ASGIApp, protocol_class: type[WebSocketsSansIOProtocol]
) -> tuple[WebSocketsSansIOProtocol, Transport]:
    """A websocket whose handshake is complete, on a connection in memory."""
    config = uvicorn.Config(app, log_config=None, ws="websockets-sansio", lifespan="off")
    protocol = protocol_class(config, ServerState(), {})
    transport = Transport(protocol)
    protocol.connection_made(transport)
    upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    protocol.data_received(f"GET / HTTP/1.1\r\nHost: a\r\n{upgrade}{key}".encode())
    assert protocol.handshake_initiated
    while not protocol.handshake_complete:  # noqa: ASYNC110
        await asyncio.sleep(0)
    return protocol, transport


class TestUvicorn:
    """Each test names a sentence of what uvicorn does, on which its adapter or `gateway.app.serving` relies."""

    @pytest.fixture
    async def protocol(self) -> AsyncIterator[HttpToolsProtocol]:
        async def app(_scope: Scope, receive: Receive, _send: Send) -> None:
            while (await receive())["type"] != "http.disconnect":
                pass

        config = uvicorn.Config(app, log_config=None, ws="websockets-sansio", lifespan="off")
        state = ServerState()
        protocol = HttpToolsProtocol(config, state, {})
        protocol.connection_made(Transport(protocol))
        yield protocol
        protocol.pipeline.clear()
        for task in state.tasks:
            task.cancel()
        await asyncio.gather(*state.tasks, return_exceptions=True)

    async def test_a_message_that_begins_has_a_scope_and_one_whose_head_is_complete_a_cycle_with_it(
        self, protocol: HttpToolsProtocol
    ) -> None:
        assert not protocol.scope
        assert not protocol.cycle
        protocol.data_received(HEAD)
        assert protocol.scope
        assert not protocol.cycle
        protocol.data_received(b"Content-Length: 3\r\n\r\nab")
        assert protocol.cycle.scope is protocol.scope
        assert protocol.cycle.more_body
        protocol.data_received(b"c" + HEAD)
        assert not protocol.cycle.more_body
        assert protocol.cycle.scope is not protocol.scope

    async def test_whatever_it_refuses_to_read_it_warns_of_by_the_same_message(
        self, protocol: HttpToolsProtocol, caplog: pytest.LogCaptureFixture
    ) -> None:
        # A server that was configured in this process before may log errors only.
        caplog.set_level(logging.WARNING, "uvicorn.error")
        protocol.data_received(b"\0\r\n\r\n")
        assert [record.msg for record in caplog.records] == [REFUSED_BY_SERVER]

    async def test_headers_are_gathered_in_a_list_with_lower_case_names_to_which_trailers_are_added(
        self, protocol: HttpToolsProtocol
    ) -> None:
        protocol.data_received(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        scope = protocol.cycle.scope
        assert scope["headers"] is protocol.headers
        assert protocol.headers == [(b"host", b"a"), (b"transfer-encoding", b"chunked")]
        protocol.data_received(b"1\r\na\r\n0\r\nX-Namespace: other\r\n\r\n")
        assert (b"x-namespace", b"other") in scope["headers"]

    async def test_of_pipelined_requests_the_cycle_is_the_last_and_the_others_wait_in_the_pipeline(
        self, protocol: HttpToolsProtocol
    ) -> None:
        protocol.data_received(b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n" * 3)
        assert len(protocol.pipeline) == 2
        assert protocol.pipeline[0][0] is protocol.cycle
        assert len(protocol.tasks) == 1

    @pytest.mark.parametrize(
        "head",
        [
            HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            HEAD + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\n",
            HEAD + b"X-A: b\r\n c\r\n\r\n",
            HEAD + b"X-A: b\nc: d\r\n\r\n",
            HEAD + b"X-A : b\r\n\r\n",
        ],
    )
    async def test_two_framings_folded_lines_and_bare_line_feeds_are_refused_by_llhttp(
        self, head: bytes, protocol: HttpToolsProtocol
    ) -> None:
        protocol.data_received(head)
        assert isinstance(protocol.transport, Transport)
        assert protocol.transport.written.startswith(b"HTTP/1.1 400 ")

    async def test_what_is_raised_as_headers_are_complete_is_answered_by_send_400_response(self) -> None:
        class Refusing(HttpToolsProtocol):
            refused = 0

            def on_headers_complete(self) -> None:
                raise BadRequest("no")

            def send_400_response(self, msg: str) -> None:
                self.refused += 1

        config = uvicorn.Config(lambda: None, log_config=None, lifespan="off")
        refusing = Refusing(config, ServerState(), {})
        refusing.connection_made(Transport(refusing))
        refusing.data_received(HEAD + b"\r\n")
        assert refusing.refused == 1

    def test_neither_heads_nor_their_time_are_bounded_and_a_keep_alive_timer_is_set_after_an_answer_only(
        self, protocol: HttpToolsProtocol
    ) -> None:
        protocol.data_received(HEAD + b"X-A: " + b"y" * 1_000_000)
        assert isinstance(protocol.transport, Transport)
        assert protocol.transport.written == b""
        assert protocol.timeout_keep_alive_task is None

    async def test_each_cycle_is_started_by_start_asgi_task_when_its_turn_comes(self) -> None:
        started: list[RequestResponseCycle] = []

        class Recording(HttpToolsProtocol):
            def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
                assert all(earlier.response_complete for earlier in started)
                started.append(cycle)
                super()._start_asgi_task(cycle, app)

        state = ServerState()
        recording = Recording(uvicorn.Config(_no_content, log_config=None, lifespan="off"), state, {})
        recording.connection_made(Transport(recording))
        recording.data_received(b"".join(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % number for number in range(3)))
        while state.tasks:
            await asyncio.gather(*state.tasks)
        assert [cycle.scope["path"] for cycle in started] == ["/0", "/1", "/2"]
        recording.connection_lost(None)

    @pytest.mark.parametrize(("upgrade", "is_websocket"), [(b"websocket", True), (b"WebSocket", True), (b"h2c", False)])
    async def test_whether_an_upgrade_is_one_to_a_websocket_is_told_by_the_headers(
        self, upgrade: bytes, is_websocket: bool, protocol: HttpToolsProtocol
    ) -> None:
        protocol.headers = [(b"connection", b"Upgrade"), (b"upgrade", upgrade)]
        assert protocol._should_upgrade() is is_websocket

    def test_a_status_has_a_line_with_its_end(self) -> None:
        refusals: list[type[GatewayError]] = [BadRequest, RequestTimeout, PayloadTooLarge, HeadersTooLarge, Unavailable]
        assert {refusal.status for refusal in refusals} <= STATUS_LINE.keys()
        assert STATUS_LINE[431] == b"HTTP/1.1 431 Request Header Fields Too Large\r\n"

    async def test_default_headers_are_the_server_states_and_are_sent_with_every_answer(
        self, protocol: HttpToolsProtocol
    ) -> None:
        protocol.server_state.default_headers = [(b"x-a", b"b")]
        protocol.data_received(b"no HTTP\r\n\r\n")
        assert isinstance(protocol.transport, Transport)
        assert b"\r\nx-a: b\r\n" in protocol.transport.written

    async def test_an_application_that_waits_for_a_body_is_woken_by_its_cycles_event(
        self, protocol: HttpToolsProtocol
    ) -> None:
        protocol.data_received(HEAD + b"Content-Length: 3\r\n\r\n")
        for _ in range(5):
            await asyncio.sleep(0)
        assert len(protocol.tasks) == 1
        protocol.cycle.disconnected = True
        protocol.cycle.message_event.set()
        await asyncio.gather(*protocol.tasks)

    async def test_reading_that_is_paused_behind_pipelined_requests_is_resumed_by_the_flow(
        self, protocol: HttpToolsProtocol
    ) -> None:
        assert isinstance(protocol.transport, Transport)
        protocol.data_received(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 2)
        assert not protocol.transport.is_read
        protocol.flow.resume_reading()
        assert protocol.transport.is_read

    async def test_a_websocket_gathers_fragments_in_frames_and_is_failed_by_its_connection(self) -> None:
        continued: list[Frame] = []

        class Recording(WebSocketsSansIOProtocol):
            def handle_cont(self, event: Frame) -> None:
                super().handle_cont(event)
                continued.append(event)

        async def app(_scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await send({"type": "websocket.accept"})
            while (await receive())["type"] != "websocket.disconnect":
                pass

        protocol, transport = await _open_websocket(app, Recording)
        for fragments, opcode in enumerate((Opcode.TEXT, Opcode.CONT, Opcode.CONT), 1):
            protocol.data_received(Frame(opcode, b"", fin=False).serialize(mask=True))
            assert len(protocol.frames) == fragments
        assert [frame.opcode for frame in continued] == [Opcode.CONT, Opcode.CONT]
        protocol.conn.fail(CloseCode.POLICY_VIOLATION, "too many")
        protocol.handle_parser_exception()
        assert transport.written.endswith(b"\x88\x0a\x03\xf0too many")
        await asyncio.gather(*protocol.tasks)

    async def test_a_websocket_isnt_read_and_says_so_while_a_message_waits_for_the_application(self) -> None:
        is_ready = asyncio.Event()

        async def app(_scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await send({"type": "websocket.accept"})
            await is_ready.wait()
            await receive()

        protocol, transport = await _open_websocket(app, WebSocketsSansIOProtocol)
        assert (protocol.read_paused, transport.is_read) == (False, True)
        protocol.data_received(Frame(Opcode.TEXT, b"a").serialize(mask=True))
        assert (protocol.read_paused, transport.is_read) == (True, False)
        is_ready.set()
        await asyncio.gather(*protocol.tasks)
        assert (protocol.read_paused, transport.is_read) == (False, True)
        protocol.connection_lost(None)

    async def test_a_server_is_started_once_its_startup_ends_and_answers_from_then_on(self) -> None:
        answers: list[bytes] = []

        class Started(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                assert not self.started
                await super().startup(sockets)
                assert self.started
                reader, writer = await asyncio.open_connection(*listener.getsockname())
                writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                answers.append(await reader.read())
                writer.close()
                self.should_exit = True

        listener = socket.create_server(("127.0.0.1", 0))
        await Started(uvicorn.Config(_no_content, log_config=None, lifespan="off")).serve([listener])
        assert [answer.partition(b"\r\n")[0] for answer in answers] == [b"HTTP/1.1 204 No Content"]

    async def test_a_server_ticks_until_it_is_to_end_and_takes_signals_by_its_handler(self) -> None:
        ticks: list[bool] = []
        signals: list[int] = []

        class Ticking(uvicorn.Server):
            async def on_tick(self, counter: int) -> bool:
                ticks.append(self.should_exit)
                if len(ticks) == 2:
                    signal.raise_signal(signal.SIGTERM)
                return await super().on_tick(counter)

            def handle_exit(self, sig: int, frame: FrameType | None) -> None:
                signals.append(sig)
                # Without noting it: it would be raised again.
                self.should_exit = True

        with socket.create_server(("127.0.0.1", 0)) as listener:
            await Ticking(uvicorn.Config(_no_content, log_config=None, lifespan="off")).serve([listener])
        assert (ticks, signals) == ([False, False], [signal.SIGTERM])

    async def test_an_application_that_cant_start_ends_its_process_with_the_status_of_a_startup_failure(self) -> None:
        async def app(_scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await send({"type": "lifespan.startup.failed"})

        with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(SystemExit) as ended:
            await uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on")).serve([listener])
        assert ended.value.code == STARTUP_FAILURE

    async def test_what_it_and_its_websockets_log_goes_by_loggers_of_these_names(self) -> None:
        loggers = LOGGING_CONFIG["loggers"].keys() | {uvicorn_config.logger.name}
        assert loggers == {"uvicorn", "uvicorn.error", "uvicorn.access"}
        config = uvicorn.Config(_no_content, log_config=None)
        config.load()
        protocol = WebSocketsSansIOProtocol(config, ServerState(), {})
        assert protocol.conn.logger is protocol.logger is logging.getLogger("uvicorn.error")

    async def test_a_server_closes_its_listeners_twice_without_harm_and_shares_the_lifespans_state(self) -> None:
        async def app(_scope: Scope, _receive: Receive, _send: Send) -> None: ...

        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        listener = socket.create_server(("127.0.0.1", 0))
        server.config.load()
        server.lifespan = server.config.lifespan_class(server.config)
        await server.startup([listener])
        for serving in server.servers:
            serving.close()
        listener.close()
        assert server.lifespan.state == {}
        await server.shutdown([listener])


def test_websockets_says_nothing_to_a_head_with_longer_lines_or_more_headers_than_these() -> None:
    """The bounds of `gateway.transport.http.heads`, beyond which uvicorn would leave the connection open, are less."""
    for lines in (["X-A: " + "y" * 7_990], [f"X-{number}: y" for number in range(115)]):
        request = "\r\n".join(["GET / HTTP/1.1", "Host: a", *lines, "", ""]).encode()
        connection = ServerProtocol()
        connection.receive_data(request)
        assert connection.handshake_exc is None
        assert len(connection.events_received()) == 1
