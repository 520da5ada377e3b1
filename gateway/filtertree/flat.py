"""A whole tree as a pre-order walk, and what follows from it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.errors import UnreadableDocument
from gateway.filtertree.tree import (
    BRANCHES,
    Branch,
    branch,
    case_sensitive,
    condition_key,
    condition_operator,
    condition_value,
    is_condition,
)


@dataclass(slots=True)
class FlatNode:
    """One node in its place; not frozen, since pages hold thousands and freezing doubles what making one costs.

    ``index`` counts from 0 in pre-order, ``depth`` from 0 at the root.

    ``branch`` is the list that holds the node, None at the root. The properties of the other kind of node are None.
    """

    index: int
    parent_index: int | None
    depth: int
    branch: Branch | None
    node: Mapping[str, Any]
    is_condition: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.is_condition = is_condition(self.node)

    @property
    def key(self) -> str | None:
        return condition_key(self.node) if self.is_condition else None

    @property
    def operator(self) -> str | None:
        return condition_operator(self.node) if self.is_condition else None

    @property
    def value(self) -> Any:
        return condition_value(self.node) if self.is_condition else None

    @property
    def case_sensitive(self) -> bool | None:
        return None if self.is_condition else case_sensitive(self.node)


def nodes(tree: Mapping[str, Any], *, skip_unreadable: bool = False) -> Iterator[FlatNode]:
    """Every node in pre-order; within a group AND comes first, then OR, then NOR.

    Raises UnreadableDocument on reaching a branch that is not a list of objects, unless such branches are skipped.
    """
    # A stack of what is still to be visited: stored trees may be deeper than recursion should go.
    pending: list[tuple[int | None, int, Branch | None, Mapping[str, Any]]] = [(None, 0, None, tree)]
    index = 0
    while pending:
        parent_index, level, name, node = pending.pop()
        flat = FlatNode(index, parent_index, level, name, node)
        yield flat
        if not flat.is_condition:
            for below in reversed(BRANCHES):
                try:
                    items = branch(node, below)
                except UnreadableDocument:
                    if not skip_unreadable:
                        raise
                    continue
                if items:
                    pending.extend((index, level + 1, below, item) for item in reversed(items))
        index += 1


def conditions(tree: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The leaves as stored, in pre-order. Raises as ``nodes`` does."""
    return [flat.node for flat in nodes(tree) if flat.is_condition]


def keys(tree: Mapping[str, Any]) -> list[str]:
    """The distinct keys of the conditions, as first seen. Raises as ``nodes`` and ``condition_key`` do."""
    return list(dict.fromkeys(map(condition_key, conditions(tree))))


def depth(tree: Mapping[str, Any]) -> int:
    """Levels of groups: 1 for a group of conditions or of nothing, 0 for a bare condition. Raises as ``nodes`` does."""
    return max((flat.depth + 1 for flat in nodes(tree) if not flat.is_condition), default=0)
