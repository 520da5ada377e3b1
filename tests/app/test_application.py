import pytest

from gateway.app.application import create_app
from gateway.app.worker import from_environment
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.indexes import INDEXES
from gateway.settings import Settings, SettingsError, load
from gateway.store.client import Database
from tests.harness.gateway_client import Gateway, open_gateway

INTROSPECTION = "{ __schema { queryType { name } } }"


async def test_every_index_is_there_once_it_serves(gateway: Gateway) -> None:
    for kind in {index.kind for index in INDEXES}:
        there = await gateway.database[kind.collection].index_information()
        assert {index.name for index in INDEXES if index.kind is kind} <= there.keys()
    for collection in ("organizations", "namespaces"):
        assert (await gateway.database[collection].index_information())["name"]["unique"]


async def test_it_starts_again_on_the_same_database(gateway: Gateway, mongod: EmbeddedServer) -> None:
    async with open_gateway(gateway.database, mongod.uri) as again:
        assert again.namespace == gateway.namespace
        assert await again.data("{ viewer { keyName } }", key=gateway.key) == {"viewer": {"keyName": "web"}}


async def test_either_driver_serves(mongod: EmbeddedServer, database: Database) -> None:
    async with open_gateway(database, mongod.uri, driver="motor") as gateway:
        assert await gateway.data("{ interactions { totalCount } }") == {"interactions": {"totalCount": 0}}
        assert (await gateway.http.get("/readyz")).status_code == 200


async def test_introspection_can_be_switched_off(mongod: EmbeddedServer, database: Database, gateway: Gateway) -> None:
    assert await gateway.data(INTROSPECTION) == {"__schema": {"queryType": {"name": "Query"}}}
    async with open_gateway(database, mongod.uri, introspection=False) as closed:
        answer = await closed.execute(INTROSPECTION)
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"GRAPHQL_VALIDATION_FAILED"}
        assert "data" not in answer
        misspelt = await closed.execute("{ viewerr { keyNam } }")
        assert "Cannot query field 'viewerr'" in str(misspelt)
        assert "Did you mean" not in str(misspelt)
        assert await closed.data("{ __typename }") == {"__typename": "Query"}


def test_what_is_no_uri_is_a_wrong_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match=r"^GATEWAY_MONGODB_URI: not a MongoDB URI"):
        create_app(load(Settings, mongodb_uri="mongodb://h/?nope=1"))
    monkeypatch.delenv("GATEWAY_MONGODB_URI", raising=False)
    with pytest.raises(SettingsError, match=r"^GATEWAY_MONGODB_URI is not set"):
        from_environment()
