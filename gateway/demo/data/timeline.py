"""When generated sessions happened: within sixty days up to an instant, by the rhythm of days and weeks."""

from bisect import bisect_right
from datetime import UTC, datetime, time, timedelta
from itertools import accumulate
from random import Random
from typing import Final

from gateway.demo.data.catalogue import Catalogue

DAYS: Final = 60
_SPAN = timedelta(days=DAYS)

# Multiples of it, without their whole parts, are spread evenly however many there are.
_GOLDEN_RATIO = (5**0.5 - 1) / 2
_JITTER = 0.004
# From the first day to the last.
_GROWTH = 1.3


class Timeline:
    """The sixty days up to ``until``, in which the hours are as busy as the catalogue says and business grows.

    A session happens at a place of its own among them, so that however few there are they cover all days. What would
    end after ``until``, on its day, happened sixty days earlier: from one moment to the next nothing else changes.
    """

    def __init__(self, catalogue: Catalogue, until: datetime) -> None:
        self._until = until.astimezone(UTC)
        today = self._until.date()
        self._first = datetime.combine(today - timedelta(days=DAYS - 1), time(), UTC)
        weights = []
        for day in range(DAYS):
            weekday = catalogue.weekdays[(self._first + timedelta(days=day)).weekday()]
            growth = 1 + (_GROWTH - 1) * day / (DAYS - 1)
            weights += [growth * weekday * hour for hour in catalogue.hours]
        self._cumulative = list(accumulate(weights, initial=0.0))

    def begin(self, rng: Random, serial: int, duration: timedelta) -> datetime:
        """When the ``serial``-th session began, which took so long."""
        place = (serial * _GOLDEN_RATIO + _JITTER * rng.random()) % 1.0
        weight = place * self._cumulative[-1]
        hour = bisect_right(self._cumulative, weight) - 1
        within = (weight - self._cumulative[hour]) / (self._cumulative[hour + 1] - self._cumulative[hour])
        begun = self._first + timedelta(hours=hour + within)
        return begun - _SPAN if begun + duration > self._until else begun
