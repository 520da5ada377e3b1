"""What a client reads of an error: the one place where codes are set and the unforeseen is masked."""

import logging
import re
import traceback
from enum import Enum
from typing import Any
from uuid import uuid4

from graphql import FieldNode, GraphQLError, GraphQLFormattedError

from gateway.errors import BadUserInput, GatewayError, ParseFailed, Unforeseen, UnreadableDocument, ValidationFailed
from gateway.errors.linked_path import MAX_STEP
from gateway.output.redaction import redacted

_LOG = logging.getLogger(__name__)
_MAX_LOGGED = 2_000
_MAX_MESSAGE = 500
# It names what was asked, but reads like a suggestion, which are not made where introspection is off.
_HINT = re.compile(r" Did you mean '[^']* \{ \.\.\. \}'\?$")


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


def formatted_error(error: GraphQLError, phase: Phase) -> GraphQLFormattedError:
    """The error in the response's format, with ``extensions.code`` and, for bad input, the input's path."""
    cause = _cause(error, phase)
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


def _cause(error: GraphQLError, phase: Phase) -> GatewayError:
    original = error.cause
    while isinstance(original, GraphQLError):
        original = original.cause
    match original:
        case GatewayError():
            return original
        case None if phase is not Phase.EXECUTION:
            return phase.refusal(error.message)
        case ValueError() if phase is not Phase.EXECUTION and "digits" in str(original):
            # Python's own limit; its message is about Python.
            return phase.refusal("A number has too many digits.")
        case None:
            return _stored(error)
        case TypeError() if error.message.startswith("Cannot return null for non-nullable field"):
            return UnreadableDocument(error.message)
    return as_incident(original)


def _stored(error: GraphQLError) -> GatewayError:
    # graphql-core's own error about a leaf is about the stored value, and would quote it; else it is about an argument,
    # of a field or of a directive.
    match error.nodes:
        case [FieldNode(selection_set=None) as leaf, *_] if not leaf.arguments:
            return UnreadableDocument("The stored value is not what this field promises.")
    return BadUserInput(error.message)


def as_gateway_error(error: Exception) -> GatewayError:
    """The error itself where a client may be told of it, else what is told instead."""
    return error if isinstance(error, GatewayError) else as_incident(error)


def as_incident(original: BaseException) -> Unforeseen:
    """What is told of an unforeseen error: the incident under which the log has the rest."""
    incident = uuid4().hex
    text = redacted("".join(traceback.format_exception(original)))
    _LOG.error("incident %s: %s", incident, text[-_MAX_LOGGED:])
    return Unforeseen(incident)
