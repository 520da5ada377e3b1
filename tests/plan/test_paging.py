import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from bson import Binary, DatetimeMS, Decimal128, ObjectId
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.errors import BadUserInput, InvalidCursor, UnreadableDocument
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST, Order, position_order, time_order
from gateway.plan.paging import Edge, Place, Window, decode_cursor, encode_cursor, page, window

LATEST = time_order(INTERACTION, descending=True)
ORDERS = [
    order
    for descending in (True, False)
    for order in (
        time_order(INTERACTION, descending=descending),
        time_order(SEARCH_REQUEST, descending=descending),
        position_order(descending=descending),
    )
]
TIE_UUID = UUID("3f0c2b1e-0000-4000-8000-00000000abcd")
TIE = Binary.from_uuid(TIE_UUID)

orders = st.sampled_from(ORDERS)
times = st.datetimes(timezones=st.just(UTC)).map(lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000))
longs = st.integers(-(2**63), 2**63 - 1)
beyond_python = st.integers(300_000_000_000_000, 2**63 - 1).map(DatetimeMS)
texts = st.text(st.characters(exclude_categories=["Cs"]))
values = times | beyond_python | longs | st.floats(allow_nan=False) | texts | st.booleans() | st.none()
ties = st.uuids().map(Binary.from_uuid) | st.binary(min_size=12, max_size=12).map(ObjectId) | texts | longs


@given(orders, st.builds(Place, values, ties))
def test_a_cursor_leads_back_to_its_place(order: Order, place: Place) -> None:
    cursor = encode_cursor(order, place.value, place.tie)
    decoded = decode_cursor(order, cursor, "after")
    assert decoded == place
    assert (type(decoded.value), type(decoded.tie)) == (type(place.value), type(place.tie))
    assert set(cursor) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


@given(orders, orders, st.builds(Place, values, ties))
def test_a_cursor_is_bound_to_its_order(order: Order, other: Order, place: Place) -> None:
    cursor = encode_cursor(order, place.value, place.tie)
    if order == other:
        assert decode_cursor(other, cursor, "before") == place
    else:
        with pytest.raises(InvalidCursor, match="another ordering") as caught:
            decode_cursor(other, cursor, "before")
        assert caught.value.path == ("before",)


def payload(*parts: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(parts)).rstrip(b"=").decode()


