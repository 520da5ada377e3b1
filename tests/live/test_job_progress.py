"""What a job has come to is told as it goes on, to its own namespace."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.harness.gateway_client import Gateway, new_gateway
from tests.harness.jobs import jobs_done
from tests.harness.live_client import record, served, socket, stream

pytestmark = pytest.mark.asyncio(loop_scope="module")

ERASE = 'mutation { deleteUserData(input: { userId: "jane" }) { job { jobId } } }'
PROGRESSED = "subscription ($id: ID!) { jobProgressed(jobId: $id) { jobId state done total interactionsDeleted } }"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri) as gateway:
        yield gateway


async def test_progress_is_told_over_a_websocket_and_as_an_event_stream(gateway: Gateway) -> None:
    await record(gateway, "i1", userId="jane")
    first, second = [(await gateway.data(ERASE))["deleteUserData"]["job"]["jobId"] for _ in range(2)]
    async with (
        served(gateway.app) as address,
        socket(address) as client,
        socket(address) as foreign,
        stream(address, gateway.key, PROGRESSED, {"id": second}) as told,
    ):
        await client.init(gateway.key)
        await client.subscribe("first", PROGRESSED, {"id": first})
        await client.begun()
        await foreign.init(gateway.other_key)
        await foreign.subscribe("1", PROGRESSED, {"id": first})
        await foreign.begun()
        await jobs_done(gateway.database)
        event = (await client.event("first"))["data"]["jobProgressed"]
        assert event == {"jobId": first, "state": "DONE", "done": 1, "total": 1, "interactionsDeleted": 1}
        event_of_second = await told.event()
        assert event_of_second is not None
        assert event_of_second[1]["data"]["jobProgressed"]["jobId"] == second
        # The first thing that the other organization is told of is its own.
        own = (await gateway.data(ERASE, key=gateway.other_key))["deleteUserData"]["job"]["jobId"]
        await foreign.subscribe("2", PROGRESSED, {"id": own})
        await foreign.begun()
        await jobs_done(gateway.database)
        message = await foreign.hear()
        assert (message["id"], message["payload"]["data"]["jobProgressed"]["jobId"]) == ("2", own)
