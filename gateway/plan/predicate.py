"""What a filter asks of the documents of one kind: values only, ready for the choice of an index."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Lookup:
    """The documents that have one of ``values``, which are distinct, at the stored path ``field``."""

    field: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Conjunct:
    """One of the demands that must all hold, as a MongoDB filter.

    ``name`` is what a client calls it, e.g. ``metadata.device.os``. A ``lookup`` says the same as the filter, so an
    index that serves the one replaces the other.
    """

    filter: Mapping[str, Any]
    name: str
    lookup: Lookup | None = None


@dataclass(frozen=True, slots=True)
class TimeBound:
    """A bound on the kind's own time, which every index can seek."""

    operator: Literal["$gt", "$gte", "$lt", "$lte"]
    value: datetime


@dataclass(frozen=True, slots=True)
class Predicate:
    """All ``conjuncts`` and ``times`` must hold; ``nothing``: no document can match, whatever is stored.

    ``comparisons``: how many they are made of.
    """

    conjuncts: tuple[Conjunct, ...] = ()
    times: tuple[TimeBound, ...] = ()
    nothing: bool = False
    comparisons: int = field(default=0, compare=False)
