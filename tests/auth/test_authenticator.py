import asyncio
import string
import zlib
from datetime import timedelta

import pytest

from gateway.auth.authenticator import Authenticator, require_permission
from gateway.context import NO_NAMESPACE, Organization, Permission
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.errors import Forbidden, GatewayError, NamespaceNotFound, NamespaceRequired, Unauthenticated
from gateway.model import secret_keys
from gateway.store.client import Database, close, open_client
from gateway.store.index_creation import create_indexes
from gateway.store.keys import IssuedKey, Keys
from gateway.store.tenancy import NAMESPACES, Tenancy


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
    return await tenancy.create_organization("Acme")


@pytest.fixture
def access(keys: Keys, tenancy: Tenancy) -> Authenticator:
    return Authenticator(keys, tenancy, cache_seconds=5)


async def make_key(
    keys: Keys,
    owner: Organization,
    *,
    default_namespace_id: str | None = None,
    lifetime: timedelta | None = None,
) -> IssuedKey:
    return await keys.create(
        owner,
        name="web",
        permissions=frozenset({Permission.READ}),
        default_namespace_id=default_namespace_id,
        lifetime=lifetime,
    )


async def refusal(access: Authenticator, authorization: str | None) -> str:
    with pytest.raises(Unauthenticated) as caught:
        await access.authenticate(authorization)
    return caught.value.message


async def test_a_key_says_who_its_bearer_is(access: Authenticator, keys: Keys, acme: Organization) -> None:
    issued = await make_key(keys, acme)
    for scheme in ("Bearer", "bearer", "BEARER", "Bearer ", "Bearer   "):
        assert await access.authenticate(f"{scheme} {issued.secret}") == issued.key.caller


async def test_every_refusal_reads_the_same(access: Authenticator, keys: Keys, acme: Organization) -> None:
    issued = await make_key(keys, acme)
    expired = await make_key(keys, acme, lifetime=timedelta(0))
    revoked = await make_key(keys, acme)
    await keys.revoke(revoked.key.caller.id)
    unknown, _ = secret_keys.generate()
    credentials = [
        None,
        "",
        "Bearer",
        "Bearer ",
        issued.secret,
        f"Basic {issued.secret}",
        f"Bearer {issued.secret} ",
        f"Bearer {issued.secret}, Bearer {issued.secret}",
        f"Bearer {issued.secret[:-1]}",
        "Bearer " + "x" * 100_000,
        "Bearer \x00é",
        f"Bearer {unknown}",
        f"Bearer {unknown}",
        f"Bearer {expired.secret}",
        f"Bearer {revoked.secret}",
    ]
    assert len({await refusal(access, authorization) for authorization in credentials}) == 1


async def test_a_key_with_the_id_of_another_is_refused(access: Authenticator, keys: Keys, acme: Organization) -> None:
    issued = await make_key(keys, acme)
    body = issued.secret[:15] + "0" * 22
    checksum, characters = zlib.crc32(body.encode()), ""
    for _ in range(6):
        checksum, digit = divmod(checksum, 62)
        characters = (string.digits + string.ascii_uppercase + string.ascii_lowercase)[digit] + characters
    forged = secret_keys.parse(body + characters)
    assert forged is not None
    assert forged.key_id == issued.key.caller.id
    await refusal(access, f"Bearer {body}{characters}")
    assert await access.authenticate(f"Bearer {issued.secret}")


async def test_a_mistyped_key_is_refused_without_asking_the_database(mongod: EmbeddedServer) -> None:
    client = open_client(mongod.uri)
    access = Authenticator(Keys(client["nowhere"]), Tenancy(client["nowhere"]), cache_seconds=5)
    await close(client)
    secret, _ = secret_keys.generate()
    await refusal(access, f"Bearer {secret[:-1]}{'a' if secret[-1] != 'a' else 'b'}")
    with pytest.raises(GatewayError) as caught:
        await access.authenticate(f"Bearer {secret}")
    assert not isinstance(caught.value, Unauthenticated)


async def test_a_key_expires_while_it_is_cached(access: Authenticator, keys: Keys, acme: Organization) -> None:
    # Long enough that it is still good when it is used first, whatever else the machine does.
    lifetime = timedelta(seconds=5)
    issued = await make_key(keys, acme, lifetime=lifetime)
    assert await access.authenticate(f"Bearer {issued.secret}")
    await asyncio.sleep(lifetime.total_seconds())
    await refusal(access, f"Bearer {issued.secret}")


async def test_a_revoked_key_is_refused_when_the_cached_one_has_aged(
    keys: Keys, tenancy: Tenancy, acme: Organization
) -> None:
    access = Authenticator(keys, tenancy, cache_seconds=0.2)
    issued = await make_key(keys, acme)
    assert await access.authenticate(f"Bearer {issued.secret}")
    await keys.revoke(issued.key.caller.id)
    await asyncio.sleep(0.2)
    await refusal(access, f"Bearer {issued.secret}")


