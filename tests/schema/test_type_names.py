"""A prefix for the names of generic types, so that the graph can be composed with others."""

import re
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema, execute_sync, is_introspection_type, is_scalar_type, parse

from gateway.model.documents import TYPE_FIELD
from gateway.model.kinds import INTERACTION, time_order
from gateway.plan.fetched_pages import Pages
from gateway.plan.paging import Page
from gateway.schema.graph import build
from tests.harness import prepared

PREFIX = "Acme"
OWN = {"Query", "Mutation", "Subscription", "Node", "PageInfo", "Feature"}


def type_names(schema: GraphQLSchema) -> set[str]:
    return {one.name for one in schema.type_map.values() if not is_introspection_type(one) and not is_scalar_type(one)}


def test_generic_names_begin_with_the_prefix_and_all_others_are_as_they_were() -> None:
    names = type_names(build().executable)
    expected = {
        name if name in OWN or re.search("Interaction|SearchRequest", name) or name[0] == "_" else PREFIX + name
        for name in names
    }
    assert type_names(build(PREFIX).executable) == expected
    assert {"AcmeSession", "AcmeSortDirection", "AcmeNamespace", "AcmeFilterNode", "AcmeIDFilter"} <= expected


def test_the_printed_graph_has_the_prefixed_names_alone() -> None:
    printed = build_schema(build(PREFIX).sdl)
    assert type_names(printed) == type_names(build(PREFIX).executable)
    assert {one for one in printed.type_map if is_scalar_type(printed.type_map[one])} >= {"DateTime", "JSON"}


@pytest.mark.parametrize("prefix", ["", PREFIX])
def test_what_a_client_reads_and_writes_has_the_prefixed_names(prefix: str) -> None:
    query = f"""{{
      interactions {{ nodes {{ searchRequest {{
        sort {{ __typename direction }}
        filters {{ __typename and {{ __typename ... on {prefix}FilterCondition {{ key }} }} }}
      }} }} }}
      node(id: "any") {{ __typename ... on {prefix}Session {{ sessionId }} }}
    }}"""
    shape = prepared.compiled(query, {}, prefix).shape
    assert shape is not None
    data = shape(fetched())
    [node] = data["interactions"]["nodes"]
    assert node["searchRequest"] == {
        "sort": {"__typename": f"{prefix}SortOption", "direction": "ASC"},
        "filters": {
            "__typename": f"{prefix}FilterGroup",
            "and": [
                {"__typename": f"{prefix}FilterCondition", "key": "brand"},
                {"__typename": f"{prefix}FilterGroup"},
            ],
        },
    }
    assert execute_sync(build(prefix).executable, parse(query), fetched()).data == data
    assert data["node"] == {"__typename": f"{prefix}Session", "sessionId": "s"}


def fetched() -> Pages:
    request: dict[str, Any] = {
        "sort": {"field": "price", "direction": "asc"},
        "filters": {"AND": [{"key": "brand"}, {"OR": []}]},
    }
    document = {"search_request_id": "r", "search_request": request}
    pages = Pages()
    pages.put(("Query.interactions",), Page(time_order(INTERACTION, descending=True), [document], False, False))
    pages.put(("Query.node",), {TYPE_FIELD: "Session", "session_id": "s"})
    return pages
