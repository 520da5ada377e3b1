"""Points in time as producers of logs write them, seldom in RFC 3339; what can't be understood is never guessed."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from gateway.errors import BadUserInput
from gateway.model.wire import in_milliseconds
from gateway.model.wire.instants import parse_instant

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# As milliseconds these would be the first three years of the epoch, as seconds they reach beyond the year 5000.
_LEAST_MILLISECONDS: Final = 10**11
# Of milliseconds, until the year 2286; longer numbers are microseconds, or a date without its separators.
_MOST_DIGITS: Final = 13
_EPOCH_TEXT: Final = re.compile(rf"[0-9]{{9,{_MOST_DIGITS}}}(?:\.[0-9]{{1,9}})?")
# ISO 8601 in its extended format, and its basic one where a T tells it from a number.
_EXTENDED: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d{1,30}))?)? ?(Z|z|[+-]\d{2}(?::?\d{2})?)?)?",
    re.ASCII,
)
_BASIC: Final = re.compile(r"(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})?(.*)", re.ASCII)

_EXPECTED: Final = "Time should be seconds or milliseconds since 1970, or an ISO 8601 date-time in the years 1 to 9999"


def logged_time(value: Any) -> datetime:
    """The UTC instant, cut to milliseconds, of an epoch time or of ISO 8601 text, which is in UTC without an offset.

    Epoch times are numbers, or texts of 9 to 13 digits: below 10¹¹ seconds, else milliseconds. Raises ValueError, with
    a message for people, for anything else.
    """
    match value:
        case bool():
            raise ValueError(_EXPECTED)
        case int() | float():
            return _epoch_time(value)
        case str():
            text = value.strip()
            return _epoch_time(float(text)) if _EPOCH_TEXT.fullmatch(text) else _iso_time(text)
    raise ValueError(_EXPECTED)


def first_time(document: Mapping[str, Any], *names: str) -> datetime | None:
    """The time in the first of the fields ``names`` that is there and not null; None where none is.

    Raises `BadUserInput`, with its path, where that can't be read: another may say something else, such as when a row
    was stored.
    """
    for name in names:
        if (value := document.get(name)) is not None:
            try:
                return logged_time(value)
            except ValueError as error:
                raise BadUserInput(str(error), path=(name,)) from error
    return None


def _epoch_time(number: float) -> datetime:
    is_seconds = abs(number) < _LEAST_MILLISECONDS
    if not abs(number) < 10**_MOST_DIGITS:
        raise ValueError(_EXPECTED)
    try:
        return in_milliseconds(_EPOCH + (timedelta(seconds=number) if is_seconds else timedelta(milliseconds=number)))
    except OverflowError:
        raise ValueError(_EXPECTED) from None


def _iso_time(text: str) -> datetime:
    if basic := _BASIC.fullmatch(text):
        year, month, day, hour, minute, second, rest = basic.groups()
        text = f"{year}-{month}-{day}T{hour}:{minute}{f':{second}' if second else ''}{rest}"
    match = _EXTENDED.fullmatch(text)
    if match is None:
        raise ValueError(_EXPECTED)
    date, minutes, seconds, fraction, offset = match.groups()
    offset = (offset or "Z").upper()
    if offset != "Z":
        offset = f"{offset[:3]}:{offset[3:].removeprefix(':') or '00'}"
    return parse_instant(f"{date}T{minutes or '00:00'}:{seconds or '00'}.{fraction or '0'}{offset}")
