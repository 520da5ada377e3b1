"""What the store derives from trees, so that a condition at any depth is an index look-up.

A row describes one condition; a token names a key, or a key with a value:

    key=brand                                     some condition on brand
    5f0c…e1=brand                                 some condition on brand with the value of this hash
    key#9a41…07, 5f0c…e1#9a41…07                  the same for a key too long to spell, by its hash

The first part is ``key`` or 32 hexadecimal digits and ends at the first ``=`` or ``#``, so no key can pose
as another token.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from gateway.errors import UnreadableDocument
from gateway.model.filter_trees.canonical import text_hash, value_hash, value_text
from gateway.model.filter_trees.flat import FlatNode, nodes
from gateway.model.filter_trees.tree import condition_key, condition_operator, condition_value

ConditionRow: TypeAlias = dict[str, Any]

_LONGEST_SPELLED_KEY: Final = 100

SPELLED_VALUE: Final = 100
"""Of so many characters is a value's spelling in a row: what is shorter is all of it."""


def condition_rows(trees: Iterable[Any]) -> list[ConditionRow]:
    """One row ``{key, operator, value_hash, value, depth, branch}`` per condition, tree after tree in pre-order.

    ``value`` is the beginning of the value's `value_text`, ``depth`` counts the groups around the condition. A
    condition at a root has no ``branch``. What can't be read as a tree, a branch or a condition is passed
    over: deriving never raises, so a document from an older producer stays storable.
    """
    rows = []
    for tree in trees:
        if isinstance(tree, Mapping):
            for flat in nodes(tree, skip_unreadable=True):
                if flat.is_condition and (row := _row(flat)):
                    rows.append(row)
    return rows


def condition_tokens(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """The distinct tokens of rows made by ``condition_rows``: for each its key, and its key with its value."""
    return list(
        dict.fromkeys(
            token for row in rows for token in (key_token(row["key"]), key_value_token(row["key"], row["value_hash"]))
        )
    )


def key_token(key: str) -> str:
    """The token of every condition on a key; at most 104 characters."""
    return f"key{_key_part(key)}"


def key_value_token(key: str, value_hash: str) -> str:
    """The token of every condition on a key with the value of a ``value_hash``; at most 133 characters."""
    return f"{value_hash}{_key_part(key)}"


def _key_part(key: str) -> str:
    return f"={key}" if len(key) <= _LONGEST_SPELLED_KEY else f"#{value_hash(key)}"


def _row(flat: FlatNode) -> ConditionRow | None:
    try:
        spelling = value_text(condition_value(flat.node))
        row: ConditionRow = {
            "key": condition_key(flat.node),
            "operator": condition_operator(flat.node),
            "value_hash": text_hash(spelling),
            "value": spelling[:SPELLED_VALUE],
            "depth": flat.depth,
        }
    except UnreadableDocument:
        return None
    if flat.branch:
        row["branch"] = flat.branch
    return row
