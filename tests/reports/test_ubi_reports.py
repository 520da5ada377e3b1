"""Reports of OpenSearch's User Behavior Insights: numbers 59 to 61 of the log in this folder's README."""

import json
from io import BufferedReader, BytesIO
from typing import Any, cast

import pytest

from gateway.interchange import ubi
from gateway.interchange.entries import Candidate, SearchCandidate, Skipped
from gateway.interchange.sources import Source
from gateway.interchange.temporary_database import temporary_database


def read(*documents: tuple[str, dict[str, Any]]) -> list[Candidate | SearchCandidate | Skipped]:
    """What becomes of the documents of a bulk file, each with its index; action lines left out."""
    lines = [
        json.dumps(line) for index, document in documents for line in ({"index": {"_index": f"ubi_{index}"}}, document)
    ]
    source = Source(BufferedReader(cast(Any, BytesIO("\n".join([*lines, ""]).encode()))))
    with temporary_database() as database:
        entries = list(ubi.entries(source, database))
    return [entry for entry in entries if isinstance(entry, Candidate | SearchCandidate | Skipped)]


def event(**fields: Any) -> tuple[str, dict[str, Any]]:
    attributes = {"object": {"object_id": "item"}, "position": {"ordinal": 0}}
    time = "2025-01-22T14:57:24.305Z"
    return "events", {
        "action_name": "click",
        "client_id": "c",
        "timestamp": time,
        "event_attributes": attributes,
        **fields,
    }


@pytest.mark.parametrize("query_id", [{}, {"query_id": None}, {"query_id": ""}])
def test_an_event_ahead_of_any_search_has_none(query_id: dict[str, Any]) -> None:
    [entry] = read(event(**query_id))
    assert isinstance(entry, Candidate)
    assert (entry.wire["feature_id"], entry.wire.get("search_request")) == ("item", None)


def test_a_query_that_only_events_tell_of_is_known_by_their_text() -> None:
    [entry] = read(event(query_id="q", user_query="lamp"))
    assert isinstance(entry, Candidate)
    assert entry.wire["search_request"]["search_request_id"] == "q"
    assert entry.wire["search_request"]["queries"] == [{"vector_index": "keyword", "value": "lamp", "type": "text"}]


@pytest.mark.parametrize(
    ("first", "second", "latest"),
    [
        (1729684800000, "2024-10-23T12:00:01Z", "second"),
        ("2024-10-23T12:00:01Z", 1729684800000, "first"),
        (1729684802000, "2024-10-23T12:00:01Z", "first"),
        (1729684802, "2024-10-23T12:00:01Z", "first"),
        ("2024-10-23T14:00:00.5+02:00", "2024-10-23T12:00:00Z", "first"),
        ("2024-10-23T12:00:00.000+0000", "2024-10-23T12:00:00Z", "second"),
    ],
)
def test_the_latest_row_of_a_query_is_so_by_time_and_not_by_spelling(first: Any, second: Any, latest: str) -> None:
    rows = [
        ("queries", {"query_id": "q", "user_query": text, "timestamp": time})
        for text, time in (("first", first), ("second", second))
    ]
    [entry] = [entry for entry in read(*rows) if isinstance(entry, SearchCandidate)]
    assert [query["value"] for query in entry.wire["queries"]] == [latest]
