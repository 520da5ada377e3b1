import asyncio

import pytest

from gateway.context import Organization
from gateway.errors import BadUserInput
from gateway.store.client import Database, Driver
from gateway.store.index_creation import create_indexes
from gateway.store.tenancy import Tenancy


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
async def acme(tenancy: Tenancy) -> Organization:
    return await tenancy.create_organization("Acme Ltd.")


async def test_an_organization_is_made_once(tenancy: Tenancy) -> None:
    made = await asyncio.gather(*(tenancy.create_organization("Acme") for _ in range(10)))
    assert len(set(made)) == 1
    assert await tenancy.organizations() == [made[0]] == [await tenancy.organization("Acme")]


async def test_an_organization_that_is_not_there_is_named(tenancy: Tenancy) -> None:
    with pytest.raises(BadUserInput, match="'Acme'"):
        await tenancy.organization("Acme")


@pytest.mark.parametrize("name", ["", " Acme", "Acme\n", "A" * 129, "A\x00", "\ud800"])
async def test_an_organization_needs_a_name_that_can_be_shown(tenancy: Tenancy, name: str) -> None:
    with pytest.raises(BadUserInput, match="128"):
        await tenancy.create_organization(name)


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
    with pytest.raises(BadUserInput):
        await tenancy.create_namespace(acme, name)


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
