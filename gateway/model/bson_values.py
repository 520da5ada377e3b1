"""The meaning of BSON values as the store reads them for answers: decoded no further than answers need.

A UUID stays the `Binary` of subtype 4 that it is stored as, and a time has no zone, but is UTC; see
`gateway.store.client.for_answers`. All else is as the driver decodes it by itself.
"""

from datetime import datetime
from typing import Any, TypeGuard
from uuid import UUID

from bson import Binary, DBRef
from bson.binary import UUID_SUBTYPE
from bson.tz_util import utc


def is_uuid(value: Any) -> TypeGuard[Binary]:
    return value.__class__ is Binary and value.subtype == UUID_SUBTYPE and len(value) == 16


def is_text(value: Any) -> TypeGuard[str]:
    """Whether this is a string in the database: to the driver code is one as well, but one that can't be a key of a
    dictionary."""
    return value.__class__ is str


def uuid_text(value: Binary) -> str:
    """The UUID's text, as of a `UUID`, which takes four times as long to make and to spell."""
    digits = value.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def uuid_value(text: str) -> Binary:
    """The UUID of such a text; raises ValueError for any other."""
    value = Binary(bytes.fromhex(text.replace("-", "")), UUID_SUBTYPE)
    if len(value) != 16:
        raise ValueError(text)
    return value


def fully_decoded(value: Any) -> Any:
    """``value`` as the driver decodes it by itself, at any depth: with `UUID`s, and times in UTC.

    Not within the scope of `Code`, which no answer has.
    """
    match value:
        case datetime(tzinfo=None):
            return value.replace(tzinfo=utc)
        case Binary() if is_uuid(value):
            return UUID(bytes=value)
        case list():
            return [fully_decoded(item) for item in value]
        case dict():
            return {name: fully_decoded(item) for name, item in value.items()}
        case DBRef():
            rest = {
                name: fully_decoded(item) for name, item in value.as_doc().items() if name not in ("$ref", "$id", "$db")
            }
            return DBRef(value.collection, fully_decoded(value.id), value.database, rest)
    return value
