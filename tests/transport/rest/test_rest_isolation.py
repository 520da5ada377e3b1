"""Every route with another organization's names: answered like what isn't there, and nothing of it changed."""

import re
from collections.abc import AsyncIterator
from itertools import product
from typing import Any

import pytest
import pytest_asyncio

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.harness.gateway_client import Gateway, new_gateway
from tests.transport.rest.test_interactions import ask, served

pytestmark = pytest.mark.asyncio(loop_scope="module")

INTERACTIONS = "/features/search/interactions"
# What the other organization has, and what nobody has, of one length.
FOREIGN = {"interaction_id": "secret-i", "feature_id": "secret-f", "session_id": "secret-s", "namespace": "secret-n"}
MISSING = {name: value.replace("secret", "sought") for name, value in FOREIGN.items()}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri) as gateway:
        await gateway.tenancy.create_namespace(gateway.other_organization, FOREIGN["namespace"])
        for namespace in ("shop", FOREIGN["namespace"]):
            recorded = {name: FOREIGN[name] for name in ("interaction_id", "feature_id", "session_id")}
            response = await ask(
                gateway,
                "POST",
                INTERACTIONS,
                json=recorded | {"interaction_type": "view"},
                key=gateway.other_key,
                headers={"X-Namespace": namespace},
            )
            assert response.status_code == 200
        yield gateway


def body_of(method: str, path: str, names: dict[str, str]) -> Any:
    if method not in ("POST", "PUT"):
        return None
    if path.startswith("/namespaces"):
        return {"namespace_name": names["namespace"], "vector_indexes": [], "payload_indexes": []}
    return {name: names[name] for name in ("feature_id", "session_id")} | {"interaction_type": "view"}


async def stored(gateway: Gateway) -> list[Any]:
    """All that the database holds of the other organization."""
    documents = [
        document
        for name in sorted(await gateway.database.list_collection_names())
        async for document in gateway.database[name].find({}, sort=[("_id", 1)])
    ]
    owner = gateway.other_organization
    owned = [owner.id, *(namespace.id for namespace in await gateway.tenancy.namespaces(owner))]
    return [text for text in map(str, documents) if any(id_ in text for id_ in owned)]


async def test_foreign_names_are_nobodys(gateway: Gateway) -> None:
    routes = served(gateway)
    assert len(routes) >= 12
    references: dict[str | None, str | None] = {
        None: None,
        FOREIGN["namespace"]: MISSING["namespace"],
        gateway.other_namespace.id: "ns_" + "0" * (len(gateway.other_namespace.id) - 3),
    }
    before = await stored(gateway)
    assert sum("secret-i" in text for text in before) >= 2
    for (path, method), (foreign, missing) in product(routes, references.items()):
        answers = []
        for names, reference in ((FOREIGN, foreign), (MISSING, missing)):
            address = re.sub(r"{(\w+)(?::text)?}", lambda match, named=names: named[match[1]], path)  # type: ignore[misc]
            if foreign is not None and "{namespace}" in path:
                address = f"/namespaces/{reference}"
            response = await ask(
                gateway,
                method,
                address,
                params={"feature_id": names["feature_id"], "session_id": names["session_id"]},
                json=body_of(method, path, names),
                headers={"X-Namespace": reference} if reference else {},
            )
            assert response.status_code < 500
            # The ids that are made here, and what a key of this organization names itself.
            text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|ns_[0-9a-f]{24}", "", response.text)
            answers.append((response.status_code, text.replace("secret", "sought"), "secret" in text))
        assert answers[0][:2] == answers[1][:2], (path, method, foreign)
        if method in ("GET", "HEAD", "DELETE") and "namespaces" not in path:
            assert not answers[0][2], (path, method, foreign)
        # What was recorded and created here would be listed.
        await _cleared(gateway)
    assert await stored(gateway) == before


async def _cleared(gateway: Gateway) -> None:
    for collection in ("interactions", "search_requests"):
        await gateway.database[collection].delete_many({"namespace_id": gateway.namespace.id})
    await gateway.database["namespaces"].delete_many(
        {"organization_id": gateway.organization.id, "_id": {"$ne": gateway.namespace.id}}
    )
