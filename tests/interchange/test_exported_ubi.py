"""Whatever was recorded comes back from an export of UBI as it was, wherever it came from."""

import json
from collections.abc import Iterable
from io import BufferedReader, BytesIO
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.interchange import ubi
from gateway.interchange.entries import Auxiliary, Candidate, SearchCandidate
from gateway.interchange.export_formats import ExportFormat
from gateway.interchange.position_base import PositionBase
from gateway.interchange.sources import Source
from gateway.interchange.temporary_database import temporary_database
from gateway.interchange.ubi_actions import ACTIONS
from gateway.model.exported_documents import ExportedLine, Part
from gateway.model.wire import format_instant

TIME = "2024-05-01T12:00:00.000Z"
TEXTS = st.sampled_from(["lamp", "Red  shoes", "42", "4.0", " ", "x + y", "ü\u2028", "a" * 600])
IDS = st.sampled_from(["p1", "42", "4.0", " p", "é", "x" * 512])
VALUES: st.SearchStrategy[Any] = st.sampled_from([None, True, 1, 1.5, "lamp", [], {}, {"a": [None]}, TIME, "on_search"])
ATTRIBUTES = st.fixed_dictionaries(
    {},
    optional={
        "object": st.sampled_from([{"object_id": 42, "description": "brand", "object_detail": {"filter": "a"}}, "x"])
        | st.fixed_dictionaries({"object_id": VALUES}),
        "position": st.sampled_from([{"ordinal": 0}, {"ordinal": "2"}, {"ordinal": " 5e0"}, {"index": 4}, 7, {"x": 1}]),
        "result_count": st.just(0),
        "session_id": st.just("s1"),
        "interaction_id": VALUES,
        "interaction": VALUES,
        "is_from_ubi": VALUES,
    },
)
METADATA = VALUES.filter(lambda value: value is None or isinstance(value, dict)) | st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("action_name", "message", "message_type", "user_query", "application", "own"), VALUES),
        **dict.fromkeys(("client_id", "user_id", "session_id", "timestamp", "query_id", "object"), VALUES),
        "event_attributes": ATTRIBUTES | VALUES,
    },
)
UBI = VALUES | st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("query_id", "client_id", "session_id", "timestamp", "own"), VALUES),
        "query_attributes": st.sampled_from([{"own": 1}, {"search_request": 1}, {"ubi_fields": []}, 5]),
    },
)
REQUESTS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "queries": st.lists(
            st.fixed_dictionaries({"vector_index": st.just("text"), "type": st.just("text"), "value": TEXTS}),
            max_size=2,
        ),
        "collections": st.lists(st.just("c"), max_size=2),
    },
    optional={"session_id": IDS | st.none(), "user_id": IDS | st.none(), "result_count": st.just(0), "ubi": UBI},
)
INTERACTIONS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "feature_id": IDS,
        "interaction_type": st.sampled_from([*ACTIONS, "Own", ["view", "click"], ["search"]]),
        "occurred_at": st.sampled_from([TIME, "2024-05-01T14:00:00+02:00", "2024-05-01T12:00:00.5Z"]),
    },
    optional={
        "position": st.sampled_from([0, 1, 5, None]),
        "session_id": IDS | st.none(),
        "user_id": IDS | st.none() | st.just(" "),
        "score": st.just(0.5),
        "own": VALUES,
        "metadata": METADATA,
    },
)


@st.composite
def lines(draw: st.DrawFn) -> list[ExportedLine]:
    """Interactions by themselves, with a search request of their own, with one that has no id, or naming one."""
    exported = []
    for number, interaction in enumerate(draw(st.lists(INTERACTIONS, min_size=1, max_size=4))):
        line, id = {**interaction, "interaction_id": f"i{number}"}, f"r{number}"
        request, searched = draw(REQUESTS), draw(st.sampled_from(["", "whole", "derived", "named"]))
        search: dict[str, Any] = {"search_request_id": id, "first_seen_at": TIME, "search_request": request}
        if searched == "derived":
            line |= {"search_request": request, "search_request_id": id}
            if request.get("session_id") is None and draw(st.booleans()):
                search["session_id"] = "s9"
        elif searched:
            request["search_request_id"] = id
            line |= {"search_request": request} if searched == "whole" else {"search_request_id": id}
        exported.append(ExportedLine(Part.INTERACTIONS, line, search if searched else None))
    return exported


@given(lines(), st.sampled_from(PositionBase))
def test_what_is_exported_is_read_as_it_was(exported: list[ExportedLine], base: PositionBase) -> None:
    check_round_trip(exported, base)


@pytest.mark.parametrize("object_id", [True, {"a": 1}, ["p1"]])
@pytest.mark.parametrize("action", ["page_exit", "click", "search"])
def test_metadata_that_an_event_could_not_have_is_read_as_it_was(object_id: object, action: str) -> None:
    metadata = {"action_name": action, "event_attributes": {"object": {"object_id": object_id}}}
    line = {
        "interaction_id": "i",
        "feature_id": "p1",
        "interaction_type": action,
        "occurred_at": TIME,
        "metadata": metadata,
    }
    check_round_trip([ExportedLine(Part.INTERACTIONS, line, None)], PositionBase.ZERO)


def check_round_trip(exported: list[ExportedLine], base: PositionBase) -> None:
    writer = ExportFormat.UBI.writer(brings_searches=True)
    content = BytesIO(writer.begin() + writer.page(exported) + writer.end())
    with temporary_database() as database:
        entries = list(ubi.entries(Source(BufferedReader(cast(Any, content))), database, base))
    assert all(isinstance(entry, Candidate | SearchCandidate | Auxiliary) for entry in entries)
    read = [entry for entry in entries if isinstance(entry, Candidate)]
    searches = [entry for entry in entries if isinstance(entry, SearchCandidate)]
    assert spelled(map(interaction, read)) == spelled(line.content for line in exported)
    assert spelled(map(search_request, searches)) == spelled(line.search for line in exported if line.search)


def interaction(candidate: Candidate) -> dict[str, Any]:
    id = candidate.search_request_id
    return candidate.wire if id is None else {**candidate.wire, "search_request_id": id}


def search_request(candidate: SearchCandidate) -> dict[str, Any]:
    assert candidate.occurred_at is not None
    line = {
        "search_request_id": candidate.id or candidate.wire["search_request_id"],
        "first_seen_at": format_instant(candidate.occurred_at),
        "search_request": candidate.wire,
    }
    return line if candidate.session_id is None else {**line, "session_id": candidate.session_id}


def spelled(objects: Iterable[Any]) -> list[str]:
    return sorted(json.dumps(item, sort_keys=True) for item in objects)
