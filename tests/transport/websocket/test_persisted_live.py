"""Documents are named over websockets and as event streams just as in other requests."""

import json
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import httpx
import pytest
import pytest_asyncio

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.harness.gateway_client import Gateway, new_gateway
from tests.harness.live_client import RECORDED, Stream, record, served, socket
from tests.harness.waiting import PATIENCE

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY = "query Key { viewer { keyName } }"
ANSWER = {"data": {"viewer": {"keyName": "web"}}}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    path = tmp_path_factory.mktemp("trusted") / "manifest.json"
    path.write_text(json.dumps({"recorded-1": RECORDED}))
    async with new_gateway(mongod.uri, trusted_documents=path) as gateway:
        yield gateway


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def address(gateway: Gateway) -> AsyncIterator[str]:
    async with served(gateway.app) as address:
        yield address


def by_hash(text: str) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha256(text.encode()).hexdigest()}}}


def subscribe(payload: dict[str, Any]) -> dict[str, Any]:
    return {"id": "1", "type": "subscribe", "payload": payload}


async def test_a_document_that_a_websocket_sends_with_its_hash_is_known_everywhere(
    gateway: Gateway, address: str
) -> None:
    async with socket(address) as client:
        await client.init(gateway.key)
        await client.say(subscribe(by_hash(KEY)))
        refused = await client.hear()
        assert (refused["type"], [error["message"] for error in refused["payload"]]) == (
            "error",
            ["PersistedQueryNotFound"],
        )
        for payload in ({**by_hash(KEY), "query": KEY}, by_hash(KEY)):
            await client.say(subscribe(payload))
            assert await client.hear() == {"id": "1", "type": "next", "payload": ANSWER}
            assert await client.hear() == {"id": "1", "type": "complete"}
    assert (await gateway.post(by_hash(KEY))).json() == ANSWER


async def test_a_trusted_subscription_is_named_over_a_websocket(gateway: Gateway, address: str) -> None:
    async with socket(address) as client:
        await client.init(gateway.key)
        await client.say(subscribe({"documentId": "recorded-1", "variables": {"where": {"featureId": {"eq": "p1"}}}}))
        await client.begun()
        await record(gateway, "by-socket")
        assert await client.recorded() == "by-socket"


async def test_a_trusted_subscription_is_named_for_an_event_stream(gateway: Gateway, address: str) -> None:
    headers = {"Authorization": f"Bearer {gateway.key}", "Accept": "text/event-stream", "Accept-Encoding": "gzip, br"}
    async with (
        httpx.AsyncClient(timeout=PATIENCE) as http,
        http.stream(
            "GET", f"http://{address}/graphql", params={"documentId": "recorded-1"}, headers=headers
        ) as response,
    ):
        assert not {"ETag", "Content-Encoding"} & set(response.headers)
        assert response.headers["Cache-Control"] == "no-store"
        events = Stream(response)
        await record(gateway, "by-stream")
        assert await events.recorded() == "by-stream"
