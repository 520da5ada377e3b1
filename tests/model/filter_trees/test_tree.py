"""A stored tree is read as recorded, in legacy spellings too, and every view shows the same nodes."""

from typing import Any

import pytest
from hypothesis import given

from gateway.errors import UnreadableDocument
from gateway.model import filter_trees
from tests.generators.filter_trees import Tree, branches, cased_conditions, chain, conditions, is_leaf, trees, wide

RED = {"key": "color", "operator": "eq", "value": "red"}
CHEAP = {"key": "price", "operator": "lt", "value": 50}
OLD = {"key": "year", "operator": "lt", "value": 2000}


def in_order(node: Tree) -> list[Tree]:
    items = [] if is_leaf(node) else [item for branch in branches(node) for item in branch or []]
    return [node, *(below for item in items for below in in_order(item))]


def levels(node: Tree) -> int:
    if is_leaf(node):
        return 0
    return 1 + max((levels(item) for branch in branches(node) for item in branch or []), default=0)


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (RED, True),
        ({"field": "color"}, True),
        ({"key": None}, True),
        ({"value": "red"}, False),
        ({}, False),
        ({"key": "color", "AND": []}, False),
        ({"key": "color", "NOT": None}, False),
    ],
)
def test_a_condition_names_a_key_and_holds_no_branch(node: Tree, expected: bool) -> None:
    assert filter_trees.is_condition(node) is expected


@pytest.mark.parametrize(
    ("group", "name", "expected"),
    [
        ({"AND": [RED, CHEAP]}, "AND", [RED, CHEAP]),
        ({"AND": [RED]}, "OR", None),
        ({"OR": None}, "OR", None),
        ({"OR": []}, "OR", []),
        ({"NOR": [RED]}, "NOR", [RED]),
        ({"NOT": [RED]}, "NOR", [RED]),
        ({"NOT": RED}, "NOR", [RED]),
        ({"NOR": [RED], "NOT": [CHEAP, OLD]}, "NOR", [RED, CHEAP, OLD]),
        ({"NOR": [RED], "NOT": []}, "NOR", [RED]),
        ({"NOR": [], "NOT": None}, "NOR", []),
        ({"NOR": None, "NOT": []}, "NOR", []),
        ({"NOR": None, "NOT": None}, "NOR", None),
    ],
)
def test_a_branch_is_its_items_as_stored(group: Tree, name: filter_trees.Branch, expected: list[Tree] | None) -> None:
    assert filter_trees.branch(group, name) == expected


@pytest.mark.parametrize(
    ("group", "name", "message", "path"),
    [
        ({"AND": RED}, "AND", "AND is an object, not a list", ("AND",)),
        ({"OR": "x" * 1_000}, "OR", "OR is a string, not a list", ("OR",)),
        ({"NOT": 1.5}, "NOR", "NOT is a number, not a list", ("NOT",)),
        ({"AND": [RED, None]}, "AND", "item 1 of AND is null, not an object", ("AND", "1")),
        ({"NOR": [True]}, "NOR", "item 0 of NOR is a boolean, not an object", ("NOR", "0")),
        ({"NOR": [[RED]]}, "NOR", "item 0 of NOR is a list, not an object", ("NOR", "0")),
        ({"NOR": [b""]}, "NOR", "item 0 of NOR is of type bytes, not an object", ("NOR", "0")),
    ],
)
def test_a_malformed_branch_says_what_was_found(
    group: Tree, name: filter_trees.Branch, message: str, path: tuple[str, ...]
) -> None:
    with pytest.raises(UnreadableDocument) as raised:
        filter_trees.branch(group, name)
    assert raised.value.message == f"Stored filter tree: {message}."
    assert raised.value.path == path


@pytest.mark.parametrize(
    ("condition", "key", "operator", "value"),
    [
        (RED, "color", "eq", "red"),
        ({"field": "color", "value": "red"}, "color", "eq", "red"),
        ({"key": "color", "field": "hue", "operator": "STARTS_WITH", "value": "r"}, "color", "starts_with", "r"),
        ({"key": None, "field": "hue", "operator": None}, "hue", "eq", None),
        ({"key": "place", "operator": "Near", "value": [1, 2]}, "place", "near", [1, 2]),
    ],
)
def test_a_condition_reads_in_legacy_spellings(condition: Tree, key: str, operator: str, value: Any) -> None:
    (flat,) = filter_trees.nodes(condition)
    assert flat == (0, None, 0, None, condition, True)
    assert filter_trees.condition_key(condition) == key
    assert filter_trees.condition_operator(condition) == operator
    assert filter_trees.condition_value(condition) == value


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ({"key": 7}, "key is a number, not a string"),
        ({"key": None}, "key is null, not a string"),
    ],
)
def test_a_condition_without_a_readable_key_is_unreadable(condition: Tree, message: str) -> None:
    with pytest.raises(UnreadableDocument, match=message):
        filter_trees.keys({"AND": [condition]})


def test_a_condition_without_a_readable_operator_is_unreadable() -> None:
    with pytest.raises(UnreadableDocument, match="operator is a list, not a string"):
        filter_trees.condition_operator({"key": "color", "operator": ["eq"]})


def test_flat_lists_a_tree_in_preorder() -> None:
    below = {"OR": [CHEAP], "NOT": OLD, "case_sensitive": False}
    tree = {"NOR": [below], "AND": [RED]}
    assert filter_trees.nodes(tree) == [
        (0, None, 0, None, tree, False),
        (1, 0, 1, "AND", RED, True),
        (2, 0, 1, "NOR", below, False),
        (3, 2, 2, "OR", CHEAP, True),
        (4, 2, 2, "NOR", OLD, True),
    ]


@given(trees | conditions)
def test_flat_holds_every_node_once_in_its_place(tree: Tree) -> None:
    flat = filter_trees.nodes(tree)
    assert [node.node for node in flat] == in_order(tree)
    assert [node.number for node in flat] == list(range(len(flat)))
    assert [node.is_condition for node in flat] == [filter_trees.is_condition(node.node) for node in flat]
    for node in flat[1:]:
        assert node.group is not None
        assert node.branch is not None
        parent = flat[node.group]
        assert parent.number < node.number
        assert parent.depth + 1 == node.depth
        assert any(item is node.node for item in filter_trees.branch(parent.node, node.branch) or [])


@given(trees | conditions)
def test_conditions_keys_and_depth_agree_with_the_tree(tree: Tree) -> None:
    leaves = [condition for condition, _ in cased_conditions(tree)]
    assert filter_trees.conditions(tree) == leaves
    assert filter_trees.keys(tree) == list(dict.fromkeys(leaf.get("key", leaf.get("field")) for leaf in leaves))
    assert filter_trees.depth(tree) == levels(tree)


@pytest.mark.parametrize(
    ("tree", "depth"), [(RED, 0), ({}, 1), ({"AND": [RED]}, 1), ({"AND": [RED, {}]}, 2), (chain(200), 200)]
)
def test_depth_counts_levels_of_groups(tree: Tree, depth: int) -> None:
    assert filter_trees.depth(tree) == depth


@pytest.mark.parametrize(
    ("tree", "count"), [(chain(200), 201), (chain(2_000), 2_001), (wide(500), 500)], ids=["deep", "very deep", "wide"]
)
def test_views_reach_every_condition_of_a_large_tree(tree: Tree, count: int) -> None:
    assert len(filter_trees.conditions(tree)) == count
    assert len(filter_trees.condition_rows([tree])) == count