async def test_nothing_is_cached_for_no_seconds(keys: Keys, tenancy: Tenancy, acme: Organization) -> None:
    access = Authenticator(keys, tenancy, cache_seconds=0)
    issued = await make_key(keys, acme)
    assert await access.authenticate(f"Bearer {issued.secret}")
    await keys.revoke(issued.key.caller.id)
    await refusal(access, f"Bearer {issued.secret}")


async def test_use_is_marked_once_a_minute(
    access: Authenticator, keys: Keys, tenancy: Tenancy, acme: Organization
) -> None:
    issued = await make_key(keys, acme)
    marks = set()
    for worker in (access, access, Authenticator(keys, tenancy, cache_seconds=0)):
        await worker.authenticate(f"Bearer {issued.secret}")
        await make_key(keys, acme)  # Marks aren't waited for; once a later write is acknowledged, they can be read.
        key = await keys.find(issued.key.caller.id)
        assert key is not None
        marks.add(key.last_used_at)
    assert len(marks) == 1
    assert None not in marks


async def test_a_refused_key_is_not_marked_as_used(access: Authenticator, keys: Keys, acme: Organization) -> None:
    expired = await make_key(keys, acme, lifetime=timedelta(0))
    await refusal(access, f"Bearer {expired.secret}")
    key = await keys.find(expired.key.caller.id)
    assert key is not None
    assert key.last_used_at is None


async def test_a_namespace_is_named_by_name_or_id_or_by_default(
    access: Authenticator, keys: Keys, tenancy: Tenancy, acme: Organization
) -> None:
    shop, _ = await tenancy.create_namespace(acme, "shop")
    media, _ = await tenancy.create_namespace(acme, "media")
    issued = await make_key(keys, acme, default_namespace_id=media.id)
    for header, namespace in (("shop", shop), (shop.id, shop), (None, media), ("shop", shop)):
        context = await access.context(f"Bearer {issued.secret}", header)
        assert (context.caller, context.namespace) == (issued.key.caller, namespace)


async def test_a_key_without_a_default_needs_the_header(access: Authenticator, keys: Keys, acme: Organization) -> None:
    issued = await make_key(keys, acme)
    for absent in (None, ""):
        with pytest.raises(NamespaceRequired):
            await access.resolve(issued.key.caller, absent)
        assert (await access.context(f"Bearer {issued.secret}", absent)).namespace is NO_NAMESPACE


async def test_a_foreign_namespace_reads_like_one_that_is_not_there(
    access: Authenticator, keys: Keys, tenancy: Tenancy, acme: Organization
) -> None:
    other = await tenancy.create_organization("Other")
    foreign, _ = await tenancy.create_namespace(other, "foreign")
    owner = (await make_key(keys, other)).key.caller
    assert await access.resolve(owner, "foreign") == foreign
    caller = (await make_key(keys, acme, default_namespace_id=foreign.id)).key.caller
    messages = set()
    for header in (None, "foreign", foreign.id, "missing", "ns_missing", " ", "\x00", "x" * 100_000, "a\r\nb", "é"):
        with pytest.raises(NamespaceNotFound) as caught:
            await access.resolve(caller, header)
        messages.add(caught.value.message)
    assert len(messages) == 1


async def test_what_has_ended_is_not_used_again(
    keys: Keys, tenancy: Tenancy, database: Database, acme: Organization
) -> None:
    access = Authenticator(keys, tenancy, cache_seconds=60)
    shop, _ = await tenancy.create_namespace(acme, "shop")
    media, _ = await tenancy.create_namespace(acme, "media")
    issued = await make_key(keys, acme, default_namespace_id=shop.id)
    authorization = f"Bearer {issued.secret}"
    contexts = [await access.context(authorization, header) for header in ("shop", shop.id, "media", media.id)]
    assert await access.revoked(set(contexts)) == {}
    await database[NAMESPACES].delete_one({"_id": shop.id})
    assert {one.namespace for one in await access.revoked(set(contexts))} == {shop}
    for header in ("shop", shop.id, None):
        with pytest.raises(NamespaceNotFound):
            await access.context(authorization, header)
    assert (await access.context(authorization, "media")).namespace == media
    await keys.revoke(issued.key.caller.id)
    assert len(await access.revoked(set(contexts))) == 2
    await refusal(access, authorization)


async def test_namespaces_of_one_name_are_kept_apart(
    access: Authenticator, keys: Keys, tenancy: Tenancy, acme: Organization
) -> None:
    other = await tenancy.create_organization("Other")
    for owner in (acme, other):
        namespace, _ = await tenancy.create_namespace(owner, "shop")
        caller = (await make_key(keys, owner)).key.caller
        assert await access.resolve(caller, "shop") == namespace


async def test_a_missing_permission_is_named(keys: Keys, acme: Organization) -> None:
    caller = (await make_key(keys, acme)).key.caller
    require_permission(caller, Permission.READ)
    with pytest.raises(Forbidden, match="WRITE"):
        require_permission(caller, Permission.WRITE)
