"""What a request is answered with: bytes, and what a transport has to know of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import GraphQLError

from gateway.context import Budget
from gateway.errors import GatewayError
from gateway.errors.formatting import Phase, formatted_error, formatted_errors
from gateway.limits.validation_bounds import MAX_ERRORS
from gateway.model.extended_json import json_form


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one operation. ``refusal``: why the answer has no ``data``; ``codes``: of the errors beside the
    data; ``budget``: what the key has left; ``way``: ``"shaped"``, or why the executor had to answer; ``cost``: the
    points that were charged, 0 where none are."""

    body: bytes
    refusal: GatewayError | None = None
    codes: Sequence[str] = ()
    budget: Budget | None = None
    way: str = ""
    cost: int = 0


def refused(error: GatewayError) -> Answer:
    """The answer to a request that is refused as a whole."""
    return Answer(encode({"errors": [formatted_error(error)]}), error)


def refused_in(phase: Phase, errors: Sequence[GraphQLError]) -> Answer:
    """The answer to a request in which these errors were found before it was run."""
    body = {"errors": formatted_errors(errors, phase, MAX_ERRORS)}
    return Answer(encode(body), phase.refusal("The request was refused."))


def encode(body: Mapping[str, Any] | None) -> bytes:
    """JSON, in which stored values that JSON has no kind for have the forms of `json_form`."""
    return orjson.dumps(body, default=json_form, option=orjson.OPT_PASSTHROUGH_DATETIME)
