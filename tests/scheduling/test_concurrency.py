"""One key's operations wait for each other, and never for another key's."""

import asyncio

from gateway.context import Permission
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.scheduling.concurrency import ConcurrencyLimit
from tests.harness.callers import caller
from tests.harness.gateway_client import new_gateway
from tests.harness.waiting import PATIENCE

A, B, STRANGER = caller("a"), caller("b"), caller("c", "theirs")
PAGE = "{ interactions(first: 100) { totalCount nodes { interactionId } } }"


async def test_as_many_as_may_are_under_way_and_the_others_follow_in_order() -> None:
    concurrency, under_way, most, entered = ConcurrencyLimit(3), 0, 0, list[int]()

    async def operate(number: int) -> None:
        nonlocal under_way, most
        await concurrency.enter(A, 1)
        entered.append(number)
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.001)
        under_way -= 1
        concurrency.leave(A, 1)

    await asyncio.gather(*(operate(number) for number in range(20)))
    assert entered == list(range(20))
    assert most == 3
    # Nothing is kept of who isn't there.
    assert not concurrency._keys
    assert not concurrency._waiters


async def test_what_costs_little_is_let_in_before_what_costs_much() -> None:
    concurrency, entered = ConcurrencyLimit(1), list[int]()

    async def operate(points: int) -> None:
        await concurrency.enter(A, points)
        entered.append(points)
        concurrency.leave(A, points)

    await concurrency.enter(A, 1)
    waiting = [asyncio.create_task(operate(points)) for points in (5_000, 100, 100, 50, 1)]
    await asyncio.sleep(0)
    concurrency.leave(A, 1)
    await asyncio.gather(*waiting)
    # Beyond a hundred points, nobody waits longer for it.
    assert entered == [1, 50, 5_000, 100, 100]


async def test_an_organizations_keys_have_so_many_together_and_no_other_organization_waits_for_them() -> None:
    concurrency = ConcurrencyLimit(2, 3)
    for running in (A, A, B, STRANGER, STRANGER):
        await concurrency.enter(running, 1)
    waiting = {name: asyncio.create_task(concurrency.enter(running, 1)) for name, running in (("a", A), ("b", B))}
    await asyncio.sleep(0)
    # The place of a key that has all that it may goes to the other one.
    concurrency.leave(B, 1)
    async with asyncio.timeout(PATIENCE):
        await waiting["b"]
    assert not waiting["a"].done()
    concurrency.leave(A, 1)
    async with asyncio.timeout(PATIENCE):
        await waiting["a"]
    for running in (A, A, B, STRANGER, STRANGER):
        concurrency.leave(running, 1)
    assert [concurrency._keys, concurrency._organizations, concurrency._waiters] == [{}, {}, {}]


async def test_a_dear_operation_takes_several_places_and_is_not_passed_by_cheap_ones_of_its_key() -> None:
    concurrency = ConcurrencyLimit(4, 6)
    await concurrency.enter(A, 1_500)
    # Of 2,000 points and more an operation takes all that its key has.
    dear = asyncio.create_task(concurrency.enter(A, 90_000))
    await asyncio.sleep(0)
    cheap = asyncio.create_task(concurrency.enter(A, 1))
    other_key = asyncio.create_task(concurrency.enter(B, 1))
    async with asyncio.timeout(PATIENCE):
        await other_key
    # Cheap ones go first, but for so long only: the dear one is as if it had come two seconds later.
    assert not dear.done()
    async with asyncio.timeout(PATIENCE):
        await cheap
    concurrency.leave(A, 1_500)
    concurrency.leave(A, 1)
    async with asyncio.timeout(PATIENCE):
        await dear
    assert not concurrency._waiters
    concurrency.leave(A, 90_000)
    concurrency.leave(B, 1)
    assert [concurrency._operations, concurrency._keys, concurrency._organizations] == [{}, {}, {}]


async def test_who_is_given_up_takes_nobodys_place() -> None:
    concurrency = ConcurrencyLimit(1)
    await concurrency.enter(A, 1)
    waiting = [asyncio.create_task(concurrency.enter(A, 1)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    concurrency.leave(A, 1)
    # Let in already, and given up before it knows.
    waiting[1].cancel()
    async with asyncio.timeout(PATIENCE):
        await waiting[2]
    concurrency.leave(A, 1)
    assert not concurrency._keys
    await concurrency.enter(A, 1)


async def test_a_key_waits_for_no_other(mongod: EmbeddedServer) -> None:
    async with new_gateway(mongod.uri, mongodb_max_pool_size=4, operation_time_limit_ms=600_000) as gateway:
        greedy, modest = gateway.key, await gateway.make_key(Permission.READ)
        await gateway.data(PAGE)
        answered, begun = 0, asyncio.Event()

        async def ask() -> None:
            nonlocal answered
            await gateway.data(PAGE, key=greedy)
            answered += 1
            begun.set()

        asking = [asyncio.create_task(ask()) for _ in range(200)]
        await begun.wait()
        await gateway.data(PAGE, key=modest)
        assert answered < 100
        await asyncio.gather(*asking)
        assert answered == 200
