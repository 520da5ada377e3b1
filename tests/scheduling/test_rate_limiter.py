"""What a key may spend: within its budget it is served, beyond it told when to come again."""

import asyncio
import gc
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymongo.read_concern import ReadConcern

from gateway.context import Budget, Rate
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.errors import GatewayError, RateLimited, Unavailable
from gateway.scheduling import rate_limiter
from gateway.scheduling.rate_limiter import RateLimiter, TokenBuckets
from gateway.settings import Settings, load
from gateway.store.client import Database, close, open_client
from gateway.store.index_creation import create_indexes
from gateway.store.token_buckets import BUCKETS, SharedTokenBuckets
from tests.harness.gateway_client import open_gateway
from tests.harness.waiting import PATIENCE

# So slow that nothing comes back while a test runs: one point in an hour and more.
SLOW = Rate(burst=100, restore=1)
# Spending doesn't wait for a majority, so neither does who looks at it.
LOCAL = ReadConcern("local")


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def test_points_come_back_at_the_rate(clock: Clock) -> None:
    buckets = TokenBuckets(Rate(burst=100, restore=10), clock=clock)
    assert (await buckets.spend("a", 100)).remaining == 0
    with pytest.raises(RateLimited) as refused:
        await buckets.spend("a", 1)
    assert refused.value.retry_after == 1
    clock.now += 4
    budget = await buckets.spend("a", 15)
    assert (budget.remaining, budget.full_in) == (25, 7.5)
    with pytest.raises(RateLimited) as refused:
        await buckets.spend("a", 50)
    assert refused.value.retry_after == 3
    assert refused.value.message == (
        "The operation may cost 50 points, and this key has 25 left; 10 come back each second."
    )
    clock.now += 3
    assert (await buckets.spend("a", 50)).remaining == 5


async def test_a_refusal_takes_nothing(clock: Clock) -> None:
    buckets = TokenBuckets(Rate(burst=100, restore=10), clock=clock)
    await buckets.spend("a", 50)
    for _ in range(3):
        with pytest.raises(RateLimited):
            await buckets.spend("a", 51)
    assert (await buckets.spend("a", 50)).remaining == 0


async def test_each_key_has_a_bucket_of_its_own(clock: Clock) -> None:
    buckets = TokenBuckets(Rate(burst=100, restore=10), clock=clock)
    await buckets.spend("a", 100)
    assert (await buckets.spend("b", 1)).remaining == 99


async def test_what_costs_more_than_a_bucket_holds_waits_until_it_is_full(clock: Clock) -> None:
    buckets = TokenBuckets(Rate(burst=100, restore=10), clock=clock)
    assert (await buckets.spend("a", 150)).remaining == 0
    with pytest.raises(RateLimited) as refused:
        await buckets.spend("a", 150)
    assert refused.value.retry_after == 15
    clock.now += 15
    await buckets.spend("a", 150)


async def test_what_is_given_back_may_be_spent(clock: Clock) -> None:
    buckets = TokenBuckets(Rate(burst=100, restore=10), clock=clock)
    await buckets.spend("a", 100)
    buckets.refund("a", 60)
    assert (await buckets.spend("a", 60)).remaining == 0
    buckets.refund("nobody", 60)
    assert (await buckets.spend("nobody", 1)).remaining == 99


async def test_buckets_that_are_full_are_forgotten(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limiter, "_MAX_BUCKETS", 10)
    buckets = TokenBuckets(Rate(burst=100, restore=10), clock=clock)
    await buckets.spend("spender", 100)
    for number in range(50):
        clock.now += 0.1
        await buckets.spend(f"k{number}", 1)
    assert len(buckets._full_at) <= 11
    assert (await buckets.spend("spender", 1)).remaining == 49


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 120), st.integers(0, 120)), max_size=30))
def test_no_sequence_of_operations_spends_more_than_the_rate(steps: list[tuple[int, int, int]]) -> None:
    clock = Clock()
    rate = Rate(burst=100, restore=10)
    buckets = TokenBuckets(rate, clock=clock)
    began, spent = clock.now, 0
    for wait, points, back in steps:
        clock.now += wait / 10
        left = min(rate.burst, rate.burst + (clock.now - began) * rate.restore - spent)
        try:
            budget = asyncio.run(_spend(buckets, points))
        except RateLimited:
            continue
        back = min(back, points)
        buckets.refund("a", back)
        spent += points - back
        assert budget.remaining <= math.ceil(left)
    # A bucket that is full lets one pass that costs more.
    assert spent <= rate.burst + (clock.now - began) * rate.restore + 120


