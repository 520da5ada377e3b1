"""A shop with one search box records what was typed into it, and finds it again however it was typed."""

from typing import Any

import pytest

from gateway.compiler.wire_form import input_path
from tests.harness.default_graph import EXECUTABLE
from tests.harness.gateway_client import Gateway

RECORD = """mutation ($input: RecordInteractionInput!) {
  recordInteraction(input: $input) { created interaction { searchRequest { searchRequestId text json } } }
}"""
RECORD_MANY = """mutation ($interactions: [RecordInteractionInput!]!) {
  recordInteractions(input: {interactions: $interactions}) { results { error { code message path } } }
}"""
FOUND = "query ($where: InteractionWhere) { interactions(where: $where) { nodes { interactionId } } }"
QUERY = {"vectorIndex": "KEYWORD", "value": "Running  shoes", "type": "TEXT"}
IMAGE = {"vectorIndex": "IMAGE", "value": "aGVsbG8=", "type": "BASE64"}


def click(**search_request: Any) -> dict[str, Any]:
    request = {"collections": ["products"], **search_request}
    return {"featureId": "p1", "interactionType": "CLICK", "searchRequest": request}


async def recorded(gateway: Gateway, **search_request: Any) -> dict[str, Any]:
    request: dict[str, Any] = (await gateway.data(RECORD, {"input": click(**search_request)}))["recordInteraction"][
        "interaction"
    ]["searchRequest"]
    return request


async def test_a_text_is_recorded_as_one_keyword_query(gateway: Gateway) -> None:
    request = await recorded(gateway, text="Running  shoes")
    assert request["text"] == "Running  shoes"
    assert request["json"] == {
        "queries": [{"vector_index": "keyword", "value": "Running  shoes", "type": "text"}],
        "collections": ["products"],
    }
    # The same content, so the same search request.
    for spelled in (
        {"queries": [QUERY]},
        {"queries": [QUERY], "text": None},
        {"queries": None, "text": QUERY["value"]},
    ):
        assert await recorded(gateway, **spelled) == request


async def test_what_was_typed_into_several_boxes_is_joined(gateway: Gateway) -> None:
    request = await recorded(gateway, queries=[QUERY, {**QUERY, "value": " Red"}, IMAGE])
    assert request["text"] == "Running  shoes +  Red + sha256:333d6b3a3c1f5db6"
    assert (await recorded(gateway, queries=[]))["text"] == ""


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"text": "shoes", "queries": []}, ["searchRequest", "text"]),
        ({}, ["searchRequest", "queries"]),
        ({"text": None}, ["searchRequest", "queries"]),
        ({"text": None, "queries": None}, ["searchRequest", "queries"]),
    ],
)
async def test_either_a_text_or_queries_are_recorded(gateway: Gateway, fields: dict[str, Any], path: list[str]) -> None:
    expected = ("BAD_USER_INPUT", "Exactly one of `queries` and `text` must be given.")
    [error] = (await gateway.execute(RECORD, {"input": click(**fields)}))["errors"]
    assert (error["extensions"]["code"], error["message"]) == expected
    assert error["extensions"]["path"] == ["input", *path]
    answer = await gateway.data(RECORD_MANY, {"interactions": [click(text="shoes"), click(**fields)]})
    first, second = (result["error"] for result in answer["recordInteractions"]["results"])
    assert first is None
    assert (second["code"], second["message"], second["path"]) == (*expected, path)


def test_what_is_wrong_with_the_query_of_a_text_is_said_of_the_text() -> None:
    type_ = EXECUTABLE.type_map["RecordSearchRequestInput"]
    wire_path = ("search_request", "queries", 0, "value")
    assert input_path(wire_path, {"searchRequest": {"text": "shoes"}}, type_) == ("searchRequest", "text")
    queries = {"searchRequest": {"queries": [QUERY]}}
    assert input_path(wire_path, queries, type_) == ("searchRequest", "queries", 0, "value")


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({"text": {"eq": "running SHOES "}}, ["a", "b"]),
        ({"text": {"in": ["boots", " Running shoes"]}}, ["a", "b"]),
        ({"text": {"startsWith": "RUN"}}, ["a", "b", "c"]),
        ({"text": {"startsWith": "running shoes + sha"}}, ["c"]),
        ({"text": {"contains": "Shoes +"}}, ["c"]),
        ({"text": {"ne": "Running shoes"}}, ["c", "d", "none"]),
        ({"text": {"exists": False}}, ["none"]),
        ({"text": {"eq": ""}}, ["d"]),
        ({"searchRequest": {"text": {"nin": ["running shoes", ""]}}}, ["c", "none"]),
        ({"searchRequest": {"query": {"value": {"eq": "Running  shoes"}}}}, ["a", "c"]),
        ({"searchRequest": {"query": {"value": {"eq": "RUNNING  shoes", "caseSensitive": False}}}}, ["a", "c"]),
        ({"searchRequest": {"query": {"value": {"in": ["running shoes", "x"]}, "type": ["URL"]}}}, []),
        ({"nor": [{"text": {"startsWith": "running"}}]}, ["d", "none"]),
    ],
)
async def test_a_text_is_found_however_it_was_typed(gateway: Gateway, where: dict[str, Any], found: list[str]) -> None:
    searches: dict[str, Any] = {
        "a": {"text": "Running  shoes"},
        "b": {"text": "running shoes"},
        "c": {"queries": [QUERY, IMAGE]},
        "d": {"queries": []},
    }
    interactions = [click(**fields) | {"interactionId": name} for name, fields in searches.items()]
    interactions.append({"interactionId": "none", "featureId": "p1", "interactionType": "VIEW"})
    await gateway.data(RECORD_MANY, {"interactions": interactions})
    nodes = (await gateway.data(FOUND, {"where": where}))["interactions"]["nodes"]
    assert sorted(node["interactionId"] for node in nodes) == found
