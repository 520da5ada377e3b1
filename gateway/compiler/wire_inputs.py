"""Objects of the REST wire shape as inputs of the graph, and the way from an input's path back to the wire's.

Keys that aren't declared are left out, as the original service leaves them out; older and later spellings of filter
trees are read.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    get_nullable_type,
    is_non_null_type,
    is_required_input_field,
)

from gateway.compiler.wire_form import wire_name
from gateway.errors import BadUserInput
from gateway.errors.linked_path import LinkedPath, path
from gateway.model.filter_trees import CONDITION_KEYS, GROUP_KEYS
from gateway.schema.recorded_fields import SHORTHAND
from gateway.schema.stored_readings import OTHER
from gateway.schema.strawberry_adapter import metadata_of

# Deeper trees are beyond the limit of any tree; this one keeps Python's stack from being the limit.
_MAX_LEVELS = 130
# What later generations call a key of a condition or a branch of a group.
_LATER_NAMES = {"key": "field", "NOR": "NOT"}


def from_wire(value: Any, type_: Any) -> Any:
    """The input of this GraphQL type that a wire object stands for: absent stays absent, null stays null where the
    graph takes it.

    Raises `BadUserInput`, with the path in the wire object, for what isn't of the shape, as far as the graph wouldn't
    see it.
    """
    return _from_wire(value, get_nullable_type(type_), None, _MAX_LEVELS)


def _from_wire(value: Any, type_: Any, steps: LinkedPath, levels: int) -> Any:
    if not levels:
        raise BadUserInput("The object is nested too deeply.", path=path(steps))
    if value is None:
        return None
    if isinstance(type_, GraphQLInputObjectType):
        if not isinstance(value, Mapping):
            raise BadUserInput("Input should be an object.", path=path(steps))
        if type_.is_one_of:
            name = _node_kind(value, steps)
            inner = get_nullable_type(type_.fields[name].type)
            return {name: _from_wire(value, inner, steps, levels - 1)}
        if "NOR" in map(wire_name, type_.fields.values()) and not value.keys().isdisjoint(CONDITION_KEYS):
            raise BadUserInput("Input should be a group (AND, OR, NOR).", path=path(steps))
        declared = [metadata_of(field).get(SHORTHAND) for field in type_.fields.values()]
        substitutable = [shorthand.field for shorthand in declared if shorthand is not None]
        return dict(
            entry
            for name, field in type_.fields.items()
            for entry in _entry(name, field, substitutable, value, steps, levels)
        )
    if isinstance(type_, GraphQLList):
        if not isinstance(value, list):
            raise BadUserInput("Input should be a list.", path=path(steps))
        inner = get_nullable_type(type_.of_type)
        return [_from_wire(item, inner, (steps, index), levels - 1) for index, item in enumerate(value)]
    if isinstance(type_, GraphQLEnumType):
        return _enum_name(value, type_, steps)
    if type_.name == "ID" and not isinstance(value, str):
        # The graph would take a number as its text.
        raise BadUserInput("Input should be a string.", path=path(steps))
    return value


def _entry(
    name: str,
    field: GraphQLInputField,
    substitutable: Collection[str],
    wire: Mapping[str, Any],
    steps: LinkedPath,
    levels: int,
) -> Sequence[tuple[str, Any]]:
    """The field and its value, where the wire object has it; ``substitutable``: the fields for which a shorthand may
    stand, which the wire hasn't."""
    key = wire_name(field)
    if key not in wire:
        key = _LATER_NAMES.get(key, key)
    if SHORTHAND in metadata_of(field):
        return ()
    if key not in wire:
        if is_required_input_field(field) or name in substitutable:
            raise BadUserInput("Field required.", path=path((steps, wire_name(field))))
        return ()
    value = wire[key]
    if value is None and is_non_null_type(field.type):
        if is_required_input_field(field):
            raise BadUserInput("Input should not be null.", path=path((steps, key)))
        return ()
    if key == "NOT" and isinstance(value, Mapping):
        value = [value]
    return ((name, _from_wire(value, get_nullable_type(field.type), (steps, key), levels - 1)),)


def _node_kind(node: Mapping[str, Any], steps: LinkedPath) -> str:
    """The member of `FilterNodeInput` that a node of a tree is."""
    is_group = not node.keys().isdisjoint(GROUP_KEYS)
    is_condition = not node.keys().isdisjoint(CONDITION_KEYS)
    if is_group is is_condition:
        raise BadUserInput("Input should be either a group (AND, OR, NOR) or a condition (key).", path=path(steps))
    return "group" if is_group else "condition"


def enum_names(type_: GraphQLEnumType) -> Mapping[str, str]:
    """The names of an enum's values by their wire form."""
    return {value.value: name for name, value in type_.values.items() if name != OTHER}


def _enum_name(value: Any, type_: GraphQLEnumType, steps: LinkedPath) -> str:
    names = enum_names(type_)
    if not isinstance(value, str) or value not in names:
        known = ", ".join(f"'{name}'" for name in names)
        raise BadUserInput(f"Input should be one of {known}.", path=path(steps))
    return names[value]


def wire_path(input_path: Sequence[str], type_: Any) -> tuple[str | int, ...]:
    """The path in a wire object to what stands at a path of the input of this type that it became."""
    steps: list[str | int] = []
    for step in input_path:
        type_ = get_nullable_type(type_) if type_ is not None else None
        if isinstance(type_, GraphQLList) and step.isdigit():
            steps.append(int(step))
            type_ = type_.of_type
        elif isinstance(type_, GraphQLInputObjectType) and step in type_.fields:
            field = type_.fields[step]
            if not type_.is_one_of:
                steps.append(wire_name(field))
            type_ = field.type
        else:
            # Within a JSON value the names are the client's.
            steps.append(step)
            type_ = None
    return tuple(steps)
