"""The JSON forms of BSON values that have no kind in JSON: relaxed Extended JSON, but for times and UUIDs.

https://github.com/mongodb/specifications/blob/master/source/extended-json/extended-json.md
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from math import isfinite, nan
from typing import Any, Final
from uuid import UUID

import orjson
from bson import Binary, Code, DBRef, Decimal128, ObjectId
from bson.binary import UuidRepresentation
from bson.json_util import JSONMode, JSONOptions, default, dumps, loads

from gateway.model.bson_values import fully_decoded, is_uuid, uuid_text

_RELAXED: Final = JSONOptions(json_mode=JSONMode.RELAXED, uuid_representation=UuidRepresentation.STANDARD)


def json_form(value: Any) -> Any:
    """The form of a value that is no string, number, boolean, null, list or object: a time as `DateTime` spells it, a
    UUID as its text, a DBRef as the object that it was recorded as, all else an object such as ``{"$oid": "…"}``.

    What stands within it may need its form, too.
    """
    match value:
        case datetime():
            # As the store reads it for answers, it is in UTC without saying so.
            offset = value.utcoffset() or timedelta()
            try:
                return f"{(value.replace(tzinfo=None) - offset).isoformat('T', 'milliseconds')}Z"
            except OverflowError:  # Beyond Python's years, which no stored time is that is read as one.
                return value.isoformat()
        case UUID():
            return str(value)
        case Binary() if is_uuid(value):
            return uuid_text(value)
        case DBRef():
            return dict(value.as_doc())
    try:
        return default(value, _RELAXED)
    except TypeError:
        return str(value)


def json_value(value: Any) -> Any:
    """A stored value with the forms of what an encoder would take for something else: of code, which is a string to the
    driver, and of numbers that aren't finite. Whatever else needs its form is left to `json_form`."""
    return _with_forms(value) if _has_lookalikes(value) else value


def _has_lookalikes(value: Any) -> bool:
    """Whether there is code in a stored value, or a number that isn't finite, at any depth."""
    containers: list[Iterable[Any]] = [(value,)]
    for container in containers:
        for item in container:
            kind = item.__class__
            if kind is str:
                continue
            if kind is dict:
                containers.append(item.values())
            elif kind is list:
                containers.append(item)
            elif kind is DBRef:
                containers.append(item.as_doc().values())
            elif kind is Code or (kind is float and not isfinite(item)):
                return True
    return False


def _with_forms(value: Any) -> Any:
    match value:
        case Mapping():
            return {name: _with_forms(item) for name, item in value.items()}
        case list():
            return [_with_forms(item) for item in value]
        case Code() | DBRef():
            return _with_forms(json_form(value))
        case float() if not isfinite(value):
            return json_form(value)
    return value


def text_form(value: Any) -> Any:
    """What a stored value reads as where a text is expected: a time as `DateTime` spells it, a UUID, an ObjectId and a
    decimal as their text, all else that JSON has no kind for as its form in JSON; the rest as it is."""
    match value:
        case Code():
            pass
        case None | str() | bool() | int() | float() | dict():
            return value
        case list():
            return [text_form(item) for item in value]
        case ObjectId() | Decimal128():
            return str(value)
    form = json_form(fully_decoded(value))
    return form if isinstance(form, str) else orjson.dumps(form, default=json_form).decode()


def number_form(value: Any) -> Any:
    """What a stored value reads as where a number is expected: a decimal as the nearest number that JSON has, a whole
    one as an integer; the rest as it is."""
    if not isinstance(value, Decimal128):
        return value
    decimal = value.to_decimal()
    # One that signals is no float of Python's.
    number = nan if decimal.is_nan() else float(decimal)
    return int(number) if number.is_integer() else number


def plain_value(value: Any) -> Any:
    """A stored value with what JSON has no kind for as texts, at any depth, as an object that a client sends has them;
    decimals are numbers: floats, but for integers of 64 bits that no float is."""
    match value:
        case dict():
            return {name: plain_value(item) for name, item in value.items()}
        case list():
            return [plain_value(item) for item in value]
        case Decimal128():
            if (whole := whole_number(value)) is not None and abs(whole) > 2**53:
                return whole
            decimal = value.to_decimal()
            return float(decimal) if decimal.is_finite() else str(decimal)
    return text_form(value)


def whole_number(value: Decimal128) -> int | None:
    """The integer of fewer than 64 bits that a decimal is; None for any other. The least and the greatest that there
    are have thousands of digits."""
    decimal = value.to_decimal()
    if decimal.is_finite() and decimal.copy_abs() < 2**63 and decimal == int(decimal):
        return int(decimal)
    return None


def id_spelling(id: Any) -> str:
    """An ``_id`` of any type on one line, from which `spelled_id` reads it."""
    return dumps(id, json_options=_RELAXED)


def spelled_id(text: str) -> Any:
    """Raises ValueError for what is no JSON."""
    return loads(text, json_options=_RELAXED)
