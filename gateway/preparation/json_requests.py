"""A JSON object becomes a `GraphQLRequest`: strictly, so that nothing odd reaches the operation.

HTTP's bodies and parameters, and a websocket's messages, hold the same object.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from math import inf
from typing import Any, NoReturn

import orjson

from gateway.errors import BadRequest, BadUserInput, NestedTooDeeply
from gateway.model.nesting import is_deeper
from gateway.model.wire.unfit_values import UnfitValue, unfit_value
from gateway.preparation.graphql_request import GraphQLRequest

# Every digit as 0, and all else as a space: so the longest of numbers are found at once, in a tenth of the time that a
# regular expression takes.
_DIGITS = bytes(ord("0") if byte in b"0123456789" else ord(" ") for byte in range(256))
_LONG_NUMBER = b"0" * 19
# What orjson reads.
_MAX_LEVELS = 1_024
# Python reads no integer of more.
_MAX_DIGITS = 4_300
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def parsed_json(text: bytes, what: str, *, max_entries: int) -> tuple[Any, UnfitValue | None]:
    """The value of a JSON text, and what is unfit in it, if anything.

    Raises `BadRequest`, naming ``what`` should have been one, `NestedTooDeeply`, and `BadUserInput` for more than
    ``max_entries`` of all its lists and objects."""
    # Some clients' encoders begin with a byte order mark, which a parser may ignore (RFC 8259, section 8.1).
    text = text.removeprefix(_BYTE_ORDER_MARK)
    _require_few_entries(text, max_entries)
    try:
        value = orjson.loads(text)
        # It reads an integer beyond 64 bits as the nearest float: such a one is to be refused, not rounded.
        return (json.loads(text) if _LONG_NUMBER in text.translate(_DIGITS) else value), None
    except (ValueError, RecursionError):
        pass
    # Orjson takes nothing that is unfit or nested too deeply, but doesn't tell where it is.
    with suppress(ValueError):
        try:
            value = json.loads(text.decode(), parse_int=_integer, parse_constant=_refuse_constant)
        except RecursionError:
            is_too_deep = True
        else:
            is_too_deep = is_deeper(value, _MAX_LEVELS)
        if is_too_deep:
            raise NestedTooDeeply(f"The {what} may be nested at most {_MAX_LEVELS:,} levels deep.")
        return value, unfit_value(value)
    raise BadRequest(f"The {what} is not valid JSON.")


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MAX_DIGITS else inf


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def from_object(
    fields: Mapping[str, Any], *, reads_only: bool = False, size: int = 0, body: bytes | None = None
) -> GraphQLRequest:
    """The request in a JSON object of so many bytes, by whose ``body`` it may be known from now on; raises `BadRequest`
    for what isn't a GraphQL request."""
    query, document_id = _typed(fields, "query", str), _document_id(fields)
    if query is None and document_id is None:
        raise BadRequest("The request has no `query`.")
    return GraphQLRequest(
        query,
        _typed(fields, "variables", dict) or {},
        _typed(fields, "operationName", str),
        reads_only=reads_only,
        document_id=document_id,
        size=size,
        body=body,
    )


def _require_few_entries(text: bytes, max_entries: int) -> None:
    """Raises `BadUserInput` where the lists and objects of a JSON text have more than so many entries.

    They aren't made for it: each entry has a comma ahead of it, or a bracket.
    """
    if len(text) <= max_entries or _separators(text) <= max_entries:
        return
    # Some of those may be within strings; each string is an entry, or the key of one.
    text = text.replace(rb"\\", b"").replace(rb"\"", b"")
    if text.count(b'"') > 4 * max_entries or _separators(b"".join(text.split(b'"')[::2])) > max_entries:
        raise BadUserInput(f"The lists and objects of a request may have at most {max_entries:,} entries in all.")


def _separators(text: bytes) -> int:
    return sum(text.count(separator) for separator in (b",", b"[", b"{"))


def _document_id(fields: Mapping[str, Any]) -> str | None:
    """The name of a persisted document: the specification's ``documentId``, or Apollo's hash."""
    document_id: str | None = _typed(fields, "documentId", str)
    persisted = (_typed(fields, "extensions", dict) or {}).get("persistedQuery")
    if document_id is not None and (persisted is not None or fields.get("query")):
        raise BadRequest("`documentId` stands for the document: send neither `query` nor `persistedQuery` with it.")
    if persisted is None:
        return document_id
    if not isinstance(persisted, dict) or not isinstance(persisted.get("sha256Hash"), str):
        raise BadRequest("`extensions.persistedQuery` must be an object with a `version` and a `sha256Hash`.")
    version = persisted.get("version")
    if isinstance(version, bool) or version != 1:
        raise BadRequest("Unsupported persisted query version")
    return str(persisted["sha256Hash"])


def _typed(fields: Mapping[str, Any], name: str, type_: type) -> Any:
    value = fields.get(name)
    if value == "":
        # As good as none: forms send it.
        return None
    if value is not None and not isinstance(value, type_):
        raise BadRequest(f"`{name}` must be {'a string' if type_ is str else 'an object'}.")
    return value
