import json
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.context import Namespace
from gateway.errors import BadUserInput
from gateway.interchange import ubi
from gateway.interchange.entries import Auxiliary, AuxiliaryKind, Candidate, Entry, SearchCandidate, Skipped
from gateway.interchange.imports import Import
from gateway.interchange.position_base import PositionBase
from gateway.interchange.report import Report
from gateway.interchange.sources import Source
from gateway.interchange.temporary_database import temporary_database
from gateway.interchange.ubi_actions import ACTIONS, action_of, reference
from gateway.model.wire import validate_interaction, validate_search_request
from gateway.model.wire.fields import INTERACTION_TYPES
from gateway.schema.enums import InteractionType, known_values
from gateway.store.client import Database
from gateway.store.writer import Writer

ROOT = Path(__file__).parents[2]
REAL = ROOT.parent / "shared/data/ubi/chorus_ubi_queries_events.ndjson"
NAMESPACE = Namespace("ns_import", "import", "org_import", datetime(2025, 1, 1, tzinfo=UTC))


def row(index: str, document: Any) -> str:
    return json.dumps({"index": {"_index": index, "_id": "x"}}) + "\n" + json.dumps(document) + "\n"


def query(**fields: Any) -> str:
    return row("ubi_queries", {"query_id": "q1", "application": "shop", "user_query": "lamp", **fields})


def event(action_name: Any = "click", **fields: Any) -> str:
    document = {
        "action_name": action_name,
        "query_id": "q1",
        "client_id": "client-1",
        "timestamp": "2025-01-22T14:57:24.305Z",
        "event_attributes": {"object": {"object_id": "item-1"}, "position": {"ordinal": 0}},
    }
    return row("ubi_events", document | fields)


def source(content: str) -> Source:
    return Source(BufferedReader(cast(Any, BytesIO(content.encode()))))


def read(content: str) -> list[Entry]:
    with temporary_database() as database:
        return list(ubi.entries(source(content), database))


def interactions(content: str) -> list[dict[str, Any]]:
    return [entry.wire for entry in read(content) if isinstance(entry, Candidate)]


def searches(content: str) -> list[dict[str, Any]]:
    return [entry.wire for entry in read(content) if isinstance(entry, SearchCandidate)]


def skipped(content: str) -> list[tuple[int, str]]:
    return [(entry.line.number, entry.reason) for entry in read(content) if isinstance(entry, Skipped)]


async def import_file(database: Database, log: Source) -> Report:
    with temporary_database() as remembered:
        return await Import(Writer(database), NAMESPACE, remembered).run(ubi.entries(log, remembered))


def test_the_documented_table_is_the_one_that_is_used() -> None:
    assert reference() in (ROOT / "docs/import.md").read_text()


def test_an_event_becomes_an_interaction_with_all_it_says() -> None:
    fields = {
        "action_name": "product_hover",
        "query_id": "q1",
        "application": "shop",
        "client_id": "client-1",
        "user_id": "",
        "user_query": "lamp",
        "timestamp": 1717527762039,
        "message": None,
        "event_attributes": {
            "session_id": "s1",
            "object": {"object_id": "item-1", "object_id_field": "asin"},
            "position": {"ordinal": 3, "x": 7},
            "browser": "b",
        },
    }
    (interaction,) = interactions(query(client_id="client-1") + row("ubi_events", fields))
    assert interaction.pop("interaction_id").startswith("line_")
    assert interaction == {
        "feature_id": "item-1",
        "interaction_type": "view",
        "search_request": {
            "search_request_id": "q1",
            "queries": [{"vector_index": "keyword", "value": "lamp", "type": "text"}],
            "collections": ["shop"],
            "session_id": "s1",
            "user_id": "client-1",
        },
        "position": 3,
        "session_id": "s1",
        "user_id": "client-1",
        "occurred_at": datetime(2024, 6, 4, 19, 2, 42, 39_000, tzinfo=UTC),
        "metadata": {
            "action_name": "product_hover",
            "user_id": "",
            "message": None,
            "event_attributes": {"object": {"object_id_field": "asin"}, "position": {"x": 7}, "browser": "b"},
        },
    }


HITS = '{"size": 20, "query": {}}'
FACETS = '{"size": 0, "aggs": {}}'


