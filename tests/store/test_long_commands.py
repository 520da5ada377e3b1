"""Commands that are given up are ended on MongoDB, by what every user may do, with either driver."""

import asyncio
from collections.abc import AsyncIterator
from typing import cast, get_args

import pytest
from pymongo.errors import OperationFailure

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.store.client import ClientSession, Driver, close, open_client
from gateway.store.long_commands import LongCommands
from tests.harness.operations_under_way import Slow, ended, under_way

# MongoDB's code for what was ended by others.
INTERRUPTED = 11601


@pytest.fixture(params=get_args(Driver))
async def slow(mongod: EmbeddedServer, database_name: str, request: pytest.FixtureRequest) -> AsyncIterator[Slow]:
    client = open_client(mongod.uri, driver=cast(Driver, request.param))
    yield await Slow.stored(client[database_name])
    await client.drop_database(database_name)
    await close(client)


async def test_whoever_gives_up_is_free_at_once_and_mongodb_soon(slow: Slow) -> None:
    commands = LongCommands(slow.database, time_limit_ms=600_000)
    running: list[asyncio.Task[int]] = []
    waiting = asyncio.create_task(commands.run(slow.count, running.append))
    await under_way(slow.database)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    [command] = running
    assert not command.done()
    with pytest.raises(OperationFailure) as killed:
        await command
    assert killed.value.code == INTERRUPTED
    await ended(slow.database)
    # Whoever is next gets the session of the one that was killed.
    assert await commands.run(slow.count_few, running.append) == 1


async def test_what_has_not_begun_yet_is_killed_as_soon_as_it_has(slow: Slow) -> None:
    commands = LongCommands(slow.database, time_limit_ms=600_000)
    running: list[asyncio.Task[int]] = []
    waits, may_begin = asyncio.Event(), asyncio.Event()

    async def late(session: ClientSession) -> int:
        waits.set()
        await may_begin.wait()
        return await slow.count(session)

    waiting = asyncio.create_task(commands.run(late, running.append))
    await waits.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    may_begin.set()
    with pytest.raises(OperationFailure) as killed:
        await running[0]
    assert killed.value.code == INTERRUPTED