@given(st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
@example("")
@example("é")
@example("W10")
@example("\0")
@example("====")
@example(base64.urlsafe_b64encode(b"[" * 100_000).decode())
@example(base64.urlsafe_b64encode(b"[1," + b"9" * 5000 + b"]").decode())
def test_any_other_text_is_no_cursor(text: str) -> None:
    with pytest.raises(InvalidCursor):
        decode_cursor(LATEST, text, "after")


@pytest.mark.parametrize(
    "parts",
    [
        (1, LATEST.tag, None),
        (1, LATEST.tag, None, None),
        (2, LATEST.tag, None, f"u{TIE_UUID}"),
        (1, LATEST.tag, None, f"u{TIE_UUID}", 0),
        (1, LATEST.tag, [2**63], f"u{TIE_UUID}"),
        (1, LATEST.tag, 2**63, f"u{TIE_UUID}"),
        (1, LATEST.tag, [1, 2], f"u{TIE_UUID}"),
        (1, LATEST.tag, {"$gt": 1}, f"u{TIE_UUID}"),
        (1, LATEST.tag, ["1"], f"u{TIE_UUID}"),
        (1, LATEST.tag, None, ""),
        (1, LATEST.tag, None, "u"),
        (1, LATEST.tag, None, "onothex"),
        (1, LATEST.tag, None, "i1.5"),
        (1, LATEST.tag, None, f"i{2**63}"),
        (1, LATEST.tag, None, "i" + "9" * 5000),
        (1, LATEST.tag, None, f"x{TIE_UUID}"),
        {"v": 1},
        1,
        None,
    ],
)
def test_a_forged_cursor_is_refused(parts: Any) -> None:
    text = payload(*parts) if isinstance(parts, tuple) else base64.urlsafe_b64encode(orjson.dumps(parts)).decode()
    with pytest.raises(InvalidCursor):
        decode_cursor(LATEST, text, "after")


@pytest.mark.parametrize("value", [[1], {"a": 1}, Decimal128("1"), b"x", Binary(TIE_UUID.bytes, 3), Binary(b"x", 4)])
def test_what_has_no_place_in_an_order_gets_no_cursor(value: Any) -> None:
    with pytest.raises(UnreadableDocument):
        encode_cursor(LATEST, value, TIE)
    with pytest.raises(UnreadableDocument):
        encode_cursor(LATEST, None, value)


def test_a_document_without_a_position_shares_the_place_of_null() -> None:
    order = position_order(descending=True)
    assert Edge({"_id": TIE}, order).cursor == Edge({"_id": TIE, "position": None}, order).cursor


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
def test_numbers_that_json_lacks_have_a_place_too(number: float) -> None:
    cursor = encode_cursor(position_order(descending=True), number, TIE)
    assert str(decode_cursor(position_order(descending=True), cursor, "after").value) == str(number)


@pytest.mark.parametrize("argument", ["first", "last"])
@pytest.mark.parametrize("size", [-1, 101, 2**31 - 1])
def test_a_size_out_of_range_is_refused(argument: str, size: int) -> None:
    with pytest.raises(BadUserInput, match="between 0 and 100") as caught:
        window({argument: size}, LATEST, 100)
    assert caught.value.path == (argument,)


def test_ten_are_asked_for_by_default() -> None:
    assert window({}, LATEST, 100) == window({"first": None, "last": None, "after": None}, LATEST, 100)
    assert window({}, LATEST, 100) == Window(LATEST, 10, None, None, None)


# The specification's algorithm, step by step (https://relay.dev/graphql/connections.htm#sec-Pagination-algorithm).


@dataclass(frozen=True)
class Asked:
    first: int | None
    last: int | None
    after: int | None
    before: int | None


def apply_cursors_to_edges(all_edges: Sequence[int], asked: Asked) -> list[int]:
    edges = list(all_edges)
    if asked.after is not None and asked.after in edges:
        edges = edges[edges.index(asked.after) + 1 :]
    if asked.before is not None and asked.before in edges:
        edges = edges[: edges.index(asked.before)]
    return edges


def edges_to_return(all_edges: Sequence[int], asked: Asked) -> list[int]:
    edges = apply_cursors_to_edges(all_edges, asked)
    if asked.first is not None and len(edges) > asked.first:
        edges = edges[: asked.first]
    if asked.last is not None and len(edges) > asked.last:
        edges = edges[len(edges) - asked.last :]
    return edges


def has_previous_page(all_edges: Sequence[int], asked: Asked) -> bool:
    if asked.last is not None:
        return len(apply_cursors_to_edges(all_edges, asked)) > asked.last
    # "If the server can efficiently determine that elements exist prior to `after`": the cursor's own does.
    return asked.after is not None


def has_next_page(all_edges: Sequence[int], asked: Asked) -> bool:
    if asked.first is not None:
        return len(apply_cursors_to_edges(all_edges, asked)) > asked.first
    return asked.before is not None


sizes = st.none() | st.integers(0, 8)
cursors = st.none() | st.integers(0, 9)


@given(st.integers(0, 10), st.builds(Asked, sizes, sizes, cursors, cursors))
@example(10, Asked(first=2, last=5, after=None, before=None))
@example(10, Asked(first=5, last=2, after=None, before=None))
@example(10, Asked(first=3, last=3, after=2, before=7))
@example(10, Asked(first=None, last=3, after=8, before=2))
@example(3, Asked(first=0, last=0, after=None, before=None))
def test_pages_are_those_of_the_specification(count: int, asked: Asked) -> None:
    """Elements 0, 1, 2… stand in ascending order; a cursor may be given for each of them that exists."""
    order = position_order(descending=False)
    elements = range(count)
    asked = replace(
        asked,
        after=asked.after if asked.after in elements else None,
        before=asked.before if asked.before in elements else None,
    )
    given = {
        "first": asked.first,
        "last": asked.last,
        "after": None if asked.after is None else encode_cursor(order, asked.after, TIE),
        "before": None if asked.before is None else encode_cursor(order, asked.before, TIE),
    }
    view = window(given, order, 100)
    if asked.first is None and asked.last is None:
        asked = replace(asked, first=10)
    between = [
        element
        for element in elements
        if (view.after is None or element > view.after.value)  # type: ignore[operator]
        and (view.before is None or element < view.before.value)  # type: ignore[operator]
    ]
    fetched = sorted(between, reverse=view.descending)[: view.limit]
    answered = page(view, [{"_id": TIE, "position": element} for element in fetched])
    # The deviation: where `before` lies ahead of `after` nothing is between; the steps above would ignore `before`.
    if asked.after is None or asked.before is None or asked.after < asked.before:
        assert [document["position"] for document in answered.documents] == edges_to_return(elements, asked)
        assert answered.has_next_page == has_next_page(elements, asked)
        assert answered.has_previous_page == has_previous_page(elements, asked)
    else:
        assert answered.documents == []
    info = answered.page_info
    ends = [edge.cursor for edge in answered.edges][:: max(1, len(answered.edges) - 1)]
    assert [info.start_cursor, info.end_cursor] == ([None, None] if not ends else [ends[0], ends[-1]])


def test_a_page_holds_no_more_than_its_limit_and_fetches_one_more() -> None:
    assert [window({name: 100}, LATEST, 100).limit for name in ("first", "last")] == [101, 101]
    assert window({"first": 2, "last": 7}, LATEST, 7).limit == 8


def test_times_are_exact_to_the_millisecond() -> None:
    at = datetime(2024, 5, 1, tzinfo=UTC) + timedelta(milliseconds=1)
    cursor = encode_cursor(LATEST, at, TIE)
    assert decode_cursor(LATEST, cursor, "after") == Place(at, TIE)


@pytest.mark.parametrize(
    ("at", "spelled"),
    [
        (datetime(2024, 5, 1, 12), "2024-05-01T12:00:00Z"),
        (datetime(2024, 5, 1, 12, 0, 0, 1_000), "2024-05-01T12:00:00.001000Z"),
        (datetime(1, 1, 1), "0001-01-01T00:00:00Z"),
    ],
)
def test_a_cursor_is_the_same_however_its_document_was_decoded(at: datetime, spelled: str) -> None:
    cursor = encode_cursor(LATEST, at, TIE)
    assert cursor == payload(1, LATEST.tag, spelled, str(TIE_UUID))
    assert cursor == encode_cursor(LATEST, at.replace(tzinfo=UTC), TIE_UUID)
    assert decode_cursor(LATEST, cursor, "after") == Place(at.replace(tzinfo=UTC), TIE)
