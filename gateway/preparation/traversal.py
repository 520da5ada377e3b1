"""The walk through a document for several visitors at once that change nothing, with the types that hold at each node.

graphql-core's own (`visit` with `TypeInfoVisitor` and `ParallelVisitor`) stops at names too, is ready for edits, asks
every visitor at every node, and looks all of their methods up again for each document: that takes longer than what the
visitors do.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from graphql import BREAK, SKIP, Node, TypeInfo, Visitor

from gateway.compiler.graphql_core_adapter import CHILD_ATTRIBUTES

_Visit: TypeAlias = Callable[..., Any]
# What is done at a node of one kind, in this order; visitors by number, and the attributes below which it goes on.
_Steps: TypeAlias = tuple[
    Callable[[Any], None] | None,
    list[tuple[int, _Visit]],
    Sequence[str],
    list[tuple[int, _Visit | None]],
    Callable[[], None] | None,
]

# Names say nothing by themselves, and descriptions must not affect what a document means.
_ATTRIBUTES = {
    kind: tuple(name for name in names if name not in ("alias", "name", "description"))
    for kind, names in CHILD_ATTRIBUTES.items()
}


class Traversal:
    """One walk; ``types`` enters and leaves every node on the way. Visitors get no path, which none of them reads."""

    def __init__(self, types: TypeInfo, visitors: Sequence[Visitor]) -> None:
        self._types = types
        self._visitors = visitors
        self._classes = tuple(map(type, visitors))
        # By visitor: the node whose inside it skips, or BREAK where it has seen enough.
        self._skipping: list[Any] = [None] * len(visitors)
        self._ancestors: list[Any] = []
        self._steps_by_kind: dict[str, _Steps] = {}

    def walk(self, node: Node, key: str | int | None = None, parent: Any = None) -> None:
        """Enters and leaves a node and all below it; ``parent`` is the node or the tuple that has it at ``key``."""
        typed, entered, attributes, left, untyped = self._steps_by_kind.get(node.kind) or self._steps(node.kind)
        skipping, ancestors = self._skipping, self._ancestors
        if typed:
            typed(node)
        for number, visit in entered:
            if skipping[number] is None:
                action = visit(node, key, parent, None, ancestors)
                if action is not None:
                    skipping[number] = _skipped(action, node)
        if attributes:
            if parent is not None:
                ancestors.append(parent)
            for name in attributes:
                below = getattr(node, name, None)
                if below.__class__ is tuple:
                    ancestors.append(node)
                    for index, child in enumerate(below):
                        self.walk(child, index, below)
                    ancestors.pop()
                elif below is not None:
                    self.walk(below, name, node)
            if parent is not None:
                ancestors.pop()
        for number, leave in left:
            if skipping[number] is None:
                action = leave and leave(node, key, parent, None, ancestors)
                if action is BREAK or action is True:
                    skipping[number] = BREAK
            elif skipping[number] is node:
                skipping[number] = None
        if untyped:
            untyped()

    def _steps(self, kind: str) -> _Steps:
        concerned = _concerned(self._classes, kind)
        visitors = self._visitors
        steps = self._steps_by_kind[kind] = (
            getattr(self._types, f"enter_{kind}", None),
            [(number, getattr(visitors[number], enter)) for number, enter, _ in concerned if enter],
            _ATTRIBUTES.get(kind, ()),
            # Also where a visitor only enters: what it skips ends there.
            [(number, getattr(visitors[number], leave) if leave else None) for number, _, leave in concerned],
            getattr(self._types, f"leave_{kind}", None),
        )
        return steps


def _skipped(action: Any, node: Node) -> Any:
    if action is BREAK or action is True:
        return BREAK
    assert action is SKIP or action is False, "visitors change nothing"
    return node


@lru_cache(maxsize=256)
def _concerned(visitors: Sequence[type[Visitor]], kind: str) -> list[tuple[int, str | None, str | None]]:
    """The numbers of the visitors that have a method for this kind of nodes, with the names of what they have."""
    concerned = []
    for number, visitor in enumerate(visitors):
        enter, leave = (
            next((name for name in (f"{moment}_{kind}", moment) if getattr(visitor, name, None)), None)
            for moment in ("enter", "leave")
        )
        if enter or leave:
            concerned.append((number, enter, leave))
    return concerned
