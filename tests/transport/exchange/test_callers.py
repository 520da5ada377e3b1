"""Who asks, and in which namespace: what a caller without the right to it is told."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import urlencode

import httpx
import orjson
import pytest
import pytest_asyncio

from gateway.context import Permission
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model import secret_keys
from tests.harness.gateway_client import Gateway, code, new_gateway, open_gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUERY = "query Key($with: Boolean! = true) { viewer { keyName @include(if: $with) } }"
ANSWER = {"data": {"viewer": {"keyName": "web"}}}
DELETE = 'mutation { deleteInteraction(input: {interactionId: "none"}) { deletedId } }'


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    """One for the module, for nothing here writes."""
    async with new_gateway(mongod.uri) as gateway:
        yield gateway


async def test_whatever_is_wrong_with_a_key_the_answer_is_the_same(gateway: Gateway) -> None:
    expired = await gateway.keys.create(
        gateway.organization, name="old", permissions=frozenset(Permission), lifetime=timedelta(microseconds=1)
    )
    revoked = await gateway.keys.create(gateway.organization, name="gone", permissions=frozenset(Permission))
    await gateway.keys.revoke(revoked.key.caller.id)
    unknown, _ = secret_keys.generate()
    body = orjson.dumps({"query": QUERY})
    answers = set()
    for authorization in (
        *(None, "", "Bearer", "Bearer ", f"Basic {gateway.key}", gateway.key, f"Bearer\t{gateway.key}"),
        *(f"Bearer {secret}" for secret in (expired.secret, revoked.secret, unknown, gateway.key[:-1], "é")),
    ):
        headers = {"Content-Type": "application/json"}
        if authorization is not None:
            headers["Authorization"] = authorization
        response = await gateway.http.post("/graphql", content=body, headers=httpx.Headers(headers, encoding="utf-8"))
        assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")
        assert code(response) == "UNAUTHENTICATED"
        answers.add((response.content, response.headers["Content-Type"]))
    assert len(answers) == 1


async def test_a_revoked_key_stops_working_within_seconds(gateway: Gateway, mongod: EmbeddedServer) -> None:
    async with open_gateway(gateway.database, mongod.uri, key_cache_seconds=0.2) as gateway:
        key = await gateway.make_key(Permission.READ)
        assert "errors" not in await gateway.execute(QUERY, key=key)
        parsed = secret_keys.parse(key)
        assert parsed is not None
        await gateway.keys.revoke(parsed.key_id)
        await asyncio.sleep(0.25)
        assert (await gateway.post({"query": QUERY}, key=key)).status_code == 401


async def test_a_namespace_is_named_by_name_or_id(gateway: Gateway) -> None:
    second, _ = await gateway.tenancy.create_namespace(gateway.organization, "second")
    for reference in ("second", second.id):
        data = await gateway.data("{ viewer { namespace { name } } }", namespace=reference)
        assert data["viewer"]["namespace"]["name"] == "second"


async def test_a_foreign_and_a_missing_namespace_are_forbidden_alike(gateway: Gateway) -> None:
    answers = set()
    for reference in (gateway.other_namespace.id, "ns_000000000000000000000000", "missing", "-", "a" * 1_000, "$where"):
        response = await gateway.post({"query": QUERY}, namespace=reference)
        assert (response.status_code, code(response)) == (403, "NAMESPACE_NOT_FOUND")
        answers.add(response.content)
    assert len(answers) == 1


async def test_without_a_namespace_and_a_default_one_is_required(gateway: Gateway) -> None:
    key = await gateway.make_key(Permission.READ, organization=gateway.other_organization)
    query = {"query": "{ interactions { totalCount } }"}
    response = await gateway.post(query, key=key)
    assert (response.status_code, code(response)) == (400, "NAMESPACE_REQUIRED")
    assert (await gateway.post(query, key=key, namespace="shop")).status_code == 200
    assert (await gateway.post({"query": QUERY}, key=key)).status_code == 200


async def test_a_key_may_do_only_what_it_is_for(gateway: Gateway) -> None:
    for permission, query in ((Permission.READ, DELETE), (Permission.WRITE, QUERY), (Permission.ADMIN, QUERY)):
        response = await gateway.post({"query": query}, key=await gateway.make_key(permission))
        assert (response.status_code, code(response)) == (403, "FORBIDDEN")


async def test_a_bad_namespace_in_the_address_changes_nothing(gateway: Gateway) -> None:
    address = f"/graphql?{urlencode({'query': QUERY, 'namespace': gateway.other_namespace.id})}"
    response = await gateway.http.get(address, headers={"Authorization": f"Bearer {gateway.key}"})
    assert response.json() == ANSWER
