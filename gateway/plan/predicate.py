"""What a filter demands of the documents of one kind: values only, ready for the choice of an index."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.plan.comparisons import EVERYTHING, Comparison, Tree
from gateway.plan.mongodb_filters import Filter, OrderingOperator


@dataclass(frozen=True, slots=True)
class Lookup:
    """The documents that have one of ``values``, which are distinct, at the stored path ``field``."""

    field: str
    values: tuple[Any, ...]

    @property
    def is_of_one(self) -> bool:
        """Whether it is for one value, however that is stored: a text, or a number or an ObjectId that reads as it."""
        return len(self.values) == 1 or len(set(map(str, self.values))) == 1


@dataclass(frozen=True, slots=True)
class Conjunct:
    """One of the demands that must all hold, as a MongoDB filter.

    ``name`` is what a client calls it, e.g. ``metadata.device.os``. A ``lookup`` says the same as the filter, so an
    index that serves the one replaces the other. ``comparisons``: what it is made of. ``of_outcome``: it is a filter on
    a document to which the outcome of its search request is joined.
    """

    filter: Filter
    name: str
    lookup: Lookup | None = None
    comparisons: tuple[Comparison, ...] = field(default=(), compare=False)
    of_outcome: bool = False


@dataclass(frozen=True, slots=True)
class TimeBound:
    """A bound on the kind's own time, which every index can seek."""

    operator: OrderingOperator
    value: datetime


@dataclass(frozen=True, slots=True)
class Predicate:
    """The demands of a filter: all ``conjuncts`` and ``times`` must hold; ``nothing``: no document can match, whatever
    is stored.

    ``comparisons``: how many they are made of. ``tree`` says the same as all of these, for renderings other than the
    store's. ``outcome_at``: the path in a client's input of the first comparison with an outcome; empty without any.
    """

    conjuncts: tuple[Conjunct, ...] = ()
    times: tuple[TimeBound, ...] = ()
    nothing: bool = False
    comparisons: int = field(default=0, compare=False)
    tree: Tree = field(default=EVERYTHING, compare=False)
    outcome_at: tuple[str | int, ...] = field(default=(), compare=False)
