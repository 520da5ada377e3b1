"""The text of a tree is readable, and the documented grammar turns it back into an equivalent tree."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lark import Lark, Transformer, UnexpectedToken, v_args

from gateway.errors import UnreadableDocument
from gateway.model import filter_trees
from gateway.model.filter_trees import canonical_json, condition_key, condition_operator, text
from tests.generators.filter_trees import Tree, cased_conditions, chain, conditions, holds, trees, wide

PAGE = Path(__file__).parents[3] / "docs" / "filter-text.md"
GRAMMAR = PAGE.read_text("utf-8").split("```lark\n")[1].split("```")[0]


STOCK = {"key": "stock", "value": 0}

Leaf = tuple[str, str, bytes | None, bool | None]


@v_args(inline=True)
class Reader(Transformer[Any, Any]):
    """The documented grammar's words as wire objects."""

    def all_of(self, *terms: Any) -> Any:
        return {"AND": list(terms)}

    def any_of(self, *terms: Any) -> Any:
        return {"OR": list(terms)}

    def none_of(self, term: Any) -> Any:
        return {"NOR": [term]}

    def sensitive(self, term: Any) -> Any:
        return {"AND": [term], "case_sensitive": True}

    def insensitive(self, term: Any) -> Any:
        return {"AND": [term], "case_sensitive": False}

    def everything(self) -> Any:
        return {"AND": []}

    def nothing(self) -> Any:
        return {"OR": []}

    def condition(self, key: str, operator: Any, value: Any) -> Any:
        name = operator if isinstance(operator, str) else operator.data
        return {"key": key, "operator": name} | ({} if value is None else {"value": value[0]})

    def plain(self, token: str) -> str:
        return str(token)

    def quoted(self, token: str) -> str:
        return str(json.loads(f'"{token[1:-1]}"'))

    # Values are wrapped while they are read: Lark's None is a value that is not there.
    def scalar(self, token: str) -> Any:
        return (json.loads(token),)

    def true(self) -> Any:
        return (True,)

    def false(self) -> Any:
        return (False,)

    def null(self) -> Any:
        return (None,)

    def list(self, *items: Any) -> Any:
        return ([item[0] for item in items if item],)

    def member(self, name: str, value: Any) -> Any:
        return json.loads(name), value[0]

    def object(self, *members: Any) -> Any:
        return (dict(filter(None, members)),)


PARSER = Lark(GRAMMAR, start="filter", parser="lalr", transformer=Reader(), maybe_placeholders=True)


def parse(written: str) -> Tree:
    tree: Any = PARSER.parse(written)
    assert isinstance(tree, dict)
    return tree


