"""Whom a gateway answers that knows its hosts, by the Host of the request."""

from collections.abc import AsyncIterator

import pytest
from websockets.exceptions import InvalidStatus

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.limits import ConnectionLimits
from gateway.settings import Settings, SettingsError, load
from tests.harness.gateway_client import Gateway, new_gateway
from tests.harness.live_client import socket
from tests.harness.wire_client import Served, secured, serving
from tests.transport.server.test_http_protocol import ANSWER, request

HOSTS = "gateway.example, Other.Example:8443, 127.0.0.1, ::1"


@pytest.fixture
async def gateway(mongod: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Gateway]:
    monkeypatch.setenv("GATEWAY_HOSTS", HOSTS)
    async with new_gateway(mongod.uri) as gateway:
        yield gateway


@pytest.fixture
async def served(gateway: Gateway) -> AsyncIterator[Served]:
    async with serving(gateway.app, ConnectionLimits(drain_seconds=0)) as served:
        yield served


@pytest.mark.parametrize(
    "host",
    [
        "gateway.example",
        "GATEWAY.example.:443",
        "other.example",
        "other.example:1",
        "127.0.0.1:80",
        "[::1]:80",
        "[::1]",
    ],
)
async def test_it_answers_by_its_names_with_any_port(gateway: Gateway, served: Served, host: str) -> None:
    sent = request(gateway).replace(b"Host: a\r\n", f"Host: {host}\r\n".encode())
    async with served.connected() as wire:
        wire.send(sent)
        response = await wire.response()
    assert response is not None
    assert response.json == ANSWER


@pytest.mark.parametrize(
    "host",
    [
        "",
        "a",
        "evil.example:443",
        "gateway.example.evil.example",
        "xgateway.example",
        "[::1",
        "[::2]",
        "x@gateway.example",
    ],
)
@pytest.mark.parametrize("method", [b"POST", b"GET", b"OPTIONS", b"HEAD"])
async def test_by_every_other_it_refuses_in_its_own_form(
    gateway: Gateway, served: Served, host: str, method: bytes
) -> None:
    sent = request(gateway).replace(b"Host: a\r\n", f"Host: {host}\r\n".encode()).replace(b"POST", method, 1)
    async with served.connected() as wire:
        wire.send(sent)
        head = await wire.reader.readuntil(b"\r\n\r\n") if method == b"HEAD" else None
        response = None if head else await wire.response()
    if head:
        assert head.startswith(b"HTTP/1.1 403 ")
    else:
        assert response is not None
        assert (response.status, response.code) == (403, "FORBIDDEN")
        assert secured(response)


async def test_websockets_too(gateway: Gateway, served: Served) -> None:
    address = f"127.0.0.1:{served.port}"
    async with socket(address) as client:
        await client.init(gateway.key)
    with pytest.raises(InvalidStatus) as refused:
        async with socket(address, host=f"evil.example:{served.port}"):
            pass
    assert refused.value.response.status_code == 403
    assert b'"FORBIDDEN"' in (refused.value.response.body or b"")


async def test_health_is_told_by_every_name(gateway: Gateway, served: Served) -> None:
    for path in (b"/livez", b"/readyz", b"/healthcheck"):
        async with served.connected() as wire:
            wire.send(b"GET %b HTTP/1.1\r\nHost: 10.0.0.1\r\n\r\n" % path)
            response = await wire.response()
            assert response is not None
            assert response.status == 200


@pytest.mark.parametrize("hosts", ["https://gateway.example", "a/b", "a b", "*", "x:y"])
def test_what_is_no_host_is_no_setting(hosts: str) -> None:
    with pytest.raises(SettingsError, match=r"^GATEWAY_HOSTS: expected a comma-separated list of host names"):
        load(Settings, mongodb_uri="mongodb://h", hosts=hosts)
