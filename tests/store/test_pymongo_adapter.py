"""The driver goes on after whatever was cancelled while it looked for a server, and waits for answers as it should."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from pymongo.errors import AutoReconnect, NetworkTimeout

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.store.client import Client, close, open_client
from tests.harness.mongod_process import started, stop
from tests.harness.waiting import PATIENCE, soon

SELECTING = Path(__file__).parents[1] / "harness" / "selecting.py"
# Longer than any test.
NEVER_MS = 1_000_000


def test_who_gives_up_leaves_the_driver_as_it_was() -> None:
    run = subprocess.run([sys.executable, SELECTING], capture_output=True, text=True, timeout=PATIENCE)
    assert run.returncode == 0, run.stdout


@pytest.fixture(scope="module")
def own_mongod(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[EmbeddedServer]:
    """One that may be stopped for a while."""
    with started(tmp_path_factory.mktemp("own"), pytestconfig) as server:
        yield server


@asynccontextmanager
async def stopped(server: EmbeddedServer, **options: Any) -> AsyncIterator[Client]:
    """A client that has been answered by a server that answers nobody any more until this is left."""
    client = open_client(server.uri, **options)

    async def is_answered() -> bool:
        with suppress(AutoReconnect):
            await client.admin.command("ping")
            return True
        return False

    # Of a server that runs, a busy machine may take longer than the client waits.
    await soon(is_answered)
    stop(server)
    try:
        yield client
    finally:
        os.kill(server.pid, signal.SIGCONT)
        await close(client)


async def test_what_a_server_that_hangs_was_asked_ends_when_the_driver_gives_that_up(
    own_mongod: EmbeddedServer,
) -> None:
    options = {"heartbeat_ms": 500, "connect_timeout_ms": 200, "server_selection_timeout_ms": 200}
    async with stopped(own_mongod, socket_timeout_ms=NEVER_MS, **options) as client:
        with pytest.raises(AutoReconnect, match="operation cancelled"):
            await client.admin.command("ping")


async def test_an_answer_that_does_not_come_in_time_is_waited_for_no_longer(own_mongod: EmbeddedServer) -> None:
    options = {"heartbeat_ms": NEVER_MS, "connect_timeout_ms": NEVER_MS}
    async with stopped(own_mongod, socket_timeout_ms=200, **options) as client:
        with pytest.raises(NetworkTimeout, match="timed out"):
            await client.admin.command("ping")


async def test_the_late_answer_of_what_was_cancelled_is_nobodys(own_mongod: EmbeddedServer) -> None:
    async with stopped(own_mongod, max_pool_size=1, socket_timeout_ms=NEVER_MS) as client:
        asking = asyncio.create_task(client.admin.command("buildInfo"))
        for _ in range(100):
            await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        os.kill(own_mongod.pid, signal.SIGCONT)
        assert "version" not in await client.admin.command("ping")


async def test_a_command_is_sent_and_its_answer_waited_for_by_the_task_that_asks(own_mongod: EmbeddedServer) -> None:
    client = open_client(own_mongod.uri, heartbeat_ms=NEVER_MS)
    await client.admin.command("ping")
    loop, coroutines = asyncio.get_running_loop(), list[str]()

    def counting(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> "asyncio.Task[Any]":
        coroutines.append(coroutine.__qualname__)
        return asyncio.Task(coroutine, loop=loop, **options)

    loop.set_task_factory(counting)
    try:
        await client.admin.command("ping")
    finally:
        loop.set_task_factory(None)
    assert not [name for name in coroutines if "read" in name or "write" in name or "_poll_cancellation" in name]
    await close(client)
