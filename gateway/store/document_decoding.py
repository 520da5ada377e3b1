"""Documents decoded as the database sent them, also where the driver refuses them, or reads otherwise than MongoDB.

Binary data of the older form that has a wrong length is read as of a subtype that is nobody's: it spoils its own field,
if that, and not the page. Of the key that documents are sorted by the first is read, where they have it twice, and
where what is read of a place isn't what is stored, a document has its place beside: else cursors would lead elsewhere.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bson import decode_all
from bson.codec_options import CodecOptions
from bson.errors import InvalidBSON

from gateway.model import bson_elements
from gateway.model.undecoded_values import UNDEFINED, UndecodedPlace, is_sent_back, undecoded_at
from gateway.plan.commands import SortKey
from gateway.store.client import Document

_UNDEFINED = bytes([bson_elements.UNDEFINED])


def decoded(
    documents: bytes | memoryview, options: CodecOptions[Document], sort_key: SortKey | None = None
) -> list[Document]:
    """These documents, one behind the other, or rows of a join. Of those that are sorted by a key each has a
    `UndecodedPlace` as its ``_id`` where it needs one.

    Raises `InvalidBSON` for what can't be told apart, nor read.
    """
    made = _decoded(documents, options)
    if sort_key is None:
        return made
    whole, key, name = bytes(documents), sort_key.name, sort_key.name.encode() + b"\0"
    found = [row["document"] for row in made] if sort_key.of_rows else made
    # It may also be within them.
    repeats = sort_key.may_repeat and whole.count(name) > sum(key in document for document in found)
    if repeats or _UNDEFINED + name in whole or not all(_is_read_as_stored(document, key) for document in found):
        for document, stored in zip(found, _stored(whole, of_rows=sort_key.of_rows), strict=True):
            if repeats and stored.count(name) > 1:
                document.update(_decoded(bson_elements.with_first(stored, name), options)[0])
            _put_place(document, key, stored)
    return made


def _stored(documents: bytes, *, of_rows: bool) -> Iterator[bytes]:
    for document in bson_elements.documents_of(documents):
        yield bson_elements.joined(document) if of_rows else document


def _is_read_as_stored(document: Mapping[str, Any], key: str) -> bool:
    return is_sent_back(document.get("_id")) and is_sent_back(document.get(key))


def _put_place(document: Document, key: str, stored: bytes) -> None:
    values = undecoded_at(stored, (key, "_id"))
    if "_id" not in values:
        return
    tie, value = document["_id"], document.get(key)
    # The place of a list is one of its elements.
    if values.get(key) == UNDEFINED or not (value.__class__ is list or is_sent_back(value)):
        value = values[key]
    elif is_sent_back(tie):
        return
    document["_id"] = UndecodedPlace(value, tie if is_sent_back(tie) else values["_id"])


def _decoded(documents: bytes | memoryview, options: CodecOptions[Document]) -> list[Document]:
    try:
        return decode_all(documents, options)
    except InvalidBSON:
        return decode_all(bson_elements.readable(documents), options)
