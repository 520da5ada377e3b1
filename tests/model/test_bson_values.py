"""What is decoded for answers means what the driver decodes by itself, and is told alike."""

from datetime import UTC, datetime
from json import loads
from typing import Any
from uuid import UUID

import pytest
from bson import Binary, Code, DatetimeMS, DBRef, Decimal128, Int64, MaxKey, MinKey, ObjectId, Timestamp
from bson.tz_util import utc
from hypothesis import given
from hypothesis import strategies as st

from gateway.execution.answers import encode
from gateway.model.bson_values import fully_decoded, is_uuid, uuid_text
from gateway.model.extended_json import json_value, plain_value
from gateway.model.filter_trees import canonical_json
from tests.harness.decoded import by_itself, decoded_for_answers, stored

SOME = UUID("3f0c2b1e-0000-4000-8000-00000000abcd")
LEGACY = Binary(SOME.bytes, 3)
NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def _binary(base64: str, subtype: str) -> dict[str, Any]:
    return {"$binary": {"base64": base64, "subType": subtype}}


# By what is stored, what a JSON field tells of it.
TOLD: list[tuple[Any, Any]] = [
    (1.5, 1.5),
    (float("nan"), {"$numberDouble": "NaN"}),
    (float("-inf"), {"$numberDouble": "-Infinity"}),
    ("x", "x"),
    ({"a": {"b": 1}}, {"a": {"b": 1}}),
    ([1, [2]], [1, [2]]),
    (b"\x00\xff", _binary("AP8=", "00")),
    (SOME, "3f0c2b1e-0000-4000-8000-00000000abcd"),
    (LEGACY, _binary("PwwrHgAAQACAAAAAAACrzQ==", "03")),
    (Binary(b"\x00\xff", 5), _binary("AP8=", "05")),
    (Binary(bytes(16), 128), _binary("AAAAAAAAAAAAAAAAAAAAAA==", "80")),
    (ObjectId("0" * 24), {"$oid": "0" * 24}),
    (True, True),
    (None, None),
    (NOON, "2024-05-01T12:00:00.000Z"),
    (NOON.replace(microsecond=1_000), "2024-05-01T12:00:00.001Z"),
    (NOON.replace(year=1), "0001-05-01T12:00:00.000Z"),
    (NOON.replace(year=999), "0999-05-01T12:00:00.000Z"),
    (datetime(9999, 12, 31, 23, 59, 59, 999_000, UTC), "9999-12-31T23:59:59.999Z"),
    (datetime(1969, 12, 31, 23, 59, 59, 999_000, UTC), "1969-12-31T23:59:59.999Z"),
    (DatetimeMS(253_402_300_800_000), {"$date": {"$numberLong": "253402300800000"}}),
    (DatetimeMS(-62_135_596_800_001), {"$date": {"$numberLong": "-62135596800001"}}),
    (Code("f()"), {"$code": "f()"}),
    (Code("f()", {"x": float("nan")}), {"$code": "f()", "$scope": {"x": {"$numberDouble": "NaN"}}}),
    (7, 7),
    (Int64(2**62), 2**62),
    (Timestamp(1, 2), {"$timestamp": {"t": 1, "i": 2}}),
    (Decimal128("1.10"), {"$numberDecimal": "1.10"}),
    (MinKey(), {"$minKey": 1}),
    (MaxKey(), {"$maxKey": 1}),
    (DBRef("c", 1), {"$ref": "c", "$id": 1}),
    (
        DBRef("c", SOME, "d", more=[DBRef("e", {"at": NOON}), LEGACY, float("inf")]),
        {
            "$ref": "c",
            "$id": "3f0c2b1e-0000-4000-8000-00000000abcd",
            "$db": "d",
            "more": [
                {"$ref": "e", "$id": {"at": "2024-05-01T12:00:00.000Z"}},
                _binary("PwwrHgAAQACAAAAAAACrzQ==", "03"),
                {"$numberDouble": "Infinity"},
            ],
        },
    ),
]


@pytest.mark.parametrize(("value", "told"), TOLD)
def test_json_fields_tell_every_type_by_one_form(value: Any, told: Any) -> None:
    raw = stored({"value": value, "deep": [{"in": [value]}]})
    expected = {"value": told, "deep": [{"in": [told]}]}
    for document in (decoded_for_answers(raw), by_itself(raw)):
        assert encode(json_value(document)) == encode(expected)


@pytest.mark.parametrize("value", [value for value, _ in TOLD])
def test_it_can_be_made_what_the_driver_decodes_by_itself(value: Any) -> None:
    raw = stored({"value": value, "deep": [{"in": [value]}]})
    found = fully_decoded(decoded_for_answers(raw))
    assert repr(found) == repr(by_itself(raw))
    assert repr(fully_decoded(found)) == repr(found)


@pytest.mark.parametrize("value", [value for value, _ in TOLD])
def test_text_and_hashes_of_trees_are_the_same(value: Any) -> None:
    raw = stored({"value": value, "deep": [{"in": [value]}]})
    assert canonical_json(decoded_for_answers(raw)) == canonical_json(by_itself(raw))


def test_what_is_adopted_is_as_a_client_may_send_it() -> None:
    stored = {"nan": float("nan"), "code": Code("f()"), "decimal": Decimal128("1.5"), "id": ObjectId("0" * 24)}
    adopted = loads(encode(plain_value(stored)))
    assert adopted == {"nan": None, "code": '{"$code":"f()"}', "decimal": 1.5, "id": "0" * 24}


@pytest.mark.parametrize(
    ("decimal", "number"),
    [
        ("9", 9.0),
        ("9007199254740992", 2.0**53),
        ("9007199254740993", 2**53 + 1),
        ("-9007199254740993.0", -(2**53) - 1),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", 2.0**63),
        ("1E+400", float("inf")),
        ("9007199254740993.5", 9007199254740994.0),
    ],
)
def test_a_decimal_that_is_adopted_keeps_the_digits_of_an_integer(decimal: str, number: float) -> None:
    adopted = plain_value(Decimal128(decimal))
    assert (adopted, type(adopted)) == (number, type(number))


def test_nothing_is_made_of_uuids_and_times() -> None:
    document = decoded_for_answers(stored({"id": SOME, "at": NOON}))
    assert document == {"id": Binary.from_uuid(SOME), "at": NOON.replace(tzinfo=None)}
    assert fully_decoded(document)["at"].tzinfo is utc


@given(st.uuids())
def test_a_uuid_is_spelled_as_ever(uuid: UUID) -> None:
    assert uuid_text(Binary.from_uuid(uuid)) == str(uuid)


@pytest.mark.parametrize("value", [LEGACY, Binary(SOME.bytes, 0), SOME.bytes, SOME, str(SOME), Binary(bytes(15), 4)])
def test_nothing_else_is_a_uuid(value: Any) -> None:
    assert not is_uuid(value)
    assert fully_decoded(value) is value
