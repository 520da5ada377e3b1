import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from gateway import secretkey
from gateway.context import Organization, Permission
from gateway.embedded import EmbeddedServer
from gateway.errors import BadUserInput, Conflict
from gateway.store.client import Database, Driver, close, open_client
from gateway.store.indexes import create_indexes
from gateway.store.tenancy import IssuedKey, Tenancy

READ_WRITE = frozenset({Permission.READ, Permission.WRITE})
DAY = timedelta(days=1)


@pytest.fixture(params=["pymongo", "motor"])
async def database(
    request: pytest.FixtureRequest, mongod: EmbeddedServer, database_name: str
) -> AsyncIterator[Database]:
    driver: Driver = request.param
    client = open_client(mongod.uri, driver=driver)
    yield client[database_name]
    await client.drop_database(database_name)
    await close(client)


@pytest.fixture
async def tenancy(database: Database) -> Tenancy:
    tenancy = Tenancy(database)
    await create_indexes(database)
    return tenancy


@pytest.fixture
async def acme(tenancy: Tenancy) -> Organization:
    return await tenancy.create_organization("Acme Ltd.")


async def make_key(tenancy: Tenancy, owner: Organization, lifetime: timedelta | None = None) -> IssuedKey:
    return await tenancy.create_key(owner, name="web", permissions=READ_WRITE, lifetime=lifetime)


async def test_an_organization_is_made_once(tenancy: Tenancy) -> None:
    made = await asyncio.gather(*(tenancy.create_organization("Acme") for _ in range(10)))
    assert len(set(made)) == 1
    assert await tenancy.organizations() == [made[0]] == [await tenancy.organization("Acme")]


async def test_an_organization_that_is_not_there_is_named(tenancy: Tenancy) -> None:
    with pytest.raises(BadUserInput, match="'Acme'"):
        await tenancy.organization("Acme")


@pytest.mark.parametrize("name", ["", " Acme", "Acme\n", "A" * 129, "A\x00", "\ud800"])
async def test_an_organization_needs_a_name_that_can_be_shown(tenancy: Tenancy, name: str) -> None:
    with pytest.raises(BadUserInput, match="128") as caught:
        await tenancy.create_organization(name)
    assert caught.value.path == ("organization",)


async def test_a_namespace_is_made_once(tenancy: Tenancy, acme: Organization) -> None:
    made = await asyncio.gather(*(tenancy.create_namespace(acme, "shop") for _ in range(10)))
    assert len({namespace for namespace, _ in made}) == 1
    assert [created for _, created in made].count(True) == 1
    namespace, _ = made[0]
    assert namespace.id.startswith("ns_")
    assert await tenancy.namespaces(acme) == [namespace]


@pytest.mark.parametrize("name", ["", "ns_shop", "a b", "-a", "a" * 65, "shöp", "a\n", "a/b"])
async def test_a_namespace_needs_a_name_that_a_header_can_carry(
    tenancy: Tenancy, acme: Organization, name: str
) -> None:
    with pytest.raises(BadUserInput) as caught:
        await tenancy.create_namespace(acme, name)
    assert caught.value.path == ("namespace",)


async def test_a_namespace_is_found_by_name_and_id_within_its_organization_only(
    tenancy: Tenancy, acme: Organization
) -> None:
    other = await tenancy.create_organization("Other")
    shop, _ = await tenancy.create_namespace(acme, "shop")
    others, created = await tenancy.create_namespace(other, "shop")
    assert created
    assert await tenancy.find_namespace(acme.id, "shop") == shop
    assert await tenancy.find_namespace(acme.id, shop.id) == shop
    assert await tenancy.find_namespace(other.id, "shop") == others
    assert await tenancy.find_namespace(other.id, shop.id) is None
    assert await tenancy.find_namespace(acme.id, "\x00" * 10_000) is None


async def test_a_key_is_read_back_without_its_secret(tenancy: Tenancy, database: Database, acme: Organization) -> None:
    issued = await tenancy.create_key(
        acme, name="web", permissions=frozenset({Permission.ADMIN}), default_namespace_id="ns_1", lifetime=DAY
    )
    presented = secretkey.parse(issued.secret)
    assert presented is not None
    key = await tenancy.find_key(presented.key_id)
    assert key is not None
    assert key.caller == issued.key.caller
    assert presented.matches(key.digest)
    assert key.expires_at == key.created_at + DAY
    stored = await database["keys"].find_one({"_id": presented.key_id})
    assert issued.secret not in repr(stored)
    assert issued.secret not in repr(issued)


