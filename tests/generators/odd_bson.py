"""An interaction as it is recorded, and values of every BSON type that producers may have put anywhere in one."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from bson import Binary, Code, DatetimeMS, DBRef, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp

Place = tuple[str | int, ...]

_TREES = {
    "AND": [{"key": "brand", "operator": "eq", "value": "Nike"}, {"OR": [{"key": "price", "value": 5}], "NOR": []}],
    "OR": [{"field": "size", "operator": "IN", "value": [1, None]}],
    "case_sensitive": False,
}
RECORDED_REQUEST: dict[str, Any] = {
    "queries": [{"vector_index": "text", "value": "é", "type": "text", "filters": _TREES, "settings": {"limit": 5}}],
    "collections": ["a"],
    "filters": _TREES,
    "group_by": {"field": "brand", "max_features": 3, "sort": {"field": "x", "direction": "ASC"}},
    "sort": {"field": "price", "direction": "desc"},
    "select": ["a", "b"],
    "reranking_options": {"weights": {"feedback": 1, "popularity": 0.25}, "enable_reranking": True},
    "session_id": "s",
    "user_id": "u",
    "return_url": False,
    "result_count": 7,
}
RECORDED_INTERACTION: dict[str, Any] = {
    "_id": Binary.from_uuid(UUID(int=7)),
    "namespace_id": "ns",
    "interaction_id": "i",
    "feature_id": "f",
    "interaction_type": ["click", "lasered"],
    "position": 3,
    "score": 0.5,
    "duration_ms": Int64(12),
    "metadata": {"a": [1, 2.5, None, {"b": ObjectId(bytes(12))}], "at": datetime(2024, 5, 1, tzinfo=UTC)},
    "effective_session_id": "s",
    "user_id": "u",
    "occurred_at": datetime(2024, 5, 1, 12, 0, 0, 120_000, UTC),
    "search_request_id": "r",
    "first_seen_at": datetime(2024, 5, 1, 12, tzinfo=UTC),
    "search_request": RECORDED_REQUEST,
}
ODD_VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    2**31 - 1,
    2**31,
    -(2**31),
    2**53,
    Int64(5),
    Int64(-(2**63)),
    0.0,
    -0.0,
    1.0,
    2.5,
    1e16,
    1e300,
    5e-324,
    float("nan"),
    float("inf"),
    "",
    'é\u2028\x00\x1f\x7f\\"\U0010ffff',
    "CLICK",
    "OTHER",
    "İSTANBUL",
    "a" * 5_000,
    [],
    [[]],
    ["click"],
    [None],
    [1, "a"],
    {},
    {"AND": None},
    {"AND": [{"NOT": {"key": "k"}}]},
    {"AND": [5]},
    {"NOT": [{"key": "k"}], "NOR": [{"key": "j"}]},
    {"key": "k", "operator": "NIN", "value": {}},
    {"": {"$oid": 1}, "a.b": 1, "$where": ""},
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999_000, UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_000, UTC),
    DatetimeMS(2**62),
    DatetimeMS(-(2**62)),
    Binary.from_uuid(UUID(int=1)),
    Binary(bytes(16), 3),
    Binary(bytes(3), 4),
    Binary(b"x", 2),
    b"bytes",
    ObjectId(bytes(range(12))),
    Decimal128("1.50"),
    Decimal128("NaN"),
    Decimal128("-sNaN"),
    Regex("a.*b", "i"),
    Code("x"),
    Code("x", {"y": 1}),
    Timestamp(1, 2),
    MinKey(),
    MaxKey(),
    DBRef("c", 1),
    {"$ref": "c"},
    {"$ref": 5, "$id": 1},
]


def places(value: Any, place: Place = ()) -> Iterator[Place]:
    """Where a value is within another, however deep."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, below in inner:
        yield (*place, step)
        yield from places(below, (*place, step))


def replaced(value: Any, place: Place, by: Any) -> Any:
    """A copy with another value at this place."""
    if not place:
        return by
    step, *deeper = place
    copy = value.copy()
    copy[step] = replaced(value[step], tuple(deeper), by)
    return copy


def with_elements(raw: bytes, others: bytes) -> bytes:
    """An encoded document with the elements of another behind its own, of which it may have the keys already."""
    elements = raw[4:-1] + others[4:-1]
    return (len(elements) + 5).to_bytes(4, "little") + elements + b"\0"
