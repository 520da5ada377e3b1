"""Documents decoded as the database sent them, also where the driver refuses them, or reads otherwise than MongoDB.

Binary data of the older form that has a wrong length is read as of a subtype that is nobody's: it spoils its own field,
if that, and not the page. Of the key that documents are sorted by the first is read, where they have it twice: else
their cursors would lead elsewhere.
"""

from collections.abc import Mapping

from bson import decode_all
from bson.codec_options import CodecOptions
from bson.errors import InvalidBSON

from gateway.store.bson_elements import readable, with_first
from gateway.store.client import Document


def decoded(documents: bytes | memoryview, options: CodecOptions[Document], sorted_by: str = "") -> list[Document]:
    """These documents, one behind the other, or rows of a join; ``sorted_by``: the key, where they may have it twice.
    Raises `InvalidBSON` for what can't be told apart, nor read."""
    made = _decoded(documents, options)
    if sorted_by:
        key, whole = sorted_by.encode() + b"\0", bytes(documents)
        # It may also be within them.
        if whole.count(key) > sum(_has(document, sorted_by) for document in made):
            return _decoded(b"".join(with_first(whole, key)), options)
    return made


def _has(document: Document, key: str) -> bool:
    """Whether a document, or that of a row of a join, has a key."""
    if key in document:
        return True
    joined = document.get("document")
    return isinstance(joined, Mapping) and key in joined


def _decoded(documents: bytes | memoryview, options: CodecOptions[Document]) -> list[Document]:
    try:
        return decode_all(documents, options)
    except InvalidBSON:
        return decode_all(readable(documents), options)
