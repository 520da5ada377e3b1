from datetime import UTC, datetime
from typing import Any

import pytest
from bson import ObjectId

from gateway.plan.comparisons import (
    EVERYTHING,
    NOTHING,
    AllOf,
    AnyElement,
    AnyOf,
    Comparison,
    Derived,
    NoneOf,
    Operator,
    Tree,
    Unlisted,
    all_of,
    any_of,
    comparisons,
    none_of,
)


def compared(operator: Operator, value: Any, *, name: str = "metadata.a", case_sensitive: bool = True) -> Comparison:
    return Comparison("a", operator, value, case_sensitive, name)


A, B, C = (compared(Operator.EQ, value) for value in "abc")


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (all_of([]), EVERYTHING),
        (all_of([A]), A),
        (all_of([A, all_of([B, C])]), AllOf((A, B, C))),
        (all_of([A, EVERYTHING]), A),
        (all_of([A, NOTHING]), NOTHING),
        (any_of([], "or"), NOTHING),
        (any_of([A], "or"), AnyOf((A,), "or")),
        (any_of([A, NOTHING], "or"), AnyOf((A,), "or")),
        (any_of([A, EVERYTHING], "or"), EVERYTHING),
        (none_of([], "nor"), EVERYTHING),
        (none_of([NOTHING], "nor"), EVERYTHING),
        (none_of([A, NOTHING], "nor"), NoneOf((A,), "nor")),
        (none_of([A, EVERYTHING], "nor"), NOTHING),
    ],
)
def test_what_matches_everything_or_nothing_stands_in_no_other_tree(tree: Tree, expected: Tree) -> None:
    assert tree == expected
    assert (tree is EVERYTHING, tree is NOTHING) == (expected is EVERYTHING, expected is NOTHING)


def test_the_comparisons_of_a_tree_come_in_order() -> None:
    assert comparisons(all_of([A, any_of([AnyElement("x", B, "x"), none_of([C], "nor")], "or")])) == [A, B, C]


@pytest.mark.parametrize(
    ("comparison", "description"),
    [
        (compared(Operator.EQ, "x"), 'metadata.a = "x"'),
        (compared(Operator.NE, None), "metadata.a != null"),
        (compared(Operator.GTE, 1.5), "metadata.a >= 1.5"),
        (compared(Operator.LT, datetime(2024, 5, 1, 12, tzinfo=UTC)), "metadata.a < 2024-05-01T12:00:00.000+00:00"),
        (compared(Operator.IN, ("é", Unlisted(("x",)))), 'metadata.a in ["é", OTHER]'),
        (compared(Operator.NIN, ()), "metadata.a not in []"),
        (compared(Operator.IN, ("0" * 24, ObjectId("0" * 24))), f'metadata.a = "{"0" * 24}"'),
        (compared(Operator.NIN, ("0" * 24, ObjectId("0" * 24))), f'metadata.a != "{"0" * 24}"'),
        (compared(Operator.IN, ("0" * 24, ObjectId("0" * 24), "x")), f'metadata.a in ["{"0" * 24}", "x"]'),
        (compared(Operator.EXISTS, True), "metadata.a exists"),
        (compared(Operator.EXISTS, False), "metadata.a is missing or null"),
        (compared(Operator.STARTS_WITH, "x", case_sensitive=False), 'metadata.a starts with "x" ignoring case'),
        (compared(Operator.CONTAINS, "x" * 200), f'metadata.a contains "{"x" * 99}…'),
        (
            compared(Operator.EQ, Derived("5f0c=brand", {"key": "brand", "value": 1}), name="filters"),
            'filters = {"key": "brand", "value": 1}',
        ),
        (none_of([A, B], "nor"), 'none of (metadata.a = "a"; metadata.a = "b")'),
    ],
)
def test_a_comparison_is_described_in_short(comparison: Comparison | NoneOf, description: str) -> None:
    assert comparison.description == description
