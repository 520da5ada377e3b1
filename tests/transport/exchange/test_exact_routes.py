"""What is answered at an address with a line feed behind it, which is another address."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from starlette.routing import BaseRoute, Match, Route, WebSocketRoute
from websockets.exceptions import InvalidStatus

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.harness.gateway_client import Gateway, code, new_gateway
from tests.harness.live_client import served, socket

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri, graphiql=True, insights_page=True) as gateway:
        yield gateway


def matched(route: BaseRoute, path: str) -> dict[str, Any] | None:
    """The parameters that the route takes of this path; None: it is another address."""
    assert isinstance(route, Route | WebSocketRoute)
    kind = "http" if isinstance(route, Route) else "websocket"
    match, scope = route.matches({"type": kind, "method": "GET", "path": path})
    return None if match is Match.NONE else scope["path_params"]


async def test_no_route_leaves_out_a_line_feed(gateway: Gateway) -> None:
    assert len(gateway.app.routes) > 20
    for route in gateway.app.routes:
        assert isinstance(route, Route | WebSocketRoute)
        parameters = dict.fromkeys(route.param_convertors, "a")
        path = route.path_format.format(**parameters)
        assert matched(route, path) == parameters
        if route.path.endswith("}"):
            last = list(parameters)[-1]
            assert matched(route, f"{path}\n") == parameters | {last: "a\n"}
        else:
            assert matched(route, f"{path}\n") is None


PATHS = """/ /graphql /livez /readyz /healthcheck /openapi.json /export /start /insights /namespaces
/features/search/interactions /ubi_events /collect/shop/key/ubi_queries"""


@pytest.mark.parametrize("path", PATHS.split())
async def test_nothing_is_at_an_address_with_a_line_feed_behind_it(gateway: Gateway, path: str) -> None:
    headers = {"Authorization": f"Bearer {gateway.key}"}
    response = await gateway.http.get(f"{path}%0A", headers=headers)
    assert (response.status_code, code(response)) == (404, "NOT_FOUND")


async def test_a_name_ends_with_the_line_feed_that_is_sent(gateway: Gateway) -> None:
    """Of namespaces, whose indexes have an address beside theirs."""
    headers = {"Authorization": f"Bearer {gateway.key}"}
    assert "vector_indexes" in (await gateway.http.get("/namespaces/indexes", headers=headers)).json()
    for name in ("indexes", gateway.namespace.name):
        response = await gateway.http.get(f"/namespaces/{name}%0A", headers=headers)
        assert (response.status_code, response.json()["error"]["type"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("path", ["graphql%0A", "a%0Ab", "%0A"])
async def test_no_websocket_is_opened_there(gateway: Gateway, path: str) -> None:
    async with served(gateway.app) as address:
        with pytest.raises(InvalidStatus) as refused:
            async with socket(address, path=path):
                pass
        assert refused.value.response.status_code == 404


@pytest.mark.parametrize(("token", "status"), [("%FF", 404), ("a%FFb", 404), ("%ED%A0%80", 404), ("%EF%BF%BD", 204)])
async def test_nobody_is_named_by_what_is_not_utf_8(gateway: Gateway, token: str, status: int) -> None:
    """The server gives U+FFFD for it, which is in other ids."""
    named = {"X-Algolia-Application-Id": "shop", "X-Algolia-API-Key": gateway.key}
    async with served(gateway.app) as address, httpx.AsyncClient() as client:
        response = await client.delete(f"http://{address}/1/usertokens/{token}", params=named)
    assert response.status_code == status
    assert await gateway.database["jobs"].count_documents({}) == (status == 204)
