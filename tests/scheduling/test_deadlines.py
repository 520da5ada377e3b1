import asyncio
from contextlib import suppress

import pytest

from gateway.scheduling.deadlines import Deadline


async def test_what_ends_in_time_is_left_alone() -> None:
    with Deadline(5).block():
        await asyncio.sleep(0)
    await asyncio.sleep(0)


async def test_what_goes_on_is_cancelled() -> None:
    with pytest.raises(TimeoutError), Deadline(0.01).block():
        await asyncio.sleep(60)
    await asyncio.sleep(0)


async def test_each_has_its_own_time() -> None:
    deadline, loop = Deadline(0.2), asyncio.get_running_loop()

    async def work(seconds: float) -> float | None:
        """After how long it was cancelled, if it was."""
        began = loop.time()
        try:
            with deadline.block():
                await asyncio.sleep(seconds)
            return None
        except TimeoutError:
            return loop.time() - began

    first, quick = asyncio.create_task(work(60)), asyncio.create_task(work(0))
    await asyncio.sleep(0.1)
    second = asyncio.create_task(work(60))
    assert await quick is None
    for task in (first, second):
        lasted = await asyncio.wait_for(task, 30)
        assert lasted is not None
        assert lasted >= 0.19
    assert await work(0) is None


async def test_it_is_cancelled_until_it_ends() -> None:
    async def deaf(times: int) -> None:
        for _ in range(times):
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(60)

    with pytest.raises(TimeoutError), Deadline(0.01).block():
        await deaf(3)


async def test_another_error_stays_what_it_is() -> None:
    async def failing() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), Deadline(0.01).block():
        await failing()


async def test_who_cancels_the_task_is_heard() -> None:
    entered = asyncio.Event()

    async def work() -> None:
        with Deadline(60).block():
            entered.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(work())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
