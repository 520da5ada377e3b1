from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import BadUserInput
from gateway.model.wire import check_json, parse_instant, validate_interaction, validate_search_request

VIEW: dict[str, Any] = {"feature_id": "p1", "interaction_type": "view"}
SEARCH: dict[str, Any] = {"queries": [], "collections": []}
QUERY: dict[str, Any] = {"vector_index": "text", "value": "shoes", "type": "text"}
BRAND: dict[str, Any] = {"key": "brand", "value": "Nike"}


def refused(raw: Any) -> tuple[str, tuple[str, ...]]:
    with pytest.raises(BadUserInput) as caught:
        validate_interaction(raw)
    return caught.value.message, caught.value.path


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def tree_of(groups: int) -> dict[str, Any]:
    tree: dict[str, Any] = {"AND": [BRAND]}
    for _ in range(groups - 1):
        tree = {"OR": [tree]}
    return tree


def test_a_full_interaction_is_kept_exactly() -> None:
    raw = {
        "feature_id": "p1",
        "interaction_type": ["view", "a_type_of_tomorrow"],
        "interaction_id": "i1",
        "position": 0,
        "duration_ms": None,
        "metadata": {"$where": 1, "a.b": {"": None}, "r": {"$ref": "c", "$id": 1}, "text": "a\0b"},
        "session_id": "s1",
        "occurred_at": "2024-05-01T14:00:00.123456+02:00",
        "search_request": {
            "queries": [
                QUERY | {"settings": {"limit": 5, "min_score": 0, "modality": None}, "filters": {"OR": [BRAND]}}
            ],
            "collections": ["shop"],
            "filters": {
                "AND": [
                    {"field": "price", "operator": "GT", "value": {"any": ["json"]}},
                    {"NOT": BRAND, "case_sensitive": None},
                    {"NOR": None},
                ],
                "NOT": [BRAND],
                "case_sensitive": False,
                "note": "unknown",
            },
            "group_by": {"field": "brand", "max_features": 3, "sort": {"field": "price", "direction": "desc"}},
            "sort": {"field": "price", "direction": "DESC"},
            "select": [],
            "reranking_options": {"weights": {"feedback": 0.4, "popularity": 0.6}, "enable_reranking": True},
            "return_url": None,
        },
        "a key of tomorrow": [1, 2.5, True],
    }
    recorded = validate_interaction(raw)
    assert recorded.raw == raw
    assert list(recorded.raw) == list(raw)
    assert recorded.interaction_id == "i1"
    assert recorded.occurred_at == datetime(2024, 5, 1, 12, 0, 0, 123_000, UTC)
    assert recorded.search_request is not None
    assert recorded.search_request.raw == raw["search_request"]


def test_without_an_id_each_interaction_gets_its_own() -> None:
    assert (
        validate_interaction(VIEW).interaction_id
        != validate_interaction(VIEW | {"interaction_id": None}).interaction_id
    )


def test_a_search_request_may_be_named_instead_of_given() -> None:
    recorded = validate_interaction(VIEW | {"search_request_id": "r1", "search_request": None})
    assert (recorded.search_request, recorded.search_request_id) == (None, "r1")


def test_a_root_may_be_an_empty_group_or_a_single_condition() -> None:
    validate_search_request(SEARCH | {"filters": {}})
    validate_search_request(SEARCH | {"filters": BRAND})


