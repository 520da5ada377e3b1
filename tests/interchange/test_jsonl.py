import gzip
import json
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from enum import Enum
from io import BufferedReader, BytesIO
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.context import Namespace
from gateway.errors import BadUserInput
from gateway.interchange import jsonl
from gateway.interchange.entries import Auxiliary, AuxiliaryKind, Candidate, Entry, SearchCandidate, Skipped
from gateway.interchange.imports import Import, record_all
from gateway.interchange.lines import LINE_LIMIT
from gateway.interchange.report import LISTED, Report
from gateway.interchange.sources import Source
from gateway.interchange.temporary_database import temporary_database
from gateway.model.documents import recorded_interaction
from gateway.model.wire import validate_interaction, validate_search_request
from gateway.model.wire.fields import INTERACTION_TYPES, QUERY_TYPES, VECTOR_INDEXES
from gateway.schema.enums import InteractionType, QueryInputType, VectorIndex, known_values
from gateway.store.client import Database
from gateway.store.writer import Writer

NAMESPACE = Namespace("ns_import", "import", "org_import", datetime(2025, 1, 1, tzinfo=UTC))


def source(content: bytes) -> Source:
    return Source(BufferedReader(cast(Any, BytesIO(content))))


def read(content: bytes) -> list[Entry]:
    with temporary_database() as database:
        return list(jsonl.entries(source(content), database))


async def import_lines(database: Database, content: bytes, **options: Any) -> Report:
    with temporary_database() as remembered:
        importing = Import(Writer(database), NAMESPACE, remembered, **options)
        return await importing.run(jsonl.entries(source(content), remembered))


def line(**fields: Any) -> bytes:
    return json.dumps({"feature_id": "p1", "interaction_type": "view", **fields}).encode() + b"\n"


def ids(content: bytes) -> list[str]:
    return [entry.wire["interaction_id"] for entry in read(content) if isinstance(entry, Candidate)]


OBJECT_ID = "6631f1c0a7b2c3d4e5f60718"


@pytest.mark.parametrize(
    ("written", "id"),
    [
        (42, "42"),
        (42.0, "42"),
        (-(2**63), f"{-(2**63)}"),
        ({"$oid": OBJECT_ID}, OBJECT_ID),
        ({"$numberDecimal": "42"}, "42"),
    ],
)
async def test_an_id_that_another_program_stored_is_the_text_that_it_is_exported_as(
    written: Any, id: str, database: Database
) -> None:
    of_request = dict.fromkeys(("search_request_id", "session_id", "user_id"), written)
    request = {"queries": [], "collections": [], **of_request}
    ids = dict.fromkeys(("interaction_id", "feature_id", "session_id", "user_id"), written)
    lines = (
        line(**ids, search_request=request, search_request_id=written)
        + json.dumps({"search_request": request}).encode()
        + b"\n"
    )
    lines += line(interaction_id="named", search_request_id=written)
    report = await import_lines(database, lines)
    assert (report.imported, report.listed) == (2, [])
    stored = await database["interactions"].find_one({"interaction_id": id})
    assert stored is not None
    assert [stored[name] for name in ("feature_id", "session_id", "user_id", "search_request_id")] == [id] * 4
    assert stored["search_request"]["user_id"] == id
    assert await database["search_requests"].count_documents({"search_request_id": id}) == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "INVALID_JSON"),
        (b'{"a": NaN}', "INVALID_JSON"),
        (b'{"a": -Infinity}', "INVALID_JSON"),
        (b'{"a": ' + b"1" * 5_000 + b"}", "INVALID_JSON"),
        (b'{"a": "\xff"}', "INVALID_UTF8"),
        ('{"a": 1}'.encode("utf-16"), "INVALID_UTF8"),
        (b"[1]", "NOT_AN_OBJECT"),
        (b"null", "NOT_AN_OBJECT"),
        (b'{"a": ' + b"[" * 100 + b"]" * 100 + b"}", "TOO_DEEP"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "TOO_DEEP"),
        (b'{"a": "' + b"x" * LINE_LIMIT + b'"}', "LINE_TOO_LONG"),
    ],
)
def test_a_line_that_is_no_object_is_skipped_with_its_number_and_reason(content: bytes, reason: str) -> None:
    before, skipped, after = read(line() + content + b"\n" + line())
    assert isinstance(skipped, Skipped)
    assert (skipped.line.number, skipped.reason) == (2, reason)
    assert isinstance(before, Candidate)
    assert isinstance(after, Candidate)


