"""The gateway behind nginx as docs/deployment.md configures it: what goes through, and whom floods hold up."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.typing import Subprotocol

from gateway.demo.embedded_mongod import EmbeddedServer, reserved_port
from gateway.limits import ConnectionLimits
from gateway.settings import Settings, load
from gateway.transport.server.proxies import BehindProxies
from tests.harness import wire_client
from tests.harness.gateway_process import GatewayProcess, serving
from tests.harness.nginx_process import NGINX, proxying

pytestmark = [
    pytest.mark.skipif(NGINX is None, reason="no nginx is installed (Debian: nginx-light)"),
    pytest.mark.slow,
]

QUERY = {"query": "{ viewer { keyName } }"}
DATA = {"viewer": {"keyName": "web"}}
RECORDED = {"query": "subscription { interactionRecorded { interactionId } }"}
# Of another address than the light client's, as nginx sees it.
FLOODER = ("127.0.0.2", 0)
PATIENCE = 120.0


@dataclass(frozen=True)
class Proxied:
    """What nginx serves; ``tls`` trusts its certificate."""

    gateway: GatewayProcess
    port: int
    tls: ssl.SSLContext

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}/search/graphql"

    def client(self, **options: Any) -> httpx.AsyncClient:
        return httpx.AsyncClient(verify=self.tls, headers=self.gateway.headers, timeout=PATIENCE, **options)

    @asynccontextmanager
    async def wire(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A connection of the flooder, whose bytes are its own."""
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.port, ssl=self.tls, server_hostname="localhost", local_addr=FLOODER
        )
        try:
            yield reader, writer
        finally:
            writer.transport.abort()

    def websocket(self, **options: Any) -> connect:
        protocols = [Subprotocol("graphql-transport-ws")]
        return connect(self.url.replace("https", "wss"), ssl=self.tls, subprotocols=protocols, **options)


