"""What the driver makes of stored documents: for answers, and by itself."""

from typing import Any

import bson

from gateway.store.client import for_answers, open_client

Document = dict[str, Any]

# It never connects.
_DATABASE = open_client("mongodb://127.0.0.1:9/")["nothing"]
_BY_ITSELF = _DATABASE.codec_options
_FOR_ANSWERS = for_answers(_DATABASE).codec_options


def stored(document: Document) -> bytes:
    return bson.encode(document, codec_options=_BY_ITSELF)


def by_itself(raw: bytes) -> Document:
    """As before a write, say; an answer is the same, byte for byte, of either."""
    return bson.decode(raw, _BY_ITSELF)


def decoded_for_answers(raw: bytes) -> Document:
    return bson.decode(raw, _FOR_ANSWERS)
