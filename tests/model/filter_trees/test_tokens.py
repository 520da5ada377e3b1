"""Equal content has one canonical spelling and one hash; tokens name keys and values without ambiguity."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import bson
import pytest
from bson import DBRef, ObjectId
from bson.codec_options import CodecOptions
from hypothesis import given
from hypothesis import strategies as st

from gateway.model import filter_trees
from gateway.model.filter_trees import (
    canonical_json,
    condition_rows,
    condition_tokens,
    key_token,
    key_value_token,
    value_hash,
)
from tests.generators.filter_trees import Tree, conditions, scalars, trees, values

CODEC: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)

storable_keys = st.sampled_from(["$where", "a.b", ""]) | st.text(max_size=4).filter(lambda key: "\0" not in key)
storable = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(storable_keys, inner, max_size=3)
        | st.fixed_dictionaries({"$ref": st.text("ab", min_size=1), "$id": inner}, optional={"note": inner})
    ),
    max_leaves=6,
)
long_keys = st.text(min_size=90, max_size=110) | st.text("a", min_size=95, max_size=1_000)
token_keys = st.text("=#key0f", max_size=6) | st.text(max_size=6) | long_keys
hashes = st.sampled_from([value_hash(None), value_hash("key"), value_hash("=")])

words = st.sampled_from(["AND", "OR", "NOR", "NOT", "key", "field", "operator", "value", "case_sensitive"])
wreckage = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.datetimes() | st.uuids(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4),
    max_leaves=10,
)


def same(left: Any, right: Any) -> bool:
    """Equality of JSON values, where a boolean is no number."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (1, 1.0),
        (100, 1e2),
        (0, -0.0),
        (2**53, float(2**53)),
        (2**62, float(2**62)),
        (-(2**63), -float(2**63)),
        (5, bson.Int64(5)),
        ({"a": 1, "b": [2.0]}, {"b": [2], "a": 1.0}),
        ({"$ref": "brands", "$id": 7.0, "x": {"y": 1}}, DBRef("brands", 7, x={"y": 1})),
        ({"$ref": "brands", "$id": 7, "$db": "shop"}, DBRef("brands", 7, "shop")),
        (ObjectId("0" * 24), {"$oid": "0" * 24}),
        (float("-inf"), {"$numberDouble": "-Infinity"}),
    ],
)
def test_equal_content_has_one_spelling(left: Any, right: Any) -> None:
    assert canonical_json(left) == canonical_json(right)
    assert canonical_json({"in": [left]}) == canonical_json({"in": [right]})
    assert value_hash(left) == value_hash(right)


@pytest.mark.parametrize(
    ("stored", "told"),
    [
        (datetime(2024, 12, 1, tzinfo=UTC), "2024-12-01T00:00:00.000Z"),
        (UUID(int=0), "00000000-0000-0000-0000-000000000000"),
        (bson.Code("x"), {"$code": "x"}),
        (bson.Decimal128("1.50"), {"$numberDecimal": "1.50"}),
        ([{"from": datetime(2024, 12, 1, tzinfo=UTC)}], [{"from": "2024-12-01T00:00:00.000Z"}]),
    ],
)
def test_a_value_that_json_has_no_kind_for_is_found_as_it_is_told(stored: Any, told: Any) -> None:
    assert value_hash(stored) == value_hash(told)
    [row] = condition_rows([{"AND": [{"key": "k", "value": stored}]}])
    assert json.loads(row["value"]) == told


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (True, 1),
        (False, 0),
        (None, "null"),
        (1, "1"),
        ([1, 2], [2, 1]),
        ([], {}),
        ([[]], []),
        (["a, b"], ["a", "b"]),
        ({"a": None}, {}),
        ("é", "e\u0301"),
        ("K", "\u212a"),
        (2**53 + 1, 2**53),
        (0.1, 0.10000000000000002),
        ("\ud800", "\udc00"),
    ],
)
def test_different_content_is_spelled_differently(left: Any, right: Any) -> None:
    assert canonical_json(left) != canonical_json(right)
    assert value_hash(left) != value_hash(right)


@given(values, values)
def test_spellings_are_equal_exactly_when_values_are(left: Any, right: Any) -> None:
    assert (canonical_json(left) == canonical_json(right)) is same(left, right)


@given(values)
def test_the_canonical_spelling_is_json_of_the_same_value(value: Any) -> None:
    assert same(json.loads(canonical_json(value)), value)
    assert canonical_json(json.loads(canonical_json(value))) == canonical_json(value)


@given(storable)
def test_a_value_hashes_alike_before_and_after_it_was_stored(value: Any) -> None:
    stored = bson.decode(bson.encode({"value": value}, codec_options=CODEC), codec_options=CODEC)["value"]
    assert value_hash(stored) == value_hash(value)


