"""Saved filters, compiled from what clients sent when they saved them."""

from typing import Any

import orjson
from graphql import GraphQLError, GraphQLInputObjectType, Undefined, coerce_input_value, validate_input_value

from gateway.compiler.where import compile_where
from gateway.errors import BadUserInput, GatewayError
from gateway.plan.comparisons import NOTHING, Tree
from gateway.plan.predicate import Predicate
from gateway.schema.graph import build

_INPUT = "InteractionWhere"


def saved_tree(text: str) -> Tree:
    """The tree of comparisons of an `InteractionWhere`, of its JSON text; raises `BadUserInput` for what was one once
    and isn't any more."""
    input_type = build().executable.type_map[_INPUT]
    assert isinstance(input_type, GraphQLInputObjectType)
    try:
        where: Any = coerce_input_value(orjson.loads(text), input_type)
    except (GraphQLError, GatewayError, orjson.JSONDecodeError) as error:
        raise _outdated() from error
    if where is Undefined:
        raise _outdated()
    predicate = compile_where(where, input_type)
    if predicate.tree is NOTHING or predicate.outcome_at:
        raise _outdated()
    return predicate.tree


def interaction_predicate(where: Any) -> Predicate:
    """What an `InteractionWhere`, a JSON value, demands; raises `BadUserInput` for what is none."""
    input_type = build().executable.type_map[_INPUT]
    assert isinstance(input_type, GraphQLInputObjectType)
    if not isinstance(where, dict):
        raise BadUserInput(f"Expected an object, an {_INPUT}.")
    validate_input_value(where, input_type, _refuse)
    return compile_where(coerce_input_value(where, input_type), input_type)


def _refuse(error: GraphQLError, path: list[str | int]) -> None:
    raise BadUserInput(error.message, path=path)


def _outdated() -> BadUserInput:
    return BadUserInput("This saved filter is none that could be saved now.")
