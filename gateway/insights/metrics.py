"""What groups of documents are measured by: metrics as accumulators and what becomes of them, and the dimensions that
documents are grouped by."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.insights.stored_values import Expression, Pipeline


@dataclass(frozen=True, slots=True)
class Metric:
    """A number that a group has: ``accumulators`` of a `$group` stage, by their names, and its ``value`` made of them,
    null where there is nothing to divide by. ``empty``: the value of a group without documents.

    ``distinct``: the value whose distinct ones are counted, where that is what it is: of a whole collection they are
    too many for an accumulator.
    """

    accumulators: Mapping[str, Expression]
    value: Expression
    empty: Any = None
    distinct: str = ""


@dataclass(frozen=True, slots=True)
class Dimension:
    """What documents are grouped by: ``value``, an expression, under the ``name`` that it has in a group's key.

    ``unwound``: the path of the list whose values ``value`` is one by one; a document without any counts once, as null,
    or not at all where it is ``required``.
    """

    name: str
    value: Expression
    unwound: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """A kind of statistics: the documents' time at ``time``, and the metrics of their groups by name; ``order``: the
    one that groups are ordered by where nothing else is asked for. ``prepared``: fields made of what is stored, ahead
    of grouping, of which those are made that are referred to; where there are none, documents are grouped as they are.

    ``rates``: the pipeline that gives {"position": p, "views": n, "clicks": n} for positions below a rank;
    ``expected``: the metrics ``expected_clicks`` and ``coec`` by the clicks per view of each position, None where there
    are no views. Neither is there where clicks aren't compared.
    """

    name: str
    time: str
    metrics: Mapping[str, Metric]
    order: str
    prepared: Mapping[str, Expression] = field(default_factory=dict)
    rates: Callable[[int], Pipeline] | None = None
    expected: Callable[[Sequence[float | None]], Mapping[str, Metric]] | None = None


PARENT = Dimension("parent", "$parent")
"""What documents of a nested connection are joined to their parents by."""


def required(dimension: Dimension) -> Dimension:
    """The same dimension, where what has no value of it belongs to no group."""
    return replace(dimension, required=True)


def counted(condition: Expression) -> Expression:
    """The accumulator of how many documents meet a condition."""
    return {"$sum": {"$cond": [condition, 1, 0]}}


def ratio(dividend: Expression, divisor: Expression) -> Expression:
    """A quotient; null where the divisor is 0."""
    return {"$cond": [{"$gt": [divisor, 0]}, {"$divide": [dividend, divisor]}, None]}


def distinct(name: str, value: str) -> Metric:
    """How many distinct values there are at a path."""
    # Nulls are taken out: what has none is of none. An index has them of what is missing, too.
    return Metric({name: {"$addToSet": value}}, {"$size": {"$setDifference": [f"${name}", [None]]}}, 0, value)


def mean(name: str, value: Expression) -> Metric:
    """The mean of a value over the documents in which it is a number; of sums, which can be added up further."""
    sums = {name: {"$sum": value}, f"{name}_known": counted({"$isNumber": value})}
    return Metric(sums, ratio(f"${name}", f"${name}_known"))


def is_present(value: Expression) -> Expression:
    """Whether a value is neither null nor missing."""
    return {"$gt": [value, None]}
