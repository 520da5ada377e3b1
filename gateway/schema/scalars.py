"""The contract's scalars: `SCALARS` gives the schema their definitions."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NewType

import strawberry
from graphql import (
    BooleanValueNode,
    EnumValueNode,
    FloatValueNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    StringValueNode,
    ValueNode,
    VariableNode,
)
from strawberry.types.scalar import ScalarDefinition

from gateway.errors import BadUserInput, UnreadableDocument
from gateway.model.bson_values import fully_decoded
from gateway.model.document_ids import id_form
from gateway.model.extended_json import json_value, number_form, text_form
from gateway.model.wire import check_json, format_instant, parse_instant

DateTime = NewType("DateTime", datetime)
JSON = NewType("JSON", object)
Representation = NewType("Representation", object)


class CoercedVariables(dict[str, Any]):
    """The coerced values of variables; ``sent``: what was given for each, or the literal of its default.

    Within a JSON literal a variable stands for what was sent, whatever its type makes of it.
    """

    def __init__(self, coerced: Mapping[str, Any], sent: Mapping[str, Any]) -> None:
        super().__init__(coerced)
        self.sent = sent


def parse_date_time(value: Any) -> datetime:
    """An RFC 3339 date-time with an offset as UTC, in whole milliseconds or a microsecond behind them, which tells that
    it was between two; raises `BadUserInput` for all else."""
    if not isinstance(value, str):
        raise BadUserInput("A DateTime is a string such as 2024-05-01T12:00:00.000Z.")
    try:
        return parse_instant(value, finer=True)
    except ValueError as error:
        raise BadUserInput(f"{error}.") from None


def serialize_date_time(value: Any) -> str:
    """``2024-05-01T12:00:00.000Z`` of a datetime that knows its zone; raises `UnreadableDocument` for all else."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise UnreadableDocument("A stored time should be a date with a time zone.")
    return format_instant(value)


def stored_form(scalar: str) -> Callable[[Any], Any]:
    """What a stored value reads as where a scalar of this name is expected, for the scalar to judge."""
    return _STORED_FORMS.get(scalar, fully_decoded)


_STORED_FORMS: Mapping[str, Callable[[Any], Any]] = {
    "ID": id_form,
    "String": text_form,
    "Int": number_form,
    "Float": number_form,
}


def parse_json(value: Any) -> Any:
    """The value itself; raises `BadUserInput`, with a path within it, for what `check_json` refuses."""
    check_json(value)
    return value


def parse_json_literal(node: ValueNode, variables: Mapping[str, Any] | None = None) -> Any:
    """The JSON value of a literal; a variable that isn't given is left out of an object and null in a list.

    Raises `BadUserInput` as `parse_json` does.
    """
    return parse_json(_literal(node, _sent(variables)))


def _sent(variables: Mapping[str, Any] | None) -> Mapping[str, Any]:
    # The executor's own have nothing else, and what it makes of arguments nobody reads.
    return variables.sent if isinstance(variables, CoercedVariables) else dict.fromkeys(variables or ())


def _literal(node: ValueNode, variables: Mapping[str, Any]) -> Any:
    match node:
        case NullValueNode():
            return None
        case StringValueNode() | EnumValueNode() | BooleanValueNode():
            return node.value
        case IntValueNode():
            # Python refuses to convert thousands of digits; none of those fits 64 bits.
            return int(node.value[:21])
        case FloatValueNode():
            return float(node.value)
        case ListValueNode():
            return [_literal(item, variables) for item in node.values]
        case ObjectValueNode():
            return {
                field.name.value: _literal(field.value, variables)
                for field in node.fields
                if not isinstance(field.value, VariableNode) or field.value.name.value in variables
            }
    assert isinstance(node, VariableNode)
    value = variables.get(node.name.value)
    return _literal(value, {}) if isinstance(value, ValueNode) else value


def parse_any_literal(node: ValueNode, variables: Mapping[str, Any] | None = None) -> Any:
    """The JSON value of a literal, whatever it holds: each representation is judged by itself."""
    return _literal(node, _sent(variables))


SCALARS: Mapping[object, ScalarDefinition] = {
    DateTime: strawberry.scalar(
        name="DateTime",
        description="""A moment in time: RFC 3339 in UTC with millisecond precision, such as `2024-05-01T12:00:00.000Z`.
Given with another offset it is converted to UTC; what is finer than a millisecond is cut off. Bounds of a filter that
are finer match the times for which they are true.""",
        specified_by_url="https://scalars.graphql.org/andimarek/date-time.html",
        serialize=serialize_date_time,
        parse_value=parse_date_time,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="""Any JSON value, null included. Integers must fit 64 bits, keys may not contain NUL, and objects
and lists nest at most 100 levels deep.""",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
        serialize=json_value,
        parse_value=parse_json,
        parse_literal=parse_json_literal,
    ),
    Representation: strawberry.scalar(
        name="_Any",
        description="""How a federated gateway refers to an object: `__typename`, the fields of one of its keys, and any
others, which are ignored.""",
        serialize=lambda value: value,
        parse_value=lambda value: value,
        parse_literal=parse_any_literal,
    ),
}