@pytest.mark.parametrize(
    ("lines", "count"),
    [
        (query(), None),
        (query(query_response_hit_ids=["a", "b"]), 2),
        (query(query_response_hit_ids=[]), 0),
        (query(query_response_hit_ids=[], query=HITS), 0),
        (query(query_response_hit_ids=[], query=FACETS), None),
        (query(query_response_hit_ids=[], query={"size": 0}), None),
        (query(query_response_hit_ids=[], query="size"), 0),
        (query(query_response_hit_ids="a"), None),
        (query(query_response_hit_ids=["a"], query=HITS) + query(query_response_hit_ids=[], query=FACETS), 1),
        (query(query_response_hit_ids=[], query=FACETS) + query(query_response_hit_ids=["a"], query=HITS), 1),
        (query(query_response_hit_ids=["a"], user_query="l") + query(query_response_hit_ids=["a", "b"]), 2),
        (
            query(query_response_hit_ids=["a", "b"], user_query="l") + query(query_response_hit_ids=[], query=FACETS),
            None,
        ),
        (query(query_response_hit_ids=["a"]) + event("on_search", event_attributes={"result_count": 30}), 30),
        (query(query_response_hit_ids=["a"]) + event("click", event_attributes={"result_count": 30}), 1),
        (query() + event("view_search_results", event_attributes={"object": {"results_num": "0"}}), 0),
        (query() + event("search", event_attributes={"result_count": 2**31}), None),
        (
            event("search", event_attributes={"result_count": 3}, timestamp=1717527762040)
            + event("search", event_attributes={"result_count": 4}, timestamp=1717527762039),
            3,
        ),
    ],
)
def test_a_search_has_the_results_that_its_events_say_or_else_its_hits(lines: str, count: int | None) -> None:
    requests = [*searches(lines), *(interaction["search_request"] for interaction in interactions(lines))]
    assert {request.get("result_count") for request in requests} == {count}
    for request in requests:
        validate_search_request(request)


def test_a_search_is_its_users() -> None:
    (named,) = searches(query(user_id="u1", client_id="c1"))
    assert (named["user_id"], named["ubi"]) == ("u1", {"client_id": "c1"})
    (client,) = searches(query(user_id=" ", client_id=7))
    assert (client["user_id"], client["ubi"]) == ("7", {"user_id": " "})


def test_what_fits_no_field_stays_in_the_metadata_as_it_was() -> None:
    odd = {"client_id": True, "session_id": ["s"], "event_attributes": {"position": {"ordinal": -1}, "object": "none"}}
    (interaction,) = interactions(event(**odd))
    assert {"position", "session_id", "user_id"}.isdisjoint(interaction)
    assert interaction["metadata"] == odd


@pytest.mark.parametrize(
    ("spelling", "id"),
    [
        *((42, "42"), (42.0, "42"), (10**20, "1" + "0" * 20), (1e20, "1" + "0" * 20), (1e21, "1e+21"), (4.5, "4.5")),
        *((0.00001, "0.00001"), (1.5e-5, "0.000015"), (1e-7, "1e-7")),
    ],
)
def test_ids_that_are_numbers_are_the_ids_that_they_read_as(spelling: float, id: str) -> None:
    names = {"query_id": spelling, "client_id": spelling, "session_id": spelling}
    attributes = {"object": {"object_id": spelling}}
    number, text = interactions(
        query(query_id=spelling, user_query="chair")
        + event(**names, event_attributes=attributes)
        + event(query_id=id, event_attributes={"object": {"object_id": id}})
    )
    assert (number["feature_id"], number["user_id"], number["session_id"]) == (id, id, id)
    assert number["search_request"] == text["search_request"]
    assert number["search_request"]["search_request_id"] == id
    assert number["search_request"]["queries"][0]["value"] == "chair"
    assert number["metadata"] == {"action_name": "click"} or number["metadata"] == {}
    assert number["feature_id"] == text["feature_id"]


@pytest.mark.parametrize("object_id", [True, ["a"], {"id": "a"}])
def test_an_object_id_that_is_none_is_told_and_nothing_else_is_recorded_in_its_place(object_id: object) -> None:
    entries = read(query() + event(event_attributes={"object": {"object_id": object_id}}))
    [line] = [entry for entry in entries if isinstance(entry, Skipped)]
    assert line.path == ("event_attributes", "object", "object_id")


