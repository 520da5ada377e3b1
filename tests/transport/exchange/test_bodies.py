"""What of a body is read, and what in it is a request."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
import pytest_asyncio

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.harness.gateway_client import Gateway, code, new_gateway, open_gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUERY = "query Key($with: Boolean! = true) { viewer { keyName @include(if: $with) } }"
ANSWER = {"data": {"viewer": {"keyName": "web"}}}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    """One for the module, for nothing here writes."""
    async with new_gateway(mongod.uri) as gateway:
        yield gateway


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"query": 1}',
        b'{"query": "{a}", "variables": {"n": NaN}}',
        b"[" * 99_999,
    ],
)
async def test_a_body_that_is_no_request_is_a_bad_request_to_everyone(
    gateway: Gateway, body: bytes, accept: str
) -> None:
    headers = {"Authorization": f"Bearer {gateway.key}", "Content-Type": "application/json", "Accept": accept}
    response = await gateway.http.post("/graphql", content=body, headers=headers)
    assert (response.status_code, code(response)) == (400, "BAD_REQUEST")


async def test_integers_beyond_64_bits_are_refused_rather_than_rounded(gateway: Gateway) -> None:
    record = """mutation ($m: JSON) {
        recordInteraction(input: {featureId: "a", interactionType: VIEW, metadata: $m}) { created }
    }"""
    body = b'{"query": %s, "variables": {"m": {"n": 18446744073709551616}}}' % orjson.dumps(record)
    headers = {"Authorization": f"Bearer {gateway.key}", "Content-Type": "application/json"}
    response = await gateway.http.post("/graphql", content=body, headers=headers)
    assert response.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "path": ["m", "n"]}


@pytest.mark.parametrize(
    ("name", "status", "expected"),
    [
        ("Authorization", 401, "UNAUTHENTICATED"),
        ("X-Namespace", 400, "BAD_REQUEST"),
        ("Content-Type", 400, "BAD_REQUEST"),
    ],
)
async def test_a_header_that_decides_may_be_sent_only_once(
    gateway: Gateway, name: str, status: int, expected: str
) -> None:
    once = {"Authorization": f"Bearer {gateway.key}", "X-Namespace": "shop", "Content-Type": "application/json"}
    headers = [*once.items(), (name, once[name])]
    response = await gateway.http.post("/graphql", content=orjson.dumps({"query": QUERY}), headers=headers)
    assert (response.status_code, code(response)) == (status, expected)


async def asgi(gateway: Gateway, body: AsyncIterator[bytes], headers: dict[str, str]) -> dict[str, Any]:
    """A POST whose body is handed over only when the application asks for it."""
    answer: dict[str, Any] = {"body": b""}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": await anext(body), "more_body": True}

    async def send(message: Any) -> None:
        answer["status"] = message.get("status", answer.get("status"))
        answer["headers"] = message.get("headers", answer.get("headers"))
        answer["body"] += message.get("body", b"")

    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": raw}
    await gateway.app(scope, receive, send)
    return answer


async def test_a_body_over_the_limit_is_not_read_further(gateway: Gateway) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100_000_000:
            sent += 100_000
            yield b" " * 100_000

    headers = {"Authorization": f"Bearer {gateway.key}", "Content-Type": "application/json"}
    received = await asgi(gateway, endless(), headers)
    assert received["status"] == 413
    assert b'"PAYLOAD_TOO_LARGE"' in received["body"]
    assert sent <= 2_200_000


async def test_a_body_just_within_the_limit_is_read(gateway: Gateway, mongod: EmbeddedServer) -> None:
    async with open_gateway(gateway.database, mongod.uri, body_limit_bytes=1_000) as gateway:
        body = orjson.dumps({"query": QUERY}).ljust(1_000)
        headers = {"Authorization": f"Bearer {gateway.key}", "Content-Type": "application/json"}
        assert (await gateway.http.post("/graphql", content=body, headers=headers)).json() == ANSWER
        longer = await gateway.http.post("/graphql", content=body + b" ", headers=headers)
        assert (longer.status_code, code(longer)) == (413, "PAYLOAD_TOO_LARGE")
        assert "1,000 bytes" in longer.text


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "compress", "gzip, gzip", "identity, identity"])
async def test_a_body_in_a_content_coding_is_refused_with_what_is_taken(coding: str, gateway: Gateway) -> None:
    headers = {"Authorization": f"Bearer {gateway.key}", "Content-Type": "application/json"}
    body = orjson.dumps({"query": QUERY})
    response = await gateway.http.post("/graphql", content=body, headers={**headers, "Content-Encoding": coding})
    assert (response.status_code, code(response)) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert response.headers["Accept-Encoding"] == "identity"
    # It is for those who have the wrong coding only (RFC 9110, section 12.5.3).
    response = await gateway.http.post("/graphql", content=body, headers={**headers, "Content-Type": "text/plain"})
    assert response.status_code == 415
    assert "Accept-Encoding" not in response.headers


async def test_a_body_may_say_that_it_has_no_coding(gateway: Gateway) -> None:
    response = await gateway.post({"query": QUERY}, headers={"Content-Encoding": "Identity"})
    assert response.json() == ANSWER


async def test_a_body_that_comes_too_slowly_is_given_up(gateway: Gateway, mongod: EmbeddedServer) -> None:
    async def trickle() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0.05)
            yield b" "

    async with open_gateway(gateway.database, mongod.uri, request_read_seconds=0.3) as hasty:
        headers = {"Authorization": f"Bearer {gateway.key}", "Content-Type": "application/json"}
        answer = await asgi(hasty, trickle(), headers)
    assert answer["status"] == 408
    assert b'"REQUEST_TIMEOUT"' in answer["body"]
    assert (b"connection", b"close") in answer["headers"]


async def test_whoever_has_no_key_is_refused_before_the_body_is_read(gateway: Gateway) -> None:
    async def nobody_asks() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    for authorization in ("", "Bearer sk_wrong"):
        headers = {"Authorization": authorization, "Content-Type": "application/json"}
        assert (await asgi(gateway, nobody_asks(), headers))["status"] == 401
