"""Saved filters are found by what a document must have: few are tried, and none that matches is left out."""

from random import Random
from typing import Any

import pytest
from bson import Decimal128, Int64
from hypothesis import given

from gateway.model.documents import derived_fields
from gateway.plan.comparisons import Tree
from gateway.plan.document_matchers import DocumentMatcher
from gateway.plan.saved_filters import SavedFilter, SavedFilters, required_values
from tests.generators.wheres import Where, as_others_write, compiled, interaction, interaction_wheres

RANDOM = Random(5)
RECORDED = [interaction(RANDOM) for _ in range(150)]
DOCUMENTS = [{**item, **derived_fields(item)} for item in RECORDED]
DOCUMENTS += [as_others_write(RANDOM, document) for document in DOCUMENTS]


def tree(where: Where) -> Tree:
    return compiled(where).tree


@given(where=interaction_wheres)
def test_a_filter_is_tried_on_every_document_that_it_matches(where: Where) -> None:
    compared = tree(where)
    filters, matcher = SavedFilters([SavedFilter.of("f", compared)]), DocumentMatcher(compared)
    for document in DOCUMENTS:
        assert bool(list(filters.matching(document))) == matcher.matches(document)


def test_each_of_ten_thousand_filters_is_tried_only_where_its_value_is() -> None:
    filters = SavedFilters(
        SavedFilter.of(f"f{number}", tree({"featureId": {"eq": f"p{number}"}, "interactionType": {"eq": "CLICK"}}))
        for number in range(10_000)
    )
    for number in range(0, 10_000, 97):
        document = {"feature_id": f"p{number}", "interaction_type": "view"}
        assert [candidate.id for candidate in filters.candidates(document)] == [f"f{number}"]
        assert list(filters.matching(document)) == []
        assert [match.id for match in filters.matching({**document, "interaction_type": "click"})] == [f"f{number}"]
    assert list(filters.candidates({"feature_id": "other", "interaction_type": "click"})) == []


@pytest.mark.parametrize(
    ("where", "document"),
    [
        ({"featureId": {"eq": "p1"}}, {"feature_id": "p1"}),
        ({"featureId": {"in": ["p1", "p2"]}}, {"feature_id": "p2"}),
        ({"or": [{"featureId": {"eq": "p1"}}, {"userId": {"eq": "u1"}}]}, {"user_id": "u1"}),
        ({"metadata": [{"path": "a.b", "operator": "EQ", "value": 1}]}, {"metadata": {"a": [{"b": Int64(1)}]}}),
        ({"metadata": [{"path": "a", "operator": "EQ", "value": 1}]}, {"metadata": {"a": Decimal128("1.0")}}),
        ({"metadata": [{"path": "a", "operator": "EQ", "value": True}]}, {"metadata": {"a": True}}),
        (
            {"metadata": [{"path": "a", "operator": "EQ", "value": "Ab", "caseSensitive": False}]},
            {"metadata": {"a": ["x", "aB"]}},
        ),
        (
            {"searchRequest": {"query": {"value": {"eq": "Shoes"}}}},
            {"search_request": {"queries": [{"value": "Shoes", "vector_index": "text"}]}},
        ),
    ],
)
def test_an_equality_finds_what_it_matches_and_nothing_else_is_tried(where: Where, document: dict[str, Any]) -> None:
    document |= derived_fields(document)
    filters = SavedFilters([SavedFilter.of("f", tree(where))])
    assert required_values(tree(where))
    assert [match.id for match in filters.matching(document)] == ["f"]
    assert list(filters.candidates({"feature_id": "another"})) == []


@pytest.mark.parametrize(
    "where",
    [
        {},
        {"position": {"lt": 3}},
        {"featureId": {"ne": "p1"}},
        {"nor": [{"featureId": {"eq": "p1"}}]},
        {"or": [{"featureId": {"eq": "p1"}}, {"position": {"lt": 3}}]},
        {"text": {"contains": "shoes"}},
        {"metadata": [{"path": "a", "operator": "EQ", "value": None}]},
    ],
)
def test_without_an_equality_a_filter_is_tried_on_everything(where: Where) -> None:
    filters = SavedFilters([SavedFilter.of("f", tree(where))])
    assert not required_values(tree(where))
    assert [candidate.id for candidate in filters.candidates({"feature_id": "p9"})] == ["f"]


def test_the_rarest_of_several_equalities_is_looked_up() -> None:
    where = {"interactionType": {"eq": "CLICK"}, "featureId": {"in": ["p1", "p2"]}, "position": {"lt": 3}}
    assert {value.path for value in required_values(tree(where))} == {"feature_id"}


def test_filters_are_replaced_and_removed() -> None:
    filters = SavedFilters([SavedFilter.of("f", tree({"featureId": {"eq": "p1"}}))])
    filters.put(SavedFilter.of("f", tree({"userId": {"eq": "u1"}})))
    assert list(filters.candidates({"feature_id": "p1"})) == []
    assert [candidate.id for candidate in filters.candidates({"user_id": "u1"})] == ["f"]
    assert filters.paths == {"user_id"}
    filters.remove("f")
    filters.remove("f")
    assert len(filters) == 0
    assert list(filters.candidates({"user_id": "u1"})) == []


def test_what_matched_is_told_once_in_the_clients_words() -> None:
    saved = SavedFilter.of("f", tree({"featureId": {"eq": "p1"}, "position": {"lt": 3}, "userId": {"exists": False}}))
    assert saved.matched({"feature_id": "p1", "position": 2}) == [
        'featureId = "p1"',
        "userId is missing or null",
        "position < 3",
    ]
