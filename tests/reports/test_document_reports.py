"""Reports of documents and variables: numbers 23 to 30, 34, 39, 40 and 91 of the log in this folder's README."""

from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
import pytest_asyncio
from graphql import (
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    IntrospectionQuery,
    Undefined,
    build_client_schema,
    get_introspection_query,
    parse_value,
    validate_schema,
    value_from_ast,
)

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.harness.gateway_client import Gateway, new_gateway
from tests.harness.live_client import RECORD

pytestmark = pytest.mark.asyncio(loop_scope="module")

TREE = {
    "and": [
        {"condition": {"key": "a", "value": 1}},
        {"group": {"or": [{"condition": {"key": "b", "value": {"x": [1, None]}}}]}},
    ]
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    """``r0`` and ``r1`` of the search request ``s``; nothing else that the tests count."""
    async with new_gateway(mongod.uri) as gateway:
        for number in range(2):
            request = {"searchRequestId": "s", "queries": [], "collections": ["c"], "filters": TREE}
            input = {"interactionId": f"r{number}", "featureId": "p1", "interactionType": "CLICK"}
            times = {"occurredAt": f"2024-05-01T12:00:0{number}Z"}
            await gateway.data(RECORD, {"input": {**input, **times, "searchRequest": request}})
        yield gateway


# Variables and their defaults


async def test_a_null_for_an_argument_that_has_a_default_spoils_its_field_alone(gateway: Gateway) -> None:
    query = """query ($most: Int = 1) {
      viewer { keyName } interactions(where: {featureId: {eq: "p1"}}) { totalCount(upTo: $most) nodes { featureId } }
    }"""
    assert (await gateway.data(query))["interactions"]["totalCount"] == 1
    answer = await gateway.execute(query, {"most": None})
    assert answer["data"] == {
        "viewer": {"keyName": "web"},
        "interactions": {"totalCount": None, "nodes": [{"featureId": "p1"}] * 2},
    }
    [error] = answer["errors"]
    assert error["path"] == ["interactions", "totalCount"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "path": ["upTo"]}


async def test_null_is_not_the_default_and_not_set_is(gateway: Gateway) -> None:
    query = 'query ($n: Int = 1) { feature(featureId: "p1") { interactions(first: $n) { nodes { interactionId } } } }'
    for variables, count in (({}, 1), ({"n": 2}, 2), ({"n": None}, 2)):
        answer = await gateway.data(query, variables)
        assert len(answer["feature"]["interactions"]["nodes"]) == count
    order = """query ($d: SortDirection) { feature(featureId: "p1") {
      interactions(first: 1, orderBy: {direction: $d}) { nodes { interactionId } } } }"""
    for sent, id in (({}, "r1"), ({"d": "ASC"}, "r0")):
        answer = await gateway.data(order, sent)
        assert answer["feature"]["interactions"]["nodes"] == [{"interactionId": id}]
    [error] = (await gateway.execute(order, {"d": None}))["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    ("variables", "path"),
    [
        ({"w": {"position": {"eq": 1711377149432}}}, ["w", "position", "eq"]),
        ({"w": {"position": {"eq": 1.5}}}, ["w", "position", "eq"]),
        ({"w": {"and": [{}, {"interactionType": {"eq": "click"}}]}}, ["w", "and", "1", "interactionType", "eq"]),
    ],
)
async def test_a_program_is_told_which_value_of_a_variable_is_wrong(
    variables: dict[str, Any], path: list[str], gateway: Gateway
) -> None:
    query = "query ($w: InteractionWhere) { interactions(where: $w) { totalCount } }"
    [error] = (await gateway.execute(query, variables))["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "path": path}


@pytest.mark.parametrize("repeated", range(2))
async def test_conditions_follow_each_requests_variables_and_their_defaults(repeated: int, gateway: Gateway) -> None:
    query = """query ($skip: Boolean = false, $include: Boolean = true) {
      viewer { keyName @skip(if: $skip) } ...Connection @include(if: $include)
    }
    fragment Connection on Query { searchRequests(first: 1) { nodes { interactions(first: 1) @skip(if: $skip) {
      totalCount } searchRequestId } } }"""
    whole = {"interactions": {"totalCount": 2}, "searchRequestId": "s"}
    for variables, viewer, nodes in [
        ({}, {"keyName": "web"}, [whole]),
        ({"skip": True}, {}, [{"searchRequestId": "s"}]),
        ({"include": False}, {"keyName": "web"}, None),
        ({"skip": True, "include": False}, {}, None),
        ({}, {"keyName": "web"}, [whole]),
    ]:
        data = await gateway.data(query, variables)
        assert data == {"viewer": viewer} | ({} if nodes is None else {"searchRequests": {"nodes": nodes}})


async def test_single_values_are_lists_of_one(gateway: Gateway) -> None:
    query = """query ($ids: [ID!]!, $where: InteractionWhere) {
      interactionsByIds(interactionIds: $ids) { interactionId } interactions(where: $where) { totalCount }
    }"""
    where = {"interactionType": {"in": "CLICK"}, "featureId": {"in": "p1"}, "and": {"interactionId": {"in": "r1"}}}
    data = await gateway.data(query, {"ids": "r0", "where": where})
    assert data == {"interactionsByIds": [{"interactionId": "r0"}], "interactions": {"totalCount": 1}}


# Aliases and fragments


async def test_each_alias_has_what_its_own_arguments_ask_for(gateway: Gateway) -> None:
    data = await gateway.data("""{ searchRequests(first: 1) {
      edges { node { a: interactions(first: 1) { nodes { interactionId } } b: interactions(last: 1) { totalCount } } }
      nodes { a: interactions(last: 1) { nodes { interactionId } } nodes: interactions(first: 0) { totalCount } }
    } }""")
    assert data["searchRequests"] == {
        "edges": [{"node": {"a": {"nodes": [{"interactionId": "r1"}]}, "b": {"totalCount": 2}}}],
        "nodes": [{"a": {"nodes": [{"interactionId": "r0"}]}, "nodes": {"totalCount": 2}}],
    }


async def test_names_of_other_fields_may_be_aliases(gateway: Gateway) -> None:
    data = await gateway.data("""{ nodes: searchRequests(first: 1) { edges: nodes { json: searchRequestId
      totalCount: interactions(first: 1) { pageInfo: nodes { id: interactionId interactionId: featureId } } } } }""")
    node = {"json": "s", "totalCount": {"pageInfo": [{"id": "r1", "interactionId": "p1"}]}}
    assert data == {"nodes": {"edges": [node]}}


async def test_fragments_of_one_field_are_merged_however_deep(gateway: Gateway) -> None:
    data = await gateway.data("""{ feature(featureId: "p1") { interactions(first: 1) { totalCount } ...A ...B } }
    fragment A on Feature { interactions(first: 1) { nodes { searchRequest { searchRequestId } } } }
    fragment B on Feature { interactions(first: 1) { nodes { ...C ... on Node { name: __typename } } } }
    fragment C on Interaction { searchRequest { collections filters { keys } } }""")
    request = {"searchRequestId": "s", "collections": ["c"], "filters": {"keys": ["a", "b"]}}
    nodes = [{"searchRequest": request, "name": "Interaction"}]
    assert data["feature"]["interactions"] == {"totalCount": 2, "nodes": nodes}


async def test_fragments_on_interfaces_and_unions_apply_to_what_is_there(gateway: Gateway) -> None:
    data = await gateway.data(
        """query ($things: [_Any!]!) {
          _entities(representations: $things) { ...Named ... on Feature { id: featureId } }
          searchRequests(first: 1) { nodes { filters { and { ...One ...Group } } } }
        }
        fragment Group on FilterGroup { label: text or { ...One } }
        fragment Named on Node { __typename ... on Interaction { id: interactionId } ... on Session { startedAt } }
        fragment One on FilterCondition { label: key value }""",
        {"things": [{"__typename": "Interaction", "interactionId": "r0"}, {"__typename": "Feature", "featureId": 5}]},
    )
    assert data["_entities"] == [{"__typename": "Interaction", "id": "r0"}, {"id": "5"}]
    group = {"label": 'b = {"x": [1, null]}', "or": [{"label": "b", "value": {"x": [1, None]}}]}
    assert data["searchRequests"]["nodes"] == [{"filters": {"and": [{"label": "a", "value": 1}, group]}}]


async def test_roots_tell_their_types(gateway: Gateway) -> None:
    assert await gateway.data("{ __typename ... on Query { a: __typename } }") == {"__typename": "Query", "a": "Query"}
    assert await gateway.data("mutation { __typename }") == {"__typename": "Mutation"}


async def test_json_in_a_document_is_what_it_says_with_its_variables(gateway: Gateway) -> None:
    record = """mutation ($any: JSON, $number: Int, $unset: String) { recordInteraction(input: {
      interactionId: "json", featureId: "json", interactionType: VIEW, occurredAt: "2024-01-01T00:00:00Z"
      metadata: {whole: 1, float: 1.0, big: 9007199254740993, list: [true, null, "\\u{1F600}", $unset], any: $any,
        deep: {number: $number, unset: $unset}, text: "{\\"a\\": 1}"}
    }) { interaction { metadata } } }"""
    sent = {"x": [1.0, 9007199254740993, {}]}
    data = await gateway.data(record, {"any": sent, "number": 3})
    metadata = data["recordInteraction"]["interaction"]["metadata"]
    assert metadata == {
        "whole": 1,
        "float": 1.0,
        "big": 9007199254740993,
        "list": [True, None, "\U0001f600", None],
        "any": sent,
        "deep": {"number": 3},
        "text": '{"a": 1}',
    }
    assert [type(metadata[name]) for name in ("whole", "float")] == [int, float]


# Mutations and introspection


async def test_what_was_done_beside_a_mutation_that_failed_is_told_by_sending_it_again(gateway: Gateway) -> None:
    view = 'featureId: "m", interactionType: VIEW, occurredAt: "2024-01-01T00:00:00Z"'
    inputs = [f'{{interactionId: "{id}", {view}, position: {place}}}' for id, place in (("a", 1), ("b", -1), ("c", 1))]
    recorded = [
        f"{alias}: recordInteraction(input: {input}) {{ created }}" for alias, input in zip("abc", inputs, strict=True)
    ]
    answer = await gateway.execute(f"mutation {{ {' '.join(recorded)} }}")
    assert answer["data"] is None
    assert [(error["path"], error["extensions"]["path"]) for error in answer["errors"]] == [
        (["b"], ["input", "position"])
    ]
    again = await gateway.data(f"mutation {{ {recorded[0]} {recorded[2]} }}")
    assert again == {"a": {"created": False}, "c": {"created": False}}


async def test_introspection_tells_deprecated_inputs_to_whoever_asks(gateway: Gateway) -> None:
    data = await gateway.data("""{ __schema {
      types { name inputFields(includeDeprecated: true) { name isDeprecated deprecationReason }
        fields(includeDeprecated: true) { args(includeDeprecated: true) { name isDeprecated } } }
      directives { name isRepeatable args(includeDeprecated: true) { name } }
    } none: __type(name: "Nope") { name } }""")
    inputs = {one["name"] for one in data["__schema"]["types"] if one["inputFields"]}
    assert {"InteractionWhere", "RecordInteractionInput"} <= inputs
    assert {one["name"] for one in data["__schema"]["directives"]} >= {"skip", "include", "oneOf"}
    assert data["none"] is None


async def test_introspection_tells_defaults_that_a_client_can_read(gateway: Gateway) -> None:
    introspection = await gateway.data(get_introspection_query(input_value_deprecation=True))
    schema = build_client_schema(cast(IntrospectionQuery, introspection))
    assert validate_schema(schema) == []
    told = [
        (type_["name"], input["name"], input["defaultValue"])
        for type_ in introspection["__schema"]["types"]
        for inputs in (type_["inputFields"] or [], *(field["args"] for field in type_["fields"] or []))
        for input in inputs
        if input["defaultValue"] is not None
    ]
    # In GraphQL: enums aren't quoted, and what is left out has none.
    assert ("InteractionOrder", "direction", "DESC") in told
    assert ("Query", "model", "COEC") in told
    assert ("Query", "groupBy", "[]") in told
    assert [place for place in told if place[2] == "null" or not _can_be_read(schema, *place)] == []


def _can_be_read(schema: GraphQLSchema, type_name: str, name: str, default: str) -> bool:
    type_ = schema.type_map[type_name]
    assert isinstance(type_, GraphQLObjectType | GraphQLInputObjectType)
    if isinstance(type_, GraphQLInputObjectType):
        types = [type_.fields[name].type]
    else:
        types = [field.args[name].type for field in type_.fields.values() if name in field.args]
    return any(value_from_ast(parse_value(default), input_type) is not Undefined for input_type in types)