@pytest.mark.parametrize(
    ("position", "read_as"),
    [
        ({"ordinal": 1}, 1),
        ({"ordinal": 1.0}, 1),
        ({"ordinal": "1"}, 1),
        ({"ordinal": "1.0"}, 1),
        *(({"ordinal": spelling}, 3) for spelling in ("3e0", "30e-1", ".3E+1", " 3", "3\t", "+3", "3.", "03")),
        *(({"ordinal": odd}, None) for odd in ("1_0", "٣", "3.5", "1." + "0" * 20 + "1", "-1", "", ".", "e0", "0x1")),
        *(
            ({"ordinal": odd}, None)
            for odd in ("1 0", "NaN", "Infinity", "1e15", "1e999", "1e9999", "4006381333931000")
        ),
        ({"ordinal": {"index": 1}}, 1),
        ({"index": 1}, 1),
        (1, 1),
        ({"ordinal": 1.5}, None),
        ({"ordinal": True}, None),
        ({"ordinal": "first"}, None),
        ({"ordinal": None, "index": 2}, 2),
    ],
)
def test_a_position_is_read_as_producers_write_it(position: object, read_as: int | None) -> None:
    (interaction,) = interactions(event(event_attributes={"object": {"object_id": "i"}, "position": position}))
    assert interaction.get("position") == read_as


def test_a_long_text_that_is_no_position_is_read_in_time_that_grows_with_its_length() -> None:
    for text in ("1" * 200_000 + "e", "." + "1" * 200_000 + "e", "9" * 200_000):
        (interaction,) = interactions(event(event_attributes={"position": {"ordinal": text}}))
        assert "position" not in interaction


def test_the_user_is_whom_the_event_names_before_the_client() -> None:
    (interaction,) = interactions(event(user_id="user-1"))
    assert interaction["user_id"] == "user-1"
    assert interaction["metadata"]["client_id"] == "client-1"


def test_a_time_that_can_not_be_read_is_told_of_queries_as_of_events() -> None:
    assert skipped(query(timestamp="1712-04-15x") + event(timestamp="yesterday")) == [
        (2, "BAD_USER_INPUT"),
        (4, "BAD_USER_INPUT"),
    ]
    (interaction,) = interactions(event(timestamp="1712041500000"))
    assert interaction["occurred_at"] == datetime(2024, 4, 2, 7, 5, tzinfo=UTC)


async def test_a_long_query_and_a_long_name_of_an_action_are_recorded(database: Database) -> None:
    text, name = "lamp " * 103, "x" * 100
    content = query(user_query=text) + event("search", event_attributes=None, message=None) + event(name)
    report = await import_file(database, source(content))
    assert (report.imported, dict(report.skipped)) == (2, {})
    search, other = interactions(content)
    assert search["feature_id"] == text[:512]
    assert search["search_request"]["queries"][0]["value"] == text
    assert (other["interaction_type"], other["metadata"]["action_name"]) == (name[:64], name)


async def test_a_facet_with_a_long_name_is_recorded_with_its_search(database: Database) -> None:
    def toggle(facet: str) -> str:
        attributes = {"object": {"description": facet, "object_detail": {"filter": 1}}}
        return event("brand_filter", event_attributes=attributes)

    content = query() + toggle("f" * 513) + toggle("f" * 1001) + toggle("size")
    report = await import_file(database, source(content))
    assert (report.imported, report.query_rows, dict(report.skipped)) == (3, 1, {})
    long, longer, _ = interactions(content)
    assert long["feature_id"] == longer["feature_id"] == "f" * 512
    assert longer["metadata"]["event_attributes"]["object"]["description"] == "f" * 1001
    assert [part["key"] for part in long["search_request"]["filters"]["AND"]] == ["f" * 513, "size"]


@pytest.mark.parametrize(
    ("odd", "count"),
    [
        ({"application": "a" * 513}, 2),
        ({"session_id": "s" * 513}, 1),
        ({"user_query": "\ud800"}, 1),
        ({"application": "\ud800"}, 1),
        ({"event_attributes": {"object": {"description": "size", "object_detail": {"filter": 2**64}}}}, 1),
        ({"event_attributes": {"object": {"description": "size", "object_detail": {"filter": {"a\0": 1}}}}}, 1),
    ],
)
async def test_what_keeps_an_event_from_being_recorded_keeps_no_other_of_its_search(
    odd: dict[str, Any], count: int, database: Database
) -> None:
    report = await import_file(database, source(event("brand_filter", **odd) + event(user_query="lamp")))
    assert (report.imported, sum(report.skipped.values())) == (count, 2 - count)


