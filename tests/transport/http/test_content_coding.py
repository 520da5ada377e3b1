import gzip
from collections.abc import Callable, Mapping

import brotli  # type: ignore[import-untyped]
import pytest

from gateway.transport.http.content_coding import accepted, coded
from gateway.transport.http.zstd import zstd

DECODERS: Mapping[str, Callable[[bytes], bytes]] = {
    "zstd": zstd.decompress,
    "br": brotli.decompress,
    "gzip": gzip.decompress,
}


@pytest.mark.parametrize(
    ("accept_encoding", "best"),
    [
        ("", None),
        ("identity", None),
        ("deflate", None),
        ("compress, x", None),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("GZIP", "gzip"),
        ("gzip, deflate", "gzip"),
        ("gzip, deflate, br", "br"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip;q=1.0, br;q=0.5, zstd;q=0.1", "gzip"),
        ("br;q=0.5, zstd;q=0.5, gzip;q=0.5", "zstd"),
        ("gzip;q=0", None),
        ("gzip;q=0, br", "br"),
        ("gzip;q=0.5, identity", None),
        ("gzip, identity;q=0.5", "gzip"),
        ("identity;q=0, gzip;q=0.1", "gzip"),
        ("*", "gzip"),
        ("*;q=0", None),
        ("br;q=0, *", "gzip"),
        ("gzip;q=0, *", None),
        ("gzip;q=often", None),
        (";;,,", None),
    ],
)
def test_the_best_coding_that_is_accepted(accept_encoding: str, best: str | None) -> None:
    assert accepted(accept_encoding) == best


@pytest.mark.parametrize("coding", ["zstd", "br", "gzip"])
@pytest.mark.parametrize("length", [1_024, 256_000, 256_001, 3_000_000])
async def test_any_length_is_coded_exactly(coding: str, length: int) -> None:
    body = bytes(number * number % 251 for number in range(length))
    assert DECODERS[coding](await coded(body, coding)) == body