async def test_a_key_needs_a_name(tenancy: Tenancy, acme: Organization) -> None:
    with pytest.raises(BadUserInput):
        await tenancy.create_key(acme, name="", permissions=READ_WRITE)


async def test_keys_are_listed_the_oldest_first(tenancy: Tenancy, acme: Organization) -> None:
    other = await tenancy.create_organization("Other")
    issued = []
    for owner in (acme, other, acme):
        issued.append((await make_key(tenancy, owner)).key.caller)
        await asyncio.sleep(0.002)
    assert [key.caller for key in await tenancy.keys()] == issued
    assert [key.caller for key in await tenancy.keys(acme)] == [issued[0], issued[2]]


async def test_a_key_expires_at_its_moment(tenancy: Tenancy, acme: Organization) -> None:
    key = (await make_key(tenancy, acme, DAY)).key
    assert key.expires_at is not None
    assert key.is_valid(key.expires_at - timedelta(milliseconds=1))
    assert not key.is_valid(key.expires_at)


async def test_revoking_twice_keeps_the_first_time(tenancy: Tenancy, acme: Organization) -> None:
    key_id = (await make_key(tenancy, acme)).key.caller.key_id
    revoked = await tenancy.revoke_key(key_id)
    await asyncio.sleep(0.002)
    assert await tenancy.revoke_key(key_id) == revoked
    assert not revoked.is_valid(datetime.now(UTC))


async def test_a_key_that_is_not_there_cannot_be_revoked_or_rotated(tenancy: Tenancy) -> None:
    with pytest.raises(BadUserInput, match="'key_x'"):
        await tenancy.revoke_key("key_x")
    with pytest.raises(BadUserInput, match="'key_x'"):
        await tenancy.rotate_key("key_x", grace=DAY)


async def test_rotation_gives_the_same_rights_and_ends_the_old_key_after_the_grace(
    tenancy: Tenancy, acme: Organization
) -> None:
    before = await make_key(tenancy, acme, 30 * DAY)
    issued, old = await tenancy.rotate_key(before.key.caller.key_id, grace=DAY)
    assert issued.secret != before.secret
    new = issued.key
    assert (new.caller.key_name, new.caller.permissions) == (old.caller.key_name, old.caller.permissions)
    assert (new.expires_at or new.created_at) - new.created_at == 30 * DAY
    assert old.expires_at is not None
    assert abs(old.expires_at - datetime.now(UTC) - DAY) < timedelta(seconds=30)


async def test_rotation_never_prolongs_the_old_key(tenancy: Tenancy, acme: Organization) -> None:
    before = await make_key(tenancy, acme, timedelta(hours=1))
    _, old = await tenancy.rotate_key(before.key.caller.key_id, grace=DAY)
    assert old.expires_at == old.created_at + timedelta(hours=1)


async def test_a_key_has_one_successor(tenancy: Tenancy, acme: Organization) -> None:
    key_id = (await make_key(tenancy, acme)).key.caller.key_id
    outcomes = await asyncio.gather(*(tenancy.rotate_key(key_id, grace=DAY) for _ in range(5)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes].count(Conflict) == 4
    assert len(await tenancy.keys(acme)) == 2


async def test_a_key_that_has_ended_has_no_successor(tenancy: Tenancy, acme: Organization) -> None:
    revoked = (await make_key(tenancy, acme)).key.caller.key_id
    await tenancy.revoke_key(revoked)
    expired = (await make_key(tenancy, acme, timedelta(0))).key.caller.key_id
    for key_id in (revoked, expired):
        with pytest.raises(Conflict):
            await tenancy.rotate_key(key_id, grace=DAY)
    assert len(await tenancy.keys(acme)) == 2


async def test_a_key_remembers_when_it_was_last_used(tenancy: Tenancy, acme: Organization) -> None:
    key = (await make_key(tenancy, acme)).key
    now = key.created_at.replace(microsecond=0) + DAY
    assert key.wants_mark(now)
    await tenancy.mark_used(key, now)
    await tenancy.mark_used(key, now - DAY)
    await make_key(tenancy, acme)  # Marks aren't waited for; once a later write is acknowledged, they can be read.
    marked = await tenancy.find_key(key.caller.key_id)
    assert marked is not None
    assert marked.last_used_at == now
    assert not marked.wants_mark(now + timedelta(seconds=59))
    assert marked.wants_mark(now + timedelta(seconds=60))
