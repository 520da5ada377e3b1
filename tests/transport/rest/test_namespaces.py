"""Namespaces over the original REST endpoints, and what their clients ask beside."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio
from jsonschema import Draft202012Validator

from gateway.context import Permission
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.transport.collect.collector_replies import CollectorReplies
from tests.harness.gateway_client import Gateway, new_gateway
from tests.harness.jobs import jobs_done
from tests.transport.rest.test_interactions import INTERACTION, JSON, ask, error, places, served

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATH = "/namespaces"
NEW = {"vector_indexes": ["image", "keyword"], "payload_indexes": [{"field_name": "price", "type": "float"}]}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri) as gateway:
        yield gateway


async def test_a_namespace_is_created_listed_read_and_used(gateway: Gateway) -> None:
    created = (await ask(gateway, "POST", PATH, json={"namespace_name": "new", **NEW})).json()
    assert created.keys() == {"namespace_id", "namespace_name", "vector_indexes", "payload_indexes"}
    assert created["namespace_name"] == "new"
    for reference in ("new", created["namespace_id"]):
        assert (await ask(gateway, "GET", f"{PATH}/{reference}")).json() == created
    assert created in (await ask(gateway, "GET", PATH)).json()
    recorded = await ask(
        gateway, "POST", "/features/search/interactions", json=INTERACTION, headers={"X-Namespace": "new"}
    )
    assert recorded.status_code == 200
    # Sent again it is the same.
    assert (await ask(gateway, "POST", PATH, json={"namespace_name": "new", **NEW})).json() == created


async def test_a_namespace_is_deleted_with_all_that_it_holds(gateway: Gateway) -> None:
    doomed = (await ask(gateway, "POST", PATH, json={"namespace_name": "doomed", **NEW})).json()
    address, here = "/features/search/interactions", {"namespace_id": doomed["namespace_id"]}
    await ask(gateway, "POST", address, json=INTERACTION, headers={"X-Namespace": "doomed"})
    assert await gateway.database["interactions"].count_documents(here) == 1
    assert (await ask(gateway, "DELETE", f"{PATH}/doomed")).json() == {"success": True}
    for gone in ("doomed", "none"):
        assert error(await ask(gateway, "DELETE", f"{PATH}/{gone}")) == (404, "NOT_FOUND")
    assert doomed not in (await ask(gateway, "GET", PATH)).json()
    await jobs_done(gateway.database)
    assert await gateway.database["interactions"].count_documents(here) == 0


async def test_a_namespace_keeps_its_name(gateway: Gateway) -> None:
    update = {"namespace_name": "shop", "payload_indexes": []}
    updated = await ask(gateway, "PUT", f"{PATH}/{gateway.namespace.id}", json=update)
    assert updated.json()["namespace_name"] == "shop"
    renamed = await ask(gateway, "PUT", f"{PATH}/shop", json=update | {"namespace_name": "other"})
    assert places(renamed) == [["body", "namespace_name"]]
    assert error(await ask(gateway, "PUT", f"{PATH}/none", json=update)) == (404, "NOT_FOUND")
    assert error(await ask(gateway, "GET", f"{PATH}/none")) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"vector_indexes": []}, ["namespace_name"]),
        ({"namespace_name": "n"}, ["vector_indexes"]),
        ({"namespace_name": 1, "vector_indexes": []}, ["namespace_name"]),
        ({"namespace_name": "no name", "vector_indexes": []}, ["namespace_name"]),
        ({"namespace_name": "n", "vector_indexes": ["smell"]}, ["vector_indexes", 0]),
        (
            {"namespace_name": "n", "vector_indexes": [], "payload_indexes": [{"field_name": "f", "type": "x"}]},
            ["payload_indexes", 0, "type"],
        ),
        ([], []),
        (None, []),
    ],
)
async def test_a_field_that_is_wrong_is_named(gateway: Gateway, body: Any, place: list[Any]) -> None:
    response = await ask(gateway, "POST", PATH, content=orjson.dumps(body), headers=JSON)
    assert places(response) == [["body", *place]]


async def test_namespaces_are_created_by_administrators(gateway: Gateway) -> None:
    key = await gateway.make_key(Permission.READ, Permission.WRITE)
    response = await ask(gateway, "POST", PATH, json={"namespace_name": "n", **NEW}, key=key)
    assert error(response) == (403, "FORBIDDEN")


async def test_the_kinds_of_indexes_win_over_a_namespace_of_that_name(gateway: Gateway) -> None:
    await gateway.tenancy.create_namespace(gateway.organization, "indexes")
    indexes = (await ask(gateway, "GET", f"{PATH}/indexes")).json()
    assert indexes.keys() == {"vector_indexes", "payload_indexes"}
    assert indexes["vector_indexes"].keys() == {"image", "multimodal", "text", "video", "keyword"}
    assert {"type": "keyword"} in indexes["payload_indexes"]
    assert error(await gateway.http.get(f"{PATH}/indexes")) == (401, "UNAUTHENTICATED")


async def test_health_needs_no_key(gateway: Gateway) -> None:
    response = await gateway.http.get("/healthcheck")
    assert (response.status_code, response.json()) == (200, {"status": "OK"})


async def test_it_is_served_where_only_trusted_documents_are(mongod: EmbeddedServer, tmp_path: Path) -> None:
    (manifest := tmp_path / "manifest.json").write_text('{"one": "{ viewer { keyName } }"}')
    async with new_gateway(mongod.uri, trusted_documents=manifest, only_trusted_documents=True) as gateway:
        created = await ask(gateway, "POST", "/features/search/interactions", json=INTERACTION)
        assert created.status_code == 200
        assert (await ask(gateway, "GET", "/features/search/interactions")).json() == [created.json()]


async def test_it_is_served_beside_a_graph_with_a_prefix(mongod: EmbeddedServer) -> None:
    async with new_gateway(mongod.uri, federation_prefix="Acme") as gateway:
        created = await ask(gateway, "POST", "/features/search/interactions", json=INTERACTION)
        assert (await ask(gateway, "GET", "/features/search/interactions")).json() == [created.json()]


async def test_all_endpoints_are_described(gateway: Gateway) -> None:
    response = await gateway.http.get("/openapi.json")
    assert response.headers["content-type"] == "application/json"
    described = response.json()
    operations = {(path, method.upper()) for path, methods in described["paths"].items() for method in methods}
    serving = [*served(gateway), *served(gateway, CollectorReplies)]
    assert operations == {
        # What is left of Algolia's API says alone that it isn't served.
        (path.replace(":text", ""), method)
        for path, method in serving
        if method != "HEAD" and "{rest" not in path
    } | {("/healthcheck", "GET")}
    ids = [operation["operationId"] for methods in described["paths"].values() for operation in methods.values()]
    assert len(set(ids)) == len(ids)
    schemas = described["components"]["schemas"]
    references = set(response.text.split('"$ref":"#/components/schemas/')[1:])
    assert {reference.split('"')[0] for reference in references} <= schemas.keys()
    validator = Draft202012Validator({"$ref": "#/components/schemas/InteractionToRecord", **described})
    assert list(validator.iter_errors(INTERACTION)) == []
    assert list(validator.iter_errors(INTERACTION | {"interaction_type": "clicked"})) != []
    assert list(validator.iter_errors(INTERACTION | {"position": -1})) != []
