"""Documents that the driver refuses are read where MongoDB stores them, with all that is beside what it refuses."""

from contextlib import suppress
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from bson import Binary, Code, DBRef, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp, encode
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.errors import InvalidBSON
from bson.raw_bson import RawBSONDocument
from hypothesis import given
from hypothesis import strategies as st

from gateway.model import bson_elements
from gateway.model.documents import PLACE_FIELD
from gateway.model.undecoded_values import UNDEFINED, UndecodedPlace, UndecodedValue
from gateway.plan.commands import SortKey
from gateway.store.document_decoding import decoded, decoded_as_stored
from tests.generators.odd_bson import ODD_VALUES, RECORDED_INTERACTION, with_elements
from tests.harness.decoded import decoded_for_answers, stored

OPTIONS = CodecOptions[dict[str, Any]](unicode_decode_error_handler="replace")
# Becomes binary data of the older form, the length of which is none: its content begins with no such number.
_MARK = 0x81
WRONG = Binary(b"abcdefg", _MARK)
SHORT = Binary(b"ab", _MARK)
AROUND: list[Any] = [
    *(1.5, "x\0y", {"a": {}}, [[], [1]], b"b", Binary.from_uuid(UUID(int=2)), ObjectId(bytes(12)), True, None),
    *(Regex("a", "i"), Code("c"), Code("c", {"d": [1]}), 5, Int64(5), Timestamp(1, 2), Decimal128("1.5")),
    *(MinKey(), MaxKey(), DBRef("c", 1), Binary(b"abc", 2)),
]


def older(raw: bytes) -> bytes:
    return raw.replace(bytes([_MARK]), b"\x02")


@pytest.mark.parametrize("wrong", [WRONG, SHORT, Binary(b"", _MARK)])
def test_what_is_beside_it_is_read_as_it_is(wrong: Binary) -> None:
    beside = dict(enumerate(AROUND))
    document = {**{str(key): value for key, value in beside.items()}, "x": [{"wrong": wrong}, 1], "y": 2}
    [read, other] = decoded(older(encode(document)) + encode({"n": 1}), OPTIONS)
    assert (read["x"], read["y"], other) == ([{"wrong": Binary(bytes(wrong), 0x80)}, 1], 2, {"n": 1})
    assert {key: read[str(key)] for key in beside} == beside


@given(st.lists(st.sampled_from([*ODD_VALUES, RECORDED_INTERACTION]), max_size=8), st.integers(0, 8))
def test_whatever_is_beside_it_is_read_as_without(values: list[Any], place: int) -> None:
    names = [f"n{number}" for number in range(len(values))]
    document: dict[str, Any] = dict(zip(names, values, strict=True))
    items = list(document.items())
    raw = stored(dict([*items[:place], ("wrong", Binary(b"\x81ab\x81cdefg", _MARK)), *items[place:]]))
    options = CodecOptions[dict[str, Any]](
        tz_aware=False, datetime_conversion=DatetimeConversion.DATETIME_AUTO, unicode_decode_error_handler="replace"
    )
    [read] = decoded(raw.replace(b"\x81\x81ab\x81", b"\x02\x81ab\x81"), options)
    assert read.pop("wrong") == Binary(b"\x81ab\x81cdefg", 0x80)
    assert repr(read) == repr(decoded_for_answers(stored(document)))


def test_what_is_no_bson_is_refused() -> None:
    raw = older(encode({"a": 1, "wrong": WRONG, "c": Code("x", {"d": "e"}), "r": Regex("x")}))
    for end in range(1, len(raw)):
        with pytest.raises(InvalidBSON):
            decoded(raw[:end], OPTIONS)
    for place in range(len(raw)):
        for byte in (0, 0x05, 0x7F, 0x80, 0xFF):
            changed = bytearray(raw)
            changed[place] = byte
            with suppress(InvalidBSON):
                decoded(bytes(changed), OPTIONS)


def with_another(document: dict[str, Any], key: str, value: Any) -> bytes:
    """A document that has a key once more behind all others."""
    return with_elements(encode(document), encode({key: value}))


