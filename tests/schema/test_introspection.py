"""What tools send to read the schema passes every default limit, and gives them the whole of it.

The texts in tests/schema/introspection are those of graphql-js in each of its versions, with all that the version can
ask for: GraphiQL, Apollo's and urql's tools, GraphQL Code Generator, Postman, Insomnia and Altair bundle one or another
of them. From version 16.9 on they follow a type through nine levels of lists and non-null. Rover has a text of its own,
in the form of version 14, and Relay's compiler reads a file.
"""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from graphql import (
    GraphQLObjectType,
    GraphQLSchema,
    SchemaMetaFieldDef,
    build_client_schema,
    execute_sync,
    get_introspection_query,
    get_named_type,
    introspection_types,
    is_leaf_type,
    parse,
)

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.harness.default_graph import EXECUTABLE
from tests.harness.gateway_client import Gateway, new_gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in (Path(__file__).parent / "introspection").iterdir()}
TEXTS["graphql-core"] = get_introspection_query(
    specified_by_url=True,
    directive_is_repeatable=True,
    schema_description=True,
    input_value_deprecation=True,
    experimental_directive_deprecation=True,
    one_of=True,
)
TEXTS["as Rover asks"] = TEXTS["graphql-js-14"].replace("IntrospectionQuery", "GraphIntrospectQuery")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    """With the points that keys have by default."""
    async with new_gateway(mongod.uri, rate_limit_restore=25_000) as gateway:
        yield gateway


def told(schema: GraphQLSchema) -> dict[str, Any]:
    """Every type's description, and of its fields the types and descriptions."""
    return {
        name: (
            type_.description,
            {field: (str(one.type), one.description) for field, one in getattr(type_, "fields", {}).items()},
            set(getattr(type_, "values", ())),
        )
        for name, type_ in schema.type_map.items()
        if not name.startswith("__")
    }


def executed(text: str, variables: dict[str, Any] | None = None) -> Any:
    """What graphql-core answers, without errors."""
    result = execute_sync(EXECUTABLE, parse(text), variable_values=variables)
    assert result.errors is None
    return result.data


def depths(value: Any, level: int = 0) -> Iterator[int]:
    """How often ``ofType`` is followed, wherever it is."""
    yield level
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from depths(inner, level + (key == "ofType" and inner is not None))


@pytest.mark.parametrize("tool", TEXTS)
async def test_a_tool_reads_the_schema(tool: str, gateway: Gateway) -> None:
    text = TEXTS[tool]
    name = text.split("{", 1)[0].split()[1]
    response = await gateway.post({"query": text, "variables": {}, "operationName": name})
    assert response.status_code == 200
    answer = response.json()
    assert answer.keys() == {"data", "extensions"}, answer
    schema = build_client_schema(answer["data"])
    assert told(schema) == told(EXECUTABLE)
    assert json.dumps(answer["data"]) == json.dumps(executed(text))
    # [[ID!]!]! is the deepest type.
    assert max(depths(answer["data"])) == 5


async def test_a_tool_reads_the_schema_by_get(gateway: Gateway) -> None:
    for text in TEXTS.values():
        response = await gateway.http.get(
            "/graphql", params={"query": text}, headers={"Authorization": f"Bearer {gateway.key}"}
        )
        assert build_client_schema(response.json()["data"]).query_type is not None


def everything(type_name: str, levels: int) -> str:
    """All fields of an introspection type, and of what they lead to, down so many levels."""
    type_ = introspection_types[type_name]
    assert isinstance(type_, GraphQLObjectType)
    selected = []
    for name, field in type_.fields.items():
        inner = get_named_type(field.type)
        if is_leaf_type(inner):
            selected.append(name)
        elif levels > 1:
            selected.append(f"{name} {{ {everything(inner.name, levels - 1)} }}")
    return " ".join(selected)


