"""What the application sees of a request behind proxies, and what it answers to it."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send
from websockets.exceptions import InvalidStatus

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.settings import Settings, SettingsError, load
from gateway.transport.server.proxies import BehindProxies
from gateway.transport.server.public_url import PublicUrl, parse_public_url
from tests.harness.gateway_client import Gateway, new_gateway
from tests.harness.live_client import served, socket
from tests.harness.waiting import PATIENCE

PUBLIC_URL = "https://Shop.example:443/search/"
FORWARDED = {"X-Forwarded-For": "192.0.2.43", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "shop.example"}
ASKED = {"query": "{ viewer { keyName } }"}


async def seen(peer: str, headers: dict[str, str], path: str = "/graphql", kind: str = "http") -> Scope:
    """The request that gets to the application."""
    settings = load(Settings, mongodb_uri="mongodb://h", trusted_proxies="10.0.0.0/8, fd00::1")
    scopes: list[Any] = []

    async def application(scope: Scope, _receive: Receive, _send: Send) -> None:
        scopes.append(scope)

    async def nothing(*_: Any) -> Any:
        raise AssertionError

    raw = [(b"host", b"gateway:8000"), *((name.lower().encode(), value.encode()) for name, value in headers.items())]
    scope = {"type": kind, "scheme": "http" if kind == "http" else "ws", "client": (peer, 4_711), "headers": raw}
    middleware = BehindProxies(application, trusted=settings.trusted_proxies, base_path="/search")
    await middleware({**scope, "path": path}, nothing, nothing)
    [passed] = scopes
    assert isinstance(passed, dict)
    return passed


@pytest.mark.parametrize("peer", ["10.1.2.3", "::ffff:10.1.2.3", "fd00::1"])
@pytest.mark.parametrize(("kind", "scheme"), [("http", "https"), ("websocket", "wss")])
async def test_what_a_trusted_proxy_tells_is_what_is_seen(peer: str, kind: str, scheme: str) -> None:
    scope = await seen(peer, FORWARDED, kind=kind)
    assert (scope["client"], scope["scheme"]) == (("192.0.2.43", 0), scheme)
    assert [value for name, value in scope["headers"] if name == b"host"] == [b"shop.example"]


@pytest.mark.parametrize("peer", ["11.0.0.1", "fd00::2", "testclient"])
async def test_what_anybody_else_tells_is_not(peer: str) -> None:
    scope = await seen(peer, FORWARDED | {"X-Forwarded-Prefix": "/other"}, path="/other/graphql")
    assert (scope["client"], scope["scheme"], scope["path"]) == ((peer, 4_711), "http", "/search/other/graphql")
    assert [value for name, value in scope["headers"] if name == b"host"] == [b"gateway:8000"]


@pytest.mark.parametrize(
    ("path", "prefix", "expected"),
    [
        ("/graphql", "", "/search/graphql"),
        ("/search/graphql", "", "/search/graphql"),
        ("/search", "", "/search"),
        ("/searching", "", "/search/searching"),
        ("/graphql", "/outer", "/outer/graphql"),
        ("/outer/graphql", "/outer", "/outer/graphql"),
        ("/search/graphql", "/outer", "/outer/graphql"),
    ],
)
async def test_a_path_has_its_beginning_whether_or_not_a_proxy_left_it_out(
    path: str, prefix: str, expected: str
) -> None:
    scope = await seen("10.1.2.3", {"X-Forwarded-Prefix": prefix}, path=path)
    assert scope["path"] == expected
    assert scope["root_path"] == (prefix or "/search")


@pytest.fixture
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    settings = {"public_url": PUBLIC_URL, "trusted_proxies": "127.0.0.1", "hosts": "internal"}
    async with new_gateway(mongod.uri, **settings) as gateway:
        yield gateway


async def test_everything_is_at_the_base_path_and_without_it(gateway: Gateway) -> None:
    headers = {"Authorization": f"Bearer {gateway.key}", "Host": "internal"}
    for base in ("", "/search"):
        answer = await gateway.http.post(f"{base}/graphql", json=ASKED, headers=headers)
        assert answer.json() == {"data": {"viewer": {"keyName": "web"}}}
        page = await gateway.http.get(f"{base}/graphql", headers=headers | {"Accept": "text/html"})
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        for path in ("/livez", "/readyz", "/healthcheck"):
            assert (await gateway.http.get(f"{base}{path}", headers={"Host": "10.0.0.1"})).status_code == 200
    # Nothing leads elsewhere: such an address would be of http.
    for path in ("/search/graphql/", "/search/", "/search", "/search/search/graphql", "/searchgraphql", "//graphql"):
        assert (await gateway.http.get(path, headers=headers)).status_code == 404


async def test_websockets_are_of_the_public_origin_and_hosts_of_its_name(gateway: Gateway) -> None:
    async with served(gateway.app) as address:
        for path in ("graphql", "search/graphql"):
            async with socket(address, origin="https://shop.example", host="shop.example", path=path) as client:
                await client.init(gateway.key)
            async with socket(address, origin="https://shop.example", host="internal:1", path=path) as client:
                await client.init(gateway.key)
        for origin, host in (
            ("http://shop.example", "shop.example"),
            ("https://internal", "internal"),
            ("https://shop.example:8443", "shop.example:8443"),
            ("https://shop.example", "evil.example"),
        ):
            with pytest.raises(InvalidStatus) as handshake:
                async with socket(address, origin=origin, host=host):
                    pass
            assert handshake.value.response.status_code == 403
        # The proxy's word for the host that it was asked by.
        async with httpx.AsyncClient(base_url=f"http://{address}", timeout=PATIENCE) as http:
            for forwarded, status in (("shop.example", 401), ("evil.example", 403)):
                answer = await http.post("/graphql", json=ASKED, headers={"X-Forwarded-Host": forwarded})
                assert answer.status_code == status


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://shop.example", PublicUrl("https://shop.example", "shop.example", "")),
        ("https://Shop.example:443/search/", PublicUrl("https://shop.example", "shop.example", "/search")),
        ("http://[::1]:8000/a/b", PublicUrl("http://[::1]:8000", "[::1]", "/a/b")),
    ],
)
def test_public_addresses(url: str, expected: PublicUrl) -> None:
    settings = load(Settings, mongodb_uri="mongodb://h", public_url=url)
    assert settings.public_url is not None
    assert parse_public_url(settings.public_url) == expected


@pytest.mark.parametrize(
    "url",
    ["shop.example", "ftp://a", "https://a/?b", "https://a#b", "https://u:p@a", "https://a:99999", "https://a//b"],
)
def test_what_is_no_public_address_is_no_setting(url: str) -> None:
    with pytest.raises(SettingsError, match=r"^GATEWAY_PUBLIC_URL: expected an address such as https://shop\.example "):
        load(Settings, mongodb_uri="mongodb://h", public_url=url)


@pytest.mark.parametrize("proxies", ["*", "proxy.example", "10.0.0.1/8", "10.0.0.0/33", "10.0.0"])
def test_what_are_no_networks_are_no_setting(proxies: str) -> None:
    with pytest.raises(SettingsError, match=r"^GATEWAY_TRUSTED_PROXIES: expected a comma-separated list of IP "):
        load(Settings, mongodb_uri="mongodb://h", trusted_proxies=proxies)
