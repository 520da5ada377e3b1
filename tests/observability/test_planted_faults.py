"""Faults that an operator finds in the log: a refused key, a subscriber that doesn't read, a primary that is gone."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from pathlib import Path
from typing import Any

import orjson
import pytest
from pymongo.errors import PyMongoError

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.store.client import close, open_client
from tests.harness.gateway_client import new_gateway, open_gateway
from tests.harness.live_client import RECORDED, key_id, record, served, socket
from tests.harness.mongod_process import started
from tests.harness.waiting import soon

Logged = Callable[[str], list[dict[str, Any]]]


@contextmanager
def logging() -> Iterator[Logged]:
    """Gives the records with a code, so far."""
    with redirect_stderr(io.StringIO()) as printed:
        yield lambda code: [
            entry
            for line in printed.getvalue().splitlines()
            if line.startswith("{") and (entry := orjson.loads(line)).get("code") == code
        ]


async def test_a_revoked_key_is_told_by_the_id_of_the_request(mongod: EmbeddedServer) -> None:
    with logging() as logged:
        async with new_gateway(mongod.uri, log_format="json", key_cache_seconds=0) as gateway:
            await gateway.keys.revoke(key_id(gateway.key))
            response = await gateway.post({"query": "{ __typename }"})
        [told] = logged("UNAUTHENTICATED")
    assert told["request_id"] == response.headers["x-request-id"]


async def test_a_subscriber_that_does_not_read_is_named(mongod: EmbeddedServer) -> None:
    large = RECORDED.replace("interactionType }", "interactionType metadata }")
    with logging() as logged:
        async with (
            new_gateway(mongod.uri, log_format="json", subscription_buffer_bytes=20_000) as gateway,
            served(gateway.app, send_buffer=4_096) as address,
            socket(address, max_queue=1) as slow,
        ):
            await slow.init(gateway.key)
            await slow.subscribe("1", large)
            await slow.begun()
            for number in range(40):
                await record(gateway, f"i{number}", metadata={"x": "y" * 60_000})
            assert (await slow.closed())[0] == 1013
            await soon(lambda: len(logged("SUBSCRIBER_TOO_SLOW")) == 2)
        operation, connection = logged("SUBSCRIBER_TOO_SLOW")
    assert (operation["event"], operation["type"], connection["event"]) == ("operation", "subscription", "websocket")
    assert operation["key"] == connection["key"] == key_id(gateway.key)
    assert operation["level"] == "warning"


@pytest.fixture
def mortal_mongod(tmp_path: Path, pytestconfig: pytest.Config) -> Iterator[EmbeddedServer]:
    """One that a test may end."""
    with started(tmp_path, pytestconfig) as server:
        yield server


@pytest.mark.slow
async def test_a_dead_primary_is_a_warning(mortal_mongod: EmbeddedServer) -> None:
    client = open_client(mortal_mongod.uri)
    with logging() as logged:
        async with open_gateway(client["test"], mortal_mongod.uri, log_format="json") as gateway:
            await gateway.data("{ interactions { totalCount } }")
            with suppress(PyMongoError):
                await client["admin"].command("shutdown", force=True, timeoutSecs=0)
            response = await gateway.post({"query": "query Count { interactions { totalCount } }"})
        [told] = logged("UNAVAILABLE")
    await close(client)
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    assert (told["level"], told["name"]) == ("warning", "Count")
