from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gateway.errors import BadUserInput
from gateway.model.wire import validate_search_request
from gateway.model.wire.declared_fields import DeclaredField, declared_field, declared_fields
from gateway.model.wire.fields import Interaction, SearchQuery, WireObject
from gateway.model.wire.trees import FilterCondition, FilterGroup

MODELS: tuple[type[WireObject], ...] = (Interaction, FilterCondition, FilterGroup)


def below(model: type[WireObject]) -> Iterator[DeclaredField]:
    for field in declared_fields(model).values():
        yield field
        if field.model is not None:
            yield from below(field.model)


def test_every_field_says_what_it_means_in_a_sentence() -> None:
    fields = [field for model in MODELS for field in below(model)]
    assert len(fields) > 40
    assert [field.name for field in fields if not field.description.endswith((".", ","))] == []


def test_a_field_is_found_by_its_wire_names_through_objects_and_lists() -> None:
    options = declared_field("search_request.reranking_options")
    assert (options.name, options.wire_name, options.required) == ("ranking_options", "reranking_options", False)
    queries = declared_field("search_request.queries")
    assert (queries.model, queries.is_list, queries.required) == (SearchQuery, True, True)
    assert declared_field("search_request.queries.settings.min_score").description.startswith("Results that score")
    assert declared_field("min_score", declared_field("search_request.queries.settings").model or WireObject)


@pytest.mark.parametrize("path", ["colour", "search_request.colour", "metadata.colour", "search_request.$ref"])
def test_what_is_not_declared_is_not_found(path: str) -> None:
    with pytest.raises(LookupError):
        declared_field(path)


TEXTS = st.sampled_from(["", "k", "k" * 64, "k" * 65, "k" * 1000, "k" * 1001, 5, None, True, ["k"]])


@given(st.fixed_dictionaries({"key": TEXTS}, optional={"operator": TEXTS, "value": TEXTS}))
def test_a_condition_is_declared_as_it_is_checked(condition: dict[str, Any]) -> None:
    assert declared(FilterCondition, condition) == accepted(condition)


FLAGS = st.sampled_from([True, False, None, "yes", 1])
BRANCHES = st.sampled_from([[], [{"key": "k"}], None, {"key": "k"}, "k"])


@given(st.fixed_dictionaries({}, optional={"AND": BRANCHES, "OR": BRANCHES, "NOR": BRANCHES, "case_sensitive": FLAGS}))
def test_a_group_is_declared_as_it_is_checked(group: dict[str, Any]) -> None:
    assert declared(FilterGroup, group) == accepted(group)


def declared(model: type[WireObject], node: dict[str, Any]) -> bool:
    try:
        model.model_validate(node)
    except ValidationError:
        return False
    return True


def accepted(tree: dict[str, Any]) -> bool:
    try:
        validate_search_request({"queries": [], "collections": [], "filters": tree})
    except BadUserInput:
        return False
    return True
