"""Points in time: RFC 3339 text on the wire; UTC and whole milliseconds, as BSON dates are, inside."""

import re
from datetime import UTC, datetime
from functools import lru_cache

# ``datetime.fromisoformat`` takes more of ISO 8601 than RFC 3339 allows, and microseconds at most.
_RFC_3339 = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,30}))?(?:([Zz])|([+-](?:[01]\d|2[0-3]):[0-5]\d))", re.ASCII
)


# The same few are read again at once: by whoever looks whether a text is one, and where an import takes its time.
@lru_cache(1_000)
def parse_instant(text: str, *, finer: bool = False) -> datetime:
    """The UTC instant of an RFC 3339 date-time with its offset, cut to milliseconds; with ``finer``, a microsecond
    behind them where it was.

    Raises ValueError, with a message for clients, for other text and for instants outside the years 1 to 9999.
    """
    if not (match := _RFC_3339.fullmatch(text)):
        raise ValueError("Time should be an RFC 3339 date-time with its offset, such as 2024-05-01T12:00:00.000Z")
    date, time, fraction, _, offset = match.groups()
    try:
        instant = datetime.fromisoformat(f"{date}T{time}.{(fraction or '')[:3]:0<3}{offset or '+00:00'}")
    except ValueError:
        raise ValueError("Time should be a date that exists, in the years 1 to 9999") from None
    instant = in_milliseconds(instant)
    is_between = finer and (fraction or "")[3:].strip("0")
    return instant.replace(microsecond=instant.microsecond + 1) if is_between else instant


def is_instant(value: object) -> bool:
    """Whether this is text that `parse_instant` takes."""
    if not isinstance(value, str):
        return False
    try:
        parse_instant(value)
    except ValueError:
        return False
    return True


def format_instant(instant: datetime) -> str:
    """``2024-05-01T12:00:00.000Z``, of an instant that has an offset."""
    text = instant.isoformat(timespec="milliseconds")
    if not text.endswith("+00:00"):
        text = instant.astimezone(UTC).isoformat(timespec="milliseconds")
    return f"{text[:-6]}Z"


def in_milliseconds(instant: datetime) -> datetime:
    """``instant`` in UTC, cut to milliseconds; raises ValueError without an offset or outside the years 1 to 9999."""
    if instant.tzinfo is None:
        raise ValueError("Time should have an offset")
    try:
        utc = instant.astimezone(UTC)
    except OverflowError:
        raise ValueError("Time should be within the years 1 to 9999") from None
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)
