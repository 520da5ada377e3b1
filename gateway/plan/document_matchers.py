"""Comparison trees as predicates over stored documents, which match what MongoDB would.

For saved filters, which will be compiled once and tried on each document that is recorded; subscriptions ask MongoDB.
"""

import operator
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from gateway.model.bson_comparison import MAX_SEARCHED, Order, equals, folded, is_one_of, is_present, ordered
from gateway.model.bson_paths import Document, Test, element_object, list_passes_at, passes_at
from gateway.plan.comparisons import (
    AllOf,
    AnyElement,
    AnyOf,
    Comparison,
    Derived,
    NoneOf,
    Operator,
    Tree,
    Unlisted,
)

Matched: TypeAlias = Comparison | NoneOf
_Holds: TypeAlias = Callable[[Document], bool]
_Matching: TypeAlias = Callable[[Document], list[Matched]]


class DocumentMatcher:
    """A predicate over stored documents, which can say why one matches."""

    __slots__ = ("_matching", "matches")

    matches: Callable[[Document], bool]
    """Whether a document, as the driver reads it or as the gateway writes it, matches the tree."""

    def __init__(self, tree: Tree) -> None:
        self.matches, self._matching = _compiled(tree)

    def matched(self, document: Document) -> list[Matched]:
        """The comparisons by which a document matches, in order, each with its description; none for one that doesn't
        match.

        Of alternatives those that hold, of elements the first that matches, and of what must not match the whole.
        """
        return self._matching(document) if self.matches(document) else []


def _compiled(tree: Tree) -> tuple[_Holds, _Matching]:
    """Whether the tree holds for a document, and by what; the latter is asked where it does."""
    match tree:
        case Comparison():
            return _comparison(tree), lambda document: [tree]
        case AllOf(branches):
            return _all_of(branches)
        case AnyOf(branches):
            return _any_of(branches)
        case NoneOf(branches):
            holds, _ = _any_of(branches)
            return lambda document: not holds(document), lambda document: [tree]
        case AnyElement(path, element):
            return _any_element(path, element)


def _all_of(branches: Sequence[Tree]) -> tuple[_Holds, _Matching]:
    compiled = [_compiled(branch) for branch in branches]
    tests = tuple(holds for holds, _ in compiled)

    def all_hold(document: Document) -> bool:
        for holds in tests:  # noqa: SIM110  # a generator takes twice as long
            if not holds(document):
                return False
        return True

    return all_hold, lambda document: [comparison for _, matching in compiled for comparison in matching(document)]


def _any_of(branches: Sequence[Tree]) -> tuple[_Holds, _Matching]:
    compiled = [_compiled(branch) for branch in branches]
    tests = tuple(holds for holds, _ in compiled)

    def any_holds(document: Document) -> bool:
        for holds in tests:  # noqa: SIM110
            if holds(document):
                return True
        return False

    def matching(document: Document) -> list[Matched]:
        matching_branches = (branch_matching for holds, branch_matching in compiled if holds(document))
        return [comparison for branch_matching in matching_branches for comparison in branch_matching(document)]

    return any_holds, matching


def _any_element(path: str, element: Tree) -> tuple[_Holds, _Matching]:
    element_holds, element_matching = _compiled(element)

    def first(elements: Sequence[Any]) -> Document | None:
        objects = (element_object(element) for element in elements)
        return next((element for element in objects if element is not None and element_holds(element)), None)

    def matching(document: Document) -> list[Matched]:
        comparisons: list[Matched] = []

        def matches(elements: Sequence[Any]) -> bool:
            matched = first(elements)
            if matched is not None:
                comparisons.extend(element_matching(matched))
            return matched is not None

        list_passes_at(path, matches)(document)
        return comparisons

    return list_passes_at(path, lambda elements: first(elements) is not None), matching


def _comparison(comparison: Comparison) -> _Holds:
    test = _TESTS.get(comparison.operator)
    if test is not None:
        return passes_at(comparison.path, test(comparison))
    match comparison.operator:
        case Operator.NE:
            return _negation(passes_at(comparison.path, _equality(comparison)))
        case Operator.NIN:
            return _negation(passes_at(comparison.path, _membership(comparison)))
    present = passes_at(comparison.path, is_present)
    return present if comparison.value else _negation(present)


def _negation(holds: _Holds) -> _Holds:
    return lambda document: not holds(document)


def _equality(comparison: Comparison) -> Test:
    return _equals(comparison.value, comparison.case_sensitive)


def _membership(comparison: Comparison) -> Test:
    values, case_sensitive = comparison.value, comparison.case_sensitive
    if not case_sensitive or any(isinstance(value, Unlisted | Derived) for value in values):
        tests = tuple(_equals(value, case_sensitive) for value in values)
        return lambda stored: any(test(stored) for test in tests)
    return is_one_of(values)


def _equals(value: Any, case_sensitive: bool) -> Test:
    match value:
        case Unlisted():
            listed = frozenset(value.listed)
            return lambda stored: stored.__class__ is str and stored not in listed
        case Derived():
            return equals(value.stored)
        case str() if not case_sensitive:
            text = folded(value)
            return lambda stored: stored.__class__ is str and len(stored) == len(text) and folded(stored) == text
    return equals(value)


def _start(comparison: Comparison) -> Test:
    if comparison.case_sensitive:
        start = comparison.value
        return lambda stored: _is_searched(stored) and stored.startswith(start)
    start = folded(comparison.value)
    return lambda stored: _is_searched(stored) and folded(stored[: len(start)]) == start


def _part(comparison: Comparison) -> Test:
    if comparison.case_sensitive:
        part = comparison.value
        return lambda stored: _is_searched(stored) and part in stored
    part = folded(comparison.value)
    return lambda stored: _is_searched(stored) and part in folded(stored)


def _is_searched(stored: Any) -> bool:
    return stored.__class__ is str and len(stored) <= MAX_SEARCHED


def _ordering(order: Order) -> Callable[[Comparison], Test]:
    def test(comparison: Comparison) -> Test:
        if not comparison.patterns:
            return ordered(order, comparison.value)
        bound = folded(comparison.value)
        return lambda stored: stored.__class__ is str and order(folded(stored), bound)

    return test


_TESTS: Final[dict[Operator, Callable[[Comparison], Test]]] = {
    Operator.EQ: _equality,
    Operator.IN: _membership,
    Operator.GT: _ordering(operator.gt),
    Operator.GTE: _ordering(operator.ge),
    Operator.LT: _ordering(operator.lt),
    Operator.LTE: _ordering(operator.le),
    Operator.STARTS_WITH: _start,
    Operator.CONTAINS: _part,
}
