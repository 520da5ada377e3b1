"""By how much an event loop is said to be late."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from gateway.scheduling.cancellation import cancel
from gateway.scheduling.event_loop_lag import EventLoopLag
from tests.harness.waiting import soon


@pytest.fixture
async def lag() -> AsyncIterator[EventLoopLag]:
    lag = EventLoopLag()
    measuring = asyncio.create_task(lag.run())
    yield lag
    await cancel([measuring])


async def test_it_comes_to_what_turns_take_and_goes_back(lag: EventLoopLag) -> None:
    async def is_late() -> bool:
        time.sleep(0.5)  # noqa: ASYNC251
        return lag.seconds > 0.25

    async def is_prompt() -> bool:
        return lag.seconds < 0.1

    await soon(is_late)
    await soon(is_prompt)


async def test_a_single_long_turn_counts_for_little(lag: EventLoopLag) -> None:
    await asyncio.sleep(0)
    began = time.monotonic()
    time.sleep(0.5)  # noqa: ASYNC251
    took = time.monotonic() - began
    await soon(lambda: _measured(lag))
    assert 0 < lag.seconds < took / 2


async def _measured(lag: EventLoopLag) -> bool:
    return lag.seconds > 0
