"""Which content coding an answer has: by the request's Accept-Encoding header (RFC 9110, section 12.5.3)."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from functools import lru_cache, partial

import brotli  # type: ignore[import-untyped]
from isal import isal_zlib

from gateway.transport.http.quality_values import qualities
from gateway.transport.http.zstd import zstd

# Below this, the bytes saved are worth less than the time.
SHORTEST_BYTES = 1_024
# Above this, other requests would wait for longer than it takes to hand the work to a thread.
_LONG_BYTES = 256_000


class _Zstd(threading.local):
    """A compressor for each thread: costly to make, and not to be shared."""

    def __init__(self) -> None:
        self._compressor = zstd.ZstdCompressor(level=1)

    def compress(self, body: bytes) -> bytes:
        return self._compressor.compress(body, zstd.ZstdCompressor.FLUSH_FRAME)


_ZSTD = _Zstd()

# The best first, by bytes and CPU. Levels are chosen for CPU: a page of 70 KB takes 0.05 to 0.2 ms, and becomes 8 KB.
_CODERS: Mapping[str, Callable[[bytes], bytes]] = {
    "zstd": _ZSTD.compress,
    "br": partial(brotli.compress, quality=1),
    "gzip": partial(isal_zlib.compress, level=1, wbits=31),
}
_SYNONYMS = {"x-gzip": "gzip"}


@lru_cache(maxsize=256)
def accepted(accept_encoding: str) -> str | None:
    """The best coding for an Accept-Encoding header, empty where there was none; None for the plain bytes."""
    given = {_SYNONYMS.get(coding, coding): quality for coding, quality in qualities(accept_encoding)}
    # Whoever takes anything gets what everything reads.
    given.setdefault("gzip", given.get("*", 0.0))
    best = max(_CODERS, key=lambda coding: given.get(coding, 0.0))
    quality = given.get(best, 0.0)
    return best if quality > 0 and quality >= given.get("identity", 0.0) else None


async def coded(body: bytes, coding: str) -> bytes:
    coder = _CODERS[coding]
    return coder(body) if len(body) <= _LONG_BYTES else await asyncio.to_thread(coder, body)
