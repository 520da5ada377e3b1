from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.store.client import Database
from tests.harness.gateway_client import Gateway, open_gateway
from tests.harness.waiting import soon
from tests.store.migrations.test_migrator import record

NOTE = {"migrations": "Pending: 1. Run `gateway migrate`, beside the service."}


async def test_a_gateway_that_waits_for_a_migration_serves_and_says_so(
    mongod: EmbeddedServer, database: Database
) -> None:
    await record(database, 1)
    async with open_gateway(database, mongod.uri) as gateway:

        async def is_told() -> bool:
            answer = await gateway.http.get("/readyz")
            assert answer.status_code == 200
            return bool(answer.json().get("notes") == NOTE)

        await soon(is_told)
        assert await gateway.data("{ __typename }") == {"__typename": "Query"}


async def test_a_new_database_is_ready_without_a_note(gateway: Gateway) -> None:
    assert "notes" not in (await gateway.http.get("/readyz")).json()
