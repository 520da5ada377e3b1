"""Who is served while one organization has as many connections as it can get."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from gateway.context import Permission
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.limits import HEALTH_CONNECTIONS, ConnectionLimits
from gateway.transport.websocket import conversation
from tests.harness.gateway_client import Gateway, new_gateway
from tests.harness.live_client import socket
from tests.harness.waiting import PATIENCE
from tests.harness.wire_client import Served, serving
from tests.transport.server.test_http_protocol import ANSWER, eventually, request

MOST = 100
LIMITS = ConnectionLimits(connections=MOST, drain_seconds=0)
HEALTH = b"GET /healthcheck?probe=1 HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri, max_connections=MOST) as gateway:
        yield gateway


@pytest.fixture
async def served(gateway: Gateway) -> AsyncIterator[Served]:
    async with serving(gateway.app, LIMITS) as served:
        yield served


async def health(served: Served) -> list[int]:
    statuses = []
    for asked in HEALTH:
        async with served.connected() as wire:
            wire.send(asked)
            response = await wire.response()
            statuses.append(0 if response is None else response.status)
    return statuses


async def answer(served: Served, sent: bytes) -> tuple[int, object]:
    async with served.connected() as wire:
        wire.send(sent)
        response = await wire.response()
        assert response is not None
        return response.status, response.json


async def test_with_all_websockets_that_an_organization_may_have_others_are_served(
    gateway: Gateway, served: Served
) -> None:
    await others_are_served(gateway, served, 70)


@pytest.mark.slow
async def test_so_it_is_with_a_thousand(mongod: EmbeddedServer) -> None:
    async with new_gateway(mongod.uri) as gateway, serving(gateway.app, ConnectionLimits(drain_seconds=0)) as served:
        await others_are_served(gateway, served, 700)


async def others_are_served(gateway: Gateway, served: Served, most: int) -> None:
    """With three keys, each of which by itself may have fewer."""
    keys = [gateway.key, *[await gateway.make_key(Permission.READ) for _ in range(2)]]
    address = f"127.0.0.1:{served.port}"
    async with AsyncExitStack() as stack:
        for number in range(most):
            client = await stack.enter_async_context(socket(address))
            await client.init(keys[number % 3])
        for key in keys:
            async with socket(address) as client:
                await client.say({"type": "connection_init", "payload": {"Authorization": f"Bearer {key}"}})
                code, reason = await client.closed()
                assert (code, reason) == (1013, f"An organization may use at most {most} connections at a time.")
        status, refused = await answer(served, request(gateway))
        assert (status, refused["errors"][0]["extensions"]) == (429, {"code": "TOO_MANY_CONNECTIONS"})  # type: ignore[index]
        other = await stack.enter_async_context(socket(address))
        await other.init(gateway.other_key)
        status, _ = await answer(served, request(gateway).replace(gateway.key.encode(), gateway.other_key.encode()))
        assert status == 200
        assert await health(served) == [200, 200]
    await eventually(lambda: not served.server.server_state.tasks)
    assert await answer(served, request(gateway)) == (200, ANSWER)


async def test_of_websockets_that_never_say_who_connects_the_oldest_gives_way(
    gateway: Gateway, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However long it takes to connect them all.
    monkeypatch.setattr(conversation, "_INIT_SECONDS", PATIENCE)
    address = f"127.0.0.1:{served.port}"
    async with AsyncExitStack() as stack:
        silent = [await stack.enter_async_context(socket(address)) for _ in range(MOST // 5)]
        other = await stack.enter_async_context(socket(address))
        await other.init(gateway.other_key)
        assert await silent[0].closed() == (1013, "Too many websockets wait to be initialised; connect again.")
        await silent[-1].init(gateway.key)


async def test_connections_that_wait_take_nobodys_place(gateway: Gateway, served: Served) -> None:
    async with AsyncExitStack() as stack:
        kept = [await stack.enter_async_context(served.connected()) for _ in range(MOST + HEALTH_CONNECTIONS)]
        # Some have never sent anything, some part of a head, and some have had an answer.
        for wire in kept[::3]:
            wire.send(request(gateway)[:40])
        for wire in kept[1::3]:
            wire.send(request(gateway))
            assert await wire.response() is not None
        for _ in range(2 * MOST):
            late = await stack.enter_async_context(served.connected())
        late.send(request(gateway))
        response = await late.response()
        assert response is not None
        assert response.json == ANSWER
        assert len(served.server.server_state.connections) <= MOST + HEALTH_CONNECTIONS
        assert await kept[2].response() is None, "the one that has waited longest was closed"
        assert await health(served) == [200, 200]


async def test_when_all_that_may_be_used_are_health_is_answered(gateway: Gateway, served: Served) -> None:
    async with AsyncExitStack() as stack:
        address = f"127.0.0.1:{served.port}"
        organizations = [await gateway.tenancy.create_organization(name) for name in ("Initech", "Hooli")]
        namespaces = [(await gateway.tenancy.create_namespace(each, "shop"))[0].id for each in organizations]
        keys = [await gateway.make_key(Permission.READ, organization=organization) for organization in organizations]
        for number in range(MOST):
            client = await stack.enter_async_context(socket(address))
            await client.init(keys[number % 2], **{"X-Namespace": namespaces[number % 2]})
        await eventually(lambda: len(served.server.server_state.connections) == MOST)
        status, refused = await answer(served, request(gateway))
        assert (status, refused["errors"][0]["extensions"]) == (503, {"code": "UNAVAILABLE"})  # type: ignore[index]
        with pytest.raises(InvalidStatus):
            async with socket(address):
                pass
        # Also beside those that were refused, and read why, and connections that come and ask nothing.
        for _ in range(3 * HEALTH_CONNECTIONS):
            wire = await stack.enter_async_context(served.connected())
            wire.send(request(gateway))
            refusal = await wire.response()
            assert refusal is not None
            assert refusal.status == 503
        assert await health(served) == [200, 200]
        for _ in range(3 * HEALTH_CONNECTIONS):
            await stack.enter_async_context(served.connected())
        assert await health(served) == [200, 200]
        async with asyncio.timeout(PATIENCE), httpx.AsyncClient(timeout=PATIENCE) as http:
            answers = await asyncio.gather(*(http.get(f"http://{address}/healthcheck") for _ in range(5)))
        assert {response.status_code for response in answers} == {200}
