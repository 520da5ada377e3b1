"""Comparison trees, and documents of any BSON type that they tell apart: generated."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from bson import Binary, Code, DBRef, Decimal128, Int64, MaxKey, MinKey, ObjectId, Timestamp
from bson.datetime_ms import DatetimeMS
from hypothesis import strategies as st

from gateway.plan.comparisons import (
    EVERYTHING,
    NOTHING,
    AnyElement,
    Comparison,
    Derived,
    Operator,
    Tree,
    Unlisted,
    all_of,
    any_of,
    none_of,
)

KEYS = ["a", "b", "0", "1", "01"]
STRINGS = [
    *("", "a", "A", "ab", "aB", "a\n", "5", "\0", "é", "É", "日"),
    # Letters with several other cases, with none of one letter, and with one that only looks so.
    *("k", "K", "\u212a", "s", "\u017f", "ß", "\u1e9e", "i", "İ", "\u0131"),
]
NUMBERS = [0, 1, -1, 1.0, 1.5, 0.1, -0.0, 2**53, 2.0**53, 2**53 + 1, 2**62]
TIMES = [datetime(2024, 5, 1, 12, 0, 0, 1000, UTC) + timedelta(milliseconds=number) for number in range(3)]

_STORED_ONLY = [
    # At the end of what is searched, and beyond it.
    *("s" + "\u212a" * 9_998 + "a", "a" * 10_001),
    *(float("nan"), float("inf"), Int64(1), Int64(2**53), *TIMES, DatetimeMS(2**60), DatetimeMS(-(2**60))),
    *map(Decimal128, ["1", "0.1", "1.50", "NaN", "-Infinity", "9007199254740993"]),
    *(ObjectId(b"twelve bytes"), Binary(b"x"), Code("a"), Code("a", {"b": 1}), MinKey(), MaxKey(), Timestamp(1, 1)),
]
_SCALARS = [None, True, False, *NUMBERS, *STRINGS]


def document(random: Random) -> dict[str, Any]:
    return {key: _stored(random) for key in random.sample(KEYS[:3], k=random.randint(1, 3))}


def _stored(random: Random, depth: int = 0) -> Any:
    chance = random.random()
    if depth < 3 and chance < 0.25:
        return [_stored(random, depth + 1) for _ in range(random.randint(0, 3))]
    if depth < 3 and chance < 0.5:
        return {key: _stored(random, depth + 1) for key in random.sample(KEYS, k=random.randint(0, 3))}
    if chance < 0.53:
        return DBRef(random.choice("ac"), _stored(random, 3), random.choice([None, "d"]))
    return random.choice([*_SCALARS, *_STORED_ONLY])


_scalars = st.sampled_from(_SCALARS)
_names = ["$gt", "$id", "$ref", *KEYS]
values: st.SearchStrategy[Any] = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(_names), inner, max_size=2),
    max_leaves=4,
)
_operands = values | st.sampled_from([Unlisted(("a", "é")), Unlisted(("k",)), Derived("a", 1)])
_strings = st.sampled_from(STRINGS)
_paths = st.builds(
    lambda first, steps: ".".join([first, *steps]),
    st.sampled_from(KEYS[:3]),
    st.lists(st.sampled_from([*KEYS, "$id"]), max_size=3),
)
_ORDERS = (Operator.GT, Operator.GTE, Operator.LT, Operator.LTE)
_BY_OPERATOR: dict[Operator, st.SearchStrategy[Any]] = {
    **dict.fromkeys([Operator.EQ, Operator.NE], _operands),
    **dict.fromkeys([Operator.IN, Operator.NIN], st.lists(_operands, max_size=3).map(tuple)),
    **dict.fromkeys(_ORDERS, st.sampled_from([*NUMBERS, *STRINGS, *TIMES])),
    Operator.EXISTS: st.booleans(),
    **dict.fromkeys([Operator.STARTS_WITH, Operator.CONTAINS], _strings),
}


def _has_any_case(operator: Operator, value: Any) -> bool:
    """Whether values may be compared so in any case: in an order with ASCII only."""
    return operator not in _ORDERS or not isinstance(value, str) or value.isascii()


comparisons: st.SearchStrategy[Tree] = st.sampled_from(list(Operator)).flatmap(
    lambda operator: st.builds(
        lambda path, value, case_sensitive: Comparison(
            path, operator, value, case_sensitive or not _has_any_case(operator, value), path
        ),
        _paths,
        _BY_OPERATOR[operator],
        st.booleans(),
    )
)


def _joined(trees: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    branches = st.lists(trees, min_size=1, max_size=3)
    return (
        branches.map(all_of)
        | branches.map(lambda several: any_of(several, "or"))
        | branches.map(lambda several: none_of(several, "nor"))
        | st.builds(AnyElement, _paths, trees, st.just("element"))
    )


trees: st.SearchStrategy[Tree] = st.recursive(comparisons, _joined, max_leaves=5).filter(
    lambda tree: tree is not EVERYTHING and tree is not NOTHING
)
