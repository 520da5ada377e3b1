"""Replies in the form of Algolia's API: a status and a message, whatever happened."""

from typing import Any

import orjson

from gateway.context import Budget
from gateway.errors import BadRequest, BadUserInput, GatewayError, NamespaceNotFound
from gateway.errors.code_statuses import STATUSES
from gateway.errors.formatting import message_and_path
from gateway.execution.asked_operations import OperationFailed
from gateway.transport.exchange.exchange import Headers, Reply
from gateway.transport.exchange.refusal_headers import CLOSE, rate_limit_headers, refusal_headers
from gateway.transport.exchange.security_headers import EMBEDDABLE

_HEADERS: Headers = (
    (b"content-type", b"application/json; charset=utf-8"),
    (b"vary", b"Authorization, X-Namespace, X-Algolia-Application-Id, X-Algolia-API-Key, Accept-Encoding"),
    (b"cache-control", b"no-store"),
)
_UNPROCESSABLE, _NOT_FOUND = 422, 404


class CollectorReplies:
    """The replies of collectors to what isn't recorded."""

    def options(self, allowed: bytes) -> Reply:
        return Reply(204, ((b"allow", allowed),))

    def refusal(self, error: GatewayError, allowed: bytes) -> Reply:
        message, path = message_and_path(error)
        headers = refusal_headers(error, allowed)
        match error:
            case BadUserInput():
                return _reply(_UNPROCESSABLE, f"{_spelled(path)} {message}".lstrip(), headers)
            case NamespaceNotFound():
                return _reply(_NOT_FOUND, message, headers)
            case BadRequest() if error.status == BadRequest.status and CLOSE not in headers:
                # Some clients miscount the bytes of a body: what is left of it is no request.
                headers = (*headers, CLOSE)
        return _reply(error.status, message, headers)

    def failure(self, failure: OperationFailed, allowed: bytes) -> Reply:
        if failure.refusal is not None and not isinstance(failure.refusal, BadUserInput):
            return self.refusal(failure.refusal, allowed)
        first = failure.errors[0]
        code = first["extensions"]["code"]
        if code == BadUserInput.code:
            path = first["extensions"].get("path", ())
            return _reply(_UNPROCESSABLE, f"{_spelled(path)} {first['message']}".lstrip())
        return _reply(STATUSES[code], first["message"])


def recorded_reply(budget: Budget | None) -> Reply:
    """The reply where all is recorded."""
    return _reply(200, "OK", rate_limit_headers(budget))


def erased_reply(budget: Budget | None) -> Reply:
    """The reply where a user's events are, or will be, erased."""
    return Reply(204, rate_limit_headers(budget), restrictions=EMBEDDABLE)


def _reply(status: int, message: str, headers: Headers = ()) -> Reply:
    content = orjson.dumps({"status": status, "message": message})
    return Reply(status, (*_HEADERS, *headers), content, EMBEDDABLE)


def _spelled(path: Any) -> str:
    """A path in a body, as JavaScript would spell it."""
    text = ""
    for step in path:
        is_index = isinstance(step, int) or (isinstance(step, str) and step.isdecimal() and step.isascii())
        text += f"[{step}]" if is_index else f".{step}" if text else str(step)
    return text