@pytest.mark.parametrize("first", [*AROUND, {"at": 3}, [{"at": 3}]])
def test_of_what_documents_are_sorted_by_the_first_is_read(first: Any) -> None:
    """As MongoDB does; of all else they are read as the driver reads them."""
    document = {"n": 1, "at": first, "in": {"at": 1, "x": AROUND}, "document": 5}
    whole = with_another(document, "at", 2) + with_another({"n": 1, "at": 2}, "n", 3) + encode({"at": 4})
    expected = decoded(encode(document) + encode({"n": 3, "at": 2}) + encode({"at": 4}), OPTIONS)
    assert decoded(whole, OPTIONS, SortKey("at", may_repeat=True)) == expected
    assert decoded(memoryview(whole), OPTIONS, SortKey("at", may_repeat=True)) == expected
    assert [one.get("at") for one in decoded(whole, OPTIONS, SortKey("n", may_repeat=True))] == [2, 2, 4]
    assert decoded(whole, OPTIONS) == decoded(whole, OPTIONS, SortKey("x", may_repeat=True))


OF_ROWS = SortKey("at", may_repeat=True, of_rows=True)


def test_the_first_is_read_within_the_rows_of_joins() -> None:
    rows = b"".join(
        encode({"key": "k", "part": 0, "document": RawBSONDocument(with_another({"_id": 1, "at": at}, "at", 2))})
        for at in (7, None)
    )
    assert [row["document"] for row in decoded(rows, OPTIONS, OF_ROWS)] == [
        {"_id": 1, "at": 7},
        {"_id": 1, "at": None},
    ]


def test_the_first_is_read_beside_documents_that_have_none() -> None:
    """What one has too many of is not made up for by what another lacks."""
    twice, without = with_another({"_id": 1, "at": 7}, "at", 2), {"_id": 2, "document": 5}
    assert decoded(twice + encode(without), OPTIONS, SortKey("at", may_repeat=True)) == [{"_id": 1, "at": 7}, without]
    rows = [encode({"key": "k", "document": RawBSONDocument(raw)}) for raw in (encode(without), twice)]
    assert [row["document"] for row in decoded(b"".join(rows), OPTIONS, OF_ROWS)] == [
        without,
        {"_id": 1, "at": 7},
    ]


@pytest.mark.parametrize("of_rows", [False, True])
def test_where_a_place_is_read_otherwise_it_is_there_as_it_is_stored(of_rows: bool) -> None:
    """Also beside a key that rows of joins have, and a key that is there twice."""
    kinds = [(b"\x02", b"\x02\0\0\0\xff\0"), (b"\x0a", b""), (b"\x10", b"\x01\0\0\0"), (b"\x06", b"")]
    # To MongoDB no `_id` is undefined.
    for (kind, content), (id_kind, id) in product(kinds, kinds[:3]):
        raw = with_elements(
            bson_elements.whole(id_kind + b"_id\0" + id + kind + b"at\0" + content),
            encode({"document": {"_id": 5, "at": 5}, "at": 2}),
        )
        whole = encode({"document": RawBSONDocument(raw)}) if of_rows else raw
        [read] = decoded(whole, OPTIONS, SortKey("at", may_repeat=True, of_rows=of_rows))
        document = read["document"] if of_rows else read
        value, tie = (
            {2: UndecodedValue(2, kinds[0][1]), 10: None, 16: 1, 6: UNDEFINED}[at[0]] for at in (kind, id_kind)
        )
        is_odd = isinstance(value, UndecodedValue) or isinstance(tie, UndecodedValue)
        assert document.get(PLACE_FIELD) == (UndecodedPlace(value, tie) if is_odd else None)


def test_what_finds_a_document_again_is_as_it_is_stored() -> None:
    names = ("_id", "at")
    objects = {"again": DBRef("c", 1), "alike": {"a": 1, "b": [Code("c", {"d": 1}), Regex("x", "i"), MinKey()]}}
    raw = encode({"_id": objects["alike"], "at": objects["again"], "n": "\ufffd"})
    assert decoded_as_stored(raw, OPTIONS, names) == {"_id": objects["alike"], "at": objects["again"], "n": "\ufffd"}
    twice = with_elements(encode({"a": 1}), encode({"a": 2}))
    for kind, content in ((2, b"\x02\0\0\0\xff\0"), (3, twice), (5, b"\x03\0\0\0\x02abc"), (6, b"")):
        raw = bson_elements.whole(bytes([kind]) + b"_id\0" + content)
        assert decoded_as_stored(raw, OPTIONS, names) == {"_id": UndecodedValue(kind, content)}