@pytest.fixture(scope="module")
def proxied(mongod: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    directory = tmp_path_factory.mktemp("nginx")
    with reserved_port() as port:
        # As the page has it beside the configuration.
        settings = {"public_url": f"https://localhost:{port}/search", "trusted_proxies": "127.0.0.1"}
        with serving(mongod.uri, **settings) as gateway, proxying(gateway.url.split("/")[2], directory, port):
            yield Proxied(gateway, port, _trusting(directory))


def _trusting(directory: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(Path(directory, "certificate.pem")))


async def init(websocket: ClientConnection, key: str) -> None:
    payload = {"Authorization": f"Bearer {key}"}
    await websocket.send(orjson.dumps({"type": "connection_init", "payload": payload}).decode())
    assert await websocket.recv() == '{"type":"connection_ack"}'


async def ask(proxied: Proxied, times: int) -> None:
    """Asks as a light client does: one request after the other, each answered."""
    async with proxied.client() as http:
        for _ in range(times):
            response = await http.post(proxied.url, json=QUERY)
            assert response.status_code == 200, response.text
            assert response.json()["data"] == DATA


async def test_a_prefix_that_is_left_where_it_is_is_known(proxied: Proxied, tmp_path: Path) -> None:
    with reserved_port() as port, proxying(proxied.gateway.url.split("/")[2], tmp_path, port, leaves_prefix=True):
        other = replace(proxied, port=port, tls=_trusting(tmp_path))
        await ask(other, 2)
        async with other.client() as http:
            page = await http.get(other.url, headers={"Accept": "text/html"})
            assert page.headers["content-type"] == "text/html; charset=utf-8"
            # Nothing leads to http.
            assert (await http.get(f"{other.url}/")).status_code == 404
        async with other.websocket() as websocket:
            await init(websocket, proxied.gateway.key)


async def test_requests_subscriptions_and_the_page_go_through_below_a_prefix(proxied: Proxied) -> None:
    await ask(proxied, 2)
    async with proxied.client() as http, proxied.websocket() as websocket:
        page = await http.get(proxied.url, headers={"Accept": "text/html"})
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert (await http.get(proxied.url.replace("graphql", "readyz"))).json()["status"] == "OK"
        await init(websocket, proxied.gateway.key)
        await websocket.send(orjson.dumps({"id": "1", "type": "subscribe", "payload": RECORDED}).decode())
        await websocket.send('{"type":"ping"}')
        assert await websocket.recv() == '{"type":"pong"}'
        headers = {"Accept": "text/event-stream"}
        async with http.stream("POST", proxied.url, json=RECORDED, headers=headers) as stream:
            chunks = stream.aiter_text()
            # Not gathered on the way.
            assert await anext(chunks) == ":\n\n"
            await asyncio.to_thread(proxied.gateway.record, {"featureId": "f", "interactionType": "VIEW"})
            assert "interactionRecorded" in await anext(chunks)
        assert "interactionRecorded" in str(await websocket.recv())


@pytest.mark.parametrize("leaves_prefix", [False, True])
async def test_a_browser_at_the_prefix_is_led_to_the_start_page_below_it(
    leaves_prefix: bool, proxied: Proxied, tmp_path: Path
) -> None:
    with (
        reserved_port() as port,
        proxying(proxied.gateway.url.split("/")[2], tmp_path, port, leaves_prefix=leaves_prefix),
    ):
        other = replace(proxied, port=port, tls=_trusting(tmp_path))
        async with other.client() as http:
            root = other.url.removesuffix("graphql")
            page = await http.get(root, headers={"Accept": "text/html"}, follow_redirects=True)
            assert (page.status_code, str(page.url)) == (200, f"{root}start")
            for link in ("insights", "graphql", "openapi.json"):
                assert (await http.get(page.url.join(link), headers={"Accept": "text/html"})).status_code == 200


async def test_an_upgrade_to_http_2_is_not_passed_on(proxied: Proxied) -> None:
    async with proxied.client() as http:
        headers = {
            "Connection": "Upgrade, HTTP2-Settings",
            "Upgrade": "h2c",
            "HTTP2-Settings": "AAMAAABkAAQAAP__",
        }
        response = await http.post(proxied.url, json=QUERY, headers=headers)
    assert response.json()["data"] == DATA


async def test_a_page_of_its_own_origin_may_open_websockets_and_no_other(proxied: Proxied) -> None:
    async with proxied.websocket(origin=f"https://localhost:{proxied.port}") as websocket:
        await init(websocket, proxied.gateway.key)
    for origin in ("https://evil.example", f"http://localhost:{proxied.port}", "https://localhost"):
        with pytest.raises(InvalidStatus) as refused:
            async with proxied.websocket(origin=origin, additional_headers={"X-Forwarded-Host": "evil.example"}):
                pass
        assert refused.value.response.status_code == 403


async def test_the_client_is_the_one_that_nginx_names_whatever_clients_write(tmp_path: Path) -> None:
    scopes: list[Scope] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        scopes.append(scope)
        await PlainTextResponse("")(scope, receive, send)

    settings = load(Settings, mongodb_uri="mongodb://h", trusted_proxies="127.0.0.1")
    behind = BehindProxies(application, trusted=settings.trusted_proxies)
    written = {
        "Forwarded": "for=6.6.6.6;proto=http;host=evil.example",
        "X-Forwarded-For": "6.6.6.6",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Prefix": "/evil",
    }
    with reserved_port() as port:
        async with wire_client.serving(behind, ConnectionLimits(drain_seconds=0)) as served:
            with proxying(f"127.0.0.1:{served.port}", tmp_path, port):
                transport = httpx.AsyncHTTPTransport(verify=_trusting(tmp_path), local_address=FLOODER[0])
                async with httpx.AsyncClient(transport=transport, timeout=PATIENCE) as http:
                    await http.get(f"https://localhost:{port}/search/a", headers=written)
    [scope] = scopes
    host = dict(scope["headers"])[b"host"].decode()
    assert (scope["client"][0], scope["scheme"], host) == (FLOODER[0], "https", f"localhost:{port}")
    assert (scope["root_path"], scope["path"]) == ("/search", "/search/a")


async def test_bodies_beyond_the_limit_go_no_further(proxied: Proxied) -> None:
    async with proxied.client() as http:
        response = await http.post(proxied.url, content=b" " * 3_000_000)
    assert (response.status_code, response.headers["server"]) == (413, "nginx")


@pytest.mark.parametrize("body", [b"", b"{"])
async def test_slow_heads_and_bodies_are_given_up(body: bytes, proxied: Proxied) -> None:
    head = b"POST /search/graphql HTTP/1.1\r\nHost: localhost\r\n"
    if body:
        head += b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n"
    async with proxied.wire() as (reader, writer), asyncio.timeout(PATIENCE):
        writer.write(head + body)
        answer = await reader.read()
    assert answer == b"" or answer.startswith(b"HTTP/1.1 408 ")


async def test_a_flood_of_requests_on_a_few_connections_holds_up_nobody(proxied: Proxied) -> None:
    statuses: list[bytes] = []

    async def flood() -> None:
        while True:
            async with proxied.wire() as (reader, writer):
                with suppress(OSError):
                    writer.write(b"GET /search/nothing HTTP/1.1\r\nHost: localhost\r\n\r\n" * 2_000)
                    while line := await reader.readline():
                        if line.startswith(b"HTTP/1.1 "):
                            statuses.append(line.split()[1])

    flooding = [asyncio.create_task(flood()) for _ in range(3)]
    async with asyncio.timeout(PATIENCE):
        while b"429" not in statuses:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await ask(proxied, 10)
    for task in flooding:
        task.cancel()
    await asyncio.gather(*flooding, return_exceptions=True)
    assert set(statuses) == {b"404", b"429"}


FRAMES = {
    "pings": Frame(Opcode.PING, b"x" * 100).serialize(mask=True) * 1_000,
    "pongs": Frame(Opcode.PONG, b"").serialize(mask=True) * 10_000,
    "parts": Frame(Opcode.TEXT, b"x", fin=False).serialize(mask=True)
    + Frame(Opcode.CONT, b"x", fin=False).serialize(mask=True) * 900,
}


@pytest.mark.parametrize("frames", FRAMES)
async def test_a_flood_of_frames_on_a_few_connections_holds_up_nobody(frames: str, proxied: Proxied) -> None:
    floods = asyncio.Semaphore(0)

    async def flood() -> None:
        while True:
            with suppress(ConnectionClosed):
                async with proxied.websocket(local_addr=FLOODER, open_timeout=PATIENCE) as websocket:
                    await init(websocket, proxied.gateway.key)
                    for _ in range(5 if frames != "parts" else 1):
                        websocket.transport.write(FRAMES[frames])
                        # As much as is taken.
                        await (await websocket.ping())
                        floods.release()

    flooding = [asyncio.create_task(flood()) for _ in range(3)]
    async with asyncio.timeout(PATIENCE):
        for _ in range(5):
            await floods.acquire()
            await ask(proxied, 1)
    for task in flooding:
        task.cancel()
    await asyncio.gather(*flooding, return_exceptions=True)


async def test_one_address_has_so_many_connections_and_others_have_theirs(proxied: Proxied) -> None:
    async def held(number: int) -> int:
        try:
            async with handshakes:
                websocket = await proxied.websocket(local_addr=FLOODER, open_timeout=PATIENCE)
                await init(websocket, proxied.gateway.key)
            await everybody.wait()
            await websocket.close()
            return 101
        except InvalidStatus as refused:
            return refused.response.status_code
        except (ConnectionClosed, InvalidMessage):
            # Its handshake took longer than the seconds that heads have here.
            return 408

    everybody = asyncio.Event()
    # Of 130 at once, each with TLS, all would take longer.
    handshakes = asyncio.Semaphore(5)
    holding = [asyncio.create_task(held(number)) for number in range(130)]
    async with asyncio.timeout(PATIENCE):
        while sum(task.done() for task in holding) < 30:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await ask(proxied, 2)
        everybody.set()
        statuses = await asyncio.gather(*holding)
    assert statuses.count(101) <= 100
    assert set(statuses) - {408} == {101, 429}
