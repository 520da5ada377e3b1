"""The limits on the values of variables: checked whenever they are bound, before they are coerced, without recursion.

Each list and each input object that is declared may have so many entries, and all together so many; an input object
counts for every field of its type. Within JSON, and within whatever else stands where no structure is declared, only
the sum of all entries counts.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    get_named_type,
    get_nullable_type,
)

from gateway.errors import BadUserInput
from gateway.errors.linked_path import LinkedPath, path
from gateway.limits import Limits

MAX_ENUM_VALUE = 200

# A list or object that is still to be looked at: its declared type if any, its path, and its level.
_PendingValue: TypeAlias = tuple[dict[str, Any] | list[Any], GraphQLInputType | None, LinkedPath, int]


def check_variables(declared: Mapping[str, GraphQLInputType], variables: Mapping[str, Any], limits: Limits) -> None:
    """Raises `BadUserInput`, with the way to the entry, where a value is beyond a limit.

    ``declared``: the types of the variables; values of others are ignored, as they are by the operation.
    """
    pending: list[_PendingValue] = []
    for name, value in variables.items():
        if name in declared:
            _enter(pending, value, declared[name], (None, name), 1)
    input_fields = json_nodes = 0
    while pending:
        value, declared_type, steps, level = pending.pop()
        if level > limits.json_depth:
            raise _beyond(f"Values may be nested at most {limits.json_depth:,} levels deep", steps)
        type_: Any = get_nullable_type(declared_type) if declared_type else None
        if isinstance(type_, GraphQLList) and isinstance(value, dict):
            # One item may stand for a list of it.
            pending.append((value, type_.of_type, steps, level))
            continue
        structured = isinstance(type_, GraphQLList if isinstance(value, list) else GraphQLInputObjectType)
        if structured and len(value) > limits.list_items:
            what = "A list" if isinstance(value, list) else "An input object"
            raise _beyond(f"{what} may have at most {limits.list_items:,} entries, not {len(value):,}", steps)
        if structured:
            # To read an input object takes as long as its type has fields.
            input_fields += len(value) + (len(type_.fields) if isinstance(value, dict) else 0)
            if input_fields > limits.input_fields:
                what = "Lists and input objects may have"
                raise _beyond(f"{what} at most {limits.input_fields:,} entries and possible fields in all", steps)
        else:
            json_nodes += len(value)
            if json_nodes > limits.json_nodes:
                raise _beyond(f"JSON values may have at most {limits.json_nodes:,} entries in all", steps)
        for step, entry in _entries(value):
            if isinstance(entry, dict | list | str):
                _enter(pending, entry, _type_of(step, type_), (steps, step), level + 1)


def _enter(
    pending: list[_PendingValue], entry: Any, type_: GraphQLInputType | None, steps: LinkedPath, level: int
) -> None:
    if isinstance(entry, dict | list):
        pending.append((entry, type_, steps, level))
    elif isinstance(entry, str) and len(entry) > MAX_ENUM_VALUE and isinstance(get_named_type(type_), GraphQLEnumType):
        # Any other is compared with all that there are, as long as it is.
        raise _beyond(f"A value of an enum may have at most {MAX_ENUM_VALUE} characters", steps)


def _entries(value: dict[str, Any] | list[Any]) -> Iterable[tuple[str | int, Any]]:
    return value.items() if isinstance(value, dict) else enumerate(value)


def _type_of(step: Any, type_: Any) -> Any:
    """The declared type of an entry; None within JSON."""
    match type_:
        case GraphQLList():
            return type_.of_type
        case GraphQLInputObjectType() if step in type_.fields:
            return type_.fields[step].type
    return None


def _beyond(message: str, steps: LinkedPath) -> BadUserInput:
    return BadUserInput(f"{message}.", path=path(steps))
