"""A walk meets all that graphql-core's own would meet, in the same order and with the same types, but for names."""

from collections.abc import Callable
from typing import Any

import pytest
from graphql import (
    BREAK,
    SKIP,
    DocumentNode,
    ParallelVisitor,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    parse,
    print_ast,
    visit,
)
from hypothesis import given
from hypothesis import strategies as st

from gateway.preparation.traversal import Traversal
from tests.generators.operations import TARGETS, Operation, operations
from tests.harness.default_graph import EXECUTABLE

QUERY = """
query A($a: Int = 1, $b: [InteractionFilter!]) @one(if: true) {
  interactions(first: $a, where: {featureId: {in: ["x", "y"]}, and: $b}) {
    nodes { alias: featureId ... on Interaction @skip(if: false) { position } ...B }
  }
  unknown(first: 1.5, x: null, y: ENUM) { deeper }
}
fragment B on Interaction { occurredAt searchRequest { queries { value } } }
"""

Met = list[tuple[Any, ...]]


class Recorder(Visitor):
    """Records what it meets, and acts as it is told where it enters something of a kind."""

    def __init__(self, types: TypeInfo, met: Met, actions: dict[str, Any]) -> None:
        super().__init__()
        self._types = types
        self._met = met
        self._actions = actions

    def enter(self, node: Any, key: Any, parent: Any, _path: Any, ancestors: Any) -> Any:
        self._record("enter", node, key, parent, ancestors)
        return self._actions.get(node.kind)

    def leave(self, node: Any, key: Any, parent: Any, _path: Any, ancestors: Any) -> Any:
        self._record("leave", node, key, parent, ancestors)
        return self._actions.get(f"leaving {node.kind}")

    def _record(self, moment: str, node: Any, key: Any, parent: Any, ancestors: Any) -> None:
        if node.kind != "name":
            types = self._types
            known = types.get_type(), types.get_parent_type(), types.get_input_type(), types.get_argument()
            self._met.append((moment, id(node), key, id(parent), tuple(map(id, ancestors)), *map(str, known)))


class FieldRecorder(Recorder):
    """Sees fields alone."""

    enter = leave = None  # type: ignore[assignment]
    enter_field = Recorder.enter
    leave_field = Recorder.leave


def met(document: DocumentNode, actions: dict[str, Any], walk: Callable[[TypeInfo, list[Visitor]], object]) -> Met:
    found: Met = []
    types = TypeInfo(EXECUTABLE)
    kinds = (Recorder, FieldRecorder, Recorder)
    walk(types, [kind(types, found, own) for kind, own in zip(kinds, ({}, actions, actions), strict=True)])
    return found


def compare(document: DocumentNode, actions: dict[str, Any]) -> None:
    own = met(document, actions, lambda types, visitors: Traversal(types, visitors).walk(document))
    theirs = met(
        document,
        actions,
        lambda types, visitors: visit(document, TypeInfoVisitor(types, ParallelVisitor(visitors))),
    )
    assert own == theirs, print_ast(document)


@pytest.mark.parametrize(
    "actions",
    [
        {},
        {"field": SKIP},
        {"field": BREAK},
        {"selection_set": False, "object_value": SKIP},
        {"inline_fragment": True},
        {"leaving field": BREAK},
        {"leaving argument": SKIP, "variable_definition": SKIP},
    ],
    ids=str,
)
def test_each_visitor_skips_and_ends_for_itself(actions: dict[str, Any]) -> None:
    compare(parse(QUERY), actions)


@given(st.sampled_from(TARGETS).flatmap(operations), st.sampled_from([{}, {"field": SKIP}]))
def test_every_node_is_met_as_graphql_core_meets_it(operation: Operation, actions: dict[str, Any]) -> None:
    compare(parse(operation.query), actions)
