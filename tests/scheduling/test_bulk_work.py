"""Long work makes way for everybody else's."""

import asyncio

import pytest

from gateway.context import Caller, Organization
from gateway.errors import RateLimited
from gateway.scheduling.bulk_work import BulkWork
from gateway.scheduling.concurrency import ConcurrencyLimit


def caller(name: str) -> Caller:
    return Caller(name, name, frozenset(), Organization("org", "Acme"), None)


def test_each_key_has_only_so_much_under_way() -> None:
    work = BulkWork(ConcurrencyLimit(1), of_key=2)
    with work.begun(caller("a")), work.begun(caller("a")):
        with work.begun(caller("b")):
            pass
        with pytest.raises(RateLimited, match="At most 2 exports"), work.begun(caller("a")):
            pass
    with work.begun(caller("a")):
        pass


async def test_a_pause_ends_once_nobody_else_asks() -> None:
    operations = ConcurrencyLimit(1)
    work = BulkWork(operations, of_key=1)
    # Alone, there is nobody to wait for.
    await work.pause(caller("a"), 1_000)
    await operations.enter(caller("b"), 1)
    pausing = asyncio.create_task(work.pause(caller("a"), 0.25))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not pausing.done()
    operations.leave(caller("b"), 1)
    await pausing


async def test_a_pause_ends_whoever_asks() -> None:
    operations = ConcurrencyLimit(1)
    await operations.enter(caller("b"), 1)
    await BulkWork(operations, of_key=1).pause(caller("a"), 1_000)
