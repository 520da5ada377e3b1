"""What is held of what was read: never more than a bound, whoever asks for how much, and nobody waits for good."""

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.context import Caller
from gateway.scheduling.held_bytes import HeldBytes, OperationBytes
from tests.harness.callers import caller
from tests.harness.waiting import PATIENCE

A, B, STRANGER = caller("a"), caller("b"), caller("stranger", "theirs")
OF_KEY, OF_ORGANIZATION = 100, 150
# Of a reply, and of all that an operation reads; decoded it is ten times as much.
REPLY, READ = 16, 16
OF_OLDEST = READ * 10 + REPLY


async def reading(held: HeldBytes, operation: OperationBytes, replies: Sequence[tuple[int, bool]]) -> None:
    """A command's way: each reply is waited for, comes with so many bytes, and is decoded at once or later."""
    reply, waiting = operation.reply(REPLY), 0
    for size, is_decoded in replies:
        await reply.take()
        await asyncio.sleep(0)
        reply.came(size, is_decoded=is_decoded)
        waiting += 0 if is_decoded else size
    if waiting:
        await reply.decode(waiting)
    await asyncio.sleep(0)


async def test_who_reads_much_waits_for_others_of_its_key_and_for_nobody_else() -> None:
    held = HeldBytes(OF_KEY, OF_ORGANIZATION)
    oldest = held.of(A)
    replies = [oldest.reply(REPLY) for _ in range(6)]
    for reply in replies:
        await reply.take()
    younger, other_key, stranger = held.of(A), held.of(B), held.of(STRANGER)
    waiting = asyncio.create_task(younger.reply(REPLY).take())
    await other_key.reply(REPLY).take()
    await stranger.reply(REPLY).take()
    await asyncio.sleep(0)
    assert not waiting.done()
    assert (held.by_key(A), held.by_key(B), held.by_key(STRANGER)) == (6 * REPLY, REPLY, REPLY)
    # It was shorter than it might have been.
    replies[0].came(1, is_decoded=False)
    async with asyncio.timeout(PATIENCE):
        await waiting
    for operation in (oldest, younger, other_key, stranger):
        operation.release()
    assert not held._organizations


async def test_the_oldest_operation_goes_on_where_there_is_no_room_but_with_one_reply_at_a_time() -> None:
    held = HeldBytes(REPLY)
    oldest, younger = held.of(A), held.of(A)
    first, second = oldest.reply(REPLY), oldest.reply(REPLY)
    await first.take()
    waiting = [asyncio.create_task(reply.take()) for reply in (second, younger.reply(REPLY))]
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    first.came(REPLY, is_decoded=False)
    async with asyncio.timeout(PATIENCE):
        await waiting[0]
        await first.decode(REPLY)
    assert (held.by_key(A), waiting[1].done()) == (10 * REPLY + REPLY, False)
    oldest.release()
    async with asyncio.timeout(PATIENCE):
        await waiting[1]


@pytest.mark.parametrize("granted", [False, True])
async def test_who_gives_up_takes_nobodys_room(granted: bool) -> None:
    held = HeldBytes(REPLY)
    oldest, given_up, younger = held.of(A), held.of(A), held.of(A)
    await oldest.reply(REPLY).take()
    waiting = [asyncio.create_task(operation.reply(REPLY).take()) for operation in (given_up, younger)]
    await asyncio.sleep(0)
    if granted:
        oldest.release()
    waiting[0].cancel()
    await asyncio.wait(waiting[:1])
    oldest.release()
    given_up.release()
    async with asyncio.timeout(PATIENCE):
        await waiting[1]
    # Also where one of its commands goes on for a moment.
    given_up.reply(REPLY).came(REPLY, is_decoded=True)
    assert held.by_key(A) == REPLY


async def test_an_operation_that_begins_to_read_late_is_younger_than_those_that_wait_for_room() -> None:
    held = HeldBytes(2 * REPLY)
    late, oldest, younger = held.of(A), held.of(A), held.of(A)
    replies = [operation.reply(REPLY) for operation in (oldest, younger)]
    for reply in replies:
        await reply.take()
    of_late = asyncio.create_task(late.reply(REPLY).take())
    await asyncio.sleep(0)
    for reply in replies:
        reply.came(REPLY, is_decoded=False)
    # There is no room for what either has to decode, and the late one waits as well.
    decoding = [asyncio.create_task(reply.decode(REPLY)) for reply in replies]
    async with asyncio.timeout(PATIENCE):
        await decoding[0]
        oldest.release()
        await decoding[1]
        younger.release()
        await of_late
    late.release()
    assert not held._organizations


# What is decoded at once is short: so it takes no more than was taken for the reply.
REPLIES = st.lists(
    st.tuples(st.integers(0, 2), st.just(False)) | st.tuples(st.integers(0, 1), st.just(True)), max_size=2
)
OPERATION = st.tuples(
    st.sampled_from([A, A, A, B]),
    # Commands side by side, on one level after the other: together they read 16.
    st.lists(st.lists(REPLIES, min_size=1, max_size=2), max_size=2),
    # When it is given up.
    st.none() | st.integers(0, 8),
)


@given(st.lists(OPERATION, max_size=20))
def test_whatever_operations_read_all_of_them_end_and_no_more_is_held_than_may(
    operations: list[tuple[Caller, list[list[list[tuple[int, bool]]]], int | None]],
) -> None:
    held = HeldBytes(40, 60)
    most = Counter[str]()

    async def operate(asking: Caller, levels: list[list[list[tuple[int, bool]]]]) -> None:
        operation = held.of(asking)
        try:
            for commands in levels:
                await asyncio.gather(*(reading(held, operation, replies) for replies in commands))
        finally:
            operation.release()

    async def watched(tasks: list["asyncio.Task[None]"], given_up: list[int | None]) -> None:
        for step in range(100_000):
            for task, at in zip(tasks, given_up, strict=True):
                if at == step:
                    task.cancel()
            now = {A.id: held.by_key(A), B.id: held.by_key(B)}
            for name, size in (*now.items(), ("both", sum(now.values()))):
                most[name] = max(most[name], size)
            if all(task.done() for task in tasks):
                return
            await asyncio.sleep(0)
        raise AssertionError("an operation waits for good")

    async def run() -> None:
        tasks = [asyncio.create_task(operate(asking, levels)) for asking, levels, _ in operations]
        await watched(tasks, [at for *_, at in operations])
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            assert result is None or isinstance(result, asyncio.CancelledError)

    asyncio.run(run())
    assert not held._organizations
    assert max(most[A.id], most[B.id]) <= 40 + OF_OLDEST
    assert most["both"] <= 60 + OF_OLDEST