async def _spend(buckets: TokenBuckets, points: int) -> Budget:
    return await buckets.spend("a", points)


# What processes share. One point comes back each second, which doesn't matter to counts of hundred thousands.
LARGE = Rate(burst=1_000_000, restore=1)


def about(points: int) -> Any:
    return pytest.approx(points, abs=PATIENCE)


@pytest.fixture
def shared(database: Database) -> Callable[[Rate], SharedTokenBuckets]:
    return lambda rate: SharedTokenBuckets(database, rate)


async def test_processes_share_a_bucket(shared: Callable[[Rate], SharedTokenBuckets]) -> None:
    one, other = shared(LARGE), shared(LARGE)
    assert (await one.spend("a", 600_000)).remaining == 400_000
    assert (await other.spend("a", 300_000)).remaining == about(100_000)
    with pytest.raises(RateLimited) as refused:
        await one.spend("a", 600_000)
    assert refused.value.retry_after == about(500_000)
    assert refused.value.budget is not None
    assert refused.value.budget.remaining == about(100_000)
    one.refund("a", 550_000)
    assert (await one.spend("a", 600_000)).remaining == about(50_000)
    assert (await other.spend("b", 1)).remaining == 999_999


async def test_at_once_they_spend_no_more_than_there_is(shared: Callable[[Rate], SharedTokenBuckets]) -> None:
    every: list[RateLimiter] = [shared(LARGE) for _ in range(4)]
    results = await asyncio.gather(
        *(rate_limiter.spend("a", 100_000) for rate_limiter in every for _ in range(10)), return_exceptions=True
    )
    budgets = [result for result in results if isinstance(result, Budget)]
    assert len(budgets) == 10
    assert all(isinstance(result, RateLimited) for result in results if result not in budgets)


async def test_points_come_back_by_the_databases_clock(shared: Callable[[Rate], SharedTokenBuckets]) -> None:
    buckets = shared(Rate(burst=10, restore=1_000))
    await buckets.spend("a", 10)
    await asyncio.sleep(0.02)
    await buckets.spend("a", 10)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_without_a_database_there_is_no_answer() -> None:
    client = open_client("mongodb://127.0.0.1:1/", server_selection_timeout_ms=10)
    with pytest.raises(Unavailable):
        await SharedTokenBuckets(client["nowhere"], SLOW).spend("a", 1)
    await close(client)
    del client
    # PyMongo may leave the socket of a connection that was refused to the garbage collector: here, not in a later test.
    gc.collect()


async def test_what_was_given_back_is_not_lost_with_an_update_that_fails(database: Database) -> None:
    buckets = SharedTokenBuckets(database, SLOW)
    await buckets.spend("a", 100)
    buckets.refund("a", 60)
    # MongoDB refuses an update of what is no number.
    await database[BUCKETS].update_one({"_id": "a"}, [{"$set": {"kept": "$full_at", "full_at": "soon"}}])
    with pytest.raises(GatewayError):
        await buckets.spend("a", 50)
    await database[BUCKETS].update_one({"_id": "a"}, [{"$set": {"full_at": "$kept"}}])
    assert (await buckets.spend("a", 50)).remaining >= 9


async def test_what_is_given_back_is_remembered_of_so_many_keys(database: Database) -> None:
    buckets = SharedTokenBuckets(database, SLOW)
    for number in range(10_010):
        buckets.refund(f"k{number}", 1)
    assert len(buckets._given_back) == 10_000


async def test_mongodb_removes_a_bucket_once_it_is_full(database: Database) -> None:
    await create_indexes(database)
    assert (await database[BUCKETS].index_information())["expired"]["expireAfterSeconds"] == 0
    await SharedTokenBuckets(database, SLOW).spend("a", 50)
    bucket = await database[BUCKETS].with_options(read_concern=LOCAL).find_one({"_id": "a"})
    assert bucket is not None
    left = bucket["expires_at"].replace(tzinfo=UTC) - datetime.now(UTC)
    assert 40 <= left.total_seconds() <= 60


# Over HTTP.

