"""The application is an ordinary one of Starlette: a middleware of whoever deploys it sees every request."""

from typing import Any

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.app.application import create_app
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.limits import ConnectionLimits
from gateway.settings import Settings, load
from tests.harness.gateway_client import Gateway
from tests.harness.live_client import socket
from tests.harness.waiting import PATIENCE
from tests.harness.wire_client import serving


class Recording:
    """Notes what passes through it."""

    def __init__(self, app: ASGIApp, passed: list[tuple[Any, Any]]) -> None:
        self._app = app
        self._passed = passed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._passed.append((scope["type"], scope["path"]))
        await self._app(scope, receive, send)


async def test_a_middleware_sees_the_graph_the_websocket_and_every_other_address(
    gateway: Gateway, mongod: EmbeddedServer
) -> None:
    passed: list[tuple[Any, Any]] = []
    database = gateway.database.name
    app = create_app(load(Settings, mongodb_uri=mongod.uri, mongodb_database=database, insights=False))
    app.add_middleware(Recording, passed=passed)
    async with (
        app.router.lifespan_context(app),
        serving(app, ConnectionLimits(drain_seconds=0)) as served,
    ):
        address = f"127.0.0.1:{served.port}"
        async with httpx.AsyncClient(base_url=f"http://{address}", timeout=PATIENCE) as http:
            headers = {"Authorization": f"Bearer {gateway.key}"}
            answer = await http.post("/graphql", json={"query": "{ viewer { keyName } }"}, headers=headers)
            assert answer.json()["data"] == {"viewer": {"keyName": "web"}}
            assert [(await http.get(path)).status_code for path in ("/readyz", "/nothing")] == [200, 404]
        async with socket(address) as client:
            await client.init(gateway.key)
    assert passed == [("http", "/graphql"), ("http", "/readyz"), ("http", "/nothing"), ("websocket", "/graphql")]
