"""The gateway as one subgraph of a federated graph: its definition, and the objects that other schemas refer to."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from graphql import (
    DocumentNode,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    TypeDefinitionNode,
    parse,
    print_ast,
)
from typer.testing import CliRunner

from gateway.cli import app
from gateway.context import Permission
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.plan import global_ids
from gateway.schema.graph import build
from tests.harness.command_log import commands
from tests.harness.gateway_client import Gateway, new_gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

AT = "2024-05-01T12:00:00.000Z"
OF_KEYS = {
    *("Key", "KeyConnection", "KeyEdge", "KeyRateLimit", "KeyRateLimitInput"),
    *(f"{what}Key{part}" for what in ("Create", "Revoke", "Limit") for part in ("Input", "Payload")),
}
ONLY_FOR_THE_CALLER = {
    "RateLimit",
    "Viewer",
    "Permission",
    "Organization",
    "Namespace",
    "NamespaceConnection",
    "NamespaceEdge",
} | {
    *(
        f"{what}{part}"
        for what in ("CreateNamespace", "DeleteNamespace", "SetRetention")
        for part in ("Input", "Payload")
    ),
    "CallerKind",
    *OF_KEYS,
}
# Types of these names are for those to compose who own what they are.
OWNED_ELSEWHERE = {"Collection", "CollectionConnection", "CollectionEdge"}
FEDERATIONS_OWN = {"_Any", "_Entity", "_Service"}
RECORD = "mutation ($input: RecordInteractionsInput!) { recordInteractions(input: $input) { errorCount } }"


async def record(gateway: Gateway) -> None:
    interactions = [
        {
            "interactionId": f"i{number}",
            "featureId": f"f{number}",
            "interactionType": "CLICK",
            "position": number,
            "sessionId": f"s{number}",
            "occurredAt": AT,
            "searchRequest": {"searchRequestId": f"r{number}", "queries": [], "collections": [f"c{number}"]},
        }
        for number in (1, 2, 3)
    ]
    data = await gateway.data(RECORD, {"input": {"interactions": interactions}})
    assert data == {"recordInteractions": {"errorCount": 0}}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    """A gateway with three interactions, each of an item, in a session and from a search of its own."""
    async with new_gateway(mongod.uri) as gateway:
        await record(gateway)
        yield gateway


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prefixed(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    """The same, with a prefix for its generic types."""
    async with new_gateway(mongod.uri, federation_prefix="Acme") as gateway:
        await record(gateway)
        yield gateway


# ---------------------------------------------------------------- the definition


def definitions(document: DocumentNode) -> dict[str, TypeDefinitionNode]:
    return {one.name.value: one for one in document.definitions if isinstance(one, TypeDefinitionNode)}


PUBLIC, SUBGRAPH = definitions(parse(build().sdl)), definitions(parse(build().subgraph))


def fields(type_: TypeDefinitionNode) -> list[str]:
    assert isinstance(type_, ObjectTypeDefinitionNode)
    return [one.name.value for one in type_.fields or ()]


async def test_the_subgraph_leaves_out_what_concerns_the_caller_and_what_federation_adds() -> None:
    assert PUBLIC.keys() - SUBGRAPH.keys() == ONLY_FOR_THE_CALLER | FEDERATIONS_OWN | OWNED_ELSEWHERE
    left_out = set(fields(PUBLIC["Query"])) - set(fields(SUBGRAPH["Query"]))
    assert left_out == {"node", "nodes", "viewer", "namespaces", "keys", "collections", "_service", "_entities"}
    administering = {"createNamespace", "deleteNamespace", "setRetention", "createKey", "revokeKey", "limitKey"}
    assert set(fields(PUBLIC["Mutation"])) - set(fields(SUBGRAPH["Mutation"])) == administering


async def test_all_else_is_the_public_schema_with_its_descriptions_and_federations_directives() -> None:
    marked = {}
    for name, type_ in SUBGRAPH.items():
        if name in ("Query", "Mutation"):
            continue
        public, printed = print_ast(PUBLIC[name]), print_ast(type_)
        if printed != public:
            marks = [print_ast(one) for one in type_.directives or ()]
            assert printed.replace(" " + " ".join(marks), "") == public
            marked[name] = marks
    assert marked == {
        "Interaction": ['@key(fields: "id")', '@key(fields: "interactionId")'],
        "SearchRequest": ['@key(fields: "id")', '@key(fields: "searchRequestId")'],
        "Feature": ['@key(fields: "featureId")'],
        "Session": ['@key(fields: "sessionId")'],
        "User": ['@key(fields: "userId")'],
        "PageInfo": ["@shareable"],
    }
    for type_ in SUBGRAPH.values():
        if isinstance(type_, ScalarTypeDefinitionNode):
            assert [one.name.value for one in type_.directives or ()] == ["specifiedBy"]


async def test_the_subgraph_is_asked_for_with_a_key_as_everything_is(shop: Gateway) -> None:
    assert await shop.data("{ _service { sdl } }") == {"_service": {"sdl": build().subgraph}}
    refused = await shop.execute("{ _service { sdl } }", key="sk_wrong")
    assert refused["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}


async def test_the_command_line_prints_the_subgraph() -> None:
    printed = CliRunner().invoke(app, ["schema", "--subgraph", "--federation-prefix", "Acme"])
    assert (printed.exit_code, printed.stdout) == (0, build("Acme").subgraph)
    by_setting = CliRunner().invoke(app, ["schema", "--subgraph"], env={"GATEWAY_FEDERATION_PREFIX": "Acme"})
    assert by_setting.stdout == printed.stdout
    wrong = CliRunner().invoke(app, ["schema"], env={"GATEWAY_FEDERATION_PREFIX": "a-b"})
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert wrong.stderr == "Error: GATEWAY_FEDERATION_PREFIX: expected 1 to 30 letters and digits, a letter first\n"


@pytest.mark.parametrize("selection", ["_service { sdl }", "_service { __typename }", "... { a: _service { b: sdl } }"])
async def test_without_introspection_the_subgraph_is_refused_too(mongod: EmbeddedServer, selection: str) -> None:
    async with new_gateway(mongod.uri, introspection=False) as gateway:
        answer = await gateway.execute(f"{{ {selection} }}")
        assert [one["extensions"] for one in answer["errors"]] == [{"code": "GRAPHQL_VALIDATION_FAILED"}]
        assert "data" not in answer
        found = await gateway.data(ENTITIES, {"representations": [{"__typename": "Feature", "featureId": "f"}]})
        assert found["_entities"][0]["featureId"] == "f"


async def test_the_subgraph_alone_may_be_given_out_or_kept(mongod: EmbeddedServer) -> None:
    async with new_gateway(mongod.uri, introspection=False, federation_sdl=True) as gateway:
        assert (await gateway.data("{ _service { sdl } }"))["_service"]["sdl"]
        assert "errors" in await gateway.execute("{ __schema { description } }")
    async with new_gateway(mongod.uri, federation_sdl=False) as gateway:
        assert "errors" in await gateway.execute("{ _service { sdl } }")
        assert await gateway.data("{ __schema { queryType { name } } }")


# ---------------------------------------------------------------- entities

ENTITIES = """query ($representations: [_Any!]!) {
  _entities(representations: $representations) {
    ... on Interaction { interactionId position }
    ... on SearchRequest { searchRequestId collections }
    ... on Feature { featureId interactions { nodes { interactionId } } }
    ... on Session { sessionId startedAt }
  }
}"""
FOUND = {
    "Interaction": {"interactionId": "i2", "position": 2},
    "SearchRequest": {"searchRequestId": "r2", "collections": ["c2"]},
    "Feature": {"featureId": "f2", "interactions": {"nodes": [{"interactionId": "i2"}]}},
    "Session": {"sessionId": "s2", "startedAt": AT},
}


async def entities(gateway: Gateway, representations: list[Any]) -> dict[str, Any]:
    return await gateway.execute(ENTITIES, {"representations": representations})


@pytest.mark.parametrize(
    ("type_name", "key", "value"),
    [
        ("Interaction", "id", "i2"),
        ("Interaction", "interactionId", "i2"),
        ("SearchRequest", "id", "r2"),
        ("SearchRequest", "searchRequestId", "r2"),
        ("Feature", "featureId", "f2"),
        ("Session", "sessionId", "s2"),
    ],
)
async def test_an_object_is_found_by_any_of_its_keys(type_name: str, key: str, value: str, shop: Gateway) -> None:
    given = global_ids.encode(type_name, shop.namespace.id, value) if key == "id" else value
    representation = {"__typename": type_name, key: given, "title": "another schema's", "deep": {"$ne": [None]}}
    assert await entities(shop, [representation]) == {"data": {"_entities": [FOUND[type_name]]}}


async def test_representations_may_stand_in_the_query_too(shop: Gateway) -> None:
    query = """query ($id: ID!) {
      _entities(representations: [{ __typename: "SearchRequest", searchRequestId: $id }]) { ... on Node { id } }
    }"""
    id = global_ids.encode("SearchRequest", shop.namespace.id, "r1")
    assert await shop.data(query, {"id": "r1"}) == {"_entities": [{"id": id}]}


async def test_each_type_takes_one_command_for_any_number_of_representations(shop: Gateway) -> None:
    keys = {"Interaction": "interactionId", "SearchRequest": "searchRequestId", "Session": "sessionId"}
    representations = [
        {"__typename": type_name, key: f"{key[0] if type_name != 'SearchRequest' else 'r'}{number % 3 + 1}"}
        for number in range(250)
        for type_name, key in (*keys.items(), ("Feature", "featureId"))
    ]
    assert len(representations) == 1_000
    query = """query ($representations: [_Any!]!) {
      _entities(representations: $representations) { __typename ... on Session { sessionId } }
    }"""
    with commands() as sent:
        data = await shop.data(query, {"representations": representations})
    # An item is owned elsewhere: it is looked for nowhere.
    assert len(sent) == len(keys)
    assert [one["__typename"] for one in data["_entities"]] == [one["__typename"] for one in representations]
    assert [one["sessionId"] for one in data["_entities"][2::4]] == [one["sessionId"] for one in representations[2::4]]


async def test_connections_of_all_entities_of_a_type_take_one_command(shop: Gateway) -> None:
    with commands() as sent:
        await entities(shop, [{"__typename": "Feature", "featureId": f"f{number}"} for number in range(100)])
    assert len(sent) == 1


async def test_more_than_a_thousand_are_refused_by_that_limit(shop: Gateway) -> None:
    asked = [{"__typename": "Feature", "featureId": "f"}] * 1_001
    answer = await entities(shop, asked)
    assert "data" not in answer
    assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "path": ["representations"]}
    assert "1,000 entries, not 1,001" in answer["errors"][0]["message"]


async def test_more_than_a_thousand_are_refused_however_long_lists_may_be(mongod: EmbeddedServer) -> None:
    asked = [{"__typename": "Feature", "featureId": "f"}] * 1_001
    async with new_gateway(mongod.uri, list_limit=2_000, cost_limit=100_000) as gateway:
        answer = await entities(gateway, asked)
    assert answer["data"] is None
    [error] = answer["errors"]
    assert error["path"] == ["_entities"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "path": ["representations"]}
    assert "1000 representations, not 1001" in error["message"]


SOME_ID = global_ids.encode("SearchRequest", "ns_any", "r")


@pytest.mark.parametrize(
    ("representation", "code", "path"),
    [
        ({"interactionId": "i1"}, "BAD_USER_INPUT", ["__typename"]),
        ({"__typename": None, "interactionId": "i1"}, "BAD_USER_INPUT", ["__typename"]),
        ({"__typename": ["Interaction"], "interactionId": "i1"}, "BAD_USER_INPUT", ["__typename"]),
        ({"__typename": "Collection", "name": "shoes"}, "BAD_USER_INPUT", ["__typename"]),
        ({"__typename": "Namespace", "id": "x"}, "BAD_USER_INPUT", ["__typename"]),
        ({"__typename": "Query"}, "BAD_USER_INPUT", ["__typename"]),
        ({"__typename": "Interaction"}, "BAD_USER_INPUT", []),
        ({"__typename": "Interaction", "interaction_id": "i1"}, "BAD_USER_INPUT", []),
        ({"__typename": "Interaction", "interactionId": None}, "BAD_USER_INPUT", ["interactionId"]),
        ({"__typename": "Interaction", "interactionId": {"$ne": None}}, "BAD_USER_INPUT", ["interactionId"]),
        ({"__typename": "Interaction", "interactionId": ["i1"]}, "BAD_USER_INPUT", ["interactionId"]),
        ({"__typename": "Feature", "featureId": True}, "BAD_USER_INPUT", ["featureId"]),
        ({"__typename": "Session", "id": "s1"}, "BAD_USER_INPUT", []),
        ({"__typename": "Interaction", "id": "i1"}, "BAD_USER_INPUT", ["id"]),
        ({"__typename": "Interaction", "id": SOME_ID}, "BAD_USER_INPUT", ["id"]),
        ({"__typename": "Interaction", "interactionId": "nobody's"}, "NOT_FOUND", []),
        ({"__typename": "SearchRequest", "id": SOME_ID}, "NOT_FOUND", []),
        ({"__typename": "Session", "sessionId": ""}, "NOT_FOUND", []),
        ({"__typename": "Interaction", "interactionId": 5}, "NOT_FOUND", []),
        ({"self": 1, "context": 2, "__typename": "Interaction", "representations": []}, "BAD_USER_INPUT", []),
        ({}, "BAD_USER_INPUT", ["__typename"]),
        ("i1", "BAD_USER_INPUT", []),
        (5, "BAD_USER_INPUT", []),
        ([], "BAD_USER_INPUT", []),
        (False, "BAD_USER_INPUT", []),
    ],
)
async def test_what_names_nothing_is_null_with_its_place_and_nothing_else_is(
    representation: Any, code: str, path: list[str], shop: Gateway
) -> None:
    good = [{"__typename": "Feature", "featureId": "f2"}, {"__typename": "Interaction", "interactionId": "i2"}]
    answer = await entities(shop, [good[0], representation, good[1]])
    assert answer["data"] == {"_entities": [FOUND["Feature"], None, FOUND["Interaction"]]}
    [error] = answer["errors"]
    assert error["path"] == ["_entities", 1]
    assert error["extensions"] == {"code": code, "path": ["representations", "1", *path]}


async def test_a_null_among_the_representations_is_what_the_schema_refuses(shop: Gateway) -> None:
    answer = await entities(shop, [None])
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_reading_entities_takes_the_permission_to_read(shop: Gateway) -> None:
    key = await shop.make_key(Permission.WRITE)
    answer = await shop.execute(ENTITIES, {"representations": []}, key=key)
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


# ---------------------------------------------------------------- a prefix


async def test_with_a_prefix_clients_read_and_write_the_prefixed_names(prefixed: Gateway) -> None:
    assert (await prefixed.data("{ _service { sdl } }"))["_service"]["sdl"] == build("Acme").subgraph
    id = global_ids.encode("Session", prefixed.namespace.id, "s1")
    data = await prefixed.data(
        """query ($where: InteractionWhere, $direction: AcmeSortDirection!, $by: AcmeIDFilter) {
          interactions(where: $where, orderBy: { direction: $direction }) {
            nodes { interactionId } pageInfo { __typename }
          }
          bySession: interactions(where: { sessionId: $by }) { totalCount }
          session(sessionId: "s1") { __typename ... on AcmeSession { id } }
          viewer { __typename permissions namespace { __typename } }
        }""",
        {"where": {"featureId": {"in": ["f1", "f3"]}}, "direction": "DESC", "by": {"eq": "s2"}},
    )
    assert {one["interactionId"] for one in data["interactions"]["nodes"]} == {"i1", "i3"}
    assert data["interactions"]["pageInfo"] == {"__typename": "PageInfo"}
    assert data["bySession"] == {"totalCount": 1}
    assert data["session"] == {"__typename": "AcmeSession", "id": id}
    assert data["viewer"]["__typename"] == "AcmeViewer"
    assert data["viewer"]["namespace"] == {"__typename": "AcmeNamespace"}
    nodes = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename ... on AcmeSession { sessionId } id } }"
    assert await prefixed.data(nodes, {"ids": [id]}) == {
        "nodes": [{"__typename": "AcmeSession", "sessionId": "s1", "id": id}]
    }
    answer = await prefixed.execute("{ node(id: 5) { ... on Session { id } } }")
    assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_with_a_prefix_representations_have_the_prefixed_names(prefixed: Gateway) -> None:
    query = ENTITIES.replace("on Session", "on AcmeSession")
    representations = [
        {"__typename": "AcmeSession", "sessionId": "s2"},
        {"__typename": "Session", "sessionId": "s2"},
        {"__typename": "Feature", "featureId": "f2"},
    ]
    answer = await prefixed.execute(query, {"representations": representations})
    assert answer["data"] == {"_entities": [FOUND["Session"], None, FOUND["Feature"]]}
    [error] = answer["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "path": ["representations", "1", "__typename"]}
    assert error["message"] == "`__typename` names no entity of this graph."
