"""What a filter demands, as a tree of comparisons: values only, which several renderings are made of.

MongoDB's syntax is one (`gateway.plan.mongodb_filters`), a predicate over a stored document another
(`gateway.plan.document_matchers`), and the description of each comparison a third. They mean the same: a path leads
through lists as MongoDB's does, a list matches where it or one of its elements does, and NE, NIN and EXISTS with false
match what their opposites don't. Longer texts than `MAX_SEARCHED` of `gateway.model.bson_comparison`
contain and start with nothing.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Final, TypeAlias

from bson import ObjectId

_MAX_DESCRIBED = 100


class Operator(Enum):
    """A way to compare a stored value with the one of a filter."""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    IN = "in"
    NIN = "nin"
    EXISTS = "exists"
    STARTS_WITH = "starts_with"
    CONTAINS = "contains"


@dataclass(frozen=True, slots=True)
class Unlisted:
    """A stand-in for every string but the ``listed`` ones."""

    listed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Derived:
    """The string that is ``stored``, a hash or a token, in the place of what it is derived of: ``source``, any JSON.

    ``operator``: how what equals it compares with the source, where that isn't by EQ.
    """

    stored: str
    source: Any
    operator: Operator | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The value at the stored ``path``, compared by an operator.

    ``value``: any JSON value, a datetime, `Unlisted` or `Derived` for EQ and NE; a tuple of them for IN and NIN, in
    which an ObjectId stands behind the text that it reads as; a number, a string or a datetime for an order; a boolean
    for EXISTS; a string for STARTS_WITH and CONTAINS.
    ``case_sensitive``: whether strings are equal, start so, contain this or stand in this order only in the same case;
    without, each character is compared by Unicode's simple case folding, in an order only with ASCII ones. ``name``:
    what a client calls the path, such as ``metadata.device.os``.
    """

    path: str
    operator: Operator
    value: Any
    case_sensitive: bool
    name: str

    @property
    def patterns(self) -> tuple[str, ...]:
        """The strings that stored texts are searched for, or compared with, ignoring case: letter by letter."""
        if self.operator in _SEARCHING:
            return (self.value,)
        if self.case_sensitive or self.operator is Operator.EXISTS:
            return ()
        values = self.value if isinstance(self.value, tuple) else (self.value,)
        return tuple(value for value in values if isinstance(value, str))

    @property
    def description(self) -> str:
        """The comparison as a client would say it, such as ``metadata.price >= 10``; of a long value the beginning."""
        if self.operator is Operator.EXISTS:
            return f"{self.name} {'exists' if self.value else 'is missing or null'}"
        operator, value = self._said
        text = _text(value)
        if len(text) > _MAX_DESCRIBED:
            text = f"{text[:_MAX_DESCRIBED]}…"
        return f"{self.name} {_WORDS[operator]} {text}{'' if self.case_sensitive else ' ignoring case'}"

    @property
    def _said(self) -> tuple[Operator, Any]:
        """The operator and the value that a client said, who has no ObjectIds."""
        match self.value:
            case Derived(operator=operator):
                return operator or self.operator, self.value
            case tuple(values) if any(isinstance(value, ObjectId) for value in values):
                texts = tuple(value for value in values if not isinstance(value, ObjectId))
                return (self.operator, texts) if len(texts) > 1 else (_OF_ONE[self.operator], texts[0])
        return self.operator, self.value


@dataclass(frozen=True, slots=True)
class AllOf:
    """A junction of which all ``branches`` match: without any, everything matches. It stands in no other one."""

    branches: "tuple[Demand, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """A junction of which at least one of the ``branches`` matches; ``name``: what a client calls the junction."""

    branches: "tuple[Tree, ...]"
    name: str


@dataclass(frozen=True, slots=True)
class NoneOf:
    """A junction of which none of the ``branches`` matches; ``name``: what a client calls the junction."""

    branches: "tuple[Tree, ...]"
    name: str

    @property
    def description(self) -> str:
        """What must not match, in short."""
        return f"none of ({'; '.join(comparison.description for comparison in comparisons(self))})"


@dataclass(frozen=True, slots=True)
class AnyElement:
    """A list at ``path`` of which one element matches all of ``element``, whose paths begin there."""

    path: str
    element: "Tree"
    name: str


Demand: TypeAlias = Comparison | AnyOf | NoneOf | AnyElement
Tree: TypeAlias = Demand | AllOf

EVERYTHING: Final[Tree] = AllOf(())
NOTHING: Final[Tree] = AnyOf((), "nothing")
"""The only trees that match every document and none: the functions below let neither stand within another tree."""


def all_of(branches: Sequence[Tree]) -> Tree:
    """What matches where all branches do, flat; `EVERYTHING` for no branches."""
    flat: list[Demand] = []
    for branch in branches:
        if branch is NOTHING:
            return NOTHING
        flat += demands(branch)
    if len(flat) == 1:
        return flat[0]
    return AllOf(tuple(flat)) if flat else EVERYTHING


def any_of(branches: Sequence[Tree], name: str) -> Tree:
    """What matches where at least one branch does; `NOTHING` for no branches."""
    possible = tuple(branch for branch in branches if branch is not NOTHING)
    if EVERYTHING in possible:
        return EVERYTHING
    return AnyOf(possible, name) if possible else NOTHING


def none_of(branches: Sequence[Tree], name: str) -> Tree:
    """What matches where no branch does; `EVERYTHING` for no branches."""
    possible = tuple(branch for branch in branches if branch is not NOTHING)
    if EVERYTHING in possible:
        return NOTHING
    return NoneOf(possible, name) if possible else EVERYTHING


def demands(tree: Tree) -> tuple[Demand, ...]:
    """The trees that must all match; none for `EVERYTHING`."""
    return tree.branches if isinstance(tree, AllOf) else (tree,)


def comparisons(tree: Tree) -> list[Comparison]:
    """The comparisons that a tree is made of, in order."""
    match tree:
        case Comparison():
            return [tree]
        case AnyElement():
            return comparisons(tree.element)
    return [comparison for branch in tree.branches for comparison in comparisons(branch)]


_SEARCHING: Final = frozenset({Operator.STARTS_WITH, Operator.CONTAINS})
_OF_ONE: Final = {Operator.IN: Operator.EQ, Operator.NIN: Operator.NE}
_WORDS: Final = {
    Operator.EQ: "=",
    Operator.NE: "!=",
    Operator.GT: ">",
    Operator.GTE: ">=",
    Operator.LT: "<",
    Operator.LTE: "<=",
    Operator.IN: "in",
    Operator.NIN: "not in",
    Operator.STARTS_WITH: "starts with",
    Operator.CONTAINS: "contains",
}


def _text(value: Any) -> str:
    match value:
        case tuple():
            return f"[{', '.join(map(_text, value))}]"
        case Unlisted():
            return "OTHER"
        case Derived():
            return _text(value.source)
        case datetime():
            return value.isoformat(timespec="milliseconds")
    return json.dumps(value, ensure_ascii=False)
