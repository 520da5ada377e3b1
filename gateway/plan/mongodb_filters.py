"""Comparison trees in MongoDB's syntax.

Whatever a client gives stands below ``$eq``, ``$in`` or an ordering operator, or is escaped within an anchored
pattern, so nothing of it is ever read as an operator.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

from gateway.model.bson_comparison import MAX_SEARCHED
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
from gateway.plan.order_patterns import order_pattern

Filter: TypeAlias = Mapping[str, Any]
OrderingOperator: TypeAlias = Literal["$gt", "$gte", "$lt", "$lte"]

PRESENT_TYPES: Final = (
    *("string", "number", "bool", "object", "array", "date", "objectId", "binData", "timestamp", "regex"),
    *("javascript", "javascriptWithScope", "symbol", "dbPointer", "minKey", "maxKey"),
)
"""Every type of BSON but null and the undefined one: a list that holds a null is there all the same."""

ORDERING_OPERATORS: Final[Mapping[Operator, OrderingOperator]] = {
    Operator.GT: "$gt",
    Operator.GTE: "$gte",
    Operator.LT: "$lt",
    Operator.LTE: "$lte",
}


def mongodb_filter(tree: Tree) -> Filter:
    """The filter that matches what the tree does; not for `EVERYTHING` and `NOTHING`, which need none."""
    match tree:
        case Comparison():
            return _RENDERED[tree.operator](tree)
        case AllOf(branches):
            # Never merged: two may name the same path.
            return {"$and": _filters(branches)}
        case AnyOf(branches):
            return {"$or": _filters(branches)}
        case NoneOf(branches):
            return {"$nor": _filters(branches)}
        case AnyElement(path, element):
            return {path: {"$elemMatch": mongodb_filter(element)}}


def pattern(comparison: Comparison) -> str:
    """The regular expression for strings that compare so with one of the comparison's patterns."""
    texts = comparison.patterns
    if comparison.operator in ORDERING_OPERATORS:
        return order_pattern(comparison.operator, texts[0].lower())
    match comparison.operator:
        case Operator.CONTAINS:
            return _containing(texts[0])
        case Operator.STARTS_WITH:
            # Ahead of it, the length would be looked at also where the start is another.
            return rf"\A{_escaped(texts[0])}{_no_more_than(MAX_SEARCHED - len(texts[0]))}"
    # `$` would match ahead of a trailing newline too.
    return rf"\A(?:{'|'.join(map(_escaped, texts))})\z"


def _containing(text: str) -> str:
    """Looks for ``text`` only where its first letter is, as MongoDB does of itself without a condition ahead of it: by
    one that tries each place in turn, texts of some KB take eight times as long."""
    short = rf"\A{_no_more_than(MAX_SEARCHED)}"
    if not text:
        return short
    first, rest = _escaped(text[0]), _escaped(text[1:])
    others = rf"[^{first}]*+"
    return rf"{short}{others}(?:{first}(?!{rest}){others})*+{first}{rest}"


def _no_more_than(characters: int) -> str:
    """What holds where at most so many characters follow."""
    return rf"(?!(?s:.{{{characters + 1}}}))"


def _escaped(text: str) -> str:
    # A pattern is a C string to MongoDB.
    return re.escape(text).replace("\0", r"\x00")


def _filters(branches: Sequence[Tree]) -> list[Filter]:
    return [mongodb_filter(branch) for branch in branches]


def _negation(positive: Callable[[Comparison], Filter]) -> Callable[[Comparison], Filter]:
    return lambda comparison: {"$nor": [positive(comparison)]}


def _equals(comparison: Comparison) -> Filter:
    return _matches(comparison) if comparison.patterns else {comparison.path: _equal(comparison.value)}


def _one_of(comparison: Comparison) -> Filter:
    patterns = comparison.patterns
    conditions = [_equal(value) for value in comparison.value if not (patterns and isinstance(value, str))]
    if patterns:
        conditions.append(_pattern(comparison))
    plain = [condition["$eq"] for condition in conditions if "$eq" in condition]
    # `$in` takes no patterns as operators, and reads an object with a `$`-key as one.
    if len(plain) < len(conditions) or any(isinstance(value, dict) for value in plain):
        return {"$or": [{comparison.path: condition} for condition in conditions]}
    return {comparison.path: {"$in": plain}}


def _ordered(comparison: Comparison) -> Filter:
    if comparison.patterns:
        # Its classes hold both cases: MongoDB's own would have those of `k` take the Kelvin sign's place.
        return {comparison.path: {"$regex": pattern(comparison)}}
    return {comparison.path: {ORDERING_OPERATORS[comparison.operator]: comparison.value}}


def _exists(comparison: Comparison) -> Filter:
    present = {comparison.path: {"$type": list(PRESENT_TYPES)}}
    return present if comparison.value else {"$nor": [present]}


def _matches(comparison: Comparison) -> Filter:
    return {comparison.path: _pattern(comparison)}


_RENDERED: Final[Mapping[Operator, Callable[[Comparison], Filter]]] = {
    Operator.EQ: _equals,
    Operator.NE: _negation(_equals),
    Operator.IN: _one_of,
    Operator.NIN: _negation(_one_of),
    Operator.EXISTS: _exists,
    Operator.STARTS_WITH: _matches,
    Operator.CONTAINS: _matches,
    **dict.fromkeys(ORDERING_OPERATORS, _ordered),
}


def _equal(value: Any) -> dict[str, Any]:
    match value:
        case Derived():
            return {"$eq": value.stored}
        case Unlisted():
            listed = "|".join(map(re.escape, value.listed))
            return {"$regex": rf"\A(?!(?:{listed})\z)"}
    return {"$eq": value}


def _pattern(comparison: Comparison) -> dict[str, Any]:
    condition = {"$regex": pattern(comparison)}
    return condition if comparison.case_sensitive else {**condition, "$options": "i"}
