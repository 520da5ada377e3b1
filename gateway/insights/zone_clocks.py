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

_MILLISECOND, _SECOND, _DAY = timedelta(milliseconds=1), timedelta(seconds=1), timedelta(days=1)

# The machine's own zone, and none.
_NO_ZONES = {"localtime", "Factory"}

# No zone's clocks were ever changed and changed back within less, but for four days of 1939.
_STEP = timedelta(days=3)
# A zone's offsets are known for the first of these where its bounds, or what there is without any, are within, else for
# the second. Later the last one is taken to stay.
_YEARS, _ALL_YEARS = (1970, 2060), (1850, 2100)


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
    """The first and the last year of the offsets that are known for these bounds."""
    begin, end = _YEARS
    return _YEARS if all(begin <= bound.year <= end for bound in (first, last) if bound) else _ALL_YEARS


@lru_cache(maxsize=1_200)
def _offsets(zone_name: str, first_year: int, last_year: int) -> Sequence[Offset]:
    """The offsets of these years in order; the first one also holds before them."""
    in_zone = zone(zone_name)
    instant, end = datetime(first_year, 1, 1), datetime(last_year + 1, 1, 1)
    offset = in_zone.utcoffset(instant)
    found = [Offset(instant.replace(tzinfo=UTC), _milliseconds(offset))]
    while instant < end:
        instant += _STEP
        # By the zone's own clocks, a quarter of the time that it takes by UTC.
        if (changed := in_zone.utcoffset(instant)) != offset:
            # They are a day apart from it at most.
            since = _change(instant.replace(tzinfo=UTC) - _STEP - _DAY, changed, in_zone)
            found.append(Offset(since, _milliseconds(changed)))
            offset = changed
    return found


def _milliseconds(offset: timedelta | None) -> int:
    assert offset is not None, "a zone has one at any time"
    return offset // _MILLISECOND


def _change(begin: datetime, offset: timedelta | None, in_zone: ZoneInfo) -> datetime:
    """When, within a step and two days, clocks are set to an offset; they are at whole seconds."""
    seconds = range((_STEP + 2 * _DAY) // _SECOND)
    changed = bisect_left(seconds, True, key=lambda second: offset_of(begin + second * _SECOND, in_zone) == offset)
    return begin + changed * _SECOND
