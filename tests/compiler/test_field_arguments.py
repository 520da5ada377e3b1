"""A field's arguments are what graphql-core makes of them, whatever of them is a variable."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLObjectType,
    OperationDefinitionNode,
    get_argument_values,
    get_variable_values,
    parse,
)

from gateway.compiler.field_arguments import FieldArguments
from tests.harness.default_graph import EXECUTABLE

VALUES = (None, 1, "x", {"userId": {"eq": "u"}}, ["a", "b"], "DESC", "POSITION")
SENT: list[dict[str, Any]] = [{}, *({"v": value} for value in VALUES)]


def outcome(values: Callable[[], dict[str, Any]]) -> str:
    """The arguments in their order, or the error."""
    try:
        return repr(values())
    except GraphQLError as error:
        return str(error)


@pytest.mark.parametrize(
    ("declared", "selected"),
    [
        ("$v: Int", "interactions(first: $v, last: 2) { nodes { id } }"),
        ("$v: Int = 5", "interactions(first: $v) { nodes { id } }"),
        ("$v: Int", "interactions { nodes { id } }"),
        ("$v: String", "interactions(after: $v, before: null, first: 1) { nodes { id } }"),
        ("$v: InteractionWhere", "interactions(where: $v, orderBy: {field: POSITION}) { nodes { id } }"),
        ("$v: ID", "interactions(where: {userId: {eq: $v}}) { nodes { id } }"),
        ("$v: [ID!]", "interactions(where: {userId: {in: $v}}) { nodes { id } }"),
        ("$v: ID!", "interactions(where: {userId: {in: [$v, \"w\"]}}) { nodes { id } }"),
        ("$v: ID!", "interactions(where: {and: [{userId: {eq: $v}}, {position: {gte: 1, lt: 5}}]}) { nodes { id } }"),
        ("$v: ID", "interactions(where: {sessionId: {eq: \"s\"}, userId: {in: [$v, null]}}) { nodes { id } }"),
        ("$v: IDFilter", "interactions(where: {nothing: 1, userId: $v}) { nodes { id } }"),
        ("$v: Int", "interactions(where: {position: {gte: $v}, occurredAt: {gte: \"then\"}}) { nodes { id } }"),
        ("$v: Int", "interactions(where: {position: {gte: $v}, searchRequest: {groupBy: 1}}) { nodes { id } }"),
        ("$v: SortDirection", "interactions(orderBy: {field: POSITION, direction: $v}) { nodes { id } }"),
        ("$v: InteractionOrderField!", "interactions(orderBy: {field: $v}) { nodes { id } }"),
        ("$v: InteractionOrderField", "interactions(orderBy: {field: $v}) { nodes { id } }"),
        ("$v: SortDirection", "interactions(orderBy: {direction: $v}) { nodes { id } }"),
        ("$v: JSON", "interactions(where: {metadata: [{path: \"a.b\", value: $v}]}) { nodes { id } }"),
        ("$v: JSON", "interactions(where: {metadata: {path: \"a\", operator: IN, value: [1, $v]}}) { nodes { id } }"),
        ("$v: ID!", "feature(featureId: $v) { featureId }"),
        ("$v: ID = \"d\"", "feature(featureId: $v) { featureId }"),
        ("$v: [ID!]!", "features(featureIds: $v) { featureId }"),
        ("$v: ID!", "features(featureIds: [$v, \"w\"]) { featureId }"),
        ("$v: Int", "features(featureIds: \"one\") { featureId }"),
    ],
)  # fmt: skip
def test_arguments_are_graphql_cores(declared: str, selected: str) -> None:
    [operation] = parse(f"query ({declared}) {{ {selected} }}").definitions
    assert isinstance(operation, OperationDefinitionNode)
    [node] = operation.selection_set.selections
    assert isinstance(node, FieldNode)
    assert isinstance(EXECUTABLE.query_type, GraphQLObjectType)
    definition = EXECUTABLE.query_type.fields[node.name.value]
    arguments, compared = FieldArguments(definition, node), 0
    for sent in SENT:
        variables = get_variable_values(EXECUTABLE, operation.variable_definitions or (), sent)
        if isinstance(variables, list):
            continue
        compared += 1
        expected = outcome(partial(get_argument_values, definition, node, variables))
        assert outcome(partial(arguments.values, variables)) == expected
    assert compared
