"""How generated code serializes a leaf: fast for what is plainly of its type; of the rest graphql-core judges."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from graphql import GraphQLError, GraphQLScalarType

from gateway.compiler.program import Fallback, Scalar
from gateway.model.bson_values import fully_decoded
from gateway.model.extended_json import json_value
from gateway.schema.scalars import serialize_date_time, stored_form


def refuse(value: Any) -> NoReturn:
    """Ends shaping because of a value, which may also be the error that stands in its place."""
    if isinstance(value, Exception):
        raise value
    raise Fallback("null" if value is None else "bad value")


def judged_by(scalar: GraphQLScalarType) -> Callable[[Any], Any]:
    """Serializes what is not plainly of a scalar's type as graphql-core does: an id that is stored as an integer, say.

    The function raises `Fallback` where graphql-core has an error to tell.
    """

    read = stored_form(scalar.name)

    def judged(value: Any) -> Any:
        if value is None or isinstance(value, Exception):
            refuse(value)
        try:
            return scalar.coerce_output_value(read(value))
        except GraphQLError:
            refuse(value)

    return judged


def json(value: Any) -> Any:
    """As `json_value`, where a value is needed."""
    if value is None or isinstance(value, Exception):
        refuse(value)
    return json_value(value)


def date_time(value: Any) -> str:
    """As `serialize_date_time`, also of a time that was decoded for answers."""
    return serialize_date_time(fully_decoded(value))


def nullable(judge: Callable[[Any], Any], value: Any) -> Any:
    """What ``judge`` makes of a value, where null may be."""
    return None if value is None else judge(value)


@dataclass(frozen=True, slots=True)
class Serialization:
    """The serialization of a scalar: what passes ``test`` as ``form``, all else by the function named ``judge``.

    In both {0} is the value's name; in the test {1} is its first mention.
    """

    judge: str
    test: str
    form: str = "{0}"


SERIALIZATIONS: Mapping[Scalar, Serialization] = {
    Scalar.ID: Serialization("an_id", "{1}.__class__ is str"),
    Scalar.STRING: Serialization("a_string", "{1}.__class__ is str"),
    Scalar.INT: Serialization("an_int", "{1}.__class__ is int and -2147483648 <= {0} <= 2147483647"),
    Scalar.FLOAT: Serialization("a_float", "{1}.__class__ is float and {0} - {0} == 0.0"),
    Scalar.BOOLEAN: Serialization("a_boolean", "{1}.__class__ is bool"),
    # What is read has no zone; what a mutation made or found has one.
    Scalar.DATE_TIME: Serialization(
        "date_time",
        "{1}.__class__ is datetime and {0}.tzinfo is None",
        "{0}.isoformat('T', 'milliseconds') + 'Z'",
    ),
    Scalar.JSON: Serialization("json", "{1}.__class__ is str"),
}