def test_a_line_may_have_as_many_bytes_as_the_limit_says() -> None:
    exact = b'{"a": "' + b"x" * (LINE_LIMIT - 9) + b'"}'
    assert len(exact) == LINE_LIMIT
    assert [type(entry) for entry in read(exact + b"\n" + exact + b" \n")] == [Candidate, Skipped]


def test_wide_lines_and_line_ends_of_other_systems_are_read() -> None:
    wide = line(metadata={"list": [[] for _ in range(500)]})
    entries = read(b"\xef\xbb\xbf" + line() + b"\r\n" + wide[:-1] + b"\r\n" + line()[:-1])
    assert [type(entry) for entry in entries] == [Candidate, Auxiliary, Candidate, Candidate]
    assert [entry.line.number for entry in entries] == [1, 2, 3, 4]


def test_a_line_without_an_id_gets_one_by_its_content_and_its_occurrence() -> None:
    once, again, other = ids(line(position=1) + line(position=1) + line(position=2))
    assert len({once, again, other}) == 3
    assert ids(b'{"position":1.0,  "interaction_type":"view","feature_id":"p1"}\n' + line(position=1)) == [once, again]


def test_a_null_id_counts_as_none_and_a_given_one_stays() -> None:
    assert ids(line(interaction_id=None) + line(interaction_id="mine"))[1] == "mine"
    assert len(ids(line(interaction_id=None))[0]) > 30


@pytest.mark.parametrize(
    ("fields", "occurred_at"),
    [
        ({"timestamp": 1717527762039}, datetime(2024, 6, 4, 19, 2, 42, 39_000, tzinfo=UTC)),
        ({"timestamp": "2025-01-24T07:31:30.699+0000"}, datetime(2025, 1, 24, 7, 31, 30, 699_000, tzinfo=UTC)),
        ({"created_at": "2025-01-24T07:31:30"}, datetime(2025, 1, 24, 7, 31, 30, tzinfo=UTC)),
        (
            {"timestamp": 1717527762039, "created_at": "2025-01-24T07:31:30+01:00"},
            datetime(2024, 6, 4, 19, 2, 42, 39_000, tzinfo=UTC),
        ),
        ({"timestamp": None, "created_at": "soon", "occurred_at": "2025-01-24T07:31:30Z"}, None),
        ({"timestamp": "1712041500000"}, datetime(2024, 4, 2, 7, 5, tzinfo=UTC)),
        ({"timestamp": "1712041500"}, datetime(2024, 4, 2, 7, 5, tzinfo=UTC)),
        ({"timestamp": 1712041500.25}, datetime(2024, 4, 2, 7, 5, 0, 250_000, tzinfo=UTC)),
        ({"timestamp": 99_999_999_999}, datetime(5138, 11, 16, 9, 46, 39, tzinfo=UTC)),
        ({"timestamp": 100_000_000_000}, datetime(1973, 3, 3, 9, 46, 40, tzinfo=UTC)),
        ({"timestamp": "20240402T070500Z"}, datetime(2024, 4, 2, 7, 5, tzinfo=UTC)),
        ({"timestamp": "2024-04-02T09:05:00,5+02"}, datetime(2024, 4, 2, 7, 5, 0, 500_000, tzinfo=UTC)),
        ({"timestamp": "2024-04-02 07:05"}, datetime(2024, 4, 2, 7, 5, tzinfo=UTC)),
        ({"timestamp": "2024-04-02"}, datetime(2024, 4, 2, tzinfo=UTC)),
        ({"timestamp": None}, None),
        ({}, None),
    ],
)
def test_the_time_is_also_read_where_older_producers_write_it(
    fields: dict[str, Any], occurred_at: datetime | None
) -> None:
    (entry,) = read(line(**fields))
    assert isinstance(entry, Candidate)
    assert entry.occurred_at == occurred_at


