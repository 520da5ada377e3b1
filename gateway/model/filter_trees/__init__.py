"""Stored filter trees: read as recorded, spelled as text, flattened, hashed, reduced to index tokens."""

from gateway.model.filter_trees.canonical import canonical_json, value_hash
from gateway.model.filter_trees.flat import FlatNode, conditions, depth, keys, nodes, preorder
from gateway.model.filter_trees.spelling import text
from gateway.model.filter_trees.tokens import (
    SPELLED_VALUE,
    condition_rows,
    condition_tokens,
    key_token,
    key_value_token,
)
from gateway.model.filter_trees.tree import (
    BRANCHES,
    CONDITION_KEYS,
    GROUP_KEYS,
    Branch,
    branch,
    case_sensitive,
    condition_key,
    condition_operator,
    condition_value,
    is_condition,
)

__all__ = [
    "BRANCHES",
    "CONDITION_KEYS",
    "GROUP_KEYS",
    "SPELLED_VALUE",
    "Branch",
    "FlatNode",
    "branch",
    "canonical_json",
    "case_sensitive",
    "condition_key",
    "condition_operator",
    "condition_rows",
    "condition_tokens",
    "condition_value",
    "conditions",
    "depth",
    "is_condition",
    "key_token",
    "key_value_token",
    "keys",
    "nodes",
    "preorder",
    "text",
    "value_hash",
]
