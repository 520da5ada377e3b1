"""Long batches of documents are decoded piece by piece, each in its turn."""

import asyncio
from collections.abc import Callable
from itertools import chain
from typing import Any

import pytest
from bson import encode
from bson.codec_options import CodecOptions

from gateway.store.raw_batches import ReadDocuments

SHORT = [{"n": number} for number in range(3)]
LONG = [{"n": number, "text": "x" * 100_000} for number in range(3, 20)]
OPTIONS = CodecOptions[dict[str, Any]]()


@pytest.mark.parametrize(("batches", "pieces"), [([SHORT], 0), ([SHORT, LONG], 4), ([LONG, SHORT, LONG], 9)])
def test_long_batches_are_decoded_in_pieces_and_in_their_order(batches: list[list[Any]], pieces: int) -> None:
    done = []

    async def in_turn(work: Callable[[], Any]) -> Any:
        await asyncio.sleep(0)
        done.append(work)
        return work()

    for documents in (ReadDocuments(OPTIONS), ReadDocuments(OPTIONS, in_turn)):
        for batch in batches:
            documents.add(b"".join(encode(document) for document in batch), len(batch))
        # Known before they are decoded: of a page that is read from several branches, no more is asked for.
        assert documents.count == sum(map(len, batches))
        assert asyncio.run(documents.decoded()) == list(chain(*batches))
    assert len(done) == pieces
