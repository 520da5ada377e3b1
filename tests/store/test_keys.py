import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.context import Organization, Permission
from gateway.errors import BadUserInput, Conflict, Unavailable
from gateway.model import secret_keys
from gateway.store import keys as keys_module
from gateway.store.client import Database, Driver
from gateway.store.index_creation import create_indexes
from gateway.store.keys import KEYS, IssuedKey, Keys
from gateway.store.tenancy import Tenancy

READ_WRITE = frozenset({Permission.READ, Permission.WRITE})
DAY = timedelta(days=1)


@pytest.fixture(params=["pymongo", "motor"])
def driver(request: pytest.FixtureRequest) -> Driver:
    driver: Driver = request.param
    return driver


@pytest.fixture
async def tenancy(database: Database) -> Tenancy:
    tenancy = Tenancy(database)
    await create_indexes(database)
    return tenancy


@pytest.fixture
def keys(database: Database) -> Keys:
    return Keys(database)


@pytest.fixture
async def acme(tenancy: Tenancy) -> Organization:
    return await tenancy.create_organization("Acme Ltd.")


async def make_key(keys: Keys, owner: Organization, lifetime: timedelta | None = None) -> IssuedKey:
    return await keys.create(owner, name="web", permissions=READ_WRITE, lifetime=lifetime)


async def test_a_key_is_read_back_without_its_secret(keys: Keys, database: Database, acme: Organization) -> None:
    issued = await keys.create(
        acme, name="web", permissions=frozenset({Permission.ADMIN}), default_namespace_id="ns_1", lifetime=DAY
    )
    presented = secret_keys.parse(issued.secret)
    assert presented is not None
    key = await keys.find(presented.key_id)
    assert key is not None
    assert key.caller == issued.key.caller
    assert presented.matches(key.digest)
    assert key.expires_at == key.created_at + DAY
    stored = await database["keys"].find_one({"_id": presented.key_id})
    assert issued.secret not in repr(stored)
    assert issued.secret not in repr(issued)


async def test_a_key_needs_a_name(keys: Keys, acme: Organization) -> None:
    with pytest.raises(BadUserInput):
        await keys.create(acme, name="", permissions=READ_WRITE)


async def test_keys_are_listed_the_oldest_first(keys: Keys, tenancy: Tenancy, acme: Organization) -> None:
    other = await tenancy.create_organization("Other")
    issued = []
    for owner in (acme, other, acme):
        issued.append((await make_key(keys, owner)).key.caller)
        await asyncio.sleep(0.002)
    assert [key.caller for key in await keys.oldest_first()] == issued
    assert [key.caller for key in await keys.oldest_first(acme)] == [issued[0], issued[2]]


async def test_a_key_expires_at_its_moment(keys: Keys, acme: Organization) -> None:
    key = (await make_key(keys, acme, DAY)).key
    assert key.expires_at is not None
    assert key.is_valid(key.expires_at - timedelta(milliseconds=1))
    assert not key.is_valid(key.expires_at)


async def test_revoking_twice_keeps_the_first_time(keys: Keys, acme: Organization) -> None:
    key_id = (await make_key(keys, acme)).key.caller.id
    revoked = await keys.revoke(key_id)
    await asyncio.sleep(0.002)
    assert await keys.revoke(key_id) == revoked
    assert not revoked.is_valid(datetime.now(UTC))


async def test_a_key_that_is_not_there_cannot_be_revoked_or_rotated(keys: Keys) -> None:
    with pytest.raises(BadUserInput, match="'key_x'"):
        await keys.revoke("key_x")
    with pytest.raises(BadUserInput, match="'key_x'"):
        await keys.rotate("key_x", grace=DAY)


