"""What the clocks of a time zone show, by the database of zones that Python has.

MongoDB has a database of zones of its own, which is as old as its version: of Mexico and Egypt, among twenty others,
that of MongoDB 6.0.5 says otherwise. So it is given the zone's offsets from UTC as numbers, and knows no zones.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from gateway.errors import BadUserInput
from gateway.insights.stored_values import Expression
from gateway.insights.stored_values import time as stored_time

_MILLISECOND, _SECOND = timedelta(milliseconds=1), timedelta(seconds=1)

# The machine's own zone, and none.
_NO_ZONES = {"localtime", "Factory"}

# No zone's clocks were ever changed and changed back within less, but for four days of 1939.
_STEP = timedelta(days=3)
# Where no bound of time says which years matter: computers' time begins with the first; up to the last, or so many on.
_FIRST_YEAR, _LAST_YEAR, _YEARS = 1970, 2060, 20
# Before it zones had one time each, and behind the other there is none.
_LEAST_YEAR, _END_YEAR = 1850, 9_997


class Offset(NamedTuple):
    """By how many milliseconds a zone's clocks are ahead of UTC from an instant on, until the next one."""

    since: datetime
    milliseconds: int


@cache
def zone(name: str) -> ZoneInfo:
    """The time zone of this name in the IANA database; raises `BadUserInput` where there is none."""
    if name not in _zone_names():
        raise BadUserInput(
            "A time zone is a name of the IANA database, such as UTC or Europe/Berlin.", path=("timeZone",)
        )
    return ZoneInfo(name)


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones() - _NO_ZONES)


def shown(time: Expression, zone_name: str, first: datetime | None, last: datetime | None) -> Expression:
    """What the zone's clocks show at a time between ``first`` and ``last`` (None: no bound), as if it were UTC; null
    where that isn't within the years of `gateway.insights.stored_values.time`."""
    offsets = _offsets(zone_name, *_years(first, last))
    # Those that matter: the one of ``first``, and what begins by ``last``.
    begin = 0 if first is None else max(0, bisect_right(offsets, first, key=_since) - 1)
    end = len(offsets) if last is None else max(begin + 1, bisect_right(offsets, last, key=_since))
    return moved(time, _offset_at(time, offsets[begin:end]))


def moved(time: Expression, milliseconds: Expression) -> Expression:
    """A time that is so much later; null as of `shown`."""
    if milliseconds == 0:
        return time
    return {"$let": {"vars": {"moved": {"$add": [time, milliseconds]}}, "in": stored_time("$$moved")}}


def offset_of(instant: datetime, in_zone: ZoneInfo) -> timedelta:
    """By how much a zone's clocks are ahead of UTC."""
    offset = instant.astimezone(in_zone).utcoffset()
    assert offset is not None, "a zone has one at any time"
    return offset


def _since(offset: Offset) -> datetime:
    return offset.since


def _offset_at(time: Expression, offsets: Sequence[Offset]) -> Expression:
    """The offset at a time, found by halves: without bounds there are hundreds of them."""
    if len(offsets) == 1:
        return offsets[0].milliseconds
    half = len(offsets) // 2
    is_later = {"$gte": [time, offsets[half].since]}
    return {"$cond": [is_later, _offset_at(time, offsets[half:]), _offset_at(time, offsets[:half])]}


def _years(first: datetime | None, last: datetime | None) -> tuple[int, int]:
    """The first and the last year whose offsets matter."""
    begin = first.year if first else _FIRST_YEAR if last is None or last.year > _FIRST_YEAR else _LEAST_YEAR
    begin = min(max(_LEAST_YEAR, begin), _END_YEAR)
    end = min(max(_LAST_YEAR, begin + _YEARS), _END_YEAR)
    return begin, end if last is None else min(end, max(begin, last.year))


@lru_cache(maxsize=256)
def _offsets(zone_name: str, first_year: int, last_year: int) -> Sequence[Offset]:
    """The offsets of these years in order; the first one also holds before them."""
    in_zone = zone(zone_name)
    instant, end = datetime(first_year, 1, 1, tzinfo=UTC) - _STEP, datetime(last_year + 1, 1, 1, tzinfo=UTC) + _STEP
    offset = offset_of(instant, in_zone)
    found = [Offset(instant, offset // _MILLISECOND)]
    while instant < end:
        if (changed := offset_of(instant + _STEP, in_zone)) != offset:
            since = _change(instant, offset, in_zone)
            found.append(Offset(since, changed // _MILLISECOND))
            offset = changed
        instant += _STEP
    return found


def _change(instant: datetime, offset: timedelta, in_zone: ZoneInfo) -> datetime:
    """When, within a step of an instant, the offset is another one; clocks are changed at whole seconds."""
    seconds = range(_STEP // _SECOND)
    is_other = bisect_left(seconds, True, key=lambda second: offset_of(instant + second * _SECOND, in_zone) != offset)
    return instant + is_other * _SECOND
