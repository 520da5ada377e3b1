"""The formats of exports: what other tools, and imports, read of them."""

import csv
import json
from collections.abc import Sequence
from io import BufferedReader, BytesIO, StringIO
from typing import Any, cast

import pytest

from gateway.interchange import ubi
from gateway.interchange.csv_writer import csv_columns
from gateway.interchange.entries import Candidate, SearchCandidate
from gateway.interchange.export_formats import ExportFormat
from gateway.interchange.judgment_writers import document_name, query_number
from gateway.interchange.sources import Source
from gateway.interchange.temporary_database import temporary_database
from gateway.model.exported_documents import ExportedJudgment, ExportedLine, Part, Row

SEARCH = {
    "search_request_id": "r1",
    "first_seen_at": "2024-05-01T12:00:00.000Z",
    "session_id": "s1",
    "search_request": {
        "queries": [{"vector_index": "keyword", "type": "text", "value": "Red \"shoes\", 'x'"}],
        "collections": ["shop", "sale"],
        "filters": {"AND": [{"key": "brand", "value": "Nike"}]},
        "user_id": "u1",
        "result_count": 3,
    },
}
CLICK = {
    "interaction_id": "i1",
    "feature_id": "p=1",
    "interaction_type": "click",
    "position": 2,
    "metadata": {"price": 1.5, "Größe": "é\n"},
    "session_id": "s1",
    "user_id": "u1",
    "occurred_at": "2024-05-01T12:00:01.000Z",
    "search_request_id": "r1",
}
SEARCHED, CLICKED = ExportedLine(Part.SEARCHES, SEARCH), ExportedLine(Part.INTERACTIONS, CLICK, SEARCH)
JUDGED = [
    ExportedJudgment("boots", "b 1", 3.0, 1),
    ExportedJudgment("red shoes", "a%20", 1 / 3, 1),
    ExportedJudgment("red shoes", "c", 0.0, 0),
]


def written(format: ExportFormat, *pages: Sequence[Row], **options: bool) -> bytes:
    writer = format.writer(**options)
    return writer.begin() + b"".join(map(writer.page, pages)) + writer.end()


def test_json_lines_are_the_lines() -> None:
    text = written(ExportFormat.JSONL, [SEARCHED], [CLICKED])
    assert [json.loads(line) for line in text.splitlines()] == [SEARCH, CLICK]
    assert written(ExportFormat.JSONL, []) == b""


def test_search_requests_that_come_with_interactions_stand_ahead_of_the_first() -> None:
    text = written(ExportFormat.JSONL, [CLICKED, CLICKED], [CLICKED], brings_searches=True)
    assert [json.loads(line) for line in text.splitlines()] == [SEARCH, CLICK, CLICK, CLICK]


def test_csv_has_a_column_for_each_declared_field() -> None:
    header, search, click = csv.reader(StringIO(written(ExportFormat.CSV, [SEARCHED, CLICKED]).decode(), newline=""))
    assert tuple(header) == csv_columns()
    assert {"metadata", "search_request.queries", "search_request.sort.direction", "first_seen_at"} <= set(header)
    row = dict(zip(header, click, strict=True))
    assert {name: value for name, value in row.items() if value} == {
        **{name: str(value) for name, value in CLICK.items()},
        "metadata": '{"price":1.5,"Größe":"é\\n"}',
    }
    row = dict(zip(header, search, strict=True))
    assert json.loads(row["search_request.queries"]) == SEARCH["search_request"]["queries"]  # type: ignore[index]
    assert (row["search_request.result_count"], row["interaction_id"]) == ("3", "")


def test_a_cell_is_what_was_recorded_also_where_a_spreadsheet_takes_it_for_a_formula() -> None:
    for id in ("=1+1", "+1", "-1", "@a", "\t=1", '=HYPERLINK("x","y")'):
        line = ExportedLine(Part.INTERACTIONS, {"interaction_id": "i", "feature_id": id})
        [row] = csv.DictReader(StringIO(written(ExportFormat.CSV, [line]).decode(), newline=""))
        assert row["feature_id"] == id


def test_csv_that_goes_on_has_no_header() -> None:
    assert written(ExportFormat.CSV, [CLICKED], goes_on=True).count(b"\n") == 1


def imported(content: bytes) -> list[Any]:
    with temporary_database() as database:
        entries = ubi.entries(Source(BufferedReader(cast(Any, BytesIO(content)))), database)
        return [entry for entry in entries if isinstance(entry, Candidate | SearchCandidate)]


