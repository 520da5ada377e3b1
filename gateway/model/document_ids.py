"""The ids of stored documents, and the session that counts into those of search requests."""

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import InvalidOperation
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Literal
from uuid import UUID, uuid5

from bson import Code, Decimal128, ObjectId

from gateway.model.extended_json import text_form, whole_number
from gateway.model.filter_trees import canonical_json

# As a number is written that has no other spelling.
_WHOLE_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,18}", re.ASCII)
# As an ObjectId is written, in as many digits as no number of 64 bits has.
_OBJECT_ID = re.compile(r"[0-9a-f]{24}", re.ASCII)
_OBJECT_ID_LENGTH = 24
_BEYOND = 2**63
_UUID_NAMESPACE = UUID("41b82216-1738-47f0-9641-18cbc46ceb7e")


def document_id(
    namespace_id: str,
    kind: Literal["interaction", "search_request", "percolator", "percolator_match", "job"],
    id: str,
) -> UUID:
    """The ``_id`` of a document: the same for the same id in the same namespace, so that a second insert collides."""
    return uuid5(_namespace_uuid(namespace_id), f"{kind}:{id}")


@lru_cache(1_000)
def _namespace_uuid(namespace_id: str) -> UUID:
    return uuid5(_UUID_NAMESPACE, namespace_id)


def search_request_id_of(namespace_id: str, search_request: Mapping[str, Any], session_id: Any = None) -> str:
    """The id that the client gave, else 128 bits of a hash of namespace, session and content.

    ``session_id`` is the interaction's; it counts where the search request has none.
    """
    if (search_request_id := id_text(search_request.get("search_request_id"))) is not None:
        return search_request_id
    session = first_session_id(search_request.get("session_id"), session_id)
    content = canonical_json([namespace_id, session, search_request])
    return f"sr_{blake2b(content, digest_size=16).hexdigest()}"


def first_session_id(*values: Any) -> str | None:
    """What the first reads as that is a session's id: a string that is not empty, or a number or an ObjectId that
    others stored."""
    return next((text for value in values if (text := id_text(value))), None)


def id_spellings(ids: Iterable[str]) -> Iterator[str | int | ObjectId]:
    """The values under which other programs may have stored ids: the texts, each ahead of the number or the ObjectId
    that reads as it."""
    for text in ids:
        yield text
        if (other := other_spelling(text)) is not None:
            yield other


def other_spelling(id: str) -> int | ObjectId | None:
    """The number of 64 bits or the ObjectId that reads as an id; None where none does."""
    if len(id) == _OBJECT_ID_LENGTH:
        return ObjectId(id) if _OBJECT_ID.fullmatch(id) else None
    if _WHOLE_NUMBER.fullmatch(id) and -_BEYOND <= (number := int(id)) < _BEYOND:
        return number
    return None


def id_text(stored: object) -> str | None:
    """What a stored id reads as: a whole number of 64 bits as its digits, whatever its type, an ObjectId as its 24
    lower-case hexadecimal ones; None for what is none."""
    match stored:
        case bool() | Code():
            # To the driver code is a string with a scope: no key of a dictionary.
            return None
        case str():
            return stored
        case int():
            return str(stored)
        case float() if stored.is_integer():
            return _digits(int(stored))
        case Decimal128():
            whole = whole_number(stored)
            return None if whole is None else str(whole)
        case ObjectId():
            return str(stored)
    return None


def id_form(stored: Any) -> Any:
    """What a stored value reads as where an id is expected: a decimal that is a whole number as its digits, by which it
    is found as other numbers are; the rest as `text_form` has it."""
    text = id_text(stored) if isinstance(stored, Decimal128) else None
    return text_form(stored) if text is None else text


def told_id_text(told: object) -> str | None:
    """What an id reads as of which the form in Extended JSON was told, as `json` tells what JSON has no kind for; None
    for what is none."""
    match told:
        case {"$oid": str(digits), **others} if not others and _OBJECT_ID.fullmatch(digits):
            return digits
        case {"$numberDecimal": str(digits), **others} if not others:
            try:
                return id_text(Decimal128(digits))
            except InvalidOperation:
                return None
    return id_text(told)


def _digits(number: int) -> str | None:
    return str(number) if -_BEYOND <= number < _BEYOND else None
