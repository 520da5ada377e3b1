"""A recorded field is known to all that deal with it: the wire shape, the graph's inputs, its readings, its filters."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from shutil import copy, copytree, ignore_patterns
from typing import Any

import pytest
import strawberry
from graphql import GraphQLInputObjectType, GraphQLObjectType, get_named_type

from gateway.compiler.wire_form import wire_name
from gateway.model.documents import OWNED_FIELDS
from gateway.model.wire.declared_fields import DeclaredField, declared_fields
from gateway.model.wire.fields import GroupByOptions, Interaction, SortOption, WireObject
from gateway.model.wire.trees import FilterCondition, FilterGroup
from gateway.schema.readings import Embedded, reading_of
from gateway.schema.recorded_fields import SHORTHAND, also, compares, recorded, records
from gateway.schema.stored_readings import StoredReading
from gateway.schema.strawberry_adapter import metadata_of
from gateway.schema.where_declarations import QueryElement, SameDocument, matching_of
from tests.harness.default_graph import EXECUTABLE
from tests.harness.gateway_client import Gateway

ROOT = Path(__file__).parents[2]
TREE = "FilterGroupInput"

NOT_READ = {
    "session_id": "read as effective_session_id: the search request's counts where the interaction has none",
    "search_request.search_request_id": "read as search_request_id, which is derived where none was recorded",
}
NOT_FILTERED = {
    "session_id": "compared as effective_session_id, as it is read",
    "search_request.search_request_id": "compared as search_request_id, as it is read",
    "search_request.filters": "compared by its conditions, wherever in a tree they stand",
    "search_request.queries.filters": "compared by its conditions, wherever in a tree they stand",
    "search_request.queries.settings": "how results were made and shown, not what was searched for",
    "search_request.group_by": "how results were made and shown, not what was searched for",
    "search_request.sort": "how results were made and shown, not what was searched for",
    "search_request.select": "how results were made and shown, not what was searched for",
    "search_request.reranking_options": "how results were made and shown, not what was searched for",
    "search_request.return_url": "how results were made and shown, not what was searched for",
}


def declared(model: type[WireObject] = Interaction, above: str = "") -> Iterator[tuple[str, DeclaredField]]:
    """The fields of a wire object and of those in it, by their paths."""
    for name, field in declared_fields(model).items():
        yield f"{above}{name}", field
        if field.model is not None:
            yield from declared(field.model, f"{above}{name}.")


DECLARED = dict(declared())


def inputs(type_name: str, above: str = "") -> Iterator[tuple[str, str]]:
    """The wire paths of an input's fields, and of those in it, with their descriptions."""
    type_ = EXECUTABLE.type_map[type_name]
    assert isinstance(type_, GraphQLInputObjectType)
    for field in type_.fields.values():
        if SHORTHAND in metadata_of(field):
            continue
        path, inner = f"{above}{wire_name(field)}", get_named_type(field.type)
        yield path, field.description or ""
        if isinstance(inner, GraphQLInputObjectType) and inner.name != TREE:
            yield from inputs(inner.name, f"{path}.")


def readings(type_name: str, above: str = "") -> Iterator[tuple[str, str]]:
    """The stored paths that an object's fields, and those in it, read, with their descriptions."""
    type_ = EXECUTABLE.type_map[type_name]
    assert isinstance(type_, GraphQLObjectType)
    for field in type_.fields.values():
        match reading_of(field):
            case StoredReading(paths=paths):
                for path in paths:
                    yield f"{above}{path}", field.description or ""
            case Embedded(path):
                yield f"{above}{path}", field.description or ""
                yield from readings(get_named_type(field.type).name, f"{above}{path}.")


def filters(type_name: str, above: str = "") -> Iterator[str]:
    """The stored paths that the fields of a filter, and those in it, compare."""
    type_ = EXECUTABLE.type_map[type_name]
    assert isinstance(type_, GraphQLInputObjectType)
    for field in type_.fields.values():
        matching, inner = matching_of(field), get_named_type(field.type)
        if isinstance(matching, SameDocument):
            yield from filters(inner.name, above)
        elif path := getattr(matching, "path", ""):
            yield f"{above}{path}"
            if isinstance(matching, QueryElement):
                yield from filters(inner.name, f"{above}{path}.")


RECORDED = {*inputs("RecordInteractionInput")}
READ = {*readings("Interaction"), *readings("SearchRequest")}
FILTERED = {*filters("InteractionWhere"), *filters("SearchRequestWhere")}


def paths(described: Iterable[tuple[str, str]]) -> set[str]:
    return {path for path, _ in described}


def says_what_is_declared(path: str, text: str) -> bool:
    return plain(text).startswith(plain(DECLARED[path].description))


def without(declared: Iterable[str], reasons: Mapping[str, str]) -> set[str]:
    """The paths that are neither among ``reasons`` nor below one of them."""
    return {path for path in declared if not any(f"{path}.".startswith(f"{left_out}.") for left_out in reasons)}


def plain(text: str) -> str:
    return " ".join(text.split())