async def test_rotation_gives_the_same_rights_and_ends_the_old_key_after_the_grace(
    keys: Keys, acme: Organization
) -> None:
    before = await make_key(keys, acme, 30 * DAY)
    issued, old = await keys.rotate(before.key.caller.id, grace=DAY)
    assert issued.secret != before.secret
    new = issued.key
    assert (new.caller.name, new.caller.permissions) == (old.caller.name, old.caller.permissions)
    assert (new.expires_at or new.created_at) - new.created_at == 30 * DAY
    assert old.expires_at is not None
    assert abs(old.expires_at - datetime.now(UTC) - DAY) < timedelta(seconds=30)


async def test_rotation_never_prolongs_the_old_key(keys: Keys, acme: Organization) -> None:
    before = await make_key(keys, acme, timedelta(hours=1))
    _, old = await keys.rotate(before.key.caller.id, grace=DAY)
    assert old.expires_at == old.created_at + timedelta(hours=1)


async def test_a_key_has_one_successor(keys: Keys, acme: Organization) -> None:
    key_id = (await make_key(keys, acme)).key.caller.id
    outcomes = await asyncio.gather(*(keys.rotate(key_id, grace=DAY) for _ in range(5)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes].count(Conflict) == 4
    assert len(await keys.oldest_first(acme)) == 2


async def test_a_key_that_has_ended_has_no_successor(keys: Keys, acme: Organization) -> None:
    revoked = (await make_key(keys, acme)).key.caller.id
    await keys.revoke(revoked)
    expired = (await make_key(keys, acme, timedelta(0))).key.caller.id
    for key_id in (revoked, expired):
        with pytest.raises(Conflict):
            await keys.rotate(key_id, grace=DAY)
    assert len(await keys.oldest_first(acme)) == 2


async def test_a_key_remembers_when_it_was_last_used(keys: Keys, acme: Organization) -> None:
    key = (await make_key(keys, acme)).key
    now = key.created_at.replace(microsecond=0) + DAY
    assert key.is_mark_due(now)
    await keys.mark_used(key, now)
    await keys.mark_used(key, now - DAY)
    await make_key(keys, acme)  # Marks aren't waited for; once a later write is acknowledged, they can be read.
    marked = await keys.find(key.caller.id)
    assert marked is not None
    assert marked.last_used_at == now
    assert not marked.is_mark_due(now + timedelta(seconds=59))
    assert marked.is_mark_due(now + timedelta(seconds=60))


async def test_a_look_up_that_takes_the_database_too_long_is_given_up(
    keys: Keys, database: Database, acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = (await make_key(keys, acme)).key
    stored = await database[KEYS].find_one({"_id": key.caller.id})
    assert stored is not None
    key_ids = {f"key_{number}" for number in range(20_000)}
    await database[KEYS].insert_many([{**stored, "_id": key_id} for key_id in key_ids])
    monkeypatch.setattr(keys_module, "LOOK_UP_TIME_LIMIT_MS", 1)
    with pytest.raises(Unavailable):
        await keys.existing(key_ids)
    # To list them all, whoever operates the gateway has time.
    assert len(await keys.oldest_first(acme)) == 20_001


@pytest.mark.parametrize(
    "odd",
    [
        *({"permissions": None}, {"permissions": "read"}, {"permissions": [1]}, {"digest": None}, {"name": 5}),
        *({"expires_at": "never"}, {"revoked_at": 0}, {"created_at": None}, {"confined": "yes"}),
        *({"default_namespace_id": ["ns_1"]}, {"origins": "https://shop.example"}, {"rate": {"burst": 5}}, {"rate": 5}),
    ],
)
async def test_what_others_stored_in_the_place_of_a_key_opens_nothing(
    keys: Keys, database: Database, acme: Organization, odd: dict[str, Any]
) -> None:
    """Nor does it hide the keys beside it."""
    broken, well = await make_key(keys, acme), await make_key(keys, acme)
    await database[KEYS].update_one({"_id": broken.key.caller.id}, {"$set": odd})
    assert await keys.find(broken.key.caller.id) is None
    assert [key.caller.id for key in await keys.oldest_first()] == [well.key.caller.id]