@pytest.mark.parametrize(
    ("raw", "path", "words"),
    [
        ([], (), "object"),
        ({"interaction_type": "view"}, ("feature_id",), "required"),
        (VIEW | {"feature_id": ""}, ("feature_id",), "at least 1"),
        (VIEW | {"feature_id": "x" * 513}, ("feature_id",), "512"),
        (VIEW | {"feature_id": 7}, ("feature_id",), "string"),
        (VIEW | {"interaction_type": []}, ("interaction_type",), "1 to 20"),
        (VIEW | {"interaction_type": ["view"] * 21}, ("interaction_type",), "1 to 20"),
        (VIEW | {"interaction_type": None}, ("interaction_type",), "string"),
        (VIEW | {"interaction_type": ["x" * 65]}, ("interaction_type",), "64"),
        (VIEW | {"position": -1}, ("position",), "0"),
        (VIEW | {"position": 2**31}, ("position",), "2147483647"),
        (VIEW | {"position": True}, ("position",), "integer"),
        (VIEW | {"duration_ms": 1.5}, ("duration_ms",), "integer"),
        (VIEW | {"metadata": []}, ("metadata",), "object"),
        (VIEW | {"metadata": {"x": "é" * 131_072}}, ("metadata",), "262,144"),
        (VIEW | {"note": "x" * 2**20}, (), "1,048,576"),
        (VIEW | {"metadata": {"n": [2**63]}}, ("metadata", "n", "0"), "64 bits"),
        (VIEW | {"metadata": {"n": float("nan")}}, ("metadata", "n"), "finite"),
        (VIEW | {"metadata": {"n": "\ud800"}}, ("metadata", "n"), "surrogate"),
        (VIEW | {"metadata": {"n": b"x"}}, ("metadata", "n"), "JSON"),
        (VIEW | {"metadata": {"a": {"b\0": 1}}}, ("metadata", "a"), "NUL"),
        (VIEW | {"metadata": {"a": {"\ud800": 1}}}, ("metadata", "a"), "surrogate"),
        (VIEW | {"metadata": {1: 1}}, ("metadata",), "strings"),
        (VIEW | {"metadata": {"$ref": "c", "$id": 1, "$db": None}}, ("metadata", "$db"), "null"),
        (VIEW | {"note": nested(100)}, ("note", *["0"] * 99), "100 levels"),
        (VIEW | {"occurred_at": "2024-05-01T12:00:00"}, ("occurred_at",), "offset"),
        (VIEW | {"occurred_at": datetime(2024, 5, 1)}, ("occurred_at",), "offset"),
        (VIEW | {"occurred_at": 1_714_564_800}, ("occurred_at",), "RFC 3339"),
        (VIEW | {"search_request": SEARCH, "search_request_id": "r1"}, ("search_request_id",), "not both"),
        (VIEW | {"search_request": {"collections": []}}, ("search_request", "queries"), "required"),
    ],
)
def test_an_interaction_is_refused_with_a_path_and_the_limit(raw: Any, path: tuple[str, ...], words: str) -> None:
    message, place = refused(raw)
    assert place == path
    assert words in message


