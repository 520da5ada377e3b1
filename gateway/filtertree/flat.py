"""A whole tree as a pre-order walk, and what follows from it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from gateway.errors import UnreadableDocument
from gateway.filtertree.tree import (
    BRANCHES,
    GROUP_KEYS,
    Branch,
    branch,
    case_sensitive,
    condition_key,
    condition_operator,
)


class FlatNode(NamedTuple):
    """One node in its place. ``number`` counts from 0 in pre-order, ``depth`` from 0 at the root.

    ``parent`` is the number of the group around it, ``branch`` the list that holds it; both are None at the root. Of a
    group, key, operator and value are None; of a condition, case sensitivity is, and the key never. An error stands in
    the place of what can't be read.
    """

    number: int
    parent: int | None
    depth: int
    branch: Branch | None
    key: str | UnreadableDocument | None
    operator: str | UnreadableDocument | None
    value: Any
    case_sensitive: bool | UnreadableDocument | None
    node: Mapping[str, Any]

    @property
    def is_condition(self) -> bool:
        return self.key is not None


def nodes(tree: Mapping[str, Any], *, skip_unreadable: bool = False) -> Iterator[FlatNode]:
    """Every node in pre-order; within a group AND comes first, then OR, then NOR.

    Raises UnreadableDocument for a branch that is not a list of objects, unless such branches are skipped.
    """
    return map(FlatNode._make, rows(tree, skip_unreadable=skip_unreadable))


def rows(tree: Mapping[str, Any], *, skip_unreadable: bool = False) -> list[tuple[Any, ...]]:
    """The values of ``nodes`` as they are, for pages that hold thousands of them."""
    found: list[tuple[Any, ...]] = []
    # Lists of nodes that are still to be visited, each with its place: stored trees may be deeper than recursion
    # should go.
    pending: list[tuple[Iterator[Mapping[str, Any]], int | None, int, Branch | None]] = [(iter((tree,)), None, 0, None)]
    while pending:
        items, parent, level, name = pending[-1]
        for node in items:
            number = len(found)
            if ("key" in node or "field" in node) and GROUP_KEYS.isdisjoint(node):
                key, operator = node.get("key"), node.get("operator", "eq")
                if key.__class__ is not str:
                    key = _read(condition_key, node)
                operator = operator.lower() if operator.__class__ is str else _read(condition_operator, node)
                found.append((number, parent, level, name, key, operator, node.get("value"), None, node))
                continue
            case = node.get("case_sensitive")
            if case is not None:
                case = _read(case_sensitive, node)
            found.append((number, parent, level, name, None, None, None, case, node))
            for below in reversed(BRANCHES):
                inner = node.get(below)
                if not _are_objects(inner) or (below == "NOR" and "NOT" in node):
                    inner = _branch(node, below, skip_unreadable=skip_unreadable)
                if inner:
                    pending.append((iter(inner), number, level + 1, below))
            break
        else:
            pending.pop()
    return found


def _are_objects(items: Any) -> bool:
    """Whether this is plainly the list of objects that a branch is, or nothing."""
    if items.__class__ is not list:
        return items is None
    for item in items:  # noqa: SIM110  # a generator would take longer than all else here
        if item.__class__ is not dict:
            return False
    return True


def _branch(node: Mapping[str, Any], name: Branch, *, skip_unreadable: bool) -> list[Any] | None:
    try:
        return branch(node, name)
    except UnreadableDocument:
        if not skip_unreadable:
            raise
        return None


def _read(read: Callable[[Mapping[str, Any]], Any], node: Mapping[str, Any]) -> Any:
    try:
        return read(node)
    except UnreadableDocument as error:
        return error


def conditions(tree: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The leaves as stored, in pre-order. Raises as ``nodes`` does."""
    return [flat.node for flat in nodes(tree) if flat.is_condition]


def keys(tree: Mapping[str, Any]) -> list[str]:
    """The distinct keys of the conditions, as first seen. Raises as ``nodes`` and ``condition_key`` do."""
    return list(dict.fromkeys(map(condition_key, conditions(tree))))


def depth(tree: Mapping[str, Any]) -> int:
    """Levels of groups: 1 for a group of conditions or of nothing, 0 for a bare condition. Raises as ``nodes`` does."""
    return max((flat.depth + 1 for flat in nodes(tree) if not flat.is_condition), default=0)
