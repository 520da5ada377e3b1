from typing import Any

import pytest

from gateway.errors import BadUserInput
from gateway.interchange.field_mapping import assignments, complete, field_path, put


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("feature_id", ("feature_id",)),
        ("featureId", ("feature_id",)),
        ("search_request.queries.0.value", ("search_request", "queries", 0, "value")),
        ("searchRequest.queries.1.vectorIndex", ("search_request", "queries", 1, "vector_index")),
        ("search_request.collections.0", ("search_request", "collections", 0)),
        (
            "searchRequest.rankingOptions.weights.feedback",
            ("search_request", "reranking_options", "weights", "feedback"),
        ),
        ("search_request.filters.AND.0.key", ("search_request", "filters", "AND", 0, "key")),
        ("search_request.filters.AND.007.key", ("search_request", "filters", "AND", 7, "key")),
        ("metadata.page.0", ("metadata", "page", "0")),
    ],
)
def test_a_field_is_named_by_its_path_in_either_spelling(text: str, path: tuple[str | int, ...]) -> None:
    assert field_path(text)[0] == path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sku=feature_di", "did you mean feature_id"),
        ("sku=position.x", "nothing within position"),
        ("sku=search_request.queries.first.value", "counted from 0"),
        ("sku=search_request.queries.100.value", "counted from 0"),
        (f"sku=search_request.queries.{'1' * 5_000}.value", "counted from 0"),
        ("sku=search_request.filters.AND.100.key", "counted from 0"),
        ("sku=search_request.filters.AND.٣.key", "counted from 0"),
        ("sku", "no column=field"),
        ("sku=", "no column=field"),
    ],
)
def test_what_is_no_assignment_is_told_with_what_would_be(text: str, message: str) -> None:
    with pytest.raises(BadUserInput, match=message):
        assignments([text])


@pytest.mark.parametrize("texts", [["a=feature_id", "a=user_id"], ["a=feature_id", "b=featureId"]])
def test_nothing_is_assigned_twice(texts: list[str]) -> None:
    with pytest.raises(BadUserInput):
        assignments(texts)


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("feature_id", "007", "007"),
        ("position", "3", 3),
        ("position", "3.0", 3.0),
        ("position", "third", "third"),
        ("score", "0.5", 0.5),
        ("interaction_type", "click", "click"),
        ("interaction_type", '["view", "click"]', ["view", "click"]),
        ("metadata", '{"a": 1}', {"a": 1}),
        ("metadata.price", "12.5", "12.5"),
        ("metadata.price:json", "12.5", 12.5),
        ("search_request.collections", '["c"]', ["c"]),
        ("search_request.collections.0", "c", "c"),
        ("search_request.return_url", "TRUE", True),
        ("search_request.filters", '{"AND": []}', {"AND": []}),
    ],
)
def test_a_cell_is_read_by_the_type_of_its_field(field: str, text: str, value: Any) -> None:
    [assignment] = assignments([f"column={field}"])
    assert assignment.value(text) == value


@pytest.mark.parametrize("field", ["position", "score"])
@pytest.mark.parametrize(
    "text", ["1_0", "1_000.5", "1e1_0", "\uff11\uff12", "٣", "1\uff12", "²", "0x10", "1,5", "1 0", "--1", ""]
)
def test_what_only_python_reads_as_a_number_is_none(field: str, text: str) -> None:
    [assignment] = assignments([f"column={field}"])
    assert assignment.value(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (" 3\t", 3),
        ("\u00a03\u2003", 3),
        ("+3", 3),
        ("-3", -3),
        ("007", 7),
        ("3.0", 3.0),
        ("3.", 3.0),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1E-3", 0.001),
        ("-0", 0),
        ("9007199254740993", 9007199254740993),
        ("inf", float("inf")),
        ("-Infinity", float("-inf")),
        ("1e999", float("inf")),
    ],
)
def test_a_number_may_have_blanks_beside_it_a_sign_and_an_exponent(text: str, value: float) -> None:
    [assignment] = assignments(["column=score"])
    number = assignment.value(text)
    assert (type(number), number) == (type(value), value)


def test_values_are_put_together_and_a_search_completed() -> None:
    wire: dict[str, Any] = {}
    put(wire, ("search_request", "queries", 1, "value"), "lamp")
    put(wire, ("search_request", "queries", 0, "value"), "desk")
    complete(wire)
    query = {"vector_index": "keyword", "type": "text"}
    assert wire["search_request"] == {
        "queries": [{**query, "value": "desk"}, {**query, "value": "lamp"}],
        "collections": [],
    }
    with pytest.raises(BadUserInput):
        put(wire, ("search_request", "queries", 0, "value", "x"), 1)