def test_ubi_is_read_back() -> None:
    text = written(ExportFormat.UBI, [SEARCHED], [CLICKED])
    action, query, other_action, event = map(json.loads, text.splitlines())
    assert action == {"index": {"_index": "ubi_queries", "_id": "r1"}}
    assert other_action == {"index": {"_index": "ubi_events", "_id": "i1"}}
    assert (query["query_id"], query["user_query"], query["application"]) == ("r1", "Red \"shoes\", 'x'", "shop")
    assert event["event_attributes"]["object"] == {"object_id": "p=1"}
    assert event["event_attributes"]["position"] == {"ordinal": 2}
    search, click = imported(text)
    assert click.wire == CLICK
    assert (search.wire, search.id, search.session_id) == (SEARCH["search_request"], "r1", "s1")


@pytest.mark.parametrize("name", ["query_refinement", "zero_results", "filter_toggle", "search", "unheard_of"])
def test_actions_without_an_item_come_back_as_what_they_were(name: str) -> None:
    line = ExportedLine(Part.INTERACTIONS, {**CLICK, "interaction_type": name, "feature_id": "brand"}, SEARCH)
    [event] = [entry for entry in imported(written(ExportFormat.UBI, [line])) if isinstance(entry, Candidate)]
    assert (event.wire["interaction_type"], event.wire["feature_id"]) == (name, "brand")


def test_what_came_from_ubi_goes_back_into_its_place() -> None:
    event = {
        "action_name": "product_hover",
        "query_id": "q1",
        "client_id": "c1",
        "timestamp": "2025-01-22T14:57:24.305Z",
        "message": "hm",
        "event_attributes": {"object": {"object_id": "a", "description": "A lamp"}, "position": {"ordinal": 4}},
    }
    lines = [{"index": {"_index": "ubi_events"}}, event]
    [entry] = imported("".join(f"{json.dumps(line)}\n" for line in lines).encode())
    wire = entry.wire | {"occurred_at": "2025-01-22T14:57:24.305Z"}
    [_, back] = map(json.loads, written(ExportFormat.UBI, [ExportedLine(Part.INTERACTIONS, wire)]).splitlines())
    assert back["event_attributes"].pop("interaction_id") == wire["interaction_id"]
    assert back["event_attributes"].pop("interaction") == {}
    assert back["event_attributes"].pop("is_from_ubi")
    assert back == event


def test_foreign_documents_are_written_as_far_as_they_can_be() -> None:
    odd = [
        ExportedLine(Part.INTERACTIONS, {"interaction_type": None, "metadata": [1], "search_request": "x"}),
        ExportedLine(Part.INTERACTIONS, {"interaction_id": 5, "position": "7", "occurred_at": {"$oid": "1"}}),
        ExportedLine(Part.SEARCHES, {"search_request": None}),
        ExportedLine(Part.SEARCHES, {"search_request_id": 1, "search_request": {"queries": 1, "collections": "c"}}),
    ]
    for format in (ExportFormat.JSONL, ExportFormat.CSV, ExportFormat.UBI):
        assert written(format, odd, brings_searches=True)


def test_ids_that_json_has_no_kind_for_are_texts_where_an_id_is_one() -> None:
    """As the lines of documents that others stored have them: as they were recorded."""
    text = "6631f1c0a7b2c3d4e5f60718"
    id, decimal = {"$oid": text}, {"$numberDecimal": "42.0"}
    # What only looks so, or is no id's, stays.
    others: dict[str, Any] = {"user_id": {"$oid": text.upper()}, "session_id": {"$numberDecimal": "x"}, "metadata": id}
    request = {"search_request_id": id, "user_id": decimal, "queries": []}
    line = ExportedLine(
        Part.INTERACTIONS, {"interaction_id": id, "feature_id": decimal, **others}, {"search_request": request}
    )
    [row] = csv.DictReader(StringIO(written(ExportFormat.CSV, [line]).decode()))
    assert {name: row[name] for name in ("interaction_id", "feature_id", *others)} == {
        **{"interaction_id": text, "feature_id": "42"},
        **{name: json.dumps(value, separators=(",", ":")) for name, value in others.items()},
    }
    searched = ExportedLine(Part.SEARCHES, {"search_request_id": id, "search_request": request})
    [row] = csv.DictReader(StringIO(written(ExportFormat.CSV, [searched]).decode()))
    names = ("search_request_id", "search_request.search_request_id", "search_request.user_id")
    assert [row[name] for name in names] == [text, text, "42"]
    target, event = map(json.loads, written(ExportFormat.UBI, [line]).splitlines())
    assert (target["index"]["_id"], event["event_attributes"]["interaction_id"]) == (text, text)
    # As JSON lines have it, it stands in the line.
    [told] = map(json.loads, written(ExportFormat.JSONL, [line]).splitlines())
    assert told["interaction_id"] == id


