import base64
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import bson
import orjson
import pytest
from bson import Binary, Code, DatetimeMS, Decimal128, MinKey, ObjectId, Regex, Timestamp
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.errors import InvalidCursor, UnreadableDocument
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST, Order, position_order, time_order
from gateway.plan.cursors import Place, decode_cursor, encode_cursor
from gateway.plan.opaque_text import MAX_BSON_BYTES

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
        (1, LATEST.tag, None, ["b", ""]),
        (1, LATEST.tag, None, ["b", "AAAA"]),
        (1, LATEST.tag, None, ["b", base64.b64encode(bson.encode({})).decode()]),
        (1, LATEST.tag, None, ["b", base64.b64encode(bson.encode({"": 1, "a": 1})).decode()]),
        (1, LATEST.tag, None, ["b", base64.b64encode(bson.encode({"": [1]})).decode()]),
        (1, LATEST.tag, None, ["b", base64.b64encode(bson.encode({"": "x" * MAX_BSON_BYTES})).decode()]),
        (1, LATEST.tag, ["b", base64.b64encode(b"\x05\0\0\0").decode()], f"{TIE_UUID}"),
        {"v": 1},
        1,
        None,
    ],
)
def test_a_forged_cursor_is_refused(parts: Any) -> None:
    text = payload(*parts) if isinstance(parts, tuple) else base64.urlsafe_b64encode(orjson.dumps(parts)).decode()
    with pytest.raises(InvalidCursor):
        decode_cursor(LATEST, text, "after")


@pytest.mark.parametrize(
    "value",
    [
        {"a": 1},
        Decimal128("1"),
        b"x",
        Binary(TIE_UUID.bytes, 3),
        Binary(b"x", 4),
        Binary(b"x", 128),
        Regex("^a", "i"),
        Timestamp(1, 2),
        MinKey(),
        Code("1"),
    ],
)
def test_every_value_that_others_store_has_a_place(value: Any) -> None:
    cursor = encode_cursor(LATEST, value, TIE)
    assert decode_cursor(LATEST, cursor, "after") == Place(value, TIE)
    cursor = encode_cursor(LATEST, None, value)
    assert decode_cursor(LATEST, cursor, "after") == Place(None, value)


def test_an_element_of_a_list_of_lists_has_a_place_though_no_id_is_a_list() -> None:
    cursor = encode_cursor(LATEST, [1, "x"], TIE)
    assert decode_cursor(LATEST, cursor, "after") == Place([1, "x"], TIE)


@pytest.mark.parametrize("value", ["x" * MAX_BSON_BYTES, {"a": "x" * MAX_BSON_BYTES}])
def test_what_has_no_place_in_an_order_gets_no_cursor(value: Any) -> None:
    if isinstance(value, str):
        value = Regex(value)
    with pytest.raises(UnreadableDocument):
        encode_cursor(LATEST, value, TIE)
    with pytest.raises(UnreadableDocument):
        encode_cursor(LATEST, None, value)


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
def test_numbers_that_json_lacks_have_a_place_too(number: float) -> None:
    cursor = encode_cursor(position_order(descending=True), number, TIE)
    assert str(decode_cursor(position_order(descending=True), cursor, "after").value) == str(number)


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
