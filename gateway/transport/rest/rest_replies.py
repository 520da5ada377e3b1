"""Replies in the original service's form: JSON, and its two shapes of errors."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from gateway.context import Budget
from gateway.errors import BadUserInput, GatewayError
from gateway.errors.code_statuses import STATUSES
from gateway.errors.formatting import message_and_path
from gateway.execution.asked_operations import OperationFailed
from gateway.transport.exchange.exchange import Headers, Reply
from gateway.transport.exchange.refusal_headers import rate_limit_headers, refusal_headers

_HEADERS: Headers = (
    (b"content-type", b"application/json; charset=utf-8"),
    (b"vary", b"Authorization, X-Namespace, Accept-Encoding"),
    (b"cache-control", b"no-store"),
)
TOTAL_COUNT = b"x-total-count"
_UNPROCESSABLE = 422


def json_reply(content: Any, budget: Budget | None = None, *, total: int | None = None) -> Reply:
    """The reply with what was asked for; ``total``: how many there are on all pages, where that is known."""
    counted = () if total is None else ((TOTAL_COUNT, b"%d" % total),)
    return Reply(200, (*_HEADERS, *counted, *rate_limit_headers(budget)), orjson.dumps(content))


class RestReplies:
    """The replies to what isn't done: `gateway.transport.exchange.exchange_endpoint.Replies`."""

    def options(self, allowed: bytes) -> Reply:
        return Reply(204, ((b"allow", allowed),))

    def refusal(self, error: GatewayError, allowed: bytes) -> Reply:
        """A path of bad input begins with the part of the request that it is in."""
        message, path = message_and_path(error)
        if isinstance(error, BadUserInput):
            content: Any = {"detail": [_detail(path or ("body",), message)]}
            return Reply(_UNPROCESSABLE, _HEADERS, orjson.dumps(content))
        content = _error(error.status, message, error.code, error.facts)
        return Reply(error.status, (*_HEADERS, *refusal_headers(error, allowed)), orjson.dumps(content))

    def failure(self, failure: OperationFailed, allowed: bytes) -> Reply:
        first = failure.errors[0]
        extensions = first["extensions"]
        code = extensions["code"]
        if code == BadUserInput.code:
            details = [
                _detail(error["extensions"].get("path") or ("body",), error["message"]) for error in failure.errors
            ]
            return Reply(_UNPROCESSABLE, _HEADERS, orjson.dumps({"detail": details}))
        headers = () if failure.refusal is None else refusal_headers(failure.refusal, allowed)
        facts = {name: value for name, value in extensions.items() if name != "code"}
        content = _error(STATUSES[code], first["message"], code, facts)
        return Reply(STATUSES[code], (*_HEADERS, *headers), orjson.dumps(content))


def _error(status: int, message: str, code: str, details: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "success": False,
        "status": status,
        "error": {"message": message, "type": code, "details": dict(details) or None},
    }


def _detail(path: Sequence[str | int], message: str) -> Mapping[str, Any]:
    steps = [int(step) if isinstance(step, str) and step.isdecimal() and step.isascii() else step for step in path]
    return {"loc": steps, "msg": message, "type": "value_error"}