@pytest.mark.parametrize("name", ["occurred_at", "timestamp", "created_at"])
@pytest.mark.parametrize(
    "time",
    [True, 1e300, {}, "soon", "2024", "20240402", "20240402070500", 1712041500000000, "1712041500000000", "2024-W14-2",
     "2024-02-30", "07:05", "", "2024-04-02T25:00:00Z", "2024-04-02T07:05:00+99:00", "Tue, 02 Apr 2024 07:05:00 GMT"],
)  # fmt: skip
def test_a_time_that_can_not_be_understood_is_told_and_not_guessed(name: str, time: object) -> None:
    # Nor does another time take its place, such as when the row was stored.
    for others in ({}, {"created_at": "2025-01-24T07:31:30Z"}):
        (entry,) = read(line(**{**others, name: time}))
        assert isinstance(entry, Skipped)
        assert (entry.reason, entry.path) == ("BAD_USER_INPUT", (name,))


def test_a_time_of_its_own_is_read_as_those_of_older_producers_and_else_kept_as_it_was_sent() -> None:
    number, text = read(line(occurred_at=1712041500) + line(occurred_at="2024-04-02T09:05:00.123456+02:00"))
    assert isinstance(number, Candidate)
    assert isinstance(text, Candidate)
    assert number.wire["occurred_at"] == datetime(2024, 4, 2, 7, 5, tzinfo=UTC)
    assert text.wire["occurred_at"] == "2024-04-02T09:05:00.123456+02:00"


def test_types_are_told_in_any_letter_case_and_unknown_ones_keep_their_spelling() -> None:
    entries = read(line(interaction_type="View") + line(interaction_type=["ADD_TO_CART", "Watched", "click"]))
    types = [entry.wire["interaction_type"] for entry in entries if isinstance(entry, Candidate)]
    assert types == ["view", ["add_to_cart", "Watched", "click"]]


def test_a_query_is_told_in_any_letter_case_too() -> None:
    query = {"vector_index": "KEYWORD", "type": "Text", "value": "Red", "boost": "HIGH"}
    odd = ["x", {"vector_index": "Sparse", "type": 7}]
    (entry,) = read(line(search_request={"queries": [query, *odd], "collections": ["A"]}))
    assert isinstance(entry, Candidate)
    assert entry.wire["search_request"] == {
        "queries": [{**query, "vector_index": "keyword", "type": "text"}, *odd],
        "collections": ["A"],
    }


@pytest.mark.parametrize(
    ("tree", "names"),
    [
        ({"and": [{"condition": {"key": "brand", "operator": "EQ", "value": "a"}}]}, ["and"]),
        ({"condition": {"key": "brand"}}, ["condition"]),
        ({"case_sensitive": True, "must": []}, ["must"]),
        ({"case_sensitive": True}, []),
        ({}, []),
        ({"case_sensitive": True, "OR": [{"operator": "fuzzy", "field": "x"}]}, ["fuzzy"]),
        ({"key": "brand", "operator": "EQ"}, []),
        ({"NOT": {"key": "x"}}, []),
    ],
)
def test_a_tree_that_is_read_as_nothing_has_unknown_names(tree: Any, names: list[str]) -> None:
    """As the graph spells it, in a line of the wire shape, which keeps what it doesn't know."""
    requests = ({"filters": tree}, {"queries": [{"vector_index": "text", "value": "v", "filters": tree}]})
    for request in requests:
        whole = {"queries": [], "collections": [], **request}
        (entry,) = read(line(search_request=whole))
        assert isinstance(entry, Candidate)
        assert [name.name for name in entry.unknown] == names


@pytest.mark.parametrize(
    ("known", "enum"),
    [(INTERACTION_TYPES, InteractionType), (VECTOR_INDEXES, VectorIndex), (QUERY_TYPES, QueryInputType)],
)
def test_what_an_import_knows_is_what_the_graph_tells(known: tuple[str, ...], enum: type[Enum]) -> None:
    assert set(known) == set(known_values(enum))


def test_a_whole_number_is_an_integer_in_any_spelling_of_json() -> None:
    (entry,) = read(line().replace(b"}", b', "position": 1.0, "duration_ms": 1e3}', 1))
    assert isinstance(entry, Candidate)
    validate_interaction(entry.wire)
    with pytest.raises(BadUserInput):
        validate_interaction(entry.wire | {"position": 1.5})


@given(st.lists(st.binary() | st.text().map(str.encode)))
def test_no_bytes_stop_an_import(lines: list[bytes]) -> None:
    content = b"\n".join([b"{}", *lines, line()])
    entries = read(content)
    assert [entry.line.number for entry in entries] == list(range(1, content.count(b"\n") + 1))
    assert isinstance(entries[-1], Candidate)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["feature_id", "interaction_type", "timestamp", "search_request"]), JSON_VALUES))
