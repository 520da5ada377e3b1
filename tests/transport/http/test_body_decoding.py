"""What comes out of a body's coding, and what ends its reading."""

import gzip
import os
import tracemalloc
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress

import brotli  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import BadRequest, PayloadTooLarge, UnknownCoding
from gateway.transport.http.body_decoding import coding_of, decoded
from gateway.transport.http.zstd import zstd

LIMIT = 2_000_000
CODERS: Mapping[str, Callable[[bytes], bytes]] = {
    "zstd": zstd.compress,
    "br": brotli.compress,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
}


def zstd_of_window(log: int) -> bytes:
    coder = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: log})
    return coder.compress(b"{}") + coder.flush()


@pytest.mark.parametrize(
    ("content_encoding", "coding"),
    [
        (None, None),
        ("", None),
        ("identity", None),
        ("GZIP", "gzip"),
        (" x-gzip ", "gzip"),
        ("deflate", "deflate"),
        ("br", "br"),
        ("zstd", "zstd"),
    ],
)
def test_one_coding_or_none_is_taken(content_encoding: str | None, coding: str | None) -> None:
    assert coding_of(content_encoding) == coding


@pytest.mark.parametrize("content_encoding", ["compress", "gzip, gzip", "identity, gzip", "gzip, br", "x" * 9_000, ","])
def test_any_other_is_refused_naming_those_that_are_taken(content_encoding: str) -> None:
    with pytest.raises(UnknownCoding, match=r"one of zstd, br, gzip, deflate, or none\.$"):
        coding_of(content_encoding)


@pytest.mark.parametrize("coding", CODERS)
@pytest.mark.parametrize("length", [0, 1, 8_192, 249_999, 250_000, 250_001, 1_999_999, LIMIT])
async def test_any_length_up_to_the_limit_arrives_exactly(coding: str, length: int) -> None:
    # Half of it can't be compressed.
    body = os.urandom(length // 2) + b"a" * (length - length // 2)
    assert await decoded(CODERS[coding](body), coding, LIMIT) == body


@pytest.mark.parametrize("coding", CODERS)
@pytest.mark.parametrize("length", [LIMIT + 1, 50_000_000])
async def test_more_than_the_limit_is_refused_and_never_held(coding: str, length: int) -> None:
    sent = CODERS[coding](bytes(length))
    tracemalloc.start()
    try:
        with pytest.raises(PayloadTooLarge, match=r"at most 2,000,000 bytes, also decompressed\.$"):
            await decoded(sent, coding, LIMIT)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 1.5 * LIMIT


@pytest.mark.parametrize("coding", CODERS)
async def test_what_is_cut_off_is_refused_wherever_that_is(coding: str) -> None:
    whole = CODERS[coding](os.urandom(9_000))
    for length in (*range(30), *range(8_180, 8_200), *range(len(whole) - 20, len(whole))):
        with pytest.raises(BadRequest, match="it ends too early"):
            await decoded(whole[:length], coding, LIMIT)


@pytest.mark.parametrize("coding", CODERS)
@pytest.mark.parametrize("length", [10, 8_192, 100_000])
async def test_what_follows_the_end_is_refused(coding: str, length: int) -> None:
    coded = CODERS[coding](os.urandom(length))
    for tail in (b"\0", b" ", coded, b"{}" * 10_000):
        with pytest.raises(BadRequest, match=r"something follows its end|not valid br"):
            await decoded(coded + tail, coding, LIMIT)


@pytest.mark.parametrize("coding", CODERS)
async def test_another_coding_is_not_guessed(coding: str) -> None:
    for other in CODERS.keys() - {coding}:
        with pytest.raises(BadRequest):
            await decoded(CODERS[other](b'{"query": "{ __typename }"}'), coding, LIMIT)


async def test_a_window_is_as_large_as_http_has_it_at_most() -> None:
    assert await decoded(zstd_of_window(23), "zstd", LIMIT) == b"{}"
    for log in (24, 27):
        with pytest.raises(BadRequest, match="not valid zstd"):
            await decoded(zstd_of_window(log), "zstd", LIMIT)


async def test_what_is_made_to_take_long_is_given_up() -> None:
    # Nothing is in them; the limit leaves a ten-thousandth of a second.
    empty_blocks = b"\x78\x9c" + b"\x00\x00\x00\xff\xff" * 400_000
    with pytest.raises(BadRequest, match="takes too long to be read as deflate"):
        await decoded(empty_blocks, "deflate", 1_000)


@given(st.sampled_from(list(CODERS)), st.binary(max_size=2_000), st.data())
async def test_anything_is_read_or_refused(coding: str, body: bytes, data: st.DataObject) -> None:
    coded = bytearray(CODERS[coding](body))
    coded[data.draw(st.integers(0, len(coded) - 1))] ^= data.draw(st.integers(0, 255))
    with suppress(BadRequest):
        assert len(await decoded(bytes(coded), coding, LIMIT)) <= LIMIT
