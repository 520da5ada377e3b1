"""Answers in a content coding: only for those who ask, and only where there is something to save."""

import gzip
from collections.abc import AsyncIterator, Callable, Mapping

import brotli  # type: ignore[import-untyped]
import httpx
import orjson
import pytest
import pytest_asyncio

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.transport.exchange.compression import compressed, zstd
from tests.harness.gateway_client import Gateway, new_gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

LONG = {"query": "{ __schema { types { name description } } }"}
DECODERS: Mapping[str, Callable[[bytes], bytes]] = {
    "zstd": zstd.decompress,
    "br": brotli.decompress,
    "gzip": gzip.decompress,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri) as gateway:
        yield gateway


async def post(gateway: Gateway, body: object, accept_encoding: str) -> tuple[httpx.Response, bytes]:
    """The response and its bytes as they were sent."""
    headers = {
        "Authorization": f"Bearer {gateway.key}",
        "Content-Type": "application/json",
        "Accept-Encoding": accept_encoding,
    }
    request = gateway.http.build_request("POST", "/graphql", content=orjson.dumps(body), headers=headers)
    response = await gateway.http.send(request, stream=True)
    raw = b"".join([chunk async for chunk in response.aiter_raw()])
    await response.aclose()
    return response, raw


@pytest.mark.parametrize("coding", ["zstd", "br", "gzip"])
async def test_a_long_answer_is_sent_in_the_coding_that_is_accepted(gateway: Gateway, coding: str) -> None:
    _, plain = await post(gateway, LONG, "identity")
    response, raw = await post(gateway, LONG, coding)
    assert response.headers["Content-Encoding"] == coding
    assert response.headers["Content-Length"] == str(len(raw))
    assert "Accept-Encoding" in response.headers["Vary"].split(", ")
    assert DECODERS[coding](raw) == plain
    assert len(raw) < len(plain) / 2


@pytest.mark.parametrize("accept_encoding", ["", "identity", "deflate", "gzip;q=0, br;q=0, zstd;q=0"])
async def test_who_does_not_ask_gets_the_bytes_as_they_are(gateway: Gateway, accept_encoding: str) -> None:
    response, raw = await post(gateway, LONG, accept_encoding)
    assert "Content-Encoding" not in response.headers
    assert "Accept-Encoding" in response.headers["Vary"].split(", ")
    assert "__schema" in orjson.loads(raw)["data"]


async def test_a_short_answer_is_not_worth_it(gateway: Gateway) -> None:
    response, raw = await post(gateway, {"query": "{ viewer { keyName } }"}, "zstd, br, gzip")
    assert "Content-Encoding" not in response.headers
    assert orjson.loads(raw) == {"data": {"viewer": {"keyName": "web"}}}


async def test_errors_are_coded_too(gateway: Gateway) -> None:
    fields = " ".join(f"nonsense{number}" for number in range(20))
    response, raw = await post(gateway, {"query": f"{{ viewer {{ {fields} }} }}"}, "gzip")
    assert response.headers["Content-Encoding"] == "gzip"
    assert orjson.loads(gzip.decompress(raw))["errors"]


@pytest.mark.parametrize("coding", ["zstd", "br", "gzip"])
@pytest.mark.parametrize("length", [1_024, 256_000, 256_001, 3_000_000])
async def test_any_length_is_coded_exactly(coding: str, length: int) -> None:
    body = bytes(number * number % 251 for number in range(length))
    assert DECODERS[coding](await compressed(body, coding)) == body
