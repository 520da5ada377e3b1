"""How MongoDB's filters compare a stored value with a client's.

Only like is compared with like: numbers of any type by value, strings by code point, times by millisecond; true is not
1, and no order holds for a NaN. Stored values are as the driver reads them, with any options, or as the gateway writes
them; Undefined, Symbol and DBRefs whose keys stand in another order are read as what they resemble, and compare so.
"""

import operator
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from bson import Decimal128, Int64, ObjectId
from bson.datetime_ms import DatetimeMS

from gateway.model.bson_paths import MISSING, Test, as_object

Order = Callable[[Any, Any], bool]

MAX_SEARCHED: Final = 10_000
"""Characters of a stored text that is searched. The steps of a search are up to its characters times those that are
searched for, 200,000 in a millisecond, and MongoDB ends none on the way: of 1 MB that took a second."""

_PLAIN_NUMBERS: Final = (int, float, Int64)
_EPOCH: Final = datetime(1970, 1, 1)
_MILLISECOND: Final = timedelta(milliseconds=1)


def equals(value: Any) -> Test:
    """Whether a stored value equals this JSON value, time or ObjectId; null equals what is missing, too."""
    match value:
        case None:
            return lambda stored: stored is None or stored is MISSING
        case bool():
            return lambda stored: stored is value
        case int() | float() | datetime():
            return ordered(operator.eq, value)
        case str():
            return lambda stored: stored.__class__ is str and stored == value
        case ObjectId():
            return lambda stored: stored.__class__ is ObjectId and stored == value
        case list():
            return lambda stored: _equal_lists(stored, value)
    return lambda stored: _equal_objects(stored, value)


def is_one_of(values: Collection[Any]) -> Test:
    """Whether a stored value equals one of these, which are JSON values or ObjectIds."""
    strings = frozenset(value for value in values if isinstance(value, str))
    numbers = frozenset(value for value in values if value.__class__ in _PLAIN_NUMBERS)
    object_ids = frozenset(value for value in values if value.__class__ is ObjectId)
    # A decimal isn't the same as a float of the same hash.
    others = [equals(value) for value in values if not isinstance(value, str | ObjectId)]

    def passes(stored: Any) -> bool:
        if stored.__class__ is str:
            return stored in strings
        if stored.__class__ in _PLAIN_NUMBERS:
            return stored in numbers
        if stored.__class__ is ObjectId:
            return stored in object_ids
        return any(test(stored) for test in others)

    return passes


def ordered(order: Order, bound: str | float | datetime) -> Test:
    """Whether a stored value stands in this order to a number, a string or a time."""
    match bound:
        case str():
            return lambda stored: stored.__class__ is str and order(stored, bound)
        case datetime():
            milliseconds = _milliseconds(bound)
            return lambda stored: (
                isinstance(stored, datetime | DatetimeMS) and order(_milliseconds(stored), milliseconds)
            )

    def passes(stored: Any) -> bool:
        if stored.__class__ in _PLAIN_NUMBERS:
            return order(stored, bound)
        if stored.__class__ is Decimal128:
            exact = stored.to_decimal()
            return not exact.is_nan() and order(exact, bound)
        return False

    return passes


def is_present(stored: Any) -> bool:
    """Whether a stored value is there and not null; the driver reads an undefined one as null."""
    return stored is not None and stored is not MISSING


def folded(text: str) -> str:
    """``text`` with each character by Unicode's simple case folding, as MongoDB's patterns compare without case."""
    if text.isascii():
        return text.lower()
    # No folding has no character: where it is as long as the text, each is of one, and so the simple one.
    full = text.casefold()
    return full if len(full) == len(text) else "".join(map(_folded_character, text))


@lru_cache(maxsize=4_096)
def _folded_character(character: str) -> str:
    # Where the full folding is several characters, the simple one is the lower case, if that is a single one.
    for spelling in (character.casefold(), character.lower()):
        if len(spelling) == 1:
            return spelling
    return character


def _equal_lists(stored: Any, value: list[Any]) -> bool:
    return stored.__class__ is list and len(stored) == len(value) and all(map(_equal, stored, value))


def _equal_objects(stored: Any, value: dict[str, Any]) -> bool:
    stored_object = as_object(stored)
    return (
        stored_object is not None
        and len(stored_object) == len(value)
        # In the same order, as MongoDB has it.
        and all(
            key == name and _equal(inner, item)
            for (key, inner), (name, item) in zip(stored_object.items(), value.items(), strict=True)
        )
    )


def _equal(stored: Any, value: Any) -> bool:
    return equals(value)(stored)


def _milliseconds(time: datetime | DatetimeMS) -> int:
    if isinstance(time, DatetimeMS):
        return int(time)
    offset = time.utcoffset() or timedelta()
    return (time.replace(tzinfo=None) - _EPOCH - offset) // _MILLISECOND
