"""Who gets a slot, and when."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack

import pytest

from gateway.scheduling.slots import SharedSlots, SlotsInTurn


async def turns(slots: SlotsInTurn, users: Sequence[str]) -> list[str]:
    """In which order they get a slot, who ask for it in this order while all are used; each uses it at once."""
    served: list[str] = []

    async def use(user: str) -> None:
        async with slots.slot(user):
            served.append(user)
            await asyncio.sleep(0)

    async with AsyncExitStack() as stack:
        await stack.enter_async_context(slots.slot("busy"))
        using = [asyncio.create_task(use(user)) for user in users]
        await asyncio.sleep(0)
        assert not served
    await asyncio.gather(*using)
    return served


async def test_users_who_wait_are_served_in_turn() -> None:
    slots = SlotsInTurn(1, of_each=1)
    assert await turns(slots, "aaaabbc") == list("abcabaa")
    assert slots.is_idle


async def test_one_user_has_so_many_and_the_others_the_rest() -> None:
    slots = SlotsInTurn(3, of_each=2)
    async with slots.slot("a"), slots.slot("a"):
        waiting = asyncio.create_task(_entered(slots, "a"))
        await asyncio.sleep(0)
        assert not waiting.done()
        async with slots.slot("b"):
            pass
        assert not waiting.done()
    await waiting
    assert slots.is_idle


@pytest.mark.parametrize("is_admitted", [False, True])
async def test_who_gives_up_keeps_nobody_waiting(is_admitted: bool) -> None:
    slots = SlotsInTurn(1, of_each=1)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(slots.slot("a"))
        giving_up, waiting = [asyncio.create_task(_entered(slots, user)) for user in ("b", "c")]
        await asyncio.sleep(0)
        if not is_admitted:
            giving_up.cancel()
    # Admitted by now, and not yet told so.
    giving_up.cancel()
    await waiting
    assert giving_up.cancelled()
    assert slots.is_idle


async def test_an_organization_with_many_keys_has_its_share_and_no_more() -> None:
    slots = SharedSlots(3, of_organization=2, of_key=1)
    async with slots.slot("acme", "1"), slots.slot("acme", "2"):
        waiting = [asyncio.create_task(_shared(slots, "acme", str(number))) for number in range(1, 6)]
        await asyncio.sleep(0)
        # Another organization's doesn't wait.
        await asyncio.wait_for(_shared(slots, "initech", "1"), 60)
        assert not any(task.done() for task in waiting)
    await asyncio.gather(*waiting)


async def _entered(slots: SlotsInTurn, user: str) -> None:
    async with slots.slot(user):
        pass


async def _shared(slots: SharedSlots, organization_id: str, key_id: str) -> None:
    async with slots.slot(organization_id, key_id):
        pass
