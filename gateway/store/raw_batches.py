"""Documents whose bytes are counted before they are decoded, batch by batch."""

from collections.abc import Callable
from typing import Any

from bson import decode_all
from bson.codec_options import CodecOptions

from gateway.store.client import Document, RawBatchCursor


async def decoded_documents(
    cursor: RawBatchCursor, options: CodecOptions[Document], count: Callable[[int], Any]
) -> list[Document]:
    """All documents of a cursor. ``count`` is called with the bytes of each batch, and may raise an error: then the
    batch isn't decoded, and no further one is asked for."""
    documents: list[Document] = []
    try:
        while cursor.alive:
            # One, or none at the end.
            for batch in await cursor.to_list(1):
                count(len(batch))
                documents += decode_all(batch, options)
    except Exception:
        await cursor.close()
        raise
    return documents
