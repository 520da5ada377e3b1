"""Answers that take long to make wait for their turns, so that others are answered in between."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.kinds import INTERACTION
from tests.harness.gateway_client import Gateway, new_gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Tens of milliseconds each to make; as all are the same, nothing else waits for a turn.
SHAPED = "nodes { searchRequest { filters { text flat { index depth branch key operator value } } } }"
EXECUTED = "nodes { searchRequest { filters { depth } } interactionType }"
LIGHT = "{ interactions(first: 1) { nodes { id } } }"
MANY = 60


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    """A hundred interactions with trees of forty conditions, of which those of "broken" have no type."""
    conditions = [{"key": f"k{number}", "operator": "eq", "value": number} for number in range(40)]
    async with new_gateway(mongod.uri, operation_time_limit_ms=600_000) as gateway:
        await gateway.database[INTERACTION.collection].insert_many(
            {
                "namespace_id": gateway.namespace.id,
                "feature_id": "f",
                "interaction_id": f"{user}{number}",
                "interaction_type": kind,
                "user_id": user,
                "search_request_id": "r",
                "search_request": {"filters": {"AND": conditions}},
            }
            for user, kind in (("sound", "click"), ("broken", None))
            for number in range(100)
        )
        yield gateway


def listing(user: str, selection: str) -> str:
    return f'{{ interactions(first: 100, where: {{ userId: {{ eq: "{user}" }} }}) {{ {selection} }} }}'


@pytest.mark.parametrize(("user", "selection"), [("sound", SHAPED), ("broken", EXECUTED)], ids=["shaped", "executed"])
async def test_another_organization_waits_for_few_of_the_long_answers_of_one_key(
    user: str, selection: str, gateway: Gateway
) -> None:
    query, answered, begun = listing(user, selection), 0, asyncio.Event()
    assert ("errors" in await gateway.execute(query)) == (user == "broken")
    await gateway.data(LIGHT, key=gateway.other_key)

    async def ask() -> None:
        nonlocal answered
        await gateway.execute(query)
        answered += 1
        begun.set()

    flood = [asyncio.create_task(ask()) for _ in range(MANY)]
    await begun.wait()
    for _ in range(3):
        await gateway.data(LIGHT, key=gateway.other_key)
    assert answered <= MANY / 2
    await asyncio.gather(*flood)
