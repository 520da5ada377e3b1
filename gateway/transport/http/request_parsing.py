"""From HTTP parameters and bodies to a `GraphQLRequest`: strict, so that nothing odd reaches the operation.

`from_object` is for every transport: HTTP's bodies and parameters and a websocket's messages hold the same object.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import orjson

from gateway.errors import BadRequest, BadUserInput, UnsupportedMediaType
from gateway.limits import DEFAULTS
from gateway.preparation.graphql_request import GraphQLRequest
from gateway.preparation.known_operations import MAX_BODY_BYTES
from gateway.transport.http.media_types import JSON

# The requests of a batch, or what is wrong with one of them.
Batch = tuple[GraphQLRequest | BadRequest, ...]

_MAX_PARAMETERS = 100
# Every digit as 0, and all else as a space: so the longest of numbers are found at once, in a tenth of the time that a
# regular expression takes.
_DIGITS = bytes(ord("0") if byte in b"0123456789" else ord(" ") for byte in range(256))
_LONG_NUMBER = b"0" * 19


@lru_cache(maxsize=256)
def require_json(content_type: str | None) -> None:
    """Raises `UnsupportedMediaType` unless a body so described is ``application/json`` in UTF-8."""
    media, *parameters = (part.strip().lower() for part in (content_type or "").split(";"))
    if media != JSON:
        raise UnsupportedMediaType(f"The body must be sent as {JSON}.")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in ("utf-8", "utf8"):
            raise UnsupportedMediaType("The body must be encoded in UTF-8.")


def parameter_names(query_string: bytes) -> frozenset[str]:
    """The names of an address's parameters, as far as they can be read."""
    try:
        pairs = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True, max_num_fields=_MAX_PARAMETERS)
    except ValueError:
        return frozenset()
    return frozenset(name for name, _ in pairs)


def from_body(body: bytes, *, batch_limit: int = 0, entry_limit: int = DEFAULTS.entries) -> GraphQLRequest | Batch:
    """The request in a POST body of JSON, or the batch of up to ``batch_limit``; raises `BadRequest` for what is
    neither, and `BadUserInput` for more than ``entry_limit`` entries of lists and objects for each request."""
    given = from_json(body, "body", most=entry_limit * max(1, batch_limit))
    if isinstance(given, dict):
        return from_object(given, size=len(body), body=body if len(body) <= MAX_BODY_BYTES else None)
    if not isinstance(given, list):
        raise BadRequest("The body must be a JSON object.")
    if batch_limit < 2:
        raise BadRequest("Batches are not served here: the body must be a JSON object.")
    if not given or len(given) > batch_limit:
        raise BadRequest(f"A batch must hold 1 to {batch_limit} requests.")
    if not all(isinstance(one, dict) for one in given):
        raise BadRequest("Each request of a batch must be a JSON object.")
    return tuple(_judged(one, size=len(body) // len(given)) for one in given)


def from_query(query_string: bytes, *, entry_limit: int = DEFAULTS.entries) -> GraphQLRequest:
    """The request in the parameters of a GET; raises `BadRequest` for what isn't a GraphQL request, and `BadUserInput`
    for more than ``entry_limit`` entries of lists and objects in one of them."""
    try:
        address = query_string.decode("ascii")
        pairs = parse_qsl(address, keep_blank_values=True, errors="strict", max_num_fields=_MAX_PARAMETERS)
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
            parameters[name] = from_json(text.encode(), f"parameter `{name}`", most=entry_limit)
    return from_object(parameters, reads_only=True, size=len(query_string))


def _require_few(text: bytes, most: int) -> None:
    """Raises `BadUserInput` where the lists and objects of a JSON text have more than so many entries.

    They aren't made for it: each entry has a comma ahead of it, or a bracket.
    """
    if len(text) <= most or _separators(text) <= most:
        return
    # Some of those may be within strings; each string is an entry, or the key of one.
    text = text.replace(rb"\\", b"").replace(rb"\"", b"")
    if text.count(b'"') > 4 * most or _separators(b"".join(text.split(b'"')[::2])) > most:
        raise BadUserInput(f"The lists and objects of a request may have at most {most:,} entries in all.")


def _separators(text: bytes) -> int:
    return sum(text.count(separator) for separator in (b",", b"[", b"{"))


def from_json(text: bytes, what: str, *, most: int) -> Any:
    """The value of a JSON text; raises `BadRequest`, naming ``what`` should have been one, and `BadUserInput` for more
    than ``most`` entries of lists and objects."""
    _require_few(text, most)
    try:
        value = orjson.loads(text)
        # It reads an integer beyond 64 bits as the nearest float: such a one is to be refused, not rounded.
        return json.loads(text) if _LONG_NUMBER in text.translate(_DIGITS) else value
    except (ValueError, RecursionError):
        raise BadRequest(f"The {what} is not valid JSON.") from None


def from_object(
    given: Mapping[str, Any], *, reads_only: bool = False, size: int = 0, body: bytes | None = None
) -> GraphQLRequest:
    """The request in a JSON object of so many bytes, by whose ``body`` it may be known from now on; raises `BadRequest`
    for what isn't a GraphQL request."""
    query, document_id = _typed(given, "query", str) or None, _document_id(given)
    if query is None and document_id is None:
        raise BadRequest("The request has no `query`.")
    return GraphQLRequest(
        query,
        _typed(given, "variables", dict) or {},
        _typed(given, "operationName", str),
        reads_only=reads_only,
        document_id=document_id,
        size=size,
        body=body,
    )


def _judged(given: Mapping[str, Any], *, size: int) -> GraphQLRequest | BadRequest:
    try:
        return from_object(given, size=size)
    except BadRequest as error:
        return error


def _document_id(given: Mapping[str, Any]) -> str | None:
    """The name of a persisted document: the specification's ``documentId``, or Apollo's hash."""
    named = _typed(given, "documentId", str) or None
    persisted = (_typed(given, "extensions", dict) or {}).get("persistedQuery")
    if named is not None and (persisted is not None or given.get("query")):
        raise BadRequest("`documentId` stands for the document: send neither `query` nor `persistedQuery` with it.")
    if persisted is None:
        return named
    if not isinstance(persisted, dict) or not isinstance(persisted.get("sha256Hash"), str):
        raise BadRequest("`extensions.persistedQuery` must be an object with a `version` and a `sha256Hash`.")
    version = persisted.get("version")
    if type(version) is not int or version != 1:
        raise BadRequest("Unsupported persisted query version")
    return str(persisted["sha256Hash"])


def _typed(given: Mapping[str, Any], name: str, type_: type) -> Any:
    value = given.get(name)
    if value is not None and not isinstance(value, type_):
        raise BadRequest(f"`{name}` must be {'a string' if type_ is str else 'an object'}.")
    return value
