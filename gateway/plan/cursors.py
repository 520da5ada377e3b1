"""Cursors: opaque texts for the place of an element in an order.

A place is the ordered value and ``_id`` of an element, so that a page is found by an index seek, whatever its depth,
and stays where it is while others insert.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from typing import Any, TypeAlias
from uuid import UUID

from bson import DatetimeMS, ObjectId
from bson.errors import BSONError

from gateway.errors import InvalidCursor
from gateway.model.bson_values import is_uuid, uuid_text, uuid_value
from gateway.model.kinds import Order
from gateway.model.undecoded_values import UndecodedValue
from gateway.plan import opaque_text

_VERSION = 1

# All but times, integers and null are only found in documents that others wrote: values of any type of BSON. Of a list
# it is the element that sorting takes, which may be a list. UUIDs may also be decoded already; a place that was decoded
# has them as they are read.
Value: TypeAlias = Any
Tie: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class Place:
    """The place of an element in an order; ``value`` None is the shared place of null and missing."""

    value: Value
    tie: Tie


def encode_cursor(order: Order, value: Any, tie: Any) -> str:
    """The cursor of the place of these stored values, the ordered one and ``_id``.

    Raises `UnreadableDocument` where they are longer than what a client could send back.
    """
    # What nearly all elements have is spelled as JSON spells it; the rest is marked.
    if value.__class__ is not datetime:
        value = _marked_value(value)
    tie = uuid_text(tie) if is_uuid(tie) else _marked_tie(tie)
    return opaque_text.encode([_VERSION, order.tag, value, tie])


def decode_cursor(order: Order, text: str, argument: str) -> Place:
    """The place of a cursor given out for this order.

    Raises `InvalidCursor` for anything else, also for a cursor of another order.
    """
    try:
        match opaque_text.decode(text):
            case [1, order.tag, value, tie]:
                return Place(_value(value), _tie(tie))
            case [1, str(), _, _]:
                raise InvalidCursor("The cursor was given out for another ordering.", path=(argument,))
    except (ValueError, OverflowError, BSONError):
        pass
    raise InvalidCursor("This is not a cursor that this gateway gave out.", path=(argument,))


def _marked_value(value: Any) -> Any:
    match value:
        case None | bool() | int():
            return value
        case str() if value.__class__ is str:
            return ["s", value]
        case float():
            return value if isfinite(value) else ["f", str(value)]
        case datetime():
            return value
        case DatetimeMS():
            return ["t", int(value)]
        case UndecodedValue():
            return ["r", opaque_text.encode_bytes(value.encoded)]
    return _as_bson(value)


def _value(encoded: Any) -> Value:
    match encoded:
        case str():
            return datetime.fromisoformat(encoded).astimezone(UTC)
        case ["s", str(text)]:
            return text
        case ["f", "nan" | "inf" | "-inf" as number]:
            return float(number)
        case ["t", int(milliseconds)]:
            return DatetimeMS(_integer(milliseconds))
        case ["b", str(text)]:
            return _from_bson(text)
        case ["r", str(text)]:
            return UndecodedValue.of(opaque_text.decode_bytes(text))
        case int():
            return _integer(encoded)
        case None | float():
            return encoded
    raise ValueError(encoded)


def _integer(number: int) -> int:
    if not -(2**63) <= number < 2**63:
        raise ValueError(number)
    return number


def _marked_tie(tie: Any) -> Any:
    match tie:
        case UUID():
            return str(tie)
        case ObjectId():
            return ["o", str(tie)]
        case str() if tie.__class__ is str:
            return ["s", tie]
        case bool():
            return _as_bson(tie)
        case int():
            return tie
        case UndecodedValue():
            return ["r", opaque_text.encode_bytes(tie.encoded)]
    return _as_bson(tie)


def _tie(encoded: Any) -> Tie:
    match encoded:
        case str():
            return uuid_value(encoded)
        case ["o", str(text)]:
            return ObjectId(text)
        case ["s", str(text)]:
            return text
        case ["b", str(text)] if not isinstance(tie := _from_bson(text), list):
            return tie
        case ["r", str(text)]:
            return UndecodedValue.of(opaque_text.decode_bytes(text))
        case int():
            return _integer(encoded)
    raise ValueError(encoded)


def _as_bson(value: Any) -> list[str]:
    """A value that has no spelling of its own."""
    return ["b", opaque_text.encode_bson({"": value})]


def _from_bson(text: str) -> Any:
    match opaque_text.decode_bson(text):
        case {"": value, **others} if not others:
            return value
    raise ValueError(text)