def test_all_that_is_declared_can_be_recorded_by_the_graph_and_nothing_else() -> None:
    assert paths(RECORDED) == DECLARED.keys()
    assert paths(inputs("FilterConditionInput")) == declared_fields(FilterCondition).keys()
    assert paths(inputs("FilterGroupInput")) >= declared_fields(FilterGroup).keys()


def test_all_that_is_declared_is_read_unless_there_is_a_reason() -> None:
    assert without(DECLARED, NOT_READ) - paths(READ) == set()
    assert NOT_READ.keys() & paths(READ) == set()


def test_all_that_is_declared_is_compared_by_filters_unless_there_is_a_reason() -> None:
    objects = {path for path, field in DECLARED.items() if field.model}
    assert without(DECLARED, NOT_FILTERED) - objects - FILTERED == set()
    assert NOT_FILTERED.keys() & FILTERED == set()


def test_nothing_is_read_or_compared_that_is_neither_declared_nor_the_gateways_own() -> None:
    assert {path for path in paths(READ) | FILTERED if path and path not in DECLARED} <= OWNED_FIELDS


def test_what_is_recorded_and_read_is_described_as_it_is_declared() -> None:
    assert paths(RECORDED) == {path for path, text in RECORDED if says_what_is_declared(path, text)}
    # Of the last two something else is read: the whole as recorded, and the id of the one that was meant.
    own_words = {"search_request", "search_request_id"}
    described = {path for path, text in READ if path in DECLARED and says_what_is_declared(path, text)}
    assert paths(READ) & DECLARED.keys() == described | own_words


SAMPLES = {"ID": "an id", "String": "some text", "Int": 3, "Float": 0.5, "Boolean": True}
INTERACTION_INPUT = EXECUTABLE.type_map["RecordInteractionInput"]
assert isinstance(INTERACTION_INPUT, GraphQLInputObjectType)
PLAIN = {
    name: SAMPLES[type_name]
    for name, field in INTERACTION_INPUT.fields.items()
    if (type_name := get_named_type(field.type).name) in SAMPLES and name != "searchRequestId"
}


@pytest.mark.parametrize("name", PLAIN)
async def test_a_plain_field_is_read_and_compared_as_it_was_recorded(name: str, gateway: Gateway) -> None:
    other: dict[str, Any] = {"interactionId": "other", "featureId": "other", "interactionType": "VIEW"}
    record = "mutation ($input: RecordInteractionInput!) { recordInteraction(input: $input) { created } }"
    for interaction in (other, other | {"interactionId": "one", name: PLAIN[name]}):
        await gateway.data(record, {"input": interaction})
    answer = await gateway.data(
        f"query ($where: InteractionWhere) {{ interactions(where: $where) {{ nodes {{ {name} }} }} }}",
        {"where": {name: {"eq": PLAIN[name]}}},
    )
    assert answer["interactions"]["nodes"] == [{name: PLAIN[name]}]


def test_an_input_says_only_what_its_wire_object_declares() -> None:
    with pytest.raises(TypeError, match="colour"):

        @records(SortOption)
        class Misspelled:
            direction: str
            colour: str


def test_an_input_says_the_types_that_the_wire_shape_can_not() -> None:
    with pytest.raises(TypeError, match="sort"):

        @records(GroupByOptions)
        class Untyped: ...


def test_an_input_adds_to_what_is_declared() -> None:
    @records(SortOption)
    class Sorted:
        field: strawberry.ID = also("More words.")
        direction: str = "up"

    assert Sorted.__strawberry_definition__.description == "By which field results are sorted, and which way."  # type: ignore[attr-defined]
    field, direction = Sorted.__strawberry_definition__.fields  # type: ignore[attr-defined]
    assert field.description == "The field of the item, in dot notation. More words."
    assert (field.type, direction.default) == (strawberry.ID, "up")


@pytest.mark.parametrize("declaring", [recorded, compares])
def test_only_what_is_declared_is_read_and_compared(declaring: Callable[[str], object]) -> None:
    with pytest.raises(LookupError):
        declaring("colour")


@pytest.mark.slow
def test_a_field_is_added_as_the_decision_page_shows(tmp_path: Path) -> None:
    page = (ROOT / "docs/decisions/0006-recorded-fields.md").read_text(encoding="utf-8")
    [diff] = re.findall(r"^```diff\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert len(re.findall(r"^\+[^+]", diff, re.MULTILINE)) == 3
    for folder in ("gateway", "tests"):
        copytree(ROOT / folder, tmp_path / folder, ignore=ignore_patterns("node_modules", "__pycache__", "bundles"))
    copy(ROOT / "pyproject.toml", tmp_path)
    subprocess.run(["git", "apply", "-"], input=diff.encode(), cwd=tmp_path, check=True)
    tests = ("tests/schema/test_recorded_fields.py", "tests/schema/test_contract.py")
    tried = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "-m", "not slow", *tests],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert tried.returncode == 0, tried.stdout
    assert "test_a_plain_field_is_read_and_compared_as_it_was_recorded[source] PASSED" in tried.stdout