@pytest.mark.parametrize(
    ("odd", "path"),
    [
        ({"application": "a" * 513}, ("application",)),
        ({"client_id": "c" * 513}, ("client_id",)),
        ({"user_query": "\ud800"}, ("user_query",)),
        ({"query_attributes": {"hash": 2**64}}, ("query_attributes", "hash")),
        ({"query_attributes": {"a\0": 1}}, ("query_attributes",)),
    ],
)
async def test_events_of_a_row_that_is_refused_say_what_they_know_of_their_search(
    odd: dict[str, Any], path: tuple[str, ...], database: Database
) -> None:
    content = query(**odd) + event(user_query="chair")
    report = await import_file(database, source(content))
    assert (report.imported, report.query_rows, dict(report.skipped)) == (1, 0, {"BAD_USER_INPUT": 1})
    [refused] = [entry for entry in read(content) if isinstance(entry, Skipped)]
    assert (refused.line.number, refused.path) == (2, path)
    (interaction,) = interactions(content)
    assert interaction["search_request"]["queries"][0]["value"] == "chair"


def test_several_actions_of_an_event_are_told_in_any_letter_case() -> None:
    (interaction,) = interactions(event(["View", "ADD_TO_CART", "Watched"]))
    assert interaction["interaction_type"] == ["view", "add_to_cart", "Watched"]


def test_every_type_of_the_contract_is_an_action_in_any_letter_case() -> None:
    assert known_values(InteractionType) == INTERACTION_TYPES
    for name in INTERACTION_TYPES:
        spellings = {action_of(spelling).interaction_type for spelling in (name, name.upper(), name.title())}
        assert spellings == {name}


@pytest.mark.parametrize(("name", "action"), ACTIONS.items())
def test_an_action_is_recorded_as_the_table_says(name: str, action: Any) -> None:
    (interaction,) = interactions(event(name))
    assert interaction["interaction_type"] == action.interaction_type
    assert ("action_name" in interaction["metadata"]) is (interaction["interaction_type"] != name)


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_is_told_in_any_letter_case_and_its_spelling_is_kept(name: str) -> None:
    plain, upper = interactions(event(name, query_id=None) + event(f" {name.upper()}", query_id=None))
    assert upper["interaction_type"] == plain["interaction_type"]
    assert upper["metadata"]["action_name"] == f" {name.upper()}"


def test_an_unknown_action_keeps_its_name() -> None:
    (unknown,) = interactions(event("Watch"))
    assert (unknown["interaction_type"], unknown["metadata"].get("action_name")) == ("Watch", None)


@pytest.mark.parametrize(
    ("name", "fields", "feature_id"),
    [
        ("click", {}, "item-1"),
        ("click", {"event_attributes": None}, "lamp"),
        ("search", {"message": "lam", "event_attributes": None}, "lam"),
        ("search", {"message": "", "event_attributes": None}, "lamp"),
        ("view_search_results", {"event_attributes": {"object": {"search_term": "lamps"}}}, "lamps"),
        ("brand_filter", {"event_attributes": {"object": {"object_id": "o", "description": "brand"}}}, "brand"),
        ("brand_filter", {"event_attributes": {"object": {"object_id": "o"}}}, "lamp"),
        ("product_sort", {"query_id": "q2", "event_attributes": None}, "*"),
    ],
)
def test_an_event_without_an_object_is_recorded_under_its_query_or_facet(
    name: str, fields: dict[str, Any], feature_id: str
) -> None:
    (interaction,) = interactions(query() + event(name, **fields))
    assert interaction["feature_id"] == feature_id


@pytest.mark.parametrize("attributes", [{"result_count": 0}, {"object": {"results_num": 0.0}}])
def test_a_search_that_found_nothing_is_zero_results(attributes: dict[str, Any]) -> None:
    attributes_of_found = {"result_count": 5, "object": {"results_num": False}}
    empty, full = interactions(
        event("on_search", event_attributes=attributes) + event("on_search", event_attributes=attributes_of_found)
    )
    assert (empty["interaction_type"], full["interaction_type"]) == ("zero_results", "query_refinement")


