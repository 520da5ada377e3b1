"""Bodies of requests out of their content coding, within bounds of memory and time (RFC 9110, section 8.4).

A coded body can hold a thousand times its size, or take long to hold nothing. So it is read in slices, and what is
beyond a bound ends it; all but short ones are read beside the event loop.
"""

import asyncio
import time
import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from io import BytesIO
from typing import Protocol

import brotli  # type: ignore[import-untyped]

from gateway.errors import BadRequest, PayloadTooLarge, UnknownCoding
from gateway.transport.http.zstd import zstd

# What is taken in and given out at once: a millisecond's work, but for what is made to take long.
_SLICE_BYTES = 8_192
_MOST_GIVEN_BYTES = 250_000
# Bodies become 100 MB a second or more. Those that are made to take long get this much of a processor's time.
_BYTES_PER_SECOND = 10_000_000
# As RFC 9659 has it for HTTP; more is memory that a body of a few bytes could ask for.
_ZSTD_WINDOW_LOG = 23


class _Decoder(Protocol):
    """As the standard library's decompressors are."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Zlib:
    """``wbits``: zlib's name for the format."""

    def __init__(self, wbits: int) -> None:
        self._inner = zlib.decompressobj(wbits)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        given = self._inner.decompress(self._inner.unconsumed_tail + data, max_length)
        self.needs_input = len(given) < max_length
        return given


class _Brotli:
    """Fails by itself at what follows its end; gives out up to 64 KB more than it is asked for."""

    unused_data = b""

    def __init__(self) -> None:
        self._inner = brotli.Decompressor()
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return bool(self._inner.is_finished())

    def decompress(self, data: bytes, max_length: int) -> bytes:
        given: bytes = self._inner.process(data, output_buffer_limit=max_length)
        self.needs_input = len(given) < max_length and self._inner.can_accept_more_data()
        return given


def _zstd() -> _Decoder:
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG})


_DECODERS: Mapping[str, Callable[[], _Decoder]] = {
    "zstd": _zstd,
    "br": _Brotli,
    "gzip": partial(_Zlib, zlib.MAX_WBITS + 16),
    "deflate": partial(_Zlib, zlib.MAX_WBITS),
}
_BROKEN = (zlib.error, zstd.ZstdError, brotli.error)
_SYNONYMS = {"x-gzip": "gzip"}

CODINGS = ", ".join(_DECODERS)


@lru_cache(maxsize=64)
def coding_of(content_encoding: str | None) -> str | None:
    """The one coding of a body with this Content-Encoding header (None: absent); None for a body that is as it is.

    Raises `UnknownCoding` for any other, and for several on top of each other.
    """
    named = (content_encoding or "identity").strip().lower()
    if named == "identity":
        return None
    coding = _SYNONYMS.get(named, named)
    if coding not in _DECODERS:
        raise UnknownCoding(f"The body's Content-Encoding must be one of {CODINGS}, or none.")
    return coding


async def decoded(body: bytes, coding: str, limit: int) -> bytes:
    """The body out of its coding.

    Raises `PayloadTooLarge` where that is more than ``limit`` bytes, and `BadRequest` for what isn't in this coding, or
    isn't whole, or holds more than one body, or is made to take long.
    """
    reading = _Reading(body, coding, limit)
    if not reading.read():
        await asyncio.to_thread(reading.finish)
    return reading.found


class _Reading:
    """A body on its way out of its coding, a slice at a time."""

    def __init__(self, body: bytes, coding: str, limit: int) -> None:
        self._body = body
        self._coding = coding
        self._limit = limit
        self._decoder = _DECODERS[coding]()
        self._taken = 0
        # It grows in place, and hands out what it holds without a copy.
        self._given = BytesIO()

    @property
    def found(self) -> bytes:
        return self._given.getvalue()

    def finish(self) -> None:
        began, seconds = time.thread_time(), self._limit / _BYTES_PER_SECOND
        while not self.read():
            if time.thread_time() - began > seconds:
                raise BadRequest(f"The body takes too long to be read as {self._coding}.")

    def read(self) -> bool:
        """Reads a slice further; whether it was the last."""
        data = b""
        if self._decoder.needs_input:
            data = self._body[self._taken : self._taken + _SLICE_BYTES]
            self._taken += len(data)
            if not data:
                raise BadRequest(f"The body is not whole {self._coding}: it ends too early.")
        try:
            given = self._decoder.decompress(data, min(_MOST_GIVEN_BYTES, self._limit + 1 - self._given.tell()))
        except _BROKEN:
            raise BadRequest(f"The body is not valid {self._coding}.") from None
        self._given.write(given)
        if self._given.tell() > self._limit:
            raise PayloadTooLarge(f"The body may have at most {self._limit:,} bytes, also decompressed.")
        if not self._decoder.eof:
            return False
        if self._decoder.unused_data or self._taken < len(self._body):
            raise BadRequest(f"The body is not {self._coding} alone: something follows its end.")
        return True
