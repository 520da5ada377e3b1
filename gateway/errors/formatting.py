"""What a client reads of errors: the one place where codes are set and the unforeseen is masked."""

import re
from collections.abc import Sequence
from enum import Enum
from typing import Any

from graphql import FieldNode, GraphQLError, GraphQLFormattedError

from gateway.errors import BadUserInput, GatewayError, ParseFailed, UnreadableDocument, ValidationFailed
from gateway.errors.incidents import Incidents, as_incident
from gateway.errors.linked_path import MAX_STEP

_MAX_MESSAGE = 500
# It names what was asked, but reads like a suggestion, which are not made where introspection is off.
_HINT = re.compile(r" Did you mean '[^']* \{ \.\.\. \}'\?$")
# How graphql-core tells which variable or argument can't be coerced, and where in it: by nothing but its message.
_COERCED = re.compile(r"(?:Variable '\$|Argument ')(\w+)' has invalid value(?: at ([\w.[\]]+))?: ")


class Phase(Enum):
    """The phase in which an error came up; before execution it refuses the request as a whole."""

    PARSING = ParseFailed
    VALIDATION = ValidationFailed
    VARIABLES = BadUserInput
    EXECUTION = GatewayError

    @property
    def refusal(self) -> type[GatewayError]:
        kind: type[GatewayError] = self.value
        return kind


def formatted_errors(errors: Sequence[GraphQLError], phase: Phase, most: int) -> list[GraphQLFormattedError]:
    """The errors of one answer in the response's format, the first ``most`` and one that counts the others.

    Each has ``extensions.code`` and, for bad input, the input's path. What nobody foresaw is logged once for each kind.
    """
    incidents = Incidents()
    causes = [_cause(error, phase, incidents) for error in errors]
    incidents.log()
    told = [_formatted(error, cause) for error, cause in zip(errors[:most], causes, strict=False)]
    if further := len(errors) - len(told):
        told.append({"message": f"There are {further:,} more errors.", "extensions": {"code": causes[most].code}})
    return told


def formatted_error(error: GatewayError) -> GraphQLFormattedError:
    """The error that a request is refused with, in the response's format."""
    return _formatted(GraphQLError(error.message, cause=error), error)


def _formatted(error: GraphQLError, cause: GatewayError) -> GraphQLFormattedError:
    formatted = error.formatted
    formatted["message"], path = message_and_path(cause)
    extensions: dict[str, Any] = {"code": cause.code, **cause.facts}
    if path:
        extensions["path"] = path
    formatted["extensions"] = extensions
    return formatted


def message_and_path(error: GatewayError) -> tuple[str, list[str]]:
    """The message and the path of an error; of what they quote of a long input the middle is left out."""
    message = _HINT.sub("", error.message)
    return _bounded(message, _MAX_MESSAGE), [_bounded(step, MAX_STEP) for step in error.path]


def _bounded(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length * 3 // 4]}…{text[-length // 4 :]}"


def _cause(error: GraphQLError, phase: Phase, incidents: Incidents) -> GatewayError:
    original = error.cause
    while isinstance(original, GraphQLError):
        original = original.cause
    match original:
        case BadUserInput() if way := _way_to_value(error.message):
            # What a scalar says of a value: its path begins there.
            return BadUserInput(original.message, path=(*way, *original.path))
        case GatewayError():
            return original
        case None if phase is not Phase.EXECUTION:
            return phase.refusal(error.message, path=_way_to_value(error.message))
        case ValueError() if phase is not Phase.EXECUTION and "digits" in str(original):
            # Python's own limit; its message is about Python.
            return phase.refusal("A number has too many digits.")
        case None:
            return _stored(error)
        case TypeError() if error.message.startswith("Cannot return null for non-nullable field"):
            return UnreadableDocument(error.message)
    return incidents.of(original)


def _stored(error: GraphQLError) -> GatewayError:
    # graphql-core's own error about a leaf is about the stored value, and would quote it; else it is about an argument,
    # of a field or of a directive.
    match error.nodes:
        case [FieldNode(selection_set=None) as leaf, *_] if not leaf.arguments:
            return UnreadableDocument("The stored value is not what this field promises.")
    return BadUserInput(error.message, path=_way_to_value(error.message))


def _way_to_value(message: str) -> list[str]:
    """The way from a variable or an argument to the value that can't be coerced."""
    match = _COERCED.match(message)
    return [match[1], *re.findall(r"\w+", match[2] or "")] if match else []


def as_gateway_error(error: Exception) -> GatewayError:
    """The error itself where a client may be told of it, else what is told instead."""
    return error if isinstance(error, GatewayError) else as_incident(error)