def test_the_earliest_search_of_a_query_is_the_search_and_later_ones_refine_it() -> None:
    later, earlier = interactions(
        event("search", timestamp="2025-01-22T15:00:00Z") + event("search", timestamp="2025-01-22T14:00:00Z")
    )
    assert (later["interaction_type"], earlier["interaction_type"]) == ("query_refinement", "search")


def test_the_latest_query_row_with_a_text_stands_wherever_it_is_in_the_file() -> None:
    rows = (
        query(user_query="lamp shade", timestamp="2025-01-24T07:31:55.649+0000")
        + query(user_query="lamp", timestamp="2025-01-24T07:31:30.699+0000")
        + query(user_query="", timestamp="2025-01-24T09:00:00.000+0000")
    )
    (click,) = interactions(rows + event(user_query="lamp"))
    assert click["search_request"]["queries"][0]["value"] == "lamp shade"
    assert click["metadata"]["user_query"] == "lamp", "it differs from the text that stands"
    (search,) = [entry for entry in read(rows) if isinstance(entry, SearchCandidate)]
    assert (search.line.number, search.occurred_at) == (2, datetime(2025, 1, 24, 7, 31, 55, 649_000, tzinfo=UTC))
    superseded = [entry for entry in read(rows) if entry == Auxiliary(entry.line, AuxiliaryKind.SUPERSEDED)]
    assert [entry.line.number for entry in superseded] == [4, 6]


def test_a_search_for_nothing_in_particular_has_no_queries() -> None:
    (search,) = searches(query(user_query=""))
    assert search["queries"] == []
    assert search["ubi"] == {"user_query": ""}


def test_filter_events_make_the_filter_tree_before_any_interaction_is_made() -> None:
    def toggle(facet: str, value: Any) -> str:
        attributes = {"object": {"description": facet, "object_detail": {"filter": value}}}
        return event("brand_filter", event_attributes=attributes)

    toggles = toggle("brand", "HP") + toggle("type", "Notebook") + toggle("brand", "Sony") + toggle("brand", "HP")
    content = event() + query() + toggles
    brands = [{"key": "brand", "operator": "eq", "value": value} for value in ("HP", "Sony")]
    tree = {"AND": [{"OR": brands}, {"key": "type", "operator": "eq", "value": "Notebook"}]}
    assert [wire["search_request"]["filters"] for wire in interactions(content)] == [tree] * 5
    assert searches(content)[0]["filters"] == tree


def test_a_query_that_was_never_logged_is_built_from_its_events() -> None:
    first, second = interactions(event(application="a") + event("search", message="lam", user_query="lamp"))
    assert first["search_request"] == second["search_request"]
    assert first["search_request"]["queries"][0]["value"] == "lamp"
    assert first["search_request"]["collections"] == ["a"]


def test_an_event_without_a_query_id_has_the_search_that_it_tells_of_or_none() -> None:
    spoken, silent = interactions(
        event("search", query_id=None, message="lamp") + event(query_id=None, application="a")
    )
    assert spoken["search_request"]["queries"][0]["value"] == "lamp"
    assert "search_request_id" not in spoken["search_request"]
    assert "search_request" not in silent
    assert silent["metadata"]["application"] == "a"


