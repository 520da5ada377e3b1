"""From HTTP parameters and bodies to a `Request`: strict, so that nothing odd reaches the operation."""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import orjson

from gateway.errors import BadRequest, UnsupportedMediaType
from gateway.operation import Request
from gateway.transport.media import JSON

_LONG_NUMBER = re.compile(rb"[0-9]{19}")


@lru_cache(maxsize=256)
def require_json(content_type: str | None, content_encoding: str | None) -> None:
    """Raises `UnsupportedMediaType` unless a body so described is ``application/json`` in UTF-8, as it is."""
    media, *parameters = (part.strip().lower() for part in (content_type or "").split(";"))
    if media != JSON:
        raise UnsupportedMediaType(f"The body must be sent as {JSON}.")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in ("utf-8", "utf8"):
            raise UnsupportedMediaType("The body must be encoded in UTF-8.")
    if (content_encoding or "identity").strip().lower() != "identity":
        raise UnsupportedMediaType("The body must be sent without a Content-Encoding.")


def parameter_names(query_string: bytes) -> frozenset[str]:
    """The names of an address's parameters, as far as they can be read."""
    return frozenset(name for name, _ in parse_qsl(query_string.decode("latin-1"), keep_blank_values=True))


def from_body(body: bytes) -> Request:
    """The request in a POST body of JSON; raises `BadRequest` for what isn't a GraphQL request."""
    given = _json(body, "body")
    if not isinstance(given, dict):
        raise BadRequest("The body must be a JSON object.")
    return _request(given, reads_only=False)


def from_query(query_string: bytes) -> Request:
    """The request in the parameters of a GET; raises `BadRequest` for what isn't a GraphQL request."""
    try:
        pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError:
        raise BadRequest("The parameters of the address are not percent-encoded UTF-8.") from None
    # An empty parameter is as good as none: forms send them.
    parameters: dict[str, Any] = {}
    for name, value in pairs:
        if name in parameters:
            raise BadRequest("A parameter of the address may be given only once.")
        parameters[name] = value or None
    for name in ("variables", "extensions"):
        if text := parameters.get(name):
            parameters[name] = _json(text.encode(), f"parameter `{name}`")
    return _request(parameters, reads_only=True)


def _json(text: bytes, what: str) -> Any:
    try:
        value = orjson.loads(text)
        # It reads an integer beyond 64 bits as the nearest float: such a one is to be refused, not rounded.
        return json.loads(text) if _LONG_NUMBER.search(text) else value
    except (ValueError, RecursionError):
        raise BadRequest(f"The {what} is not valid JSON.") from None


def _request(given: Mapping[str, Any], *, reads_only: bool) -> Request:
    query = _typed(given, "query", str)
    if not query:
        raise BadRequest("The request has no `query`.")
    _typed(given, "extensions", dict)
    return Request(
        query, _typed(given, "variables", dict) or {}, _typed(given, "operationName", str), reads_only=reads_only
    )


def _typed(given: Mapping[str, Any], name: str, type_: type) -> Any:
    value = given.get(name)
    if value is not None and not isinstance(value, type_):
        raise BadRequest(f"`{name}` must be {'a string' if type_ is str else 'an object'}.")
    return value
