"""Intervals of time in a time zone: the expression that finds a time's, and all that there are between two times.

Both agree on what a day, a week (from Monday) and a month are on the clocks of the zone, across daylight saving. An
hour is sixty minutes, counted from the zone's midnight of 1 January 2000.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from gateway.errors import BadUserInput
from gateway.insights.stored_values import Expression
from gateway.insights.zone_clocks import moved, offset_of, shown, zone

MAX_INTERVALS = 1_000
"""Of one series."""

_HOUR = timedelta(hours=1)

# Since then no zone's clocks were put back but at a quarter of an hour, and all differ from UTC by such ones.
_QUARTERS_SINCE = datetime(2012, 1, 1, tzinfo=UTC)


class TimeInterval(Enum):
    """A length of time, by MongoDB's name."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


def start_of(
    time: Expression, interval: TimeInterval, zone_name: str, first: datetime | None, last: datetime | None
) -> Expression:
    """The start of the interval that holds a time between ``first`` and ``last`` (None: no bound), as the clocks of
    the zone show it; `instant_of` says when that is."""
    if interval is TimeInterval.HOUR:
        local = moved(time, _offset_of_hours(zone(zone_name)) // timedelta(milliseconds=1))
    else:
        local = shown(time, zone_name, first, last)
    return {"$dateTrunc": {"date": local, "unit": interval.value, "startOfWeek": "monday"}}


def instant_of(start: datetime, interval: TimeInterval, in_zone: ZoneInfo) -> datetime:
    """When an interval starts that does so as the clocks of the zone show ``start``, which is told as if in UTC."""
    if interval is TimeInterval.HOUR:
        return start - _offset_of_hours(in_zone)
    return start.replace(tzinfo=in_zone).astimezone(UTC)


def _offset_of_hours(in_zone: ZoneInfo) -> timedelta:
    return offset_of(datetime(2000, 1, 1, tzinfo=in_zone), in_zone)


def quarter_hour_of(time: Expression) -> Expression:
    """A time that is in the same interval of any zone as ``time``: the start of its quarter of an hour, as far as all
    zones have these in common. It takes an eighth of what a zone's intervals take."""
    quarter = {"$dateTrunc": {"date": time, "unit": "minute", "binSize": 15}}
    return {"$cond": [{"$gte": [time, _QUARTERS_SINCE]}, quarter, time]}


def starts(first: datetime, last: datetime, interval: TimeInterval, in_zone: ZoneInfo) -> Sequence[datetime]:
    """The starts of all intervals from the one that holds ``first`` to the one that holds ``last``, in UTC, and the
    start of the next.

    Raises `BadUserInput` for more than 1,000 intervals, and for such as aren't whole in the years 1 to 9999.
    """
    found: list[datetime] = []
    try:
        for start in _starts(first, interval, in_zone):
            # A zone that came to the other side of the date line has no such day, as Samoa no 30 December 2011.
            if found and start == found[-1]:
                continue
            found.append(start)
            if start > last:
                return found
            if len(found) > MAX_INTERVALS:
                break
    except (OverflowError, ValueError) as error:
        message = "The intervals of a series are those of the years 1 to 9999: bound the time."
        raise BadUserInput(message, path=("interval",)) from error
    raise BadUserInput(
        f"A series has at most {MAX_INTERVALS:,} intervals: choose longer ones, or bound the time.", path=("interval",)
    )


def _starts(first: datetime, interval: TimeInterval, in_zone: ZoneInfo) -> Iterator[datetime]:
    if interval is TimeInterval.HOUR:
        origin = datetime(2000, 1, 1, tzinfo=in_zone).astimezone(UTC)
        start = origin + (first - origin) // _HOUR * _HOUR
        while True:
            yield start
            start += _HOUR
    local = first.astimezone(in_zone)
    year, month, day = local.year, local.month, local.day
    if interval is TimeInterval.MONTH:
        while True:
            yield datetime(year, month, 1, tzinfo=in_zone).astimezone(UTC)
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    date = datetime(year, month, day)
    step = timedelta(days=1)
    if interval is TimeInterval.WEEK:
        date -= timedelta(days=date.weekday())
        step = timedelta(days=7)
    while True:
        yield date.replace(tzinfo=in_zone).astimezone(UTC)
        date += step
