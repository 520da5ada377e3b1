"""What orchestrators are told of a process."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.app.application import application
from gateway.app.services import Services
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.settings import Settings, load
from gateway.store.client import close, open_client
from tests.harness.gateway_client import Gateway, new_gateway, open_gateway
from tests.harness.live_client import served, stream
from tests.harness.mongod_process import started, stop
from tests.harness.waiting import PATIENCE, soon

WELL = {"database": "OK", "indexes": "OK", "changeStream": "OK", "eventLoop": "OK"}
PRIMARY = "The primary doesn't answer."


async def checks(http: httpx.AsyncClient) -> dict[str, str]:
    """What `/readyz` tells of each part."""
    response = await http.get("/readyz")
    answer: dict[str, Any] = response.json()
    is_well = answer["checks"] == WELL
    assert (response.status_code, answer["status"]) == ((200, "OK") if is_well else (503, "UNAVAILABLE"))
    told: dict[str, str] = answer["checks"]
    return told


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/livez", {"status": "OK"}),
        ("/healthcheck", {"status": "OK"}),
        ("/readyz", {"status": "OK", "checks": WELL}),
    ],
)
async def test_health_needs_no_key(gateway: Gateway, path: str, answer: object) -> None:
    response = await gateway.http.get(path)
    assert (response.status_code, response.json()) == (200, answer)
    assert response.headers["Cache-Control"] == "no-store"
    assert (await gateway.http.head(path)).status_code == 200
    refused = await gateway.http.post(path)
    assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert set(refused.headers["Allow"].split(", ")) == {"GET", "HEAD"}


@pytest.fixture
def own_mongod(tmp_path: Path, pytestconfig: pytest.Config) -> Iterator[EmbeddedServer]:
    """One that nobody else needs."""
    with started(tmp_path, pytestconfig) as server:
        yield server


async def test_it_is_not_ready_while_the_database_is_away_and_names_what_is_wrong(own_mongod: EmbeddedServer) -> None:
    client = open_client(own_mongod.uri)
    async with (
        open_gateway(client["gateway"], own_mongod.uri) as gateway,
        served(gateway.app) as address,
        stream(address, gateway.key),
        httpx.AsyncClient(base_url=f"http://{address}", timeout=PATIENCE) as http,
    ):
        assert await checks(http) == WELL
        stop(own_mongod)
        assert await checks(http) == {**WELL, "database": PRIMARY}
        assert (await http.get("/livez")).json() == {"status": "OK"}
        os.kill(own_mongod.pid, signal.SIGCONT)
        await soon(lambda: _is(http, WELL))
        os.kill(own_mongod.pid, signal.SIGKILL)
        cut_off = "It broke off, and can't be opened again yet."
        await soon(lambda: _is(http, {**WELL, "database": PRIMARY, "changeStream": cut_off}))
    await close(client)


async def _is(http: httpx.AsyncClient, expected: dict[str, str]) -> bool:
    return await checks(http) == expected


async def test_it_is_not_ready_while_its_indexes_are_not_there(mongod: EmbeddedServer, database_name: str) -> None:
    settings = load(Settings, mongodb_uri=mongod.uri, mongodb_database=database_name)
    services = Services(settings)
    app = application(settings, services)
    # Its lifespan, in which they are created, isn't begun.
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://a") as http:
        told = await checks(http)
    await close(services.database.client)
    assert told == {**WELL, "indexes": "They are being created; the log says what keeps it up."}


async def test_it_is_not_ready_while_it_is_given_more_than_it_can_do(mongod: EmbeddedServer) -> None:
    async with new_gateway(mongod.uri, event_loop_lag_limit_ms=200) as gateway:

        async def is_late() -> bool:
            # As turns do that are too long.
            time.sleep(0.5)  # noqa: ASYNC251
            told = await checks(gateway.http)
            late = told.pop("eventLoop")
            assert told == dict.fromkeys(told, "OK")
            return late.startswith("It is ") and late.endswith(" ms late; GATEWAY_EVENT_LOOP_LAG_LIMIT_MS allows 200.")

        await soon(is_late)
        await soon(lambda: _is(gateway.http, WELL))
