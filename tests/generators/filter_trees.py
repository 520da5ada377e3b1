"""Generated filter trees in every spelling that producers have used, and an evaluator that knows nothing of ours."""

from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import strategies as st

Tree = dict[str, Any]

OPERATORS = [
    *("eq", "ne", "gt", "lt", "gte", "lte", "in", "nin", "is_null", "text", "exists"),
    *("contains", "starts_with", "ends_with", "regex"),
]

scalars = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
) | st.text(max_size=8)

values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)

keys = st.sampled_from(
    ["brand", "price", "a.b", "x-1", "or", "CASE", "shoe size", "a`b", 'say "x"', "\\", ""]
) | st.text(max_size=6)

conditions: st.SearchStrategy[Tree] = st.tuples(
    st.builds(lambda name, key: {name: key}, st.sampled_from(["key", "key", "field"]), keys),
    st.fixed_dictionaries(
        {},
        optional={
            "operator": st.sampled_from([*OPERATORS, "EQ", "Not_In", "near", "a`b c"]) | st.text(max_size=5),
            "value": values,
            "boost": values,
        },
    ),
).map(lambda halves: halves[0] | halves[1])


def groups(items: st.SearchStrategy[Any]) -> st.SearchStrategy[Tree]:
    branch = st.none() | st.lists(items, max_size=3)
    return st.fixed_dictionaries(
        {},
        optional={
            "AND": branch,
            "OR": branch,
            "NOR": branch,
            "NOT": branch | items,
            "case_sensitive": st.none() | st.booleans(),
            "name": values,
        },
    )


trees: st.SearchStrategy[Tree] = groups(st.recursive(conditions, groups, max_leaves=12))


def cased_conditions(tree: Tree, case: bool | None = None) -> Iterator[tuple[Tree, bool | None]]:
    """Every condition in order, with the letter case stated by the nearest group around it."""
    if is_leaf(tree):
        yield tree, case
        return
    for items in branches(tree):
        for item in items or []:
            yield from cased_conditions(item, case_below(tree, case))


def holds(tree: Tree, is_true: Callable[[Tree, bool | None], bool], case: bool | None = None) -> bool:
    """What a tree evaluates to, given the truth of each condition under its letter case."""
    if is_leaf(tree):
        return is_true(tree, case)
    required, alternatives, excluded = (
        None if items is None else [holds(item, is_true, case_below(tree, case)) for item in items]
        for items in branches(tree)
    )
    return all(required or []) and (alternatives is None or any(alternatives)) and not any(excluded or [])


def is_leaf(node: Tree) -> bool:
    return bool({"key", "field"} & set(node)) and not {"AND", "OR", "NOR", "NOT"} & set(node)


def branches(group: Tree) -> tuple[list[Tree] | None, list[Tree] | None, list[Tree]]:
    negated = group.get("NOT")
    excluded = [*(group.get("NOR") or []), *([negated] if isinstance(negated, dict) else negated or [])]
    return group.get("AND"), group.get("OR"), excluded


def case_below(group: Tree, case: bool | None) -> bool | None:
    stated = group.get("case_sensitive")
    return case if stated is None else stated


def chain(levels: int) -> Tree:
    """A tree of this many levels of groups, through every branch in turn, with one condition more on each level."""
    tree: Tree = {"key": "brand", "value": "Nike"}
    for level in range(levels):
        tree = {("AND", "OR", "NOR")[level % 3]: [tree, {"key": f"level_{level}", "value": level}]}
    return tree


def wide(leaf_count: int) -> Tree:
    """A tree of this many conditions, spread over the branches of one root."""
    leaves = [{"key": f"key_{number % 7}", "operator": "ne", "value": number} for number in range(leaf_count)]
    return {"AND": leaves[::3], "OR": leaves[1::3], "NOR": leaves[2::3]}
