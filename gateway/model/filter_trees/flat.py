"""A whole tree as a pre-order walk, and what follows from it."""

from collections.abc import Callable, Iterator, Mapping, Sized
from typing import Any, NamedTuple, TypeAlias, TypeVar

from gateway.errors import UnreadableDocument
from gateway.model.filter_trees.tree import BRANCHES, Branch, branch, condition_key, is_condition

T = TypeVar("T")

Count: TypeAlias = Callable[[Sized, int], None]
"""What is called with each list of nodes before it is walked, and with what each of them counts for; it may raise."""

# What a node counts for: to walk through it takes 1 µs, as long as two values of an answer.
_WALKED = 2
_LAST_FIRST = BRANCHES[::-1]


class FlatNode(NamedTuple):
    """One node in its place. ``number`` counts from 0 in pre-order, ``depth`` from 0 at the root.

    ``group`` is the number of the group around it, ``branch`` the list that holds it; both are None at the root.
    """

    number: int
    group: int | None
    depth: int
    branch: Branch | None
    node: Mapping[str, Any]
    is_condition: bool


def nodes(tree: Mapping[str, Any], count: Count | None = None, *, skip_unreadable: bool = False) -> list[FlatNode]:
    """Every node in pre-order; within a group AND comes first, then OR, then NOR.

    Raises UnreadableDocument for a branch that is not a list of objects, unless such branches are skipped.
    """
    return preorder(tree, FlatNode, count, _WALKED, skip_unreadable=skip_unreadable)


def preorder(
    tree: Mapping[str, Any],
    make: Callable[..., T],
    count: Count | None = None,
    width: int = 1,
    *,
    skip_unreadable: bool = False,
) -> list[T]:
    """What ``make`` gives for each of the ``nodes``: it takes what a `FlatNode` has. Raises as ``nodes`` does.

    ``width``: what a node counts for.
    """
    made: list[T] = []
    number = 0
    # Lists of nodes that are still to be visited, each with its place: stored trees may be deeper than recursion
    # should go.
    pending: list[tuple[Iterator[Mapping[str, Any]], int | None, int, Branch | None]] = [(iter((tree,)), None, 0, None)]
    while pending:
        items, group, level, name = pending[-1]
        for node in items:
            leaf = is_condition(node)
            made.append(make(number, group, level, name, node, leaf))
            number += 1
            if leaf:
                continue
            legacy = "NOT" in node
            for below in _LAST_FIRST:
                inner = node.get(below)
                if inner is None and not legacy:
                    continue
                if legacy or not _are_objects(inner):
                    inner = _branch(node, below, skip_unreadable=skip_unreadable)
                if inner:
                    if count is not None:
                        count(inner, width)
                    pending.append((iter(inner), number - 1, level + 1, below))
            break
        else:
            pending.pop()
    return made


def _are_objects(items: Any) -> bool:
    """Whether this is plainly the list of objects that a branch is."""
    if items.__class__ is not list:
        return False
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


def conditions(tree: Mapping[str, Any], count: Count | None = None) -> list[Mapping[str, Any]]:
    """The leaves as stored, in pre-order. Raises as ``nodes`` does."""
    return [flat.node for flat in nodes(tree, count) if flat.is_condition]


def keys(tree: Mapping[str, Any], count: Count | None = None) -> list[str]:
    """The distinct keys of the conditions, as first seen. Raises as ``nodes`` and ``condition_key`` do."""
    return list(dict.fromkeys(map(condition_key, conditions(tree, count))))


def depth(tree: Mapping[str, Any], count: Count | None = None) -> int:
    """Levels of groups: 1 for a group of conditions or of nothing, 0 for a bare condition. Raises as ``nodes`` does."""
    return max((flat.depth + 1 for flat in nodes(tree, count) if not flat.is_condition), default=0)
