"""Operations with values for their variables, kept for whoever sends these again.

Who pages through a connection sends the same variables again and again, but for a cursor. So cursors don't count: what
was bound is known by the other variables, and asked for behind or ahead of those that are sent now.
"""

import marshal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from graphql import OperationType

from gateway.compiler.binding import Bindings, BoundListing
from gateway.compiler.shaping import Shaper
from gateway.errors import InvalidCursor
from gateway.plan.operation_plan import Plan
from gateway.preparation.weighted_lru import WeightedLru

_MOST = 16
_LONGEST = 500

# About how many bytes they take up, measured: a selected field of a plan, a fetch of it (and as much again with what is
# bound to it), a comparison of a filter, and all else that there is of a plan.
_FIELD_BYTES = 400
_FETCH_BYTES = 1_500
_COMPARISON_BYTES = 700
_PLAN_BYTES = 12_000


@dataclass(frozen=True, slots=True)
class CompiledOperation:
    """A plan and the function that shapes its pages; where there is none, ``fallback`` says why."""

    plan: Plan
    shape: Shaper | None
    fallback: str

    @property
    def weight(self) -> int:
        fetches = sum(1 for _ in self.plan.all_fetches)
        return _PLAN_BYTES + _FIELD_BYTES * self.plan.size + _FETCH_BYTES * fetches


@dataclass(frozen=True, slots=True)
class BoundOperation:
    """A compiled operation with values for its variables: all of a request but who sends it, and in which namespace.

    ``cost``: the points that it may cost.
    """

    compiled: CompiledOperation
    bindings: Bindings
    cost: int

    def at(self, cursors: Mapping[str, str]) -> "BoundOperation":
        """The same with other values for variables that are cursors; raises `InvalidCursor`."""
        moved = {path: one.at(cursors) if isinstance(one, BoundListing) else one for path, one in self.bindings.items()}
        return BoundOperation(self.compiled, moved, self.cost)

    @property
    def reusable(self) -> bool:
        """Whether it may be kept: a write is bound each time, and errors that are raised again collect tracebacks."""
        is_write = self.compiled.plan.operation is OperationType.MUTATION
        return not (is_write or any(isinstance(one, Exception) for one in self.bindings.values()))

    @property
    def weight(self) -> int:
        listings = [one for one in self.bindings.values() if isinstance(one, BoundListing)]
        comparisons = sum(one.predicate.comparisons for one in listings)
        return _FETCH_BYTES * (1 + len(self.bindings)) + _COMPARISON_BYTES * comparisons


class BoundOperations:
    """What was bound to the latest used variables of one operation, of which ``cursors`` are cursors and nothing else.

    Up to 16 are kept, none that is longer than 500 bytes, and none before it is sent again: most never are. A cursor
    that is no string counts as any other variable does.
    """

    def __init__(self, cursors: Sequence[str]) -> None:
        self._cursors = cursors
        self._latest: WeightedLru[bytes, BoundOperation] = WeightedLru(_MOST)
        self._once: dict[int, None] = {}

    def find(self, variables: Mapping[str, Any]) -> tuple[bytes | None, BoundOperation | None]:
        """What these variables, as they were sent, are kept by, and what is bound to them: None where it won't be kept,
        and where it isn't."""
        cursors = {name: sent for name in self._cursors if (sent := variables.get(name)).__class__ is str}
        key = _exact({name: sent for name, sent in variables.items() if name not in cursors}, cursors)
        known = None if key is None else self._latest.get(key)
        if known is None or not cursors:
            return key, known
        with suppress(InvalidCursor):
            return key, known.at(cursors)
        return key, None

    def keep(self, key: bytes, bound: BoundOperation) -> bool:
        """Whether it is kept from now on."""
        if not bound.reusable:
            return False
        if (sent := hash(key)) not in self._once:
            self._once[sent] = None
            if len(self._once) > _MOST:
                del self._once[next(iter(self._once))]
            return False
        del self._once[sent]
        self._latest[key] = bound
        return True

    @property
    def weight(self) -> int:
        return self._latest.weight


def _exact(variables: dict[str, Any], cursors: Mapping[str, str]) -> bytes | None:
    """A key that differs wherever JSON does, 1 from 1.0 too, and by which cursors there are; None for what isn't worth
    keeping, or isn't plain JSON."""
    try:
        # Later versions write the same value differently, by who else refers to it.
        key = marshal.dumps((variables, *cursors), 2)
    except ValueError:
        return None
    return key if len(key) <= _LONGEST else None