def test_identical_events_have_ids_of_their_own_whatever_their_action_lines_say() -> None:
    once, again = interactions(event() + event())
    assert once["interaction_id"] != again["interaction_id"]
    recreated = event().replace('"index"', '"create"').replace('"_id": "x"', '"_id": "y"')
    assert [wire["interaction_id"] for wire in interactions(recreated * 2)] == [
        once["interaction_id"],
        again["interaction_id"],
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (event() + "oops\n" + event(), [(3, "INVALID_JSON")]),
        (event()[: event().index("\n") + 1] + "oops\n" + event(), [(2, "INVALID_JSON")]),
        (event()[: event().index("\n") + 1] + event(), [(1, "NO_DOCUMENT_LINE")]),
        (event() + event()[: event().index("\n") + 1], [(3, "NO_DOCUMENT_LINE")]),
        ('{"a": 1}\n' + event(), [(1, "NO_ACTION_LINE")]),
        ('{"delete": {"_index": "ubi_events", "_id": "x"}}\n' + event(), [(1, "UNSUPPORTED_ACTION")]),
        (row("products", {}) + event(), [(2, "UNKNOWN_INDEX")]),
        ('{"index": {}}\n{}\n' + event(), [(2, "UNKNOWN_INDEX")]),
        (event(timestamp="yesterday") + event(), [(2, "BAD_USER_INPUT")]),
        (row("ubi_queries", {"timestamp": 1}) + event(), [(2, "BAD_USER_INPUT")]),
    ],
)
def test_what_can_not_be_imported_is_reported_and_the_rest_goes_on(
    content: str, expected: list[tuple[int, str]]
) -> None:
    assert skipped(content) == expected
    assert interactions(content), "the good event is there"
    assert sorted(entry.line.number for entry in read(content)) == list(range(1, content.count("\n") + 1))


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["search", "click"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
OBJECT_NAMES = ("object_id", "description", "object_detail", "search_term", "results_num", "ordinal")
OBJECTS = st.fixed_dictionaries({}, optional=dict.fromkeys(OBJECT_NAMES, JSON_VALUES))
ATTRIBUTES = JSON_VALUES | st.fixed_dictionaries({}, optional={"object": OBJECTS, "position": OBJECTS})
NAMES = ("action_name", "query_id", "application", "client_id", "session_id", "user_query", "timestamp", "message")
DOCUMENTS = st.fixed_dictionaries({}, optional={"event_attributes": ATTRIBUTES, **dict.fromkeys(NAMES, JSON_VALUES)})


@given(st.lists(st.tuples(st.sampled_from(["ubi_queries", "ubi_events"]), DOCUMENTS), max_size=5))
def test_any_documents_are_read_and_validated_or_refused(rows: list[tuple[str, Any]]) -> None:
    content = "".join(row(index, document) for index, document in rows)
    entries = read(content)
    assert sorted(entry.line.number for entry in entries) == list(range(1, content.count("\n") + 1))
    for entry in entries:
        with suppress(BadUserInput):
            if isinstance(entry, Candidate):
                validate_interaction(entry.wire)
            elif isinstance(entry, SearchCandidate):
                validate_search_request(entry.wire)


def sum_of_lines(report: Report) -> int:
    skips = sum(report.skipped.values())
    return report.imported + report.existing + skips + report.query_rows + sum(report.auxiliary.values())


async def test_counts_add_up_and_a_second_import_adds_nothing(database: Database) -> None:
    content = (
        (query() + query(user_query="lamp") + query(query_id="lonely") + query(query_id="q" * 600))
        + (event() * 2 + event("search", query_id="unlogged", message="x") + event("search", query_id=None))
        + ("\n" + "oops\n" + event(timestamp="yesterday") + event(query_id="q" * 600))
    )
    first, second = [await import_file(database, source(content)) for _ in range(2)]
    assert first.as_json() | {"skippedLines": []} == {
        "imported": 4,
        "existing": 0,
        "skipped": {"INVALID_JSON": 1, "BAD_USER_INPUT": 3},
        "searchRequests": 3,
        "lines": 22,
        "queryRows": 2,
        "supersededRows": 1,
        "actionLines": 10,
        "blankLines": 1,
        "headerLines": 0,
        "tokenLines": 0,
        "unknown": {"interactionTypes": {"search": 2}, "vectorIndexes": {}, "queryTypes": {}, "operators": {}},
        "skippedLines": [],
    }
    assert sum_of_lines(first) == first.lines
    assert second.as_json() == first.as_json() | {"imported": 0, "existing": 4}
    assert await database["search_requests"].count_documents({}) == 3
    lonely = await database["search_requests"].find_one({"search_request_id": "lonely"})
    assert lonely is not None, "a search that nobody acted on"


async def test_events_of_a_later_file_belong_to_the_search_as_it_is_recorded(database: Database) -> None:
    for line, outcome in (
        (query(client_id="client-1", query_response_hit_ids=["item-1", "item-2"]) + event(), (1, 0)),
        # Nothing is said of the query by now, or something else than its row says.
        (event(timestamp="2025-01-23T00:01:00Z"), (1, 0)),
        (event(timestamp="2025-01-23T00:02:00Z", user_query="lamps", application="shop"), (1, 0)),
        # As it is where only part of what was imported is imported again.
        (event(timestamp="2025-01-23T00:02:00Z", user_query="lamps", application="shop"), (0, 1)),
    ):
        report = await import_file(database, source(line))
        assert (report.imported, report.existing, report.skipped) == (*outcome, {})
    stored = await database.interactions.find(sort={"occurred_at": 1}).to_list()
    assert [interaction["search_request"]["queries"][0]["value"] for interaction in stored] == ["lamp"] * 3
    assert [interaction["search_request"]["result_count"] for interaction in stored] == [2, 2, 2]
    assert stored[2]["metadata"]["user_query"] == "lamps"
    assert await database.search_requests.count_documents({}) == 1


async def test_a_request_is_first_seen_when_it_was_logged(database: Database) -> None:
    await import_file(database, source(event() + query(timestamp="2025-01-22T14:57:20.000Z")))
    stored = await database["interactions"].find_one({})
    assert stored is not None
    assert stored["first_seen_at"] == datetime(2025, 1, 22, 14, 57, 20, tzinfo=UTC)


@pytest.mark.skipif(not REAL.exists(), reason="o19s/chorus-opensearch-edition's ubi_queries_events.ndjson is not here")
async def test_a_real_log_is_imported_to_its_last_line(database: Database) -> None:
    reports = []
    for _ in range(2):
        with REAL.open("rb") as stream:
            reports.append(await import_file(database, Source(stream)))
    first, second = reports
    assert (first.imported, first.existing, first.skipped) == (3_448, 0, {})
    assert (first.query_rows, first.auxiliary[AuxiliaryKind.SUPERSEDED], first.lines) == (284, 189, 7_842)
    assert sum_of_lines(first) == first.lines
    assert (second.imported, second.existing, second.skipped) == (0, 3_448, {})
    types = Counter([document["interaction_type"] async for document in database["interactions"].find()])
    assert types["view"] == 1_999 + 11
    assert types["click"] == 287 + 11
    assert types["filter_toggle"] == 59 + 62
    assert await database["search_requests"].count_documents({}) == first.search_requests


@pytest.mark.parametrize(
    ("base", "chorus", "esci"),
    [
        (PositionBase.ZERO, [1, 3], [0, 1]),
        (PositionBase.ONE, [0, 2], [None, 0]),
        (PositionBase.AUTO, [0, 2], [0, 1]),
    ],
)
def test_positions_are_counted_from_0_whatever_each_producer_counts_from(
    base: PositionBase, chorus: list[int | None], esci: list[int | None]
) -> None:
    def at(application: str, ordinal: int) -> str:
        return event(application=application, event_attributes={"position": {"ordinal": ordinal}})

    content = at("Chorus", 1) + at("Chorus", 3) + at("esci", 0) + at("esci", 1)
    with temporary_database() as database:
        entries = list(ubi.entries(source(content), database, base))
    wires = [entry.wire for entry in entries if isinstance(entry, Candidate)]
    assert [wire.get("position") for wire in wires] == [*chorus, *esci]
    # What isn't a position, or was another number, is kept as it was written.
    written = [wire["metadata"].get("event_attributes", {}).get("position") for wire in wires]
    assert written == [
        None if wire.get("position") == ordinal else {"ordinal": ordinal}
        for wire, ordinal in zip(wires, [1, 3, 0, 1], strict=True)
    ]


def test_documents_alone_and_hits_of_a_search_are_told_by_their_shape() -> None:
    row = {"query_id": "q1", "user_query": "lamp"}
    click = {"action_name": "click", "query_id": "q1", "event_attributes": {"object": {"object_id": "p1"}}}
    hit = {"_index": "logs-ubi_events-000001", "_id": "x", "_source": click}
    content = "".join(json.dumps(document) + "\n" for document in (row, click, hit))
    search, first, second = read(content)
    assert isinstance(search, SearchCandidate)
    assert isinstance(first, Candidate)
    assert isinstance(second, Candidate)
    assert first.wire["search_request"] == second.wire["search_request"] == search.wire


@pytest.mark.parametrize(
    "index", ["ubi_events", "ubi_events-2024.05", ".ds-ubi_events-2024.05.01-000001", "shop_ubi_events_v2"]
)
def test_an_index_may_have_a_name_that_goes_on(index: str) -> None:
    assert len(interactions(event().replace("ubi_events", index))) == 1


def test_who_acted_is_also_read_where_the_object_says_it() -> None:
    told = interactions(
        event(user_id="u", object={"user_id": "o"})
        + event(object={"user_id": "o"})
        + event(event_attributes={"object": {"object_id": "p", "user_id": "e"}})
        + event()
    )
    assert [wire["user_id"] for wire in told] == ["u", "o", "e", "client-1"]