@pytest.mark.parametrize("stored", [42, 42.0])
def test_ids_that_are_stored_as_numbers_are_the_texts_that_they_read_as(stored: float) -> None:
    request = {"search_request_id": stored, "queries": [], "collections": []}
    line = ExportedLine(
        Part.INTERACTIONS, {"interaction_id": stored, "feature_id": stored, "position": 1.5, "search_request": request}
    )
    [row] = csv.DictReader(StringIO(written(ExportFormat.CSV, [line]).decode()))
    names = ("interaction_id", "feature_id", "search_request.search_request_id", "position")
    assert [row[name] for name in names] == ["42", "42", "42", "1.5"]
    target, event = map(json.loads, written(ExportFormat.UBI, [line]).splitlines())
    assert (target["index"]["_id"], event["event_attributes"]["interaction_id"], event["query_id"]) == ("42",) * 3


# ------------------------------------------------------------------ judgments


def test_qrels_have_whole_grades_and_no_spaces_within() -> None:
    lines = [line.split() for line in written(ExportFormat.QRELS, JUDGED[:2], JUDGED[2:]).decode().splitlines()]
    boots, shoes = str(query_number("boots")), str(query_number("red shoes"))
    assert lines == [[boots, "0", "b%201", "1"], [shoes, "0", "a%2520", "1"], [shoes, "0", "c", "0"]]
    assert 0 < query_number("boots") < 2**53
    assert document_name("é\u3000\t%") == "é%E3%80%80%09%25"


def test_topics_have_each_query_once() -> None:
    lines = written(ExportFormat.TOPICS, JUDGED[:2], JUDGED[2:]).decode().splitlines()
    assert lines == [f"{query_number('boots')}\tboots", f"{query_number('red shoes')}\tred shoes"]


def test_the_workbench_gets_a_body_to_import() -> None:
    body = json.loads(written(ExportFormat.WORKBENCH, JUDGED[:2], JUDGED[2:]))
    assert body["type"] == "IMPORT_JUDGMENT"
    assert body["judgmentRatings"] == [
        {"query": "boots", "ratings": [{"docId": "b 1", "rating": "3.000"}]},
        {"query": "red shoes", "ratings": [{"docId": "a%20", "rating": "0.333"}, {"docId": "c", "rating": "0.000"}]},
    ]
    assert json.loads(written(ExportFormat.WORKBENCH))["judgmentRatings"] == []


def test_quepid_gets_its_three_columns() -> None:
    rows = list(csv.reader(StringIO(written(ExportFormat.QUEPID, JUDGED).decode())))
    assert rows == [
        ["query", "docid", "rating"],
        ["boots", "b 1", "1"],
        ["red shoes", "a%20", "1"],
        ["red shoes", "c", "0"],
    ]


def test_a_carriage_return_ends_no_row_of_any_table() -> None:
    """As an id or a query's text may hold one, with which old spreadsheets end lines."""
    judged = written(ExportFormat.QUEPID, [ExportedJudgment("red\rshoes", "p1\r", 3.0, 1)])
    assert judged == b'query,docid,rating\n"red\rshoes","p1\r",1\n'
    line = ExportedLine(Part.INTERACTIONS, {"interaction_id": "i", "feature_id": "a\rb", "session_id": "x\r"})
    text = written(ExportFormat.CSV, [line])
    assert b'"a\rb"' in text
    assert b'"x\r"' in text


def test_ranx_gets_an_object_for_each_query() -> None:
    assert json.loads(written(ExportFormat.RANX, JUDGED[:2], JUDGED[2:])) == {
        str(query_number("boots")): {"b 1": 1},
        str(query_number("red shoes")): {"a%20": 1, "c": 0},
    }
    assert json.loads(written(ExportFormat.RANX)) == {}
