"""The order in which MongoDB sorts values of any type, as far as it decides which element of a list is its place.

https://www.mongodb.com/docs/manual/reference/bson-type-comparison-order/
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import bson
from bson import Code, DatetimeMS, Decimal128, MaxKey, MinKey, ObjectId, Regex, Timestamp

from gateway.model.undecoded_values import UNDEFINED

_EPOCH: Final = datetime(1970, 1, 1)
_OTHER: Final = 13


def ordered_element(values: Sequence[Any], *, highest: bool) -> Any:
    """The element of a stored list by which MongoDB sorts its document: the highest where it sorts downwards, else the
    lowest; an empty one MongoDB sorts as undefined."""
    if not values:
        return UNDEFINED
    return max(values, key=_place) if highest else min(values, key=_place)


def _place(value: Any) -> tuple[int, Any]:
    """The number of the value's type in the order of types, and what is compared within it."""
    match value:
        case MinKey():
            return 0, 0
        case None:
            return 1, 0
        case bool():
            return 8, value
        case int() | float() | Decimal128():
            number = value.to_decimal() if isinstance(value, Decimal128) else Decimal(value)
            # Lower than all others.
            return 2, (0, 0) if number.is_nan() else (1, number)
        case Code():
            return 12, _content(value)
        case str():
            return 3, value.encode()
        case dict():
            return 4, _content(value)
        case list():
            return 5, [_place(item) for item in value]
        case bytes():
            return 6, (len(value), _content(value))
        case ObjectId():
            return 7, value
        case datetime():
            since = value.replace(tzinfo=None) - (value.utcoffset() or timedelta()) - _EPOCH
            return 9, since // timedelta(milliseconds=1)
        case DatetimeMS():
            return 9, int(value)
        case Timestamp():
            return 10, value
        case Regex():
            return 11, _content(value)
        case MaxKey():
            return _OTHER + 1, 0
    return _OTHER, _content(value)


def _content(value: Any) -> bytes:
    return bson.encode({"": value})