def test_a_float_beyond_all_integers_keeps_its_short_spelling() -> None:
    assert canonical_json([1e300, 2.0**63]) == b"[1e+300, 9.223372036854776e+18]"


def test_values_may_be_nested_deeper_than_recursion_goes() -> None:
    value: Any = 1.0
    for _ in range(5_000):
        value = [{"a": value}]
    assert canonical_json(value) == b'[{"a": ' * 5_000 + b"1" + b"}]" * 5_000


def test_a_hash_is_128_bits_in_hexadecimal() -> None:
    assert len(value_hash("Nike")) == 32
    assert int(value_hash("Nike"), 16) > 0


def test_a_missing_value_hashes_like_null() -> None:
    assert condition_rows([{"key": "brand"}]) == condition_rows([{"key": "brand", "value": None}])


def test_every_condition_has_a_row_that_says_where_it_stands() -> None:
    tree = {
        "AND": [{"field": "brand", "value": "Nike"}, {"OR": [{"key": "price", "operator": "GT", "value": 100.0}]}],
        "NOT": {"key": "brand", "operator": "exists"},
    }
    nike, hundred, null = value_hash("Nike"), value_hash(100), value_hash(None)
    assert condition_rows([tree, None, {"key": "stock", "value": 100}]) == [
        {"key": "brand", "operator": "eq", "value_hash": nike, "value": '"Nike"', "depth": 1, "branch": "AND"},
        {"key": "price", "operator": "gt", "value_hash": hundred, "value": "100", "depth": 2, "branch": "OR"},
        {"key": "brand", "operator": "exists", "value_hash": null, "value": "null", "depth": 1, "branch": "NOR"},
        {"key": "stock", "operator": "eq", "value_hash": hundred, "value": "100", "depth": 0},
    ]


def test_unreadable_parts_are_passed_over() -> None:
    readable = {"key": "brand", "value": "Nike"}
    tree = {"AND": ["Nike"], "OR": [{"key": 7}, {"key": "a", "operator": 1}, readable], "NOR": readable}
    assert condition_rows([tree, "brand", [readable]]) == [
        {
            "key": "brand",
            "operator": "eq",
            "value_hash": value_hash("Nike"),
            "value": '"Nike"',
            "depth": 1,
            "branch": "OR",
        }
    ]


def test_a_long_value_is_cut_off_in_its_row_and_hashed_as_a_whole() -> None:
    [row] = condition_rows([{"key": "k", "value": "a" * 1_000}])
    assert row["value"] == '"' + "a" * 99
    assert row["value_hash"] == value_hash("a" * 1_000)


@given(st.lists(wreckage, max_size=3))
def test_deriving_never_fails(wrecks: list[Any]) -> None:
    condition_tokens(condition_rows(wrecks))


@given(st.lists(trees | conditions, max_size=3))
def test_rows_are_the_conditions_of_all_trees_in_order(several: list[Tree]) -> None:
    leaves = [leaf for tree in several for leaf in filter_trees.conditions(tree)]
    assert [(row["key"], row["operator"], row["value_hash"]) for row in condition_rows(several)] == [
        (filter_trees.condition_key(leaf), filter_trees.condition_operator(leaf), value_hash(leaf.get("value")))
        for leaf in leaves
    ]


@given(st.lists(trees | conditions, max_size=3))
def test_tokens_name_each_key_and_each_key_with_its_value_once(several: list[Tree]) -> None:
    rows = condition_rows(several)
    tokens = condition_tokens(rows)
    assert len(tokens) == len(set(tokens))
    assert set(tokens) == {key_token(row["key"]) for row in rows} | {
        key_value_token(row["key"], row["value_hash"]) for row in rows
    }


@given(st.tuples(token_keys, st.none() | hashes), st.tuples(token_keys, st.none() | hashes))
def test_no_token_can_be_taken_for_another(left: tuple[str, str | None], right: tuple[str, str | None]) -> None:
    first, second = (
        key_token(key) if hashed is None else key_value_token(key, hashed) for key, hashed in (left, right)
    )
    assert (first == second) is (left == right)


def test_a_key_cannot_spell_the_token_of_a_longer_one() -> None:
    long_key = "brand" * 200
    hashed = value_hash(long_key)
    assert key_token(long_key) not in {key_token(hashed), key_token(f"#{hashed}")}


@given(long_keys, hashes)
def test_tokens_are_bounded(key: str, hashed: str) -> None:
    assert len(key_token(key)) <= 104
    assert len(key_value_token(key, hashed)) <= 133
