"""Operations that are compiled, and those with values for their variables: all of a request but who sends it, and in
which namespace.

Who pages through a connection sends the same variables again and again, but for a cursor. So cursors don't count: a
bound operation is known by the other variables, and moved behind or ahead of the cursors that are sent now.
"""

import json
import marshal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.compiler.native_backend.programs import NativeShaper
from gateway.compiler.shaping import Shaper
from gateway.plan.operation_plan import Bindings, Plan

_MAX_VARIABLES_BYTES = 500

# About how many bytes they take up, measured: a selected field of a plan with its part of the program, a fetch of it
# with the shapes and functions that look it up, what is bound to a fetch (which may weigh more by itself), and all else
# that there is of a plan.
_FIELD_BYTES = 550
_FETCH_BYTES = 2_500
_BINDING_BYTES = 1_500
_PLAN_BYTES = 10_000
# An empty object, or a short text with its place in a list.
_ENTRY_BYTES = 70


@dataclass(frozen=True, slots=True)
class CompiledOperation:
    """A plan and the function that shapes its pages; where there is none, ``fallback`` says why. ``name``: of the
    operation, where it has one. ``native``: what shapes its pages undecoded, so that they are fetched so."""

    plan: Plan
    shape: Shaper | None
    fallback: str
    name: str | None = None
    native: NativeShaper | None = None

    @property
    def weight(self) -> int:
        """About how many bytes it takes up."""
        fetches = sum(_FETCH_BYTES + fetch.source.weight for fetch in self.plan.all_fetches)
        return _PLAN_BYTES + _FIELD_BYTES * self.plan.size + fetches


@dataclass(frozen=True, slots=True)
class BoundOperation:
    """A compiled operation with values for its variables; ``cost``: the points that it may cost."""

    compiled: CompiledOperation
    bindings: Bindings
    cost: int

    def at(self, cursors: Mapping[str, str]) -> "BoundOperation":
        """The same with other values for variables that are cursors; raises `InvalidCursor`."""
        moved = {
            path: bound if isinstance(bound, Exception) else bound.at(cursors) for path, bound in self.bindings.items()
        }
        return BoundOperation(self.compiled, moved, self.cost)

    @property
    def reusable(self) -> bool:
        """Whether it may be kept; errors that are raised again collect tracebacks."""
        return all(not isinstance(bound, Exception) and bound.reusable for bound in self.bindings.values())

    @property
    def needs_namespace(self) -> bool:
        """Whether any of its roots is read or written in a namespace."""
        roots = (self.bindings[fetch.path] for fetch in self.compiled.plan.fetches)
        return any(isinstance(root, Exception) or root.in_namespace for root in roots)

    @property
    def weight(self) -> int:
        """About how many bytes it takes up beside what was compiled."""
        sources = sum(0 if isinstance(bound, Exception) else bound.weight for bound in self.bindings.values())
        return _BINDING_BYTES * (1 + len(self.bindings)) + sources


def variables_key(variables: Mapping[str, Any], names: Sequence[str]) -> tuple[bytes | None, Mapping[str, str]]:
    """What a bound operation is known by, and the cursors among its variables, of which these are the ``names``.

    The key differs wherever JSON does, 1 from 1.0 too, and by which cursors there are; a cursor that is no string or an
    empty one counts as any other variable. It is None for variables of more than 500 bytes, and for what isn't plain
    JSON.
    """
    cursors = {name: value for name in names if (value := variables.get(name)) and value.__class__ is str}
    others = {name: value for name, value in variables.items() if name not in cursors}
    try:
        # Later versions write the same value differently, by who else refers to it.
        key = marshal.dumps((others, *cursors), 2)
    except ValueError:
        return None, cursors
    return key if len(key) <= _MAX_VARIABLES_BYTES else None, cursors


def json_weight(value: Any) -> int:
    """About how many bytes a JSON value takes up: its text, and as much again as each entry of a list or object has."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return len(text) + _ENTRY_BYTES * sum(text.count(separator) for separator in ",[{")