UNINDEXED = "{ interactions(where: {position: {gt: 1}}) { nodes { id } } }"
PAGE = "{ interactions(first: 60) { nodes { id } } }"


def restored(since: float) -> float:
    """How many points may be back by now, where one is each second, and for what is rounded one more."""
    return time.monotonic() - since + 1


@pytest.mark.parametrize("store", ["memory", "mongodb"])
async def test_who_spends_too_much_is_told_when_to_come_again(
    store: str, database: Database, mongod: EmbeddedServer
) -> None:
    async with open_gateway(
        database, mongod.uri, rate_limit_restore=1, rate_limit_burst=100, rate_limit_store=store
    ) as gateway:
        unindexed = {"query": UNINDEXED}
        for organization in (gateway.organization, gateway.other_organization):
            await gateway.make_known(UNINDEXED, organization=organization)
        since = time.monotonic()
        served = await gateway.post(unindexed)
        assert served.status_code == 200
        assert served.headers["ratelimit-limit"] == "100"
        assert 0 <= int(served.headers["ratelimit-remaining"]) <= restored(since)
        assert served.json()["extensions"]["cost"]["actual"] == 100
        refused = await gateway.post(unindexed)
        assert refused.status_code == 429
        assert 0 <= int(refused.headers["ratelimit-remaining"]) <= restored(since)
        assert 100 - restored(since) <= int(refused.headers["retry-after"]) <= 100
        assert 100 - restored(since) <= int(refused.headers["ratelimit-reset"]) <= 110
        [error] = refused.json()["errors"]
        assert error["extensions"] == {"code": "RATE_LIMITED", "retryAfter": int(refused.headers["retry-after"])}
        assert "data" not in refused.json()
        # Others have budgets of their own.
        assert (await gateway.post(unindexed, key=gateway.other_key)).status_code == 200
        stored = database[BUCKETS].with_options(read_concern=LOCAL)
        assert await stored.count_documents({}) == (4 if store == "mongodb" else 0)


async def test_what_was_not_read_is_given_back(database: Database, mongod: EmbeddedServer) -> None:
    async with open_gateway(database, mongod.uri, rate_limit_restore=1, rate_limit_burst=100) as gateway:
        await gateway.make_known(PAGE)
        since = time.monotonic()
        for expected in (90, 80, 70):
            cost = (await gateway.execute(PAGE))["extensions"]["cost"]
            assert (cost["requested"], cost["actual"], cost["restoreRate"]) == (60, 10, 1)
            assert expected <= cost["remaining"] <= expected + restored(since)


async def test_the_viewer_sees_its_budget(database: Database, mongod: EmbeddedServer) -> None:
    query = "{ viewer { rateLimit { limit remaining resetAt restoreRate } } }"
    async with open_gateway(database, mongod.uri, rate_limit_restore=1, rate_limit_burst=1_000) as gateway:
        await gateway.make_known(UNINDEXED, query)
        since = time.monotonic()
        await gateway.execute(UNINDEXED)
        seen = (await gateway.data(query))["viewer"]["rateLimit"]
        assert (seen["limit"], seen["restoreRate"]) == (1_000, 1)
        assert 889 <= seen["remaining"] <= 889 + restored(since)
        left = (datetime.fromisoformat(seen["resetAt"]) - datetime.now(UTC)).total_seconds()
        assert 111 - restored(since) <= left <= 112
    async with open_gateway(database, mongod.uri, rate_limit_restore=0) as gateway:
        response = await gateway.post({"query": query})
        assert response.json() == {"data": {"viewer": {"rateLimit": None}}}
        assert not [name for name in response.headers if name.startswith("ratelimit")]


async def test_a_worker_at_full_speed_on_pages_is_never_held_up(clock: Clock) -> None:
    """A thousand pages of twenty a second, for ten minutes; and by default."""
    settings = load(Settings, mongodb_uri="mongodb://localhost/")
    buckets = TokenBuckets(Rate(settings.point_limits.burst, settings.point_limits.restore), clock=clock)
    for _ in range(600_000):
        clock.now += 0.001
        await buckets.spend("a", 20)


def test_a_moment_is_told_in_utc() -> None:
    budget = Budget(Rate(10, 1), 5.0)
    before = time.time()
    # To the microsecond.
    assert before + 5 - 1e-5 <= budget.reset_at.timestamp() <= time.time() + 5 + 1e-5
    assert budget.reset_at.tzinfo is UTC
