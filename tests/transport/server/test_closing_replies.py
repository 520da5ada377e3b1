"""What pages of other origins read of requests that are refused ahead of the application."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from gateway.context import KeyBounds, Permission
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.limits import ConnectionLimits
from gateway.transport.server.uvicorn_adapter import REFUSAL_REPLY
from tests.harness.gateway_client import Gateway, new_gateway, open_gateway
from tests.harness.wire_client import Served, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

CONFIGURED, OF_KEY, EVIL = "https://shop.example", "https://page.example", "https://evil.example"
LIMITS = ConnectionLimits(body_bytes=100_000, drain_seconds=0)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri, cors_origins=CONFIGURED, key_cache_seconds=0) as gateway:
        await gateway.keys.create(
            gateway.organization,
            name="pages",
            permissions=frozenset({Permission.RECORD}),
            default_namespace_id=gateway.namespace.id,
            bounds=KeyBounds(frozenset({OF_KEY})),
        )
        # As a page does ahead of its first request.
        asked = {"Origin": OF_KEY, "Access-Control-Request-Method": "POST"}
        assert (await gateway.http.options("/graphql", headers=asked)).status_code == 200
        yield gateway


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(gateway: Gateway) -> AsyncIterator[Served]:
    async with serving(gateway.app, LIMITS) as served:
        served.server.lifespan.state[REFUSAL_REPLY] = gateway.state[REFUSAL_REPLY]
        yield served


def request(origin: str | None, *headers: str, path: str = "/graphql") -> bytes:
    named = () if origin is None else (f"Origin: {origin}",)
    lines = [f"POST {path} HTTP/1.1", "Host: a", *named, "Content-Type: application/json", *headers]
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


REFUSED = {
    413: ("Content-Length: 200000",),
    431: (f"X-Large: {'x' * 100_000}",),
    400: ("Content-Length: 2", "Transfer-Encoding: chunked"),
}


@pytest.mark.parametrize("status", REFUSED)
@pytest.mark.parametrize("path", ["/graphql", "/1/events", "/features/search/interactions", "/nowhere"])
async def test_pages_of_allowed_origins_may_read_why(status: int, path: str, served: Served) -> None:
    for origin in (CONFIGURED, OF_KEY):
        [answer] = await served.answers(request(origin, *REFUSED[status], path=path))
        assert answer.status == status
        assert answer.headers["access-control-allow-origin"] == origin
        assert "Origin" in answer.headers["vary"]
        assert "X-Request-Id" in answer.headers["access-control-expose-headers"]


@pytest.mark.parametrize("status", REFUSED)
async def test_other_pages_may_not(status: int, served: Served) -> None:
    [answer] = await served.answers(request(EVIL, *REFUSED[status]))
    assert answer.status == status
    assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize("status", REFUSED)
async def test_a_refusal_that_no_page_may_read_is_no_answer_to_those_that_may(status: int, served: Served) -> None:
    """Of caches that keep refusals."""
    for origin in (None, EVIL):
        [answer] = await served.answers(request(origin, *REFUSED[status]))
        assert (answer.status, answer.headers["vary"]) == (status, "Origin")


async def test_every_page_may_where_every_origin_is_allowed(gateway: Gateway, mongod: EmbeddedServer) -> None:
    async with (
        open_gateway(gateway.database, mongod.uri, cors_origins="*") as open_,
        serving(open_.app, LIMITS) as served,
    ):
        served.server.lifespan.state[REFUSAL_REPLY] = open_.state[REFUSAL_REPLY]
        [answer] = await served.answers(request(EVIL, *REFUSED[413]))
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (413, "*")
        [answer] = await served.answers(request(None, *REFUSED[413]))
        assert (answer.status, "vary" in answer.headers) == (413, False)
