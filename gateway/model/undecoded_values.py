"""Values exactly as MongoDB stores them, where the driver would send another one back than it was given.

A text that isn't UTF-8, `undefined`, an object that has a key twice, a DBPointer, binary data of a wrong length: what
is read of them stands elsewhere in MongoDB's order, and is nobody's `_id`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import bson
from bson import Binary, DatetimeMS, Decimal128, Int64, MaxKey, MinKey, ObjectId, Timestamp
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument

from gateway.model import bson_elements
from gateway.model.nesting import is_deeper

SENT_BACK: Final = frozenset(
    {bool, int, float, datetime, Int64, DatetimeMS, Decimal128, ObjectId, UUID, Timestamp, MinKey, MaxKey, type(None)}
)
"""The classes of all whose values are, as of `is_sent_back`."""

_REPLACED: Final = "\ufffd"
_OPTIONS: Final[CodecOptions[dict[str, Any]]] = CodecOptions(
    datetime_conversion=DatetimeConversion.DATETIME_AUTO, unicode_decode_error_handler="replace"
)
# MongoDB's limit is 180, of a document; a value is within one here.
_MOST_LEVELS: Final = 181
# No name at all.
_NAMELESS: Final = b"\0"


@dataclass(frozen=True, slots=True)
class UndecodedValue:
    """The number of a value's type and its bytes, as BSON has them."""

    kind: int
    content: bytes

    @classmethod
    def of(cls, encoded: bytes) -> "UndecodedValue":
        """The value of which these are `encoded`; raises ValueError, or the driver's `BSONError`, for what are none."""
        document = bson_elements.whole(encoded[:1] + _NAMELESS + encoded[1:])
        # The one tells whether it is a value, the other whether that is all.
        require_levels(bson.decode(bson_elements.readable(document), _OPTIONS))
        [element] = bson_elements.elements_of(document)
        if element.end != len(document) - 1:
            raise ValueError("there is something behind the value")
        return cls(element.kind, encoded[1:])

    @property
    def encoded(self) -> bytes:
        """The number of its type, and its bytes."""
        return bytes([self.kind]) + self.content


UNDEFINED: Final = UndecodedValue(bson_elements.UNDEFINED, b"")


class UndecodedPlace(NamedTuple):
    """The place of a document in an order, where one of both isn't sent back as it is read: the ordered value, of which
    None is null or missing, and its ``_id``."""

    value: Any
    tie: Any


def under(name: str, value: Any) -> Mapping[str, Any]:
    """The document that has a value alone, which may be a `UndecodedValue`, under a name."""
    if value.__class__ is not UndecodedValue:
        return {name: value}
    return RawBSONDocument(bson_elements.whole(_element(name, value)))


def one_of(path: str, values: Sequence[Any], options: CodecOptions[Any]) -> Mapping[str, Any]:
    """The filter for documents that have one of these values, which may be a `UndecodedValue`, at a path; ``options``:
    by which the others are sent."""
    if not any(value.__class__ is UndecodedValue for value in values):
        return {path: {"$in": list(values)}}
    elements = [
        _element(f"{number}", value)
        if value.__class__ is UndecodedValue
        else bson_elements.elements_alone(bson.encode({f"{number}": value}, codec_options=options))
        for number, value in enumerate(values)
    ]
    return {path: under("$in", UndecodedValue(bson_elements.ARRAY, bson_elements.whole(b"".join(elements))))}


def require_levels(value: Any) -> None:
    """Raises ValueError for what is nested deeper than anything that MongoDB stores."""
    if is_deeper(value, _MOST_LEVELS):
        raise ValueError(f"more than {_MOST_LEVELS} levels")


def as_stored(value: Any, stored: UndecodedValue, options: CodecOptions[Any]) -> Any:
    """What is sent to the database for a ``stored`` value that the driver has read by these options: that ``value``,
    or what is stored where it would send another one."""
    if stored != UNDEFINED and is_sent_back(value):
        return value
    try:
        sent = bson.encode({"": value}, codec_options=options)
    except (BSONError, OverflowError):
        return stored
    return value if sent == bson_elements.whole(_element("", stored)) else stored


def is_sent_back(value: Any) -> bool:
    """Whether the driver sends back what is stored, of a value that it has read and that isn't stored as `UNDEFINED`,
    which it reads as None."""
    kind = value.__class__
    if kind is str:
        return _REPLACED not in value
    if kind is Binary:
        return bool(value.subtype != bson_elements.NOBODYS_SUBTYPE)
    return kind in SENT_BACK


def _element(name: str, value: UndecodedValue) -> bytes:
    return bytes([value.kind]) + name.encode() + b"\0" + value.content


def undecoded_at(document: bytes, names: Collection[str]) -> dict[str, UndecodedValue]:
    """What a document has under these names: under each the first."""
    wanted = {name.encode() + b"\0": name for name in names}
    found: dict[str, UndecodedValue] = {}
    for kind, name, _, content, end in bson_elements.elements_of(document):
        if name in wanted:
            found.setdefault(wanted[name], UndecodedValue(kind, document[content:end]))
    return found