def leaf(condition: Tree, case: bool | None) -> Leaf:
    value = canonical_json(condition["value"]) if "value" in condition else None
    return condition_key(condition), condition_operator(condition), value, case


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (
            {
                "AND": [{"key": "brand", "value": "Nike"}],
                "NOR": [{"key": "price", "operator": "gt", "value": 100.0}, STOCK],
            },
            'brand = "Nike" AND NOT (price > 100 OR stock = 0)',
        ),
        ({"AND": [STOCK, {"OR": [STOCK, STOCK]}]}, "stock = 0 AND (stock = 0 OR stock = 0)"),
        ({"AND": [STOCK], "OR": [STOCK, STOCK]}, "stock = 0 AND (stock = 0 OR stock = 0)"),
        ({"AND": [{"OR": [{"AND": [STOCK]}]}]}, "stock = 0"),
        ({"NOT": STOCK}, "NOT (stock = 0)"),
        ({"NOR": [STOCK], "NOT": [STOCK]}, "NOT (stock = 0 OR stock = 0)"),
        ({"NOR": [{"AND": [STOCK, STOCK]}]}, "NOT (stock = 0 AND stock = 0)"),
        (STOCK, "stock = 0"),
        ({}, "TRUE"),
        ({"AND": []}, "TRUE"),
        ({"OR": []}, "FALSE"),
        ({"NOR": []}, "TRUE"),
        ({"OR": None, "AND": [STOCK]}, "stock = 0"),
        ({"AND": [STOCK, {"OR": []}, {}]}, "stock = 0 AND FALSE AND TRUE"),
        ({"AND": [STOCK, STOCK], "case_sensitive": True}, "CASE SENSITIVE (stock = 0 AND stock = 0)"),
        ({"AND": [{"OR": [STOCK], "case_sensitive": False}, STOCK]}, "CASE INSENSITIVE (stock = 0) AND stock = 0"),
        ({"AND": [STOCK], "case_sensitive": None}, "stock = 0"),
    ],
)
def test_groups_read_as_documented(tree: Tree, expected: str) -> None:
    assert text(tree) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"key": "brand", "operator": "NIN", "value": ["Nike", 1.0, None]}, 'brand NOT IN ["Nike", 1, null]'),
        ({"field": "brand", "operator": "is_null"}, "brand IS NULL"),
        ({"key": "brand", "operator": "exists", "value": True}, "brand EXISTS true"),
        ({"key": "brand", "operator": "starts_with", "value": 'A "B"'}, r'brand STARTS WITH "A \"B\""'),
        ({"key": "brand"}, "brand ="),
        ({"key": "brand", "value": None}, "brand = null"),
        ({"key": "size", "value": {"b": 0.5, "a": []}}, 'size = {"a": [], "b": 0.5}'),
        ({"key": "place", "operator": "Near", "value": []}, "place `near` []"),
        ({"key": "shoe size", "value": 41}, "`shoe size` = 41"),
        ({"key": "or", "value": 41}, "`or` = 41"),
        ({"key": "or.and", "value": 41}, "or.and = 41"),
        ({"key": "größe", "value": "groß"}, '`größe` = "groß"'),
        ({"key": "a`b\n", "value": 41}, r"`a\u0060b\n` = 41"),
        ({"key": "brand\n", "value": 41}, r"`brand\n` = 41"),
        ({"key": "\u212aey", "value": 41}, "`\u212aey` = 41"),
        ({"key": "", "value": 41}, "`` = 41"),
    ],
)
def test_conditions_read_as_documented(condition: Tree, expected: str) -> None:
    assert text(condition) == expected


@given(trees | conditions, st.data())
def test_text_parses_back_to_an_equivalent_tree(tree: Tree, data: st.DataObject) -> None:
    parsed = parse(text(tree))
    leaves = [leaf(*cased) for cased in cased_conditions(tree)]
    assert [leaf(*cased) for cased in cased_conditions(parsed)] == leaves
    distinct = sorted(set(leaves), key=repr)
    some = data.draw(st.sets(st.sampled_from(distinct))) if distinct else set()
    for true in (set(), set(distinct), some, set(distinct) - some):

        def is_true(condition: Tree, case: bool | None, true: set[Leaf] = true) -> bool:
            return leaf(condition, case) in true

        assert holds(parsed, is_true) == holds(tree, is_true)


@given(trees | conditions)
def test_text_of_the_parsed_text_is_the_same_text(tree: Tree) -> None:
    assert text(parse(text(tree))) == text(tree)


@pytest.mark.parametrize("tree", [chain(200), chain(600), wide(500)], ids=["200 deep", "600 deep", "500 conditions"])
def test_large_trees_have_a_text_that_parses_back(tree: Tree) -> None:
    parsed = parse(text(tree))
    assert text(parsed) == text(tree)
    assert filter_trees.conditions(parsed) == [{"operator": "eq", **c} for c in filter_trees.conditions(tree)]


def test_and_does_not_meet_or_without_parentheses() -> None:
    with pytest.raises(UnexpectedToken):
        parse("a = 1 AND b = 2 OR c = 3")


def test_a_letter_case_that_is_not_boolean_is_unreadable() -> None:
    with pytest.raises(UnreadableDocument, match="case_sensitive is a string, not a boolean"):
        text({"AND": [{"NOR": [], "case_sensitive": "no"}]})
