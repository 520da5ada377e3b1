"""Recorded inputs in the REST wire shape, and the way back from a wire path to the input's own names."""

from collections.abc import Mapping, Sequence
from enum import Enum
from functools import cache
from typing import Any

from graphql import GraphQLInputField, GraphQLInputObjectType, GraphQLInputType, GraphQLList, get_nullable_type

from gateway.errors import BadUserInput
from gateway.errors.linked_path import LinkedPath, path
from gateway.schema.recorded_fields import SHORTHAND, WIRE_NAME, Shorthand
from gateway.schema.scalars import serialize_date_time
from gateway.schema.stored_readings import OTHER
from gateway.schema.strawberry_adapter import metadata_of, python_name


def to_wire(value: Any, type_: GraphQLInputType) -> Any:
    """The wire form of a coerced input of this GraphQL type: absent stays absent, null stays null.

    Raises `BadUserInput`, with its path in the wire form, for an enum's OTHER, which stands for what isn't known, and
    where not exactly one of a field and its shorthand is given.
    """
    return _to_wire(value, get_nullable_type(type_), None)


def _to_wire(value: Any, type_: Any, steps: LinkedPath) -> Any:
    if value is None:
        return None
    if isinstance(type_, GraphQLInputObjectType):
        fields = _wire_fields(type_)
        if type_.is_one_of:
            # What wraps exactly one of several things has no place in the wire shape.
            [(name, item)] = value.items()
            return _to_wire(item, fields[name][1], steps)
        wire = {}
        shorthands = _shorthands(type_)
        for name, item in value.items():
            if name not in shorthands:
                wire_name, inner = fields[name]
                wire[wire_name] = _to_wire(item, inner, (steps, wire_name))
        for name, shorthand in shorthands.items():
            _check_one_of(value, name, shorthand, steps)
            if value.get(name) is not None:
                wire[fields[shorthand.field][0]] = shorthand.form(value[name])
        return wire
    if isinstance(type_, GraphQLList):
        inner = get_nullable_type(type_.of_type)
        return [_to_wire(item, inner, (steps, index)) for index, item in enumerate(value)]
    if isinstance(value, Enum):
        if value.name == OTHER:
            raise BadUserInput(
                "OTHER stands for stored values that aren't known here; it can't be recorded.", path=path(steps)
            )
        return value.value
    return serialize_date_time(value) if type_.name == "DateTime" else value


@cache
def _wire_fields(type_: GraphQLInputObjectType) -> Mapping[str, tuple[str, Any]]:
    """The wire names and nullable types of an input's fields."""
    return {name: (wire_name(field), get_nullable_type(field.type)) for name, field in type_.fields.items()}


@cache
def _shorthands(type_: GraphQLInputObjectType) -> Mapping[str, Shorthand]:
    """The fields of an input that are recorded as another one."""
    declared = {name: metadata_of(field).get(SHORTHAND) for name, field in type_.fields.items()}
    return {name: shorthand for name, shorthand in declared.items() if shorthand is not None}


def _check_one_of(value: Mapping[str, Any], name: str, shorthand: Shorthand, steps: LinkedPath) -> None:
    short, full = value.get(name) is not None, value.get(shorthand.field) is not None
    if short is full:
        raise BadUserInput(
            f"Exactly one of `{shorthand.field}` and `{name}` must be given.",
            path=path((steps, name if short else shorthand.field)),
        )


def wire_name(field: GraphQLInputField) -> str:
    """The name of an input field in the wire shape."""
    name: str = metadata_of(field).get(WIRE_NAME, python_name(field))
    return name


def input_path(wire_path: Sequence[str | int], value: Any, type_: Any) -> tuple[str | int, ...]:
    """The path of an input, in its own names, to what stands at a path of its wire form."""
    steps: list[str | int] = []
    remaining = list(wire_path)
    while remaining:
        type_ = get_nullable_type(type_)
        if isinstance(type_, GraphQLList) and isinstance(value, list) and str(remaining[0]).isdigit():
            steps.append(remaining.pop(0))
            type_ = type_.of_type
            value = value[int(steps[-1])]
        elif isinstance(type_, GraphQLInputObjectType) and isinstance(value, Mapping):
            step = next(iter(value)) if type_.is_one_of else _field_name(type_, remaining.pop(0))
            shorthands = (name for name, shorthand in _shorthands(type_).items() if shorthand.field == step)
            if value.get(step) is None and (short := next(shorthands, None)) and value.get(short) is not None:
                return (*steps, short)
            steps.append(step)
            type_ = type_.fields[step].type if step in type_.fields else None
            value = value.get(step)
        else:
            # Within a JSON value the names are the client's.
            return (*steps, *remaining)
    return tuple(steps)


def _field_name(type_: GraphQLInputObjectType, wire: str | int) -> str:
    return next((name for name, field in type_.fields.items() if wire_name(field) == wire), str(wire))