@pytest.mark.parametrize(
    ("part", "path", "words"),
    [
        ({"queries": [QUERY] * 101}, ("queries",), "100"),
        ({"queries": [QUERY, {"value": "x", "type": "text"}]}, ("queries", "1", "vector_index"), "required"),
        ({"queries": [QUERY | {"settings": {"limit": -1}}]}, ("queries", "0", "settings", "limit"), "0"),
        ({"queries": [1]}, ("queries", "0"), "object"),
        ({"collections": ["c"] * 101}, ("collections",), "100"),
        ({"collections": [None]}, ("collections", "0"), "string"),
        ({"select": ["c"] * 1001}, ("select",), "1000"),
        ({"sort": {"field": "price", "direction": "up"}}, ("sort", "direction"), "asc"),
        ({"group_by": {"$ref": "c", "$id": 1}}, ("group_by", "$ref"), "$ref"),
        ({"reranking_options": {"weights": {"feedback": 0.5}}}, ("reranking_options", "weights"), "sum to 1.0"),
        ({"reranking_options": {"weights": {"feedback": 1.5}}}, ("reranking_options", "weights", "feedback"), "1"),
        ({"filters": []}, ("filters",), "object"),
        ({"filters": {"AND": BRAND}}, ("filters", "AND"), "list"),
        ({"filters": {"AND": [{}]}}, ("filters", "AND", "0"), "group"),
        ({"filters": {"AND": [BRAND, BRAND | {"OR": []}]}}, ("filters", "AND", "1"), "not both"),
        ({"filters": {"AND": [{"key": ""}]}}, ("filters", "AND", "0", "key"), "1 to 1,000"),
        ({"filters": {"AND": [{"field": 1}]}}, ("filters", "AND", "0", "field"), "string"),
        ({"filters": {"NOT": BRAND | {"operator": 1}}}, ("filters", "NOT", "operator"), "64"),
        ({"filters": {"NOT": BRAND | {"$ref": "c", "$id": 1}}}, ("filters", "NOT"), "$ref"),
        ({"filters": {"AND": [], "case_sensitive": "no"}}, ("filters", "case_sensitive"), "boolean"),
        ({"filters": tree_of(21)}, ("filters",), "20"),
        ({"filters": {"AND": [BRAND] * 500}}, ("filters",), "500"),
        ({"queries": [QUERY | {"filters": {"OR": [1]}}]}, ("queries", "0", "filters", "OR", "0"), "object"),
    ],
)
def test_a_search_request_is_refused_wherever_it_stands(part: Any, path: tuple[str, ...], words: str) -> None:
    message, place = refused(VIEW | {"search_request": SEARCH | part})
    assert place == ("search_request", *path)
    assert words in message
    with pytest.raises(BadUserInput) as caught:
        validate_search_request(SEARCH | part)
    assert caught.value.path == path


def test_what_just_meets_the_limits_is_accepted() -> None:
    validate_interaction(VIEW | {"metadata": {"x": "x" * (262_144 - 8)}, "note": nested(99), "position": 2**31 - 1})
    validate_search_request(SEARCH | {"filters": tree_of(20)})
    validate_search_request(SEARCH | {"filters": {"AND": [BRAND] * 499}})
    validate_search_request(SEARCH | {"reranking_options": {"weights": {"feedback": 1, "popularity": None}}})
    validate_search_request(SEARCH | {"reranking_options": {"weights": {}}})


def test_hostile_depth_is_answered_like_any_other() -> None:
    message, _ = refused(VIEW | {"metadata": {"x": nested(100_000)}})
    assert "100 levels" in message


def test_a_datetime_is_recorded_as_text() -> None:
    local = datetime(2024, 5, 1, 14, 0, 0, 123_999, timezone(timedelta(hours=2)))
    recorded = validate_interaction(VIEW | {"occurred_at": local})
    assert recorded.raw["occurred_at"] == "2024-05-01T12:00:00.123Z"
    assert recorded.occurred_at == datetime(2024, 5, 1, 12, 0, 0, 123_000, UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2024-05-01",
        "2024-05-01T12:00Z",
        "2024-13-01T12:00:00Z",
        "2024-05-01T12:00:60Z",
        "0000-05-01T12:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "2024-05-01T12:00:00+0200",
        "٢٠٢٤-05-01T12:00:00Z",
        "20240501T120000Z",
    ],
)
def test_other_spellings_of_time_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Time should"):
        parse_instant(text)


@given(st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1), timezones=st.timezones()))
def test_every_instant_reads_back_to_the_millisecond(instant: datetime) -> None:
    utc = instant.astimezone(UTC)
    assert parse_instant(utc.isoformat()) == utc.replace(microsecond=utc.microsecond // 1000 * 1000)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["AND", "NOT", "key", "field", "filters", "queries", "weights", "sort", "$ref", "$id", "$db"]
            )
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
)


@given(ANYTHING, ANYTHING, ANYTHING)
def test_anything_is_accepted_or_refused_as_bad_input(request: Any, kind: Any, rest: Any) -> None:
    try:
        recorded = validate_interaction(
            VIEW | {"search_request": request, "interaction_type": kind} | (rest if isinstance(rest, dict) else {})
        )
    except BadUserInput:
        return
    check_json(recorded.raw)