def test_every_object_is_validated_or_refused(wire: dict[str, Any]) -> None:
    (entry,) = read(json.dumps(wire).encode())
    if isinstance(entry, Candidate):
        with suppress(BadUserInput):
            validate_interaction(entry.wire)
    elif isinstance(entry, SearchCandidate):
        with suppress(BadUserInput):
            validate_search_request(entry.wire)
    else:
        assert isinstance(entry, Skipped)
        assert entry.path == ("timestamp",)


def test_a_gzipped_file_is_read_and_a_broken_one_named() -> None:
    packed = gzip.compress(line() * 3)
    assert len(read(packed)) == 3
    with pytest.raises(BadUserInput, match="gzip"):
        read(packed[:-12])


async def test_good_lines_are_imported_around_bad_ones(database: Database) -> None:
    skipped: list[Skipped] = []
    content = line(interaction_id="a") + b"oops\n" + line(feature_id="") + b"\n" + line(interaction_id="b", position=-1)
    report = await import_lines(database, content + line(interaction_id="c"), skipped=skipped.append)
    assert (report.imported, report.existing, report.lines) == (2, 0, 6)
    assert report.skipped == {"INVALID_JSON": 1, "BAD_USER_INPUT": 2}
    assert report.auxiliary == {AuxiliaryKind.BLANK: 1}
    assert [(entry.line.number, entry.path) for entry in skipped] == [(2, ()), (3, ("feature_id",)), (5, ("position",))]
    assert await database["interactions"].count_documents({}) == 2


async def test_a_second_import_adds_nothing(database: Database) -> None:
    request = {"queries": [], "collections": ["c"], "session_id": "s"}
    content = line(position=1) * 2 + line(search_request=request) + line(timestamp="2024-01-01T00:00:00Z", user_id="u")
    first, second = await import_lines(database, content), await import_lines(database, content, batch=1)
    assert (first.imported, first.existing, first.search_requests) == (4, 0, 1)
    assert (second.imported, second.existing, second.search_requests) == (0, 4, 1)
    timed = await database["interactions"].find_one({"user_id": "u"})
    assert timed is not None
    assert timed["occurred_at"] == datetime(2024, 1, 1, tzinfo=UTC)
    assert recorded_interaction(timed)["timestamp"] == "2024-01-01T00:00:00Z"
    assert "occurred_at" not in recorded_interaction(timed)


async def test_other_content_under_a_recorded_id_is_a_conflict(database: Database) -> None:
    report = await import_lines(database, line(interaction_id="a") + line(interaction_id="a", position=1))
    assert (report.imported, report.skipped) == (1, {"CONFLICT": 1})
    assert report.listed[0].line.number == 2


async def test_every_skipped_line_is_counted_but_only_the_first_thousand_listed(database: Database) -> None:
    report = await import_lines(database, b"!\n" * (LISTED + 5))
    assert report.skipped == {"INVALID_JSON": LISTED + 5}
    assert [entry["line"] for entry in report.as_json()["skippedLines"]] == list(range(1, LISTED + 1))


async def test_interactions_that_come_from_no_file_are_loaded_by_the_same_loop(database: Database) -> None:
    report = await record_all(
        ({"interaction_id": str(n), "feature_id": "p", "interaction_type": "view"} for n in range(7)),
        Writer(database),
        NAMESPACE,
    )
    assert (report.imported, report.lines, Counter(report.skipped)) == (7, 7, Counter())


@pytest.mark.parametrize("batch", [1, 2, 1_000])
async def test_batches_that_are_written_beside_each_other_are_judged_one_after_the_other(
    database: Database, batch: int
) -> None:
    request = {"search_request_id": "r1", "queries": [], "collections": []}
    lines = [
        line(interaction_id="a", search_request=request),
        line(interaction_id="a", search_request=request),
        line(interaction_id="b", search_request_id="r1"),
        line(interaction_id="a", position=1),
        line(interaction_id="c", search_request=request | {"select": []}),
        line(interaction_id="d", position=1),
    ]
    refused: list[Skipped] = []
    report = await import_lines(database, b"".join(lines), batch=batch, skipped=refused.append)
    assert (report.imported, report.existing, report.search_requests) == (3, 1, 1)
    assert sorted((entry.line.number, entry.reason) for entry in refused) == [(4, "CONFLICT"), (5, "CONFLICT")]
