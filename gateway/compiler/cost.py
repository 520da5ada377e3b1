"""What an operation costs the database, in points: one for each document that is read.

It is estimated from what is bound, before anything is read: pages count as if they were full, and what is nested in
them counts for each of their documents. The same prices make up the actual cost, of what was found.

Where no index serves a predicate, documents are examined that nobody gets, and no estimate knows how many.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from gateway.compiler.binding import Bindings, BoundArrival, BoundListing
from gateway.plan.operation_plan import FeatureOf, Fetch, Plan, Write
from gateway.plan.predicate import TimeBound

# For each predicate that no index serves, in each command; by half where the time is bounded to a day.
UNINDEXED = 100
# So many elements are counted for one point.
COUNTED = 1_000
# A document is written into a dozen indexes, and acknowledged by several servers.
WRITTEN = 2

# To refuse a request takes 0.1 to 0.3 ms, and 1 to 2 µs more for each byte: about as long as to answer with as many
# documents as it has points.
REFUSED = 10
BYTES_REFUSED = 20
MOST_REFUSED = 1_000

_DAY = timedelta(days=1)


def estimate(plan: Plan, bindings: Bindings) -> int:
    """The points of an operation whose pages are all full; at least 1."""
    return max(1, sum(_estimate(fetch, bindings, 1) for fetch in plan.fetches))


def read(documents: int, counted: int = 0) -> int:
    """The points of documents that were read, and of elements that were counted."""
    return documents + -(-counted // COUNTED)


def refusing(size: int) -> int:
    """The points of a request of so many bytes that is refused before it is run: of a processor's time, not the
    database's."""
    return min(REFUSED + size // BYTES_REFUSED, MOST_REFUSED)


def surcharge(bound: BoundListing) -> int:
    """The points of what a connection's commands may examine in vain."""
    if not bound.walk.unindexed:
        return 0
    commands = 2 if bound.bounds else 1
    price = UNINDEXED // 2 if _within_a_day(bound.predicate.times) else UNINDEXED
    return commands * price * len(bound.walk.unindexed)


def written(fetch: Fetch, given: Mapping[str, Any]) -> int:
    """The points of a mutation."""
    return WRITTEN * _asked(fetch, given)


def _estimate(fetch: Fetch, bindings: Bindings, parents: int) -> int:
    binding = bindings[fetch.path]
    if isinstance(binding, Exception):
        return 0
    if isinstance(binding, BoundListing):
        if binding.predicate.nothing:
            return 0
        found = parents * (binding.window.limit - 1)
        points = read(found, parents * max(binding.bounds.values(), default=0)) + surcharge(binding)
    elif isinstance(binding, BoundArrival):
        points = found = 1
    else:
        found = _asked(fetch, binding)
        points = written(fetch, binding) if isinstance(fetch.source, Write) else found
        if isinstance(fetch.source, FeatureOf):
            points = 0
    nested = (one for selection in fetch.selections.values() for one in selection.nested)
    return points + sum(_estimate(one, bindings, found) for one in nested)


def _asked(fetch: Fetch, given: Mapping[str, Any]) -> int:
    """How many objects a root that is no connection asks for, or writes."""
    if fetch.source is Write.RECORD_INTERACTIONS:
        interactions: list[Any] = given["input"]["interactions"]
        return len(interactions)
    values = given.get(getattr(fetch.source, "argument", ""))
    return len(values) if isinstance(values, list) else 1


def _within_a_day(times: Sequence[TimeBound]) -> bool:
    earliest: list[datetime] = [bound.value for bound in times if bound.operator in ("$gt", "$gte")]
    latest: list[datetime] = [bound.value for bound in times if bound.operator in ("$lt", "$lte")]
    return bool(earliest and latest) and min(latest) - max(earliest) <= _DAY
