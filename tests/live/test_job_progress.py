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
        stream(address, gateway.key, PROGRESSED, {"id": second}) as told,
    ):
        await client.init(gateway.key)
        await client.subscribe("first", PROGRESSED, {"id": first})
        await client.begun()
        await jobs_done(gateway.database)
        event = (await client.event("first"))["data"]["jobProgressed"]
        assert event == {"jobId": first, "state": "DONE", "done": 1, "total": 1, "interactionsDeleted": 1}
        event_of_second = await told.event()
        assert event_of_second is not None
        assert event_of_second[1]["data"]["jobProgressed"]["jobId"] == second


@pytest.mark.parametrize("id", ["first", "job_unknown", ""])
async def test_a_job_that_is_not_there_is_an_error_at_once(id: str, gateway: Gateway) -> None:
    """Also one of another organization."""
    known = (await gateway.data(ERASE))["deleteUserData"]["job"]["jobId"]
    asked = {"id": known if id == "first" else id}
    async with served(gateway.app) as address, socket(address) as foreign:
        await foreign.init(gateway.other_key)
        await foreign.subscribe("1", PROGRESSED, asked)
        message = await foreign.hear()
        [error] = message["payload"]
        assert (message["type"], message["id"], error["extensions"]["code"]) == ("error", "1", "NOT_FOUND")
        assert error["message"] == "The namespace has no job with this id."
    headers = {"Authorization": f"Bearer {gateway.other_key}", "Accept": "text/event-stream"}
    response = await gateway.http.post("/graphql", json={"query": PROGRESSED, "variables": asked}, headers=headers)
    assert response.status_code == 404
    assert response.json()["errors"] == message["payload"]
