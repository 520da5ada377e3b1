"""What an operation costs the database, in points: one for each document that is read.

It is estimated from what is bound, before anything is read: pages count as if they were full, and what is nested in
them counts for each of their documents. The same prices make up the actual cost, of what was read.

Where no index serves a predicate, documents are examined that nobody gets, and no estimate knows how many: the time
that this takes is charged once it is known.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from gateway.plan.operation_plan import Bindings, Fetch, Plan
from gateway.plan.predicate import Conjunct, TimeBound

# For each predicate that no index serves, in each command; by half where the time is bounded to a day.
UNINDEXED = 100
# For each further comparison of them: to find a document takes as long as to compare it twenty times.
COMPARED = 10
# For each that tries texts letter by letter, which takes four times as long in texts of a sentence.
SEARCHED = 40
# For each operation: to read it and to send its answer takes as long as ten documents.
LEAST = 10
# So many elements are counted for one point. An estimate takes most totals for far less than what they may come to.
COUNTED = 50
COUNTED_AT_MOST = 1_000
# So many values of the schema are resolved in the time that a document takes.
INTROSPECTED = 100
# graphql-core takes 12 to 22 times as long as a compiled function; what is its from the start costs so many times as
# much.
EXECUTOR_FACTOR = 10
# A session is looked for in two collections, from both ends, whether there is one or not.
SPANNED = 4
# The histories of so many items are summed up for one point. The time that this takes is charged once it is known: an
# item may have many days.
SIGNALLED = 5
# To judge from interactions, all of them are examined; that takes what it takes, too.
JUDGED = 100
# For each command that makes sessions of all that was recorded, whatever it gives.
SESSIONS_GROUPED = 100
# A document is written into a dozen indexes, and acknowledged by several servers.
WRITTEN = 2
# With an entry of the audit log, acknowledged before it.
NAMESPACE_CREATED = 50
KEY_CHANGED = 50
# With an entry of the audit log as well, and what the job does in its own time.
JOB_STARTED = 50

_DAY = timedelta(days=1)


def estimate(plan: Plan, bindings: Bindings) -> int:
    """The points of an operation whose pages are all full; at least 1."""
    return max(1, sum(_estimate(fetch, bindings, 1) for fetch in plan.fetches))


def reading_points(documents: int, counted: int = 0) -> int:
    """The points of documents that were read, and of elements that were counted."""
    return documents + -(-counted // COUNTED)


def joining_points(documents: int, parents: int, counted: int, *, counts: bool) -> int:
    """The points of documents that were read for so many parents, and of elements that were counted: each parent's are
    looked for, whether there are any or not."""
    return max(documents, parents) + (max(-(-counted // COUNTED), parents) if counts else 0)


def signal_points(items: int) -> int:
    """The points of so many items' signals."""
    return -(-items // SIGNALLED)


def reading_estimate(documents: int, counted: int) -> int:
    """The points of documents that may be read, and of elements that may be counted."""
    return documents + -(-counted // COUNTED_AT_MOST)


def introspection_points(values: int) -> int:
    """The points of so many values that the schema tells of itself."""
    return values // INTROSPECTED


def unindexed_points(examined: Sequence[Conjunct], times: Sequence[TimeBound], commands: int) -> int:
    """The points of what so many commands may examine in vain: of the conditions that no index serves."""
    predicates = len({conjunct.name for conjunct in examined})
    comparisons = [comparison for conjunct in examined for comparison in conjunct.comparisons]
    patterns = sum(bool(comparison.patterns) for comparison in comparisons)
    points = UNINDEXED * predicates + COMPARED * max(0, len(comparisons) - predicates) + SEARCHED * patterns
    return commands * (points // 2 if _within_a_day(times) else points)


def _estimate(fetch: Fetch, bindings: Bindings, parents: int) -> int:
    bound = bindings[fetch.path]
    if isinstance(bound, Exception) or bound.empty:
        return 0
    points, documents = bound.estimate(parents)
    nested = (below for selection in fetch.selections.values() for below in selection.nested)
    return points + sum(_estimate(below, bindings, documents) for below in nested)


def _within_a_day(times: Sequence[TimeBound]) -> bool:
    earliest: list[datetime] = [bound.value for bound in times if bound.operator in ("$gt", "$gte")]
    latest: list[datetime] = [bound.value for bound in times if bound.operator in ("$lt", "$lte")]
    return bool(earliest and latest) and min(latest) - max(earliest) <= _DAY
