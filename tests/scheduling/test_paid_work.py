"""What work costs that takes the processor: by its size before it begins, and by its time at last."""

import asyncio
import time

import pytest

from gateway.context import Caller, Organization, Rate
from gateway.errors import RateLimited, Unavailable
from gateway.scheduling.concurrency import ConcurrencyLimit
from gateway.scheduling.cpu_gate import CpuGate
from gateway.scheduling.paid_work import SECONDS_PER_POINT, PaidWork
from gateway.scheduling.rate_limiter import REFUSED, TokenBuckets, refusal_points

POOR = Caller("poor", "poor", frozenset(), Organization("o", "o"), None)
RICH = Caller("rich", "rich", frozenset(), Organization("o", "o"), None)


def new_work(burst: int = 10_000, time_limit_ms: int = 10_000) -> tuple[PaidWork, TokenBuckets]:
    """Work, and the buckets that pay for it; nothing comes back as long as the clock stands still."""
    buckets = TokenBuckets(Rate(burst, 1), clock=lambda: 0.0)
    return PaidWork(CpuGate(ConcurrencyLimit(1), max_waiting=100), buckets, time_limit_ms=time_limit_ms), buckets


async def left_of(buckets: TokenBuckets, caller: Caller = POOR) -> int:
    budget = await buckets.spend(caller.id, 1)
    buckets.refund(caller.id, 1)
    return budget.remaining + 1


def busily() -> str:
    """For 12 ms of the processor's time, however long that takes."""
    end = time.thread_time() + 1_000 * SECONDS_PER_POINT
    while time.thread_time() < end:
        pass
    return "done"


async def test_work_costs_the_time_that_it_takes_of_the_processor() -> None:
    work, buckets = new_work()
    done = await work.run(busily, POOR, 1_000)
    assert done.outcome == "done"
    assert 1_000 <= done.points < 2_000
    assert await left_of(buckets) == 10_000 - done.points
    # What it was expected to cost by its size is given back.
    cheap = await work.run(lambda: None, POOR, 2_000_000)
    assert cheap.points < 100
    assert await left_of(buckets) == 10_000 - done.points - cheap.points


async def test_work_is_not_begun_for_a_key_without_the_points() -> None:
    work, buckets = new_work(burst=2_000)
    buckets.charge("poor", 1_950)
    begun = list[Caller]()
    with pytest.raises(RateLimited):
        await work.run(lambda: begun.append(POOR), POOR, 2_000)
    await work.run(lambda: begun.append(RICH), RICH, 100)
    assert begun == [RICH]
    # To be told so costs what any refusal does.
    assert await left_of(buckets) == 50 - REFUSED


async def test_work_whose_turn_does_not_come_in_time_costs_nothing() -> None:
    work, buckets = new_work(200_000, time_limit_ms=1_000)
    begun = list[None]()

    def counted() -> str:
        begun.append(None)
        return busily()

    pieces = [asyncio.create_task(work.run(counted, RICH, 10)) for _ in range(90)]
    await asyncio.sleep(0)
    late = asyncio.create_task(work.run(counted, RICH, 10))
    outcomes = await asyncio.gather(*pieces, late, return_exceptions=True)
    assert isinstance(outcomes[-1], Unavailable)
    assert "longer than 1,000 ms" in outcomes[-1].message
    paid = [outcome.points for outcome in outcomes if not isinstance(outcome, BaseException)]
    assert 0 < len(paid) <= len(begun) < 90
    # What had begun when its time ran out was paid for to its end.
    assert 1_000 * len(begun) <= 200_000 - await left_of(buckets, RICH) < 2_000 * len(begun)


async def test_a_refusal_costs_its_size_and_what_was_paid_is_part_of_it() -> None:
    work, buckets = new_work()
    await work.charge_refusal(POOR, 1_000)
    assert await left_of(buckets) == 10_000 - refusal_points(1_000)
    await work.charge_refusal(POOR, 1_000, paid=50)
    await work.charge_refusal(POOR, 1_000, paid=5_000)
    assert await left_of(buckets) == 10_000 - 2 * refusal_points(1_000) + 50
