"""Derived documents, made of all that was written: what the tests of statistics wait for."""

import asyncio

from gateway.live.follower import Follower
from gateway.store.client import Database
from gateway.store.derivation_check import DerivationCheck, Difference
from tests.harness.waiting import PATIENCE

_LOOK_SECONDS = 0.05


async def derived(database: Database) -> None:
    """Returns once all is derived that was written until now: by a gateway that follows, where there is one, else by
    this itself."""
    async with asyncio.timeout(PATIENCE):
        while not await Follower(database).catch_up():
            # Whoever owns it tells nobody; what it derived can be compared.
            if not await differences(database):
                return
            await asyncio.sleep(_LOOK_SECONDS)


async def differences(database: Database) -> tuple[Difference, ...]:
    """What is derived otherwise than it would be made now."""
    return (await DerivationCheck(database).run()).differences
