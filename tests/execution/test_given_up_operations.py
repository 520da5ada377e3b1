"""Operations that are given up: what they asked MongoDB for ends with them, takes its key's place until it has, and is
paid for."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.store.client import Database
from tests.harness.gateway_client import Gateway, open_gateway
from tests.harness.operations_under_way import PARTS, Slow, current_operations, under_way
from tests.harness.waiting import PATIENCE

SLOW = "query ($where: InteractionWhere!) { interactions(where: $where) { nodes { id } } }"
COUNTED = "query ($where: InteractionWhere!) { interactions(first: 0, where: $where) { totalCount } }"
NESTED = """query ($where: InteractionWhere!) {
  features(featureIds: ["f"]) { interactions(where: $where) { totalCount nodes { id } } }
}"""
WHERE = {"or": [{"metadata": [{"path": "text", "operator": "CONTAINS", "value": part}]} for part in PARTS]}
QUICK = '{ interaction(interactionId: "i0") { interactionId } }'
LIMIT_MS = 1_000


@pytest.fixture
async def gateway(mongod: EmbeddedServer, database: Database) -> AsyncIterator[Gateway]:
    """One whose keys run one operation at a time, over documents that take MongoDB long to search."""
    settings = {"operation_time_limit_ms": LIMIT_MS, "read_time_limit_ms": 600_000, "mongodb_max_pool_size": 2}
    async with open_gateway(database, mongod.uri, rate_limit_restore=1, **settings) as gateway:
        await Slow.stored(database, gateway.namespace.id)
        yield gateway


async def next_of_its_key(gateway: Gateway) -> dict[str, Any]:
    """The answer to a short operation of the same key, once it gets one."""
    async with asyncio.timeout(PATIENCE):
        while "errors" in (answer := await gateway.execute(QUICK)):
            assert answer["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    return answer


@pytest.mark.parametrize("query", [SLOW, COUNTED, NESTED])
async def test_what_is_past_its_time_runs_no_longer_once_its_key_may_go_on(query: str, gateway: Gateway) -> None:
    answer = await gateway.execute(query, {"where": WHERE})
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAVAILABLE"]
    answer = await next_of_its_key(gateway)
    assert await current_operations(gateway.database) == []
    # A point for each 0.1 ms from when it began, which is late on a busy machine; its documents alone cost less.
    assert answer["extensions"]["cost"]["remaining"] <= 250_000 - 500


async def test_what_nobody_waits_for_runs_no_longer_once_its_key_may_go_on(gateway: Gateway) -> None:
    leaving = asyncio.create_task(gateway.execute(SLOW, {"where": WHERE}))
    await under_way(gateway.database)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert (await next_of_its_key(gateway))["data"] == {"interaction": {"interactionId": "i0"}}
    assert await current_operations(gateway.database) == []


async def test_what_is_examined_is_paid_for_by_the_time_that_takes(mongod: EmbeddedServer, database: Database) -> None:
    async with open_gateway(database, mongod.uri, rate_limit_restore=1) as gateway:
        await Slow.stored(database, gateway.namespace.id, count=100)
        cost = (await gateway.execute(SLOW, {"where": WHERE}))["extensions"]["cost"]
    # A hundred texts, each searched for three strings: some 1.2 s.
    assert cost["actual"] > cost["requested"]
    assert cost["remaining"] <= 250_000 - cost["actual"]
