"""Bodies of answers in a content coding; levels are chosen for CPU: a page of 70 KB takes 0.05 to 0.2 ms, and becomes
7 to 9 KB."""

import asyncio
import sys
import threading
from collections.abc import Callable, Mapping
from functools import partial

import brotli  # type: ignore[import-untyped]
from isal import isal_zlib

if sys.version_info >= (3, 14):
    from compression import zstd as zstd
else:
    from backports import zstd as zstd

# Below this, the bytes saved are worth less than the time.
SHORTEST_BYTES = 1_024
# Above this, other requests would wait for longer than it takes to hand the work to a thread.
_LONG_BYTES = 256_000


class _ZstdCompressor(threading.local):
    """A compressor for each thread: costly to make, and not to be shared."""

    def __init__(self) -> None:
        self._compressor = zstd.ZstdCompressor(level=1)

    def compress(self, body: bytes) -> bytes:
        return self._compressor.compress(body, zstd.ZstdCompressor.FLUSH_FRAME)


_COMPRESSORS: Mapping[str, Callable[[bytes], bytes]] = {
    "zstd": _ZstdCompressor().compress,
    "br": partial(brotli.compress, quality=1),
    "gzip": partial(isal_zlib.compress, level=1, wbits=31),
}


class StreamCompression:
    """The compression of a body that comes in parts, each of which can be read before the next comes; ``coding``: one
    of `negotiation.CODINGS`."""

    def __init__(self, coding: str) -> None:
        self._part: Callable[[bytes], bytes]
        self._end: Callable[[], bytes]
        match coding:
            case "zstd":
                zstandard = zstd.ZstdCompressor(level=1)
                self._part = partial(zstandard.compress, mode=zstd.ZstdCompressor.FLUSH_BLOCK)
                self._end = partial(zstandard.flush, zstd.ZstdCompressor.FLUSH_FRAME)
            case "br":
                compressor = brotli.Compressor(quality=1)
                self._part = lambda part: compressor.process(part) + compressor.flush()
                self._end = compressor.finish
            case _:
                deflation = isal_zlib.compressobj(level=1, wbits=31)
                self._part = lambda part: deflation.compress(part) + deflation.flush(isal_zlib.Z_SYNC_FLUSH)
                self._end = deflation.flush

    def part(self, part: bytes) -> bytes:
        return self._part(part)

    def end(self) -> bytes:
        return self._end()


async def compressed(body: bytes, coding: str) -> bytes:
    """``coding``: one of `negotiation.CODINGS`."""
    compress = _COMPRESSORS[coding]
    return compress(body) if len(body) <= _LONG_BYTES else await asyncio.to_thread(compress, body)
