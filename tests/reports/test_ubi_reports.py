"""Reports of what logs searches: numbers 59 to 61, 68, 73 and 74 of the log in this folder's README."""

import json
from datetime import UTC, datetime
from io import BufferedReader, BytesIO
from typing import Any, cast

import pytest

from gateway.interchange import algolia_events, ubi
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


@pytest.mark.parametrize("name", ["query_response_hit_ids", "query_response_object_ids", "query_response_objects_ids"])
def test_the_hits_of_a_query_are_counted_by_whichever_name_they_were_logged(name: str) -> None:
    row = {"query_id": "q", "user_query": "lamp", name: ["1", 2], "query_response_id": "r"}
    found, again = (entry for entry in read(("queries", row), event(query_id="q")))
    assert isinstance(found, SearchCandidate)
    assert isinstance(again, Candidate)
    assert found.wire["result_count"] == again.wire["search_request"]["result_count"] == 2
    # They stay in the row, as they were.
    assert found.wire["ubi"][name] == ["1", 2]


@pytest.mark.parametrize(
    ("logged", "at"),
    [
        (1423590847, datetime(2015, 2, 10, 17, 54, 7, tzinfo=UTC)),
        ("1640094001", datetime(2021, 12, 21, 13, 40, 1, tzinfo=UTC)),
        (1423590847000, datetime(2015, 2, 10, 17, 54, 7, tzinfo=UTC)),
        (1496638310.584814, datetime(2017, 6, 5, 4, 51, 50, 584_000, tzinfo=UTC)),
        (-86400, datetime(1969, 12, 31, tzinfo=UTC)),
        (-1000, datetime(1969, 12, 31, 23, 43, 20, tzinfo=UTC)),
        ("2021", None),
        ("10000", None),
    ],
)
def test_seconds_are_not_milliseconds_and_no_year(logged: Any, at: datetime | None) -> None:
    [entry] = read(event(timestamp=logged))
    assert (entry.wire["occurred_at"] if isinstance(entry, Candidate) else None) == at
    assert isinstance(entry, Skipped) is (at is None)


def test_an_event_of_algolias_may_have_positions_whatever_was_done() -> None:
    received_at = datetime(2024, 5, 1, tzinfo=UTC)
    # As PHP names a class, in an id; a user's token is a number there.
    objects = {"objectIDs": ["App\\Models\\Product::1", "2"], "positions": [1, 2.0]}
    for type, recorded, token in (("view", "view", 2), ("click", "click", 2.0), ("conversion", "conversion", "2")):
        event = {"eventType": type, "eventName": "e", "index": "products", "userToken": token, **objects}
        wires = algolia_events.interactions({"events": [event]}, received_at)
        told = [(wire["interaction_type"], wire["feature_id"], wire["position"], wire["user_id"]) for wire in wires]
        assert told == [(recorded, "App\\Models\\Product::1", 0, "2"), (recorded, "2", 1, "2")]
