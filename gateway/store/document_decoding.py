"""Documents decoded as the database sent them, also where the driver refuses them, or reads otherwise than MongoDB.

Binary data of the older form that has a wrong length is read as of a subtype that is nobody's: it spoils its own field,
if that, and not the page. Of the key that documents are sorted by the first is read, where they have it twice, and
where what is read of a place isn't what is stored, a document has its place besides: else cursors would lead elsewhere.
"""

from collections.abc import Iterator, Sequence

from bson import decode_all
from bson.codec_options import CodecOptions
from bson.errors import InvalidBSON

from gateway.model import bson_elements
from gateway.model.documents import PLACE_FIELD
from gateway.model.undecoded_values import (
    SENT_BACK,
    UndecodedPlace,
    UndecodedValue,
    as_stored,
    is_sent_back,
    undecoded_at,
)
from gateway.plan.commands import SortKey
from gateway.store.client import Document

_UNDEFINED = bytes([bson_elements.UNDEFINED])


def decoded(
    documents: bytes | memoryview, options: CodecOptions[Document], sort_key: SortKey | None = None
) -> list[Document]:
    """These documents, one behind the other, or rows of a join. Of those that are sorted by a key each has an
    `UndecodedPlace` at `PLACE_FIELD` where it needs one.

    Raises `InvalidBSON` for what can't be told apart, nor read.
    """
    made = _decoded(documents, options)
    if sort_key is None:
        return made
    whole, key, name = bytes(documents), sort_key.name, sort_key.name.encode() + b"\0"
    found = [row["document"] for row in made] if sort_key.of_rows else made
    # It may also be within them.
    repeats = sort_key.may_repeat and whole.count(name) > sum(key in document for document in found)
    if repeats or not _are_read_as_stored(found, whole, ("_id", key)):
        for document, encoded in zip(found, _encoded(whole, of_rows=sort_key.of_rows), strict=True):
            if repeats and encoded.count(name) > 1:
                document.update(_decoded(bson_elements.with_first(encoded, name), options)[0])
            _put_place(document, key, encoded, options)
    return made


def decoded_as_stored(document: bytes, options: CodecOptions[Document], names: Sequence[str]) -> Document:
    """This document. Under these names it has a `UndecodedValue` where the driver would send back another value: so it
    is found again by what was read of it.

    Raises as `decoded`.
    """
    [made] = _decoded(document, options)
    if not _are_read_as_stored((made,), document, names):
        for name, stored in undecoded_at(document, names).items():
            made[name] = as_stored(made[name], stored, options)
    return made


def _encoded(documents: bytes, *, of_rows: bool) -> Iterator[bytes]:
    for document in bson_elements.documents_of(documents):
        yield bson_elements.joined(document) if of_rows else document


def _are_read_as_stored(documents: Sequence[Document], encoded: bytes, names: Sequence[str]) -> bool:
    """Whether none of them has something under these names that isn't sent back as it is stored."""
    for name in names:
        for document in documents:
            value = document.get(name)
            if value.__class__ not in SENT_BACK and not is_sent_back(value):
                return False
        if _UNDEFINED + name.encode() + b"\0" in encoded:
            return False
    return True


def _put_place(document: Document, key: str, encoded: bytes, options: CodecOptions[Document]) -> None:
    stored = undecoded_at(encoded, (key, "_id"))
    if "_id" not in stored:
        return
    tie, value = as_stored(document["_id"], stored["_id"], options), document.get(key)
    # The place of a list is one of its elements.
    if key in stored and value.__class__ is not list:
        value = as_stored(value, stored[key], options)
    if UndecodedValue in (tie.__class__, value.__class__):
        document[PLACE_FIELD] = UndecodedPlace(value, tie)


def _decoded(documents: bytes | memoryview, options: CodecOptions[Document]) -> list[Document]:
    try:
        return decode_all(documents, options)
    except InvalidBSON:
        return decode_all(bson_elements.readable(documents), options)
