"""BSON element by element, where the driver doesn't read it, or otherwise than MongoDB does: nothing of it is decoded.

MongoDB doesn't look within binary data. Of subtype 2, which is out of use, the content begins with a length of its
own, and the driver refuses all that came with one that is wrong.

Of a key that a document has twice MongoDB takes the first where it sorts, and where a projection names it; the driver
takes the last.
"""

from collections.abc import Iterator
from typing import NamedTuple

from bson.errors import InvalidBSON

_DOUBLE, _TEXT, _DOCUMENT, _ARRAY, _BINARY, _UNDEFINED, _OBJECT_ID, _BOOLEAN, _TIME, _NULL = range(1, 11)
_REGEX, _POINTER, _CODE, _SYMBOL, _CODE_WITH_SCOPE, _INT, _TIMESTAMP, _LONG, _DECIMAL = range(11, 20)
_MIN_KEY, _MAX_KEY = 0xFF, 0x7F
ARRAY, UNDEFINED = _ARRAY, _UNDEFINED
_SIZES = {
    **dict.fromkeys((_UNDEFINED, _NULL, _MIN_KEY, _MAX_KEY), 0),
    **{_BOOLEAN: 1, _INT: 4, _OBJECT_ID: 12, _DECIMAL: 16},
    **dict.fromkeys((_DOUBLE, _TIME, _TIMESTAMP, _LONG), 8),
}
# How many bytes there are behind a length beside those that it counts.
_BEHIND_LENGTH = {_TEXT: 0, _CODE: 0, _SYMBOL: 0, _POINTER: 12, _BINARY: 1}
_LENGTH, _LEAST_DOCUMENT = 4, 5
_OLD_SUBTYPE, NOBODYS_SUBTYPE = 2, 0x80
# What the rows of a join have their documents at.
_JOINED = b"document\0"


class Element(NamedTuple):
    """An element of a document: where its type stands in it, where its content begins and where that ends. ``name``:
    with the zero at its end."""

    kind: int
    name: bytes
    start: int
    content: int
    end: int


def readable(documents: bytes | memoryview) -> bytearray:
    """The same documents, one behind the other, with binary data of subtype 2 that has a wrong length as of a subtype
    that is nobody's. Raises `InvalidBSON` for lengths beyond the documents."""
    changed = bytearray(documents)
    for place in _wrong_subtypes(changed):
        changed[place] = NOBODYS_SUBTYPE
    return changed


def ends_of(batch: bytes) -> Iterator[int]:
    """Where each of these documents ends, one behind the other; raises `InvalidBSON` for a length that none has."""
    end = 0
    while end < len(batch):
        length = _length(batch, end)
        if length < _LEAST_DOCUMENT:
            raise InvalidBSON("a document without a length")
        end += length
        yield end


def documents_of(batch: bytes) -> Iterator[bytes]:
    """Each of these documents; raises as `ends_of`."""
    start = 0
    for end in ends_of(batch):
        yield batch[start:end]
        start = end


def elements_of(document: bytes) -> Iterator[Element]:
    """The elements of a document, in order, none of what is in them; raises `InvalidBSON` for what isn't BSON."""
    place = _LENGTH
    while kind := document[place]:
        start, content = place, _end_of_text(document, place + 1)
        is_whole = kind in (_DOCUMENT, _ARRAY, _CODE_WITH_SCOPE)
        place = content + _length(document, content) if is_whole else _next(document, kind, content)
        yield Element(kind, document[start + 1 : content], start, content, place)


def joined(row: bytes) -> bytes:
    """The document that a row of a join has."""
    for kind, name, _, content, end in elements_of(row):
        if name == _JOINED and kind == _DOCUMENT:
            return row[content:end]
    raise InvalidBSON("a row without a document")


def with_first(document: bytes, key: bytes) -> bytes:
    """A document, which can be read, with nothing but the first of what it has under a key, which ends with a zero."""
    if document.count(key) < 2:
        return document
    elements, has_key = list[bytes](), False
    for _, name, start, _, end in elements_of(document):
        if name != key or not has_key:
            elements.append(document[start:end])
            has_key = has_key or name == key
    return whole(b"".join(elements))


def elements_alone(document: bytes) -> bytes:
    """A document without what `whole` puts around its elements."""
    return document[_LENGTH:-1]


def whole(elements: bytes) -> bytes:
    """The document of these elements."""
    return (_LENGTH + len(elements) + 1).to_bytes(_LENGTH, "little") + elements + b"\0"


def _wrong_subtypes(documents: bytearray) -> Iterator[int]:
    """Where the subtype is of binary data in the older form that has a wrong length; raises `InvalidBSON` for lengths
    beyond the documents."""
    place, end = 0, len(documents)
    while place < end:
        # Its elements and those of what is in it, in the order of their bytes; an end is passed where it is met.
        behind = place + _length(documents, place)
        if behind > end:
            raise InvalidBSON("a document without an end")
        place += _LENGTH
        while place < behind:
            kind = documents[place]
            if kind:
                place = _end_of_text(documents, place + 1)
                if kind == _BINARY and _is_wrong(documents, place):
                    yield place + _LENGTH
                place = _next(documents, kind, place)
            else:
                place += 1
        if place > behind:
            raise InvalidBSON("a value beyond its document")


def _next(documents: bytes | bytearray, kind: int, place: int) -> int:
    """Where what is behind the beginning of a value begins, which of a document is its first element."""
    if (size := _SIZES.get(kind)) is not None:
        return place + size
    if kind in (_DOCUMENT, _ARRAY):
        return place + _LENGTH
    if kind == _REGEX:
        return _end_of_text(documents, _end_of_text(documents, place))
    if kind == _CODE_WITH_SCOPE:
        place += _LENGTH
        return place + _LENGTH + _length(documents, place) + _LENGTH
    if (more := _BEHIND_LENGTH.get(kind)) is None:
        raise InvalidBSON("a type that isn't one")
    return place + _LENGTH + _length(documents, place) + more


def _is_wrong(documents: bytearray, place: int) -> bool:
    """Whether binary data are of the older form, and don't begin with how long the rest is."""
    length, content = _length(documents, place), place + _LENGTH + 1
    if documents[content - 1 : content] != bytes([_OLD_SUBTYPE]):
        return False
    return length < _LENGTH or documents[content : content + _LENGTH] != (length - _LENGTH).to_bytes(_LENGTH, "little")


def _length(documents: bytes | bytearray, place: int) -> int:
    length = int.from_bytes(documents[place : place + _LENGTH], "little", signed=True)
    if length < 0:
        raise InvalidBSON("a length below zero")
    return length


def _end_of_text(documents: bytes | bytearray, place: int) -> int:
    end = documents.find(0, place)
    if end < 0:
        raise InvalidBSON("a text without an end")
    return end + 1
