import json
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.interchange.entries import Candidate, SearchCandidate, Skipped
from gateway.interchange.graph_names import as_wire, is_of_graph
from gateway.model.wire import validate_interaction, validate_search_request
from tests.interchange.test_jsonl import line, read

INPUT: dict[str, Any] = {
    "interactionId": "i1",
    "featureId": "p1",
    "interactionType": "ADD_TO_CART",
    "durationMs": 5,
    "occurredAt": "2024-05-01T12:00:00Z",
    "metadata": {"featureId": "kept"},
    "searchRequest": {
        "searchRequestId": "r1",
        "queries": [
            {"vectorIndex": "KEYWORD", "type": "TEXT", "value": "lamp", "settings": {"minScore": 0.5}},
            {"vectorIndex": "TEXT", "type": "TEXT", "value": "x", "filters": {"or": []}},
        ],
        "collections": ["shop"],
        "filters": {
            "and": [
                {"condition": {"key": "brand", "operator": "STARTS_WITH", "value": {"and": 1}}},
                {"group": {"nor": [{"condition": {"key": "stock", "operator": "EQ", "value": 0}}]}},
            ],
            "caseSensitive": True,
        },
        "groupBy": {"field": "brand", "maxFeatures": 3},
        "rankingOptions": {"weights": {"feedback": 1.0}, "enableReranking": True},
        "resultCount": 7,
    },
}
WIRE = {
    "interaction_id": "i1",
    "feature_id": "p1",
    "interaction_type": "add_to_cart",
    "duration_ms": 5,
    "occurred_at": "2024-05-01T12:00:00Z",
    "metadata": {"featureId": "kept"},
    "search_request": {
        "search_request_id": "r1",
        "queries": [
            {"vector_index": "keyword", "type": "text", "value": "lamp", "settings": {"min_score": 0.5}},
            {"vector_index": "text", "type": "text", "value": "x", "filters": {"OR": []}},
        ],
        "collections": ["shop"],
        "filters": {
            "AND": [
                {"key": "brand", "operator": "starts_with", "value": {"and": 1}},
                {"NOR": [{"key": "stock", "operator": "eq", "value": 0}]},
            ],
            "case_sensitive": True,
        },
        "group_by": {"field": "brand", "max_features": 3},
        "reranking_options": {"weights": {"feedback": 1.0}, "enable_reranking": True},
        "result_count": 7,
    },
}


def json_line(content: dict[str, Any]) -> bytes:
    return json.dumps(content).encode()


def wires(**fields: Any) -> list[dict[str, Any]]:
    return [entry.wire for entry in read(line(**fields)) if isinstance(entry, Candidate | SearchCandidate)]


def test_what_a_mutation_takes_is_the_same_interaction() -> None:
    assert is_of_graph(INPUT)
    [entry] = read(json_line(INPUT))
    assert isinstance(entry, Candidate)
    assert entry.wire == WIRE
    validate_interaction(entry.wire)


def test_what_a_query_answers_is_read_too() -> None:
    node = {
        "__typename": "Interaction",
        "interactionId": "i1",
        "featureId": "p1",
        "interactionTypes": ["VIEW", "CLICK"],
        "searchRequest": {
            "__typename": "SearchRequest",
            "text": "lamp",
            "collections": [],
            "filters": {"and": [{"__typename": "FilterCondition", "key": "brand", "operator": "EQ", "value": 1}]},
        },
    }
    assert as_wire(node) == {
        "interaction_id": "i1",
        "feature_id": "p1",
        "interaction_type": ["VIEW", "CLICK"],
        "search_request": {
            "collections": [],
            "queries": [{"vector_index": "keyword", "value": "lamp", "type": "text"}],
            "filters": {"AND": [{"key": "brand", "operator": "EQ", "value": 1}]},
        },
    }


def test_a_line_of_the_wire_shape_keeps_keys_that_look_like_the_graphs() -> None:
    assert wires(featureId="kept")[0]["featureId"] == "kept"


def test_a_search_request_alone_is_recorded_in_either_spelling() -> None:
    request: dict[str, Any] = {"queries": [], "collections": []}
    contents: list[dict[str, Any]] = [
        {"searchRequest": request, "occurredAt": "2024-05-01T12:00:00Z"},
        {"search_request": request, "occurred_at": "2024-05-01T12:00:00Z"},
        {"search_request": request, "first_seen_at": 1714564800, "search_request_id": "r1", "session_id": "s1"},
    ]
    searches = [entry for content in contents for entry in read(json_line(content))]
    for search in searches:
        assert isinstance(search, SearchCandidate)
        assert search.wire == request
        assert search.occurred_at == datetime(2024, 5, 1, 12, tzinfo=UTC)
        validate_search_request(search.wire, id=search.id, session_id=search.session_id)
    assert [(search.id, search.session_id) for search in searches if isinstance(search, SearchCandidate)][-1] == (
        "r1",
        "s1",
    )


@pytest.mark.parametrize(
    "beside", [{"search_request_id": 7.5}, {"search_request_id": {"$oid": "7"}}, {"session_id": ""}]
)
def test_what_stands_beside_a_search_request_is_checked(beside: dict[str, Any]) -> None:
    [entry] = read(json_line({"search_request": {}, **beside}))
    assert isinstance(entry, Skipped)


def test_an_exported_interaction_says_the_id_of_its_search_request_beside_it() -> None:
    request: dict[str, Any] = {"queries": [], "collections": []}
    [entry] = read(line(search_request=request, search_request_id="r1"))
    assert isinstance(entry, Candidate)
    assert entry.search_request_id == "r1"
    assert "search_request_id" not in entry.wire
    recorded = validate_interaction(entry.wire, search_request_id=entry.search_request_id)
    assert recorded.search_request is not None
    assert (recorded.search_request.id, recorded.search_request_id) == ("r1", None)
