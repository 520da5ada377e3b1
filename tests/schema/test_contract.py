"""The public contract: contract.graphql, whose names clients rely on, against the schema and against what is served."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_required_argument,
    is_required_input_field,
    print_ast,
)

from gateway.schema.graph import build
from tests.harness.gateway_client import Gateway

CONTRACT = build_schema((Path(__file__).parent / "contract.graphql").read_text(encoding="utf-8"))
SCHEMA = build_schema(build().sdl)


def facts(type_: GraphQLNamedType) -> Iterator[str]:
    """What a client may rely on, a line each."""
    yield f"{type(type_).__name__} {type_.name}"
    match type_:
        case GraphQLObjectType() | GraphQLInterfaceType():
            yield from (f"{type_.name} implements {interface.name}" for interface in type_.interfaces)
            for name, field in type_.fields.items():
                yield f"{type_.name}.{name}: {field.type}"
                yield from (f"{type_.name}.{name}({typed(*argument)})" for argument in field.args.items())
        case GraphQLInputObjectType():
            yield f"{type_.name} is {'one' if type_.is_one_of else 'all'} of its fields"
            yield from (f"{type_.name}.{typed(*field)}" for field in type_.fields.items())
        case GraphQLEnumType():
            yield from (f"{type_.name}.{name}" for name in type_.values)
        case GraphQLUnionType():
            yield from (f"{type_.name} has {member.name}" for member in type_.types)


def typed(name: str, value: Any) -> str:
    default = value.ast_node.default_value if value.ast_node else None
    return f"{name}: {value.type}" + (f" = {print_ast(default)}" if default else "")


def own_types(schema: GraphQLSchema) -> dict[str, GraphQLNamedType]:
    return {name: type_ for name, type_ in schema.type_map.items() if not name.startswith("__")}


@pytest.mark.parametrize("name", own_types(CONTRACT))
def test_the_schema_has_everything_that_the_contract_has(name: str) -> None:
    assert set(facts(CONTRACT.type_map[name])) - set(facts(SCHEMA.type_map[name])) == set()


def test_nothing_that_the_schema_adds_is_required_of_clients() -> None:
    added = []
    for name, type_ in own_types(CONTRACT).items():
        match type_, SCHEMA.type_map[name]:
            case GraphQLObjectType(), GraphQLObjectType() as ours:
                for field_name, field in type_.fields.items():
                    arguments = ours.fields[field_name].args
                    added += [
                        f"{name}.{field_name}({one}:)"
                        for one, argument in arguments.items()
                        if one not in field.args and is_required_argument(argument)
                    ]
            case GraphQLInputObjectType(), GraphQLInputObjectType() as inputs:
                added += [
                    f"{name}.{one}"
                    for one, field in inputs.fields.items()
                    if one not in type_.fields and is_required_input_field(field)
                ]
    assert added == []


QUERY_TREE: dict[str, Any] = {"and": [{"condition": {"key": "gender", "operator": "EQ", "value": "w"}}]}
TREE: dict[str, Any] = {
    "and": [
        {"condition": {"key": "brand", "operator": "NE", "value": "Nike"}},
        {"group": {"or": [{"condition": {"key": "price", "operator": "LTE", "value": 99.5}}], "caseSensitive": True}},
    ],
    "or": [{"condition": {"key": "size", "operator": "IN", "value": [42, None]}}],
    "nor": [{"condition": {"key": "sold", "operator": "EXISTS", "value": None}}],
    "caseSensitive": False,
}
REQUEST: dict[str, Any] = {
    "searchRequestId": "r1",
    "queries": [
        {
            "vectorIndex": "MULTIMODAL",
            "value": "red shoes",
            "type": "TEXT",
            "filters": QUERY_TREE,
            "settings": {"limit": 20, "minScore": 0.25, "modality": "image"},
        }
    ],
    "collections": ["shoes", "sale"],
    "filters": TREE,
    "groupBy": {"field": "model", "maxFeatures": 3, "sort": {"field": "price", "direction": "DESC"}},
    "sort": {"field": "name", "direction": "ASC"},
    "select": [],
    "rankingOptions": {"weights": {"feedback": 0.6, "popularity": 0.4}, "enableReranking": True},
    "sessionId": "s1",
    "returnUrl": False,
}
INTERACTION: dict[str, Any] = {
    "interactionId": "i1",
    "featureId": "p1",
    "interactionType": "LONG_VIEW",
    "searchRequest": REQUEST,
    "position": 0,
    "durationMs": 1500,
    "metadata": {"$where": {"a.b": [None, 1.5, "ü"]}, "": {"$ref": "x", "$id": 1}, "big": 2**53},
    "sessionId": "s2",
    "userId": "u1",
    "occurredAt": "2024-05-01T14:00:00.123+02:00",
}
WIRE_TREE = {
    "AND": [
        {"key": "brand", "operator": "ne", "value": "Nike"},
        {"OR": [{"key": "price", "operator": "lte", "value": 99.5}], "case_sensitive": True},
    ],
    "OR": [{"key": "size", "operator": "in", "value": [42, None]}],
    "NOR": [{"key": "sold", "operator": "exists", "value": None}],
    "case_sensitive": False,
}
WIRE_REQUEST = {
    "search_request_id": "r1",
    "queries": [
        {
            "vector_index": "multimodal",
            "value": "red shoes",
            "type": "text",
            "filters": {"AND": [{"key": "gender", "operator": "eq", "value": "w"}]},
            "settings": {"limit": 20, "min_score": 0.25, "modality": "image"},
        }
    ],
    "collections": ["shoes", "sale"],
    "filters": WIRE_TREE,
    "group_by": {"field": "model", "max_features": 3, "sort": {"field": "price", "direction": "desc"}},
    "sort": {"field": "name", "direction": "asc"},
    "select": [],
    "reranking_options": {"weights": {"feedback": 0.6, "popularity": 0.4}, "enable_reranking": True},
    "session_id": "s1",
    "return_url": False,
}
WIRE_INTERACTION = {
    "interaction_id": "i1",
    "feature_id": "p1",
    "interaction_type": "long_view",
    "search_request": WIRE_REQUEST,
    "position": 0,
    "duration_ms": 1500,
    "metadata": INTERACTION["metadata"],
    "session_id": "s2",
    "user_id": "u1",
    "occurred_at": "2024-05-01T12:00:00.123Z",
}
SEEN_AT = "2024-05-01T12:00:00.123Z"

RECORD = "mutation ($input: RecordInteractionInput!) { recordInteraction(input: $input) { created } }"

READ = """
{
  interaction(interactionId: "i1") {
    id interactionId featureId feature { featureId } interactionType interactionTypes position durationMs metadata
    sessionId userId occurredAt json
    searchRequest {
      id searchRequestId
      queries { vectorIndex value type filters { ...Tree } settings { limit minScore modality } }
      collections filters { ...Tree }
      groupBy { field maxFeatures sort { field direction } }
      sort { field direction } select
      rankingOptions { weights { feedback popularity } enableReranking }
      sessionId returnUrl firstSeenAt json
    }
  }
}
fragment Tree on FilterGroup {
  and { ...Item } or { ...Item } nor { ...Item }
  caseSensitive json text depth keys
  conditions { key operator value }
  flat { index parentIndex depth branch key operator value caseSensitive }
}
fragment Item on FilterNode {
  ... on FilterCondition { key operator value }
  ... on FilterGroup { or { ... on FilterCondition { key operator value } } caseSensitive }
}
"""


def given(value: Any, type_: Any) -> Iterator[str]:
    """The coordinates of the input fields that have a value."""
    type_ = get_nullable_type(type_)
    if isinstance(type_, GraphQLList):
        for item in value:
            yield from given(item, type_.of_type)
    elif isinstance(type_, GraphQLInputObjectType):
        for name, inner in value.items():
            yield f"{type_.name}.{name}"
            yield from given(inner, type_.fields[name].type)


def below(type_: GraphQLInputObjectType, seen: set[str]) -> Iterator[str]:
    for name, field in type_.fields.items():
        yield f"{type_.name}.{name}"
        inner = get_named_type(field.type)
        if isinstance(inner, GraphQLInputObjectType) and inner.name not in seen:
            seen.add(inner.name)
            yield from below(inner, seen)


def test_the_recorded_interaction_has_every_field_of_the_contract() -> None:
    # What the schema adds is recorded, read and compared in `tests.schema.test_recorded_fields`.
    type_ = CONTRACT.type_map["RecordInteractionInput"]
    assert isinstance(type_, GraphQLInputObjectType)
    # Instead of `searchRequest`; it has a test of its own.
    expected = set(below(type_, {type_.name})) - {"RecordInteractionInput.searchRequestId"}
    assert set(given(INTERACTION, type_)) == expected


def condition(key: str, operator: str, value: Any) -> dict[str, Any]:
    return {"key": key, "operator": operator, "value": value}


def flat(index: int, parent: int | None, depth: int, branch: str | None, **node: Any) -> Mapping[str, Any]:
    place = {"index": index, "parentIndex": parent, "depth": depth, "branch": branch}
    return {**place, "key": None, "operator": None, "value": None, "caseSensitive": None, **node}


async def test_every_field_of_the_contract_reads_what_was_written(gateway: Gateway) -> None:
    assert (await gateway.data(RECORD, {"input": INTERACTION}))["recordInteraction"] == {"created": True}
    read = (await gateway.data(READ))["interaction"]
    request = read.pop("searchRequest")
    tree, [query] = request.pop("filters"), request.pop("queries")

    node_id, request_node_id = read.pop("id"), request.pop("id")
    assert await gateway.data(
        "query ($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }", {"ids": [node_id, request_node_id]}
    ) == {
        "nodes": [
            {"id": node_id, "__typename": "Interaction"},
            {"id": request_node_id, "__typename": "SearchRequest"},
        ]
    }
    assert read == {
        "interactionId": "i1",
        "featureId": "p1",
        "feature": {"featureId": "p1"},
        "interactionType": "LONG_VIEW",
        "interactionTypes": ["LONG_VIEW"],
        "position": 0,
        "durationMs": 1500,
        "metadata": INTERACTION["metadata"],
        "sessionId": "s2",
        "userId": "u1",
        "occurredAt": SEEN_AT,
        "json": WIRE_INTERACTION,
    }
    assert list(read["json"]["search_request"]["filters"]) == list(WIRE_TREE)
    assert request == {
        **{
            name: REQUEST[name]
            for name in ("searchRequestId", "collections", "groupBy", "sort", "select", "rankingOptions", "returnUrl")
        },
        "sessionId": "s1",
        "firstSeenAt": SEEN_AT,
        "json": WIRE_REQUEST,
    }
    query_tree = query.pop("filters")
    assert query == {name: value for name, value in REQUEST["queries"][0].items() if name != "filters"}
    assert query_tree["text"] == 'gender = "w"'
    assert tree == {
        "and": [
            condition("brand", "NE", "Nike"),
            {"or": [condition("price", "LTE", 99.5)], "caseSensitive": True},
        ],
        "or": [condition("size", "IN", [42, None])],
        "nor": [condition("sold", "EXISTS", None)],
        "caseSensitive": False,
        "json": WIRE_TREE,
        "text": tree["text"],
        "depth": 2,
        "keys": ["brand", "price", "size", "sold"],
        "conditions": [
            condition("brand", "NE", "Nike"),
            condition("price", "LTE", 99.5),
            condition("size", "IN", [42, None]),
            condition("sold", "EXISTS", None),
        ],
        "flat": [
            flat(0, None, 0, None, caseSensitive=False),
            flat(1, 0, 1, "AND", **condition("brand", "NE", "Nike")),
            flat(2, 0, 1, "AND", caseSensitive=True),
            flat(3, 2, 2, "OR", **condition("price", "LTE", 99.5)),
            flat(4, 0, 1, "OR", **condition("size", "IN", [42, None])),
            flat(5, 0, 1, "NOR", **condition("sold", "EXISTS", None)),
        ],
    }
    for part in ('brand != "Nike"', "price <= 99.5", "size IN [42, null]", "NOT "):
        assert part in tree["text"]


async def test_what_surrounds_an_interaction_leads_back_to_it(gateway: Gateway) -> None:
    await gateway.data(RECORD, {"input": INTERACTION})
    page = """
      {
        edges { cursor node { interactionId } } nodes { interactionId }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount
      }
    """
    requests = page.replace("interactionId", "searchRequestId")
    read = await gateway.data(
        f"""{{
          interactions {page}
          interactionsByIds(interactionIds: ["i1"]) {{ interactionId }}
          searchRequest(searchRequestId: "r1") {{ interactions {page} }}
          searchRequests {requests}
          feature(featureId: "p1") {{ featureId interactions {page} }}
          features(featureIds: ["p1"]) {{ featureId interactions {page} }}
          session(sessionId: "s2") {{ id sessionId startedAt endedAt interactions {page} searchRequests {requests} }}
          own: session(sessionId: "s1") {{ searchRequests {requests} interactions {{ totalCount }} }}
        }}"""
    )

    def holds(found: Any, **node: str) -> bool:
        cursor = found["edges"][0]["cursor"]
        info = {"hasNextPage": False, "hasPreviousPage": False, "startCursor": cursor, "endCursor": cursor}
        edges = [{"cursor": cursor, "node": node}]
        return bool(found == {"edges": edges, "nodes": [node], "pageInfo": info, "totalCount": 1})

    session = read["session"]
    assert holds(read["interactions"], interactionId="i1")
    assert read["interactionsByIds"] == [{"interactionId": "i1"}]
    assert holds(read["searchRequest"]["interactions"], interactionId="i1")
    assert holds(read["searchRequests"], searchRequestId="r1")
    for feature in (read["feature"], *read["features"]):
        assert feature["featureId"] == "p1"
        assert holds(feature["interactions"], interactionId="i1")
    assert (session["sessionId"], session["startedAt"], session["endedAt"]) == ("s2", SEEN_AT, SEEN_AT)
    assert holds(session["interactions"], interactionId="i1")
    # The search was made in another session than the interaction.
    assert session["searchRequests"]["totalCount"] == 0
    assert holds(read["own"]["searchRequests"], searchRequestId="r1")
    assert read["own"]["interactions"]["totalCount"] == 0


async def test_an_interaction_may_name_a_recorded_search_request(gateway: Gateway) -> None:
    record = """mutation ($input: RecordSearchRequestInput!) {
      recordSearchRequest(input: $input) { searchRequest { searchRequestId firstSeenAt } created }
    }"""
    payload = await gateway.data(record, {"input": {"searchRequest": REQUEST, "occurredAt": SEEN_AT}})
    assert payload["recordSearchRequest"] == {
        "searchRequest": {"searchRequestId": "r1", "firstSeenAt": SEEN_AT},
        "created": True,
    }
    later = {"interactionId": "i2", "featureId": "p1", "interactionType": "VIEW", "searchRequestId": "r1"}
    await gateway.data(RECORD, {"input": later})
    read = await gateway.data(
        '{ interaction(interactionId: "i2") { json sessionId searchRequest { json firstSeenAt collections } } }'
    )
    recorded = {"interaction_id": "i2", "feature_id": "p1", "interaction_type": "view", "search_request_id": "r1"}
    assert read["interaction"] == {
        "json": recorded,
        "sessionId": "s1",
        "searchRequest": {"json": WIRE_REQUEST, "firstSeenAt": SEEN_AT, "collections": ["shoes", "sale"]},
    }


ENUMS = {
    "InteractionType": "interactionType",
    "VectorIndex": "vectorIndex",
    "QueryInputType": "type",
    "SortDirection": "direction",
    "ComparisonOperator": "operator",
}


@pytest.mark.parametrize("name", ENUMS)
async def test_every_value_that_can_be_recorded_reads_as_it_was_recorded(name: str, gateway: Gateway) -> None:
    enum = CONTRACT.type_map[name]
    assert isinstance(enum, GraphQLEnumType)
    values = [value for value in enum.values if value != "OTHER"]
    for value in values:
        query = {"vectorIndex": "TEXT", "value": "x", "type": "TEXT"}
        given: dict[str, Any] = {"interactionId": value, "featureId": "p", "interactionType": "VIEW"}
        leaf = {"key": "k", "operator": "EQ", "value": 1}
        sort = {"field": "f", "direction": "ASC"}
        for part in (query, given, leaf, sort):
            if ENUMS[name] in part:
                part[ENUMS[name]] = value
        given["searchRequest"] = {
            "queries": [query],
            "collections": [],
            "sort": sort,
            "filters": {"and": [{"condition": leaf}]},
        }
        await gateway.data(RECORD, {"input": given})
    read = await gateway.data(
        """query ($ids: [ID!]!) {
          interactionsByIds(interactionIds: $ids) {
            interactionType
            searchRequest { queries { vectorIndex type } sort { direction } filters { flat { operator } } }
          }
        }""",
        {"ids": values},
    )
    found = []
    for interaction in read["interactionsByIds"]:
        request = interaction["searchRequest"]
        told = {**interaction, **request["queries"][0], **request["sort"], **request["filters"]["flat"][1]}
        found.append(told[ENUMS[name]])
    assert found == values


async def test_the_scalars_and_the_viewer_are_as_promised(gateway: Gateway) -> None:
    for name in ("DateTime", "JSON"):
        assert isinstance(SCHEMA.type_map[name], GraphQLScalarType)
    read = await gateway.data(
        """{
          viewer {
            keyName permissions organization { id name }
            namespace { id namespaceId name createdAt } namespaces { id namespaceId name createdAt }
          }
        }"""
    )
    viewer = read["viewer"]
    assert viewer["keyName"] == "web"
    assert viewer["permissions"] == ["READ", "RECORD", "WRITE", "ADMIN"]
    assert viewer["organization"]["name"] == "Acme"
    assert viewer["namespaces"] == [viewer["namespace"]]
    namespace = viewer["namespace"]
    assert (namespace["namespaceId"], namespace["name"]) == (gateway.namespace.id, "shop")
    again = await gateway.data(
        "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Namespace { name } ... on Organization { name } } }",
        {"ids": [namespace["id"], viewer["organization"]["id"]]},
    )
    assert again["nodes"] == [
        {"id": namespace["id"], "name": "shop"},
        {"id": viewer["organization"]["id"], "name": "Acme"},
    ]
