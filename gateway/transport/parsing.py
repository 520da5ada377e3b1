"""From HTTP parameters and bodies to a `Request`: strict, so that nothing odd reaches the operation."""

from collections.abc import Mapping
from typing import Any

import orjson

from gateway.errors import BadRequest, UnsupportedMediaType
from gateway.operation import Request


def from_body(content_type: str | None, body: bytes) -> Request:
    """The request in a POST body.

    Raises `UnsupportedMediaType` unless it is ``application/json`` in UTF-8, and `BadRequest` for what isn't a
    GraphQL request.
    """
    media, *parameters = (part.strip().lower() for part in (content_type or "").split(";"))
    if media != "application/json":
        raise UnsupportedMediaType("The body must be sent as application/json.")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in ("utf-8", "utf8"):
            raise UnsupportedMediaType("The body must be encoded in UTF-8.")
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadRequest("The body is not valid JSON.") from None
    if not isinstance(given, dict):
        raise BadRequest("The body must be a JSON object.")
    return _request(given, reads_only=False)


def from_query(parameters: Mapping[str, str]) -> Request:
    """The request in the parameters of a GET; raises `BadRequest` for what isn't a GraphQL request."""
    given: dict[str, Any] = dict(parameters)
    for name in ("variables", "extensions"):
        if given.get(name):
            try:
                given[name] = orjson.loads(given[name])
            except orjson.JSONDecodeError:
                raise BadRequest(f"The parameter `{name}` is not valid JSON.") from None
        else:
            given.pop(name, None)
    if not given.get("operationName"):
        given.pop("operationName", None)
    return _request(given, reads_only=True)


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
