import base64
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import bson
import orjson
import pytest
from bson import Binary, Code, DatetimeMS, Decimal128, MinKey, ObjectId, Regex, Timestamp
from bson.raw_bson import RawBSONDocument
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.errors import InvalidCursor, UnreadableDocument
from gateway.model import bson_elements
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST, Order, position_order, time_order
from gateway.model.undecoded_values import UNDEFINED, UndecodedValue, under
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
NOT_UTF_8 = UndecodedValue(2, b"\x02\0\0\0\xff\0")
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


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"a": value}
    return value


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
        (1, LATEST.tag, ["b", base64.b64encode(bson.encode({"": nested(200)})).decode()], f"{TIE_UUID}"),
        (1, LATEST.tag, ["r", base64.b64encode(b"\x03" + bson.encode(nested(200))).decode()], f"{TIE_UUID}"),
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


@pytest.mark.parametrize(
    "value", [UNDEFINED, NOT_UTF_8, UndecodedValue(5, b"\x03\0\0\0\x02abc"), UndecodedValue(3, bson.encode({"a": 1}))]
)
def test_what_is_read_otherwise_has_the_place_where_it_is_stored(value: UndecodedValue) -> None:
    cursor = encode_cursor(LATEST, value, value)
    assert decode_cursor(LATEST, cursor, "after") == Place(value, value)
    assert bytes(cast(RawBSONDocument, under("$gt", value)).raw) == bson_elements.whole(
        bytes([value.kind]) + b"$gt\0" + value.content
    )


@pytest.mark.parametrize(
    "encoded",
    [
        b"",
        b"\x10",
        b"\x10\0\0\0",
        # With something behind it, also under the same name.
        b"\x10\0\0\0\0\0",
        b"\x10\0\0\0\0\x10\0\0\0\0\0",
        b"\x06\x06\0",
        b"\x0a\0",
        b"\x02\x03\0\0\0a\0",
        b"\x02\x02\0\0\0ab",
        b"\x03\x05\0\0\0",
        b"\x03\x0c\0\0\0\x10a\0\0\0\0\0\x01",
        b"\x03" + bson.encode({"a": 1})[:-1] + b"\x01",
        b"\x03" + bson.encode({"a": {"b": 1}}).replace(b"\x0c", b"\x0d"),
        b"\x13" + bytes(15),
        b"\x20",
        b"\0",
        b"\x05\xff\xff\xff\xff\0",
        b"\x0f\x04\0\0\0",
        b"\x02" + (MAX_BSON_BYTES).to_bytes(4, "little") + bytes(MAX_BSON_BYTES),
        b"\x03\x05" + b"\0\0\0\x03" * 100_000,
    ],
)
def test_bytes_that_are_no_value_are_no_place(encoded: bytes) -> None:
    text = base64.b64encode(encoded).decode()
    for parts in ((1, LATEST.tag, None, ["r", text]), (1, LATEST.tag, ["r", text], str(TIE_UUID))):
        with pytest.raises(InvalidCursor):
            decode_cursor(LATEST, payload(*parts), "after")


@given(st.binary(max_size=40), st.sampled_from([1, 2, 3, 4, 5, 6, 12, 13, 15, 16]))
def test_whatever_bytes_a_cursor_has_what_is_sent_is_one_value(content: bytes, kind: int) -> None:
    text = base64.b64encode(bytes([kind]) + content).decode()
    try:
        place = decode_cursor(LATEST, payload(1, LATEST.tag, None, ["r", text]), "after")
    except InvalidCursor:
        return
    [element] = bson_elements.elements_of(bytes(cast(RawBSONDocument, under("$gt", place.tie)).raw))
    assert element.end == len(content) + 4 + 1 + 4


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