async def test_every_field_of_introspection_has_an_answer_for_every_kind_of_type(gateway: Gateway) -> None:
    data = await gateway.data(f"{{ __schema {{ {everything('__Schema', 4)} }} }}")
    types = {type_["name"]: type_ for type_ in data["__schema"]["types"]}
    kinds = {type_["kind"] for type_ in types.values()}
    assert kinds == {"SCALAR", "OBJECT", "INTERFACE", "UNION", "ENUM", "INPUT_OBJECT"}
    assert types["FilterNodeInput"]["isOneOf"] is True
    assert types["InteractionWhere"]["isOneOf"] is False
    assert types["Query"]["isOneOf"] is None
    wrapping = [field["type"] for type_ in types.values() for field in type_["fields"] or ()]
    told_of_wrapping = {(type_["kind"], type_["isOneOf"]) for type_ in wrapping if type_["name"] is None}
    assert told_of_wrapping == {("NON_NULL", None), ("LIST", None)}


BY_VARIABLES = """query ($name: String!, $all: Boolean = true, $kind: Boolean! = true) {
  a: __type(name: $name) { __typename kind @include(if: $kind) ...F }
  __schema { types { ...F } }
}
fragment F on __Type { fields(includeDeprecated: $all) { name args(includeDeprecated: $all) { name } } }"""


@pytest.mark.parametrize(
    "variables",
    [{"name": "Interaction"}, {"name": "Query", "all": False}, {"name": "FilterNode", "kind": False}, {"name": "No"}],
)
async def test_what_is_asked_of_the_schema_may_depend_on_variables(variables: dict[str, Any], gateway: Gateway) -> None:
    for _ in range(3):
        data = await gateway.data(BY_VARIABLES, variables)
        assert json.dumps(data) == json.dumps(executed(BY_VARIABLES, variables))


async def test_an_error_is_told_beside_what_the_schema_says(gateway: Gateway) -> None:
    text = """query ($all: Boolean = true) {
      a: __type(name: "ID") { kind } node(id: "x") { id } ...F
    }
    fragment F on Query { b: __type(name: "Session") { name fields(includeDeprecated: $all) { name } } }"""
    answer = await gateway.execute(text)
    fields = [{"name": name} for name in ("id", "sessionId", "startedAt", "endedAt", "interactions", "searchRequests")]
    expected = {"a": {"kind": "SCALAR"}, "node": None, "b": {"name": "Session", "fields": fields}}
    assert json.dumps(answer["data"]) == json.dumps(expected)
    assert [error["path"] for error in answer["errors"]] == [["node"]]
    # An argument's own error is told where it stands.
    answer = await gateway.execute(text, {"all": None})
    assert answer["data"] == {"a": {"kind": "SCALAR"}, "node": None, "b": {"name": "Session", "fields": None}}
    assert [error["path"] for error in answer["errors"]] == [["node"], ["b", "fields"]]


async def test_what_is_asked_again_is_not_resolved_again(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    resolved = []

    def resolve(_source: None, info: Any) -> GraphQLSchema:
        resolved.append(info)
        return EXECUTABLE

    monkeypatch.setattr(SchemaMetaFieldDef, "resolve", resolve)
    text = TEXTS["graphql-core"] + "# again"
    answers = [await gateway.execute(text) for _ in range(4)]
    assert len(resolved) == 1
    assert answers[0]["data"] == answers[3]["data"]
    # About a point for each hundred values.
    assert all(40 < answer["extensions"]["cost"]["requested"] < 200 for answer in answers)
    assert all(answer["extensions"]["cost"]["actual"] > 40 for answer in answers)


ALIASES = " ".join(f"a{number}: fields {{ name type {{ fields {{ name description }} }} }}" for number in range(29))


@pytest.mark.parametrize(
    "text",
    [
        f"{{ __schema {{ types {{ {ALIASES} }} }} }}",
        f"query ($a: Boolean) {{ __schema {{ directives(includeDeprecated: $a) {{ name }} types {{ {ALIASES} }} }} }}",
    ],
)
async def test_what_asks_too_much_of_the_schema_is_refused(text: str, gateway: Gateway) -> None:
    for _ in range(3):
        answer = await gateway.execute(text)
        [error] = answer["errors"]
        assert error["message"] == "Introspection may answer at most 20,000 values."
        assert error["extensions"] == {"code": "OPERATION_TOO_COMPLEX"}
        assert "data" not in answer
