"""Keys are looked up together: made-up ones take the database few commands, and nobody waits behind them."""

import asyncio

import pytest
from pymongo import monitoring
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from gateway.auth import key_loader
from gateway.auth.authenticator import Authenticator
from gateway.auth.key_loader import KeyLoader
from gateway.context import Permission
from gateway.errors import Unauthenticated, Unavailable
from gateway.model import secret_keys
from gateway.store.client import Database
from gateway.store.keys import KEYS, Key, Keys
from gateway.store.tenancy import Tenancy


class Counter(CommandListener):
    """How many times the keys of a database were asked for."""

    def __init__(self) -> None:
        self.database = ""
        self.counted = 0

    def started(self, event: CommandStartedEvent) -> None:
        if event.database_name == self.database:
            self.counted += event.command.get("aggregate") == KEYS

    def succeeded(self, event: CommandSucceededEvent) -> None: ...

    def failed(self, event: CommandFailedEvent) -> None: ...


COUNTER = Counter()
monitoring.register(COUNTER)


@pytest.fixture
async def keys(database: Database) -> Keys:
    COUNTER.database, COUNTER.counted = database.name, 0
    return Keys(database)


async def make_key(database: Database) -> tuple[str, Key]:
    owner = await Tenancy(database).create_organization("Acme")
    issued = await Keys(database).create(owner, name="web", permissions=frozenset(Permission))
    return issued.secret, issued.key


async def test_five_thousand_made_up_keys_at_once_take_few_commands_and_hold_up_no_good_one(
    keys: Keys, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_loader, "_MAX_WAIT_SECONDS", 60)
    secret, key = await make_key(database)
    access = Authenticator(keys, Tenancy(database), cache_seconds=3)

    async def made_up() -> None:
        with pytest.raises(Unauthenticated):
            await access.authenticate(f"Bearer {secret_keys.generate()[0]}")

    flood = [asyncio.create_task(made_up()) for _ in range(5_000)]
    await asyncio.sleep(0)
    # It isn't known yet, and all of those came before it.
    assert await access.authenticate(f"Bearer {secret}") == key.caller
    await asyncio.gather(*flood)
    assert COUNTER.counted <= 5_000 / 500 + 2


async def test_each_of_those_that_are_looked_up_together_gets_its_own(keys: Keys, database: Database) -> None:
    existing = [(await make_key(database))[1].caller.id for _ in range(20)]
    loader = KeyLoader(keys)
    key_ids = [*existing, *(f"key_{number}" for number in range(20)), *existing]
    keys_found = await asyncio.gather(*(loader.find(key_id) for key_id in key_ids))
    assert [key and key.caller.id for key in keys_found] == [*existing, *[None] * 20, *existing]
    assert COUNTER.counted == 1


async def test_who_gives_up_takes_nobody_along(keys: Keys, database: Database) -> None:
    _, key = await make_key(database)
    loader = KeyLoader(keys)
    gone, staying = [asyncio.create_task(loader.find(key.caller.id)) for _ in range(2)]
    await asyncio.sleep(0)
    gone.cancel()
    loaded = await staying
    assert loaded is not None
    assert loaded.caller == key.caller
    assert gone.cancelled()


async def test_where_the_database_does_not_answer_those_who_wait_are_told_so(
    monkeypatch: pytest.MonkeyPatch, keys: Keys
) -> None:
    monkeypatch.setattr(key_loader, "_MAX_WAIT_SECONDS", 0.05)
    loader = KeyLoader(keys)
    # Nothing comes back of those that are under way.
    held = [await loader._commands.acquire() for _ in range(4)]
    with pytest.raises(Unavailable):
        await loader.find("key_a")
    for _ in held:
        loader._commands.release()
    assert await loader.find("key_a") is None


async def test_where_the_database_does_not_answer_a_command_those_who_wait_for_it_are_told_so(
    monkeypatch: pytest.MonkeyPatch, keys: Keys
) -> None:
    loader = KeyLoader(keys)
    with monkeypatch.context() as patched:
        patched.setattr(key_loader, "_MAX_COMMAND_SECONDS", 0)
        for _ in range(8):
            with pytest.raises(Unavailable):
                await loader.find("key_a")
    # None of them is under way any longer.
    assert await loader.find("key_a") is None
