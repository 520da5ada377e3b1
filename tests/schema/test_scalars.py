from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from graphql import ListValueNode, parse_value

from gateway.errors import BadUserInput, UnreadableDocument
from gateway.schema.scalars import (
    CoercedVariables,
    parse_date_time,
    parse_json,
    parse_json_literal,
    serialize_date_time,
)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-05-01T12:00:00Z", datetime(2024, 5, 1, 12, tzinfo=UTC)),
        ("2024-05-01t14:00:00.5+02:00", datetime(2024, 5, 1, 12, microsecond=500_000, tzinfo=UTC)),
        ("2024-05-01T12:00:00.1239999Z", datetime(2024, 5, 1, 12, microsecond=123_001, tzinfo=UTC)),
    ],
)
def test_a_date_time_is_read_in_utc_and_milliseconds_or_just_behind_them(text: str, moment: datetime) -> None:
    assert parse_date_time(text) == moment
    assert parse_date_time(text).tzinfo is UTC


@pytest.mark.parametrize(
    "value",
    ["2024-05-01T12:00:00", "2024-05-01", "2024-02-30T12:00:00Z", "0001-01-01T00:00:00+01:00", "now", "", 1, None],
)
def test_other_spellings_of_a_date_time_are_refused(value: Any) -> None:
    with pytest.raises(BadUserInput):
        parse_date_time(value)


def test_a_date_time_is_written_in_utc_and_milliseconds() -> None:
    moment = datetime(2024, 5, 1, 14, 0, 0, 1_999, tzinfo=timezone(timedelta(hours=2)))
    assert serialize_date_time(moment) == "2024-05-01T12:00:00.001Z"


@pytest.mark.parametrize("value", ["2024-05-01T12:00:00Z", None, datetime(2024, 5, 1)])
def test_a_stored_time_that_is_none_is_not_written(value: Any) -> None:
    with pytest.raises(UnreadableDocument):
        serialize_date_time(value)


@pytest.mark.parametrize(
    "value", [None, True, -(2**63), 2**63 - 1, 1.5, "", {"$where": [{"a.b": None}], "": {"$ref": "x", "$id": 1}}]
)
def test_any_json_is_taken_as_it_is(value: Any) -> None:
    assert parse_json(value) == value


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (2**63, ()),
        ({"a": [0, -(2**63) - 1]}, ("a", "1")),
        ({"a": float("nan")}, ("a",)),
        ([float("inf")], ("0",)),
        ({"a": {"b\0": 1}}, ("a",)),
        (["\ud800"], ("0",)),
        ([datetime(2024, 5, 1, tzinfo=UTC)], ("0",)),
    ],
)
def test_json_that_can_not_be_stored_is_refused_with_its_path(value: Any, path: tuple[str, ...]) -> None:
    with pytest.raises(BadUserInput) as refused:
        parse_json(value)
    assert refused.value.path == path


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ('{a: [1, -2.5, true, null, "x", RED], b: {c: {}}}', {"a": [1, -2.5, True, None, "x", "RED"], "b": {"c": {}}}),
        ("{a: $given, b: $missing, c: [$given, $missing]}", {"a": {"x": 1}, "c": [{"x": 1}, None]}),
    ],
)
def test_a_json_literal_is_read_with_the_variables_in_it(literal: str, value: Any) -> None:
    assert parse_json_literal(parse_value(literal), CoercedVariables({}, {"given": {"x": 1}})) == value


@pytest.mark.parametrize("literal", ["9" * 5_000, "-" + "9" * 19, "1e999"])
def test_a_json_literal_that_can_not_be_stored_is_refused(literal: str) -> None:
    with pytest.raises(BadUserInput):
        parse_json_literal(parse_value(literal))


def test_a_variable_in_a_json_literal_is_what_was_sent_and_not_what_its_type_makes_of_it() -> None:
    text = "2024-05-01T14:00:00.123456+02:00"
    variables = CoercedVariables(
        {"late": datetime(2024, 5, 1, 12, tzinfo=UTC), "kind": 7}, {"late": text, "kind": parse_value("CLICK")}
    )
    assert parse_json_literal(parse_value("{at: $late, kinds: [$kind]}"), variables) == {"at": text, "kinds": ["CLICK"]}


def test_a_variable_is_null_while_its_value_is_unknown() -> None:
    node = parse_value("[$unknown]")
    assert isinstance(node, ListValueNode)
    assert parse_json_literal(node) == [None]
