"""One spelling for each JSON value, so that equal content compares and hashes equal."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from hashlib import blake2b
from json import JSONEncoder
from math import isfinite
from typing import Any, Final

from bson import DBRef
from bson.binary import UuidRepresentation
from bson.json_util import JSONMode, JSONOptions, default

from gateway.model.extended_json import json_form, json_value

_spelled: Final = JSONEncoder(ensure_ascii=False).encode
# Written in C, ten times as fast as what is below; it refuses what JSON has no kind for.
_spelled_plainly: Final = JSONEncoder(ensure_ascii=False, sort_keys=True, allow_nan=False, check_circular=False).encode

_EXTENDED_JSON: Final = JSONOptions(json_mode=JSONMode.CANONICAL, uuid_representation=UuidRepresentation.STANDARD)

_INTEGERS_END: Final = 2**63
"""MongoDB's integers reach from the negative of this up to it; a float among them that is integral equals one."""


def _canonical_form(value: Any) -> Any:
    return default(value, _EXTENDED_JSON)


def canonical_json(value: Any) -> bytes:
    """The canonical spelling of a JSON value, or of a value read from MongoDB, in UTF-8.

    Objects are equal in any order of keys, lists only in the same order; 1, 1.0 and 1e0 are one number, and so are 0
    and -0.0; true is not 1; strings are compared by code point, without normalisation. A DBRef is the object it was
    recorded as, other BSON types are their canonical extended JSON.
    """
    return canonical_text(value).encode("utf-8", "surrogatepass")


def canonical_text(value: Any, form: Callable[[Any], Any] = _canonical_form) -> str:
    """The same spelling as a string; ``form``: of values that JSON has no kind for. Iterative, so values of any depth
    can be written."""
    # Most values of conditions are these, which are spelled as they are.
    if value is None or value.__class__ in (str, int, bool):
        return _spelled(value)
    with suppress(TypeError, ValueError, RecursionError):
        text = _spelled_plainly(value)
        # A float that is a whole number ends so, or has such an exponent: it is spelled as an integer.
        if ".0" not in text and "e+" not in text:
            return text
    written: list[str] = []
    pending: list[tuple[Iterator[tuple[str, Any]], str]] = [(iter((("", value),)), "")]
    while pending:
        members, closing = pending[-1]
        for prefix, member in members:
            written.append(prefix)
            plain = _plain(member, form)
            if isinstance(plain, Mapping):
                pending.append((_object_members(plain), "}"))
                written.append("{")
                break
            if isinstance(plain, list):
                pending.append((_list_members(plain), "]"))
                written.append("[")
                break
            written.append(_spelled(plain))
        else:
            written.append(closing)
            pending.pop()
    return "".join(written)


def value_text(value: Any) -> str:
    """The canonical spelling of a condition's value as answers tell it: of a value that JSON has no kind for, its
    `json_form`."""
    return canonical_text(json_value(value), json_form)


def value_hash(value: Any) -> str:
    """128 bits of BLAKE2b over the `value_text`, as 32 hexadecimal digits."""
    return text_hash(value_text(value))


def text_hash(spelling: str) -> str:
    """The `value_hash` of the value that `value_text` spells so."""
    return blake2b(spelling.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _object_members(members: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    separator = ""
    for key in sorted(members):
        yield f"{separator}{_spelled(key)}: ", members[key]
        separator = ", "


def _list_members(items: list[Any]) -> Iterator[tuple[str, Any]]:
    separator = ""
    for item in items:
        yield separator, item
        separator = ", "


def _plain(value: Any, form: Callable[[Any], Any]) -> Any:
    match value:
        case str() | None | bool() | int() | list() | Mapping():
            return value
        case float() if value.is_integer() and -_INTEGERS_END <= value < _INTEGERS_END:
            return int(value)
        case float() if isfinite(value):
            return value
        case DBRef():
            return value.as_doc()
        case _:
            return form(value)
