from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import pytest
from bson import Binary
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.errors import BadUserInput
from gateway.model.kinds import INTERACTION, position_order, time_order
from gateway.plan.cursors import encode_cursor
from gateway.plan.paging import Edge, Window, page

LATEST = time_order(INTERACTION, descending=True)
TIE = Binary.from_uuid(UUID("3f0c2b1e-0000-4000-8000-00000000abcd"))


def test_a_document_without_a_position_shares_the_place_of_null() -> None:
    order = position_order(descending=True)
    assert Edge({"_id": TIE}, order).cursor == Edge({"_id": TIE, "position": None}, order).cursor


@pytest.mark.parametrize("argument", ["first", "last"])
@pytest.mark.parametrize("size", [-1, 101, 2**31 - 1])
def test_a_size_out_of_range_is_refused(argument: str, size: int) -> None:
    with pytest.raises(BadUserInput, match="between 0 and 100") as caught:
        Window.of({argument: size}, LATEST, 100)
    assert caught.value.path == (argument,)


def test_a_page_has_ten_elements_by_default() -> None:
    assert Window.of({}, LATEST, 100) == Window.of({"first": None, "last": None, "after": None}, LATEST, 100)
    assert Window.of({}, LATEST, 100) == Window(LATEST, 10, None, None, None)


# The specification's algorithm, step by step (https://relay.dev/graphql/connections.htm#sec-Pagination-algorithm).


@dataclass(frozen=True)
class PaginationArguments:
    first: int | None
    last: int | None
    after: int | None
    before: int | None


def apply_cursors_to_edges(all_edges: Sequence[int], arguments: PaginationArguments) -> list[int]:
    edges = list(all_edges)
    if arguments.after is not None and arguments.after in edges:
        edges = edges[edges.index(arguments.after) + 1 :]
    if arguments.before is not None and arguments.before in edges:
        edges = edges[: edges.index(arguments.before)]
    return edges


def edges_to_return(all_edges: Sequence[int], arguments: PaginationArguments) -> list[int]:
    edges = apply_cursors_to_edges(all_edges, arguments)
    if arguments.first is not None and len(edges) > arguments.first:
        edges = edges[: arguments.first]
    if arguments.last is not None and len(edges) > arguments.last:
        edges = edges[len(edges) - arguments.last :]
    return edges


def has_previous_page(all_edges: Sequence[int], arguments: PaginationArguments) -> bool:
    if arguments.last is not None:
        return len(apply_cursors_to_edges(all_edges, arguments)) > arguments.last
    # "If the server can efficiently determine that elements exist prior to `after`": the cursor's own does.
    return arguments.after is not None


def has_next_page(all_edges: Sequence[int], arguments: PaginationArguments) -> bool:
    if arguments.first is not None:
        return len(apply_cursors_to_edges(all_edges, arguments)) > arguments.first
    return arguments.before is not None


sizes = st.none() | st.integers(0, 8)
cursors = st.none() | st.integers(0, 9)


@given(st.integers(0, 10), st.builds(PaginationArguments, sizes, sizes, cursors, cursors))
@example(10, PaginationArguments(first=2, last=5, after=None, before=None))
@example(10, PaginationArguments(first=5, last=2, after=None, before=None))
@example(10, PaginationArguments(first=3, last=3, after=2, before=7))
@example(10, PaginationArguments(first=None, last=3, after=8, before=2))
@example(3, PaginationArguments(first=0, last=0, after=None, before=None))
def test_pages_are_those_of_the_specification(count: int, arguments: PaginationArguments) -> None:
    """Elements 0, 1, 2… stand in ascending order; each of them that exists may be a cursor."""
    order = position_order(descending=False)
    elements = range(count)
    arguments = replace(
        arguments,
        after=arguments.after if arguments.after in elements else None,
        before=arguments.before if arguments.before in elements else None,
    )
    values = {
        "first": arguments.first,
        "last": arguments.last,
        "after": None if arguments.after is None else encode_cursor(order, arguments.after, TIE),
        "before": None if arguments.before is None else encode_cursor(order, arguments.before, TIE),
    }
    window = Window.of(values, order, 100)
    if arguments.first is None and arguments.last is None:
        arguments = replace(arguments, first=10)
    between = [
        element
        for element in elements
        if (window.after is None or element > window.after.value)
        and (window.before is None or element < window.before.value)
    ]
    fetched = sorted(between, reverse=window.descending)[: window.limit]
    answered = page(window, [{"_id": TIE, "position": element} for element in fetched])
    # The deviation: where `before` lies ahead of `after` nothing is between; the steps above would ignore `before`.
    if arguments.after is None or arguments.before is None or arguments.after < arguments.before:
        assert [document["position"] for document in answered.documents] == edges_to_return(elements, arguments)
        assert answered.has_next_page == has_next_page(elements, arguments)
        assert answered.has_previous_page == has_previous_page(elements, arguments)
    else:
        assert answered.documents == []
    info = answered.page_info
    ends = [edge.cursor for edge in answered.edges][:: max(1, len(answered.edges) - 1)]
    assert [info.start_cursor, info.end_cursor] == ([None, None] if not ends else [ends[0], ends[-1]])


def test_a_page_holds_no_more_than_its_limit_and_fetches_one_more() -> None:
    assert [Window.of({name: 100}, LATEST, 100).limit for name in ("first", "last")] == [101, 101]
    assert Window.of({"first": 2, "last": 7}, LATEST, 7).limit == 8
