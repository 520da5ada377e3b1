"""What a request needed is gone once it is answered: no cycle keeps it until the garbage collector comes."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from types import CoroutineType, FunctionType
from typing import Any

import httpx
import pytest

from tests.harness.gateway_client import Gateway
from tests.harness.live_client import served
from tests.harness.waiting import PATIENCE

RECORDING = """
mutation {
  recordInteraction(input: {
    featureId: "f", interactionType: CLICK, userId: "u7", searchRequest: { text: "shoes", collections: ["c"] }
  }) { created }
}
"""
OPERATIONS = {
    "a page": "{ interactions(first: 2) { nodes { interactionId userId } pageInfo { endCursor } } }",
    "a page of new variables": "query($u: ID!) { interactions(where: { userId: { eq: $u } }) { nodes { id } } }",
    "what is joined": "{ interactions { nodes { searchRequest { interactions { totalCount } } } } }",
    "by the executor": "query($c: Boolean) { interactions { nodes { id @skip(if: $c) } } }",
    "a mutation": 'mutation { deleteInteraction(input: { interactionId: "none" }) { deletedInteractionId } }',
    "errors": "{ interactions(first: -1) { nodes { id } } nothing }",
    "statistics": '{ searchMetrics(range: { from: "2024-01-01T00:00:00Z", to: "2024-02-01T00:00:00Z" }) { searches } }',
}


@pytest.mark.parametrize("query", OPERATIONS.values(), ids=OPERATIONS.keys())
async def test_a_request_leaves_no_cycle(gateway: Gateway, query: str) -> None:
    async with (
        served(gateway.app) as address,
        httpx.AsyncClient(base_url=f"http://{address}", timeout=PATIENCE) as client,
    ):
        await gateway.execute(RECORDING)

        async def ask(user: int) -> None:
            body = {"query": query, "variables": {"u": f"u{user}"}}
            answer = await client.post("/graphql", json=body, headers={"Authorization": f"Bearer {gateway.key}"})
            assert answer.json()

        for user in range(5):
            await ask(user)
        with cycles() as left:
            for user in range(5, 25):
                await ask(user)
        assert not left


@contextmanager
def cycles() -> Iterator[list[str]]:
    """The names of what is the gateway's, or the driver's, among what only the garbage collector finds."""
    left: list[str] = []
    gc.collect()
    gc.disable()
    try:
        yield left
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        left += sorted({name for thing in gc.garbage if (name := _name(thing)).startswith(("gateway.", "pymongo."))})
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def _name(thing: Any) -> str:
    if isinstance(thing, CoroutineType):
        return f"{thing.cr_code.co_filename.rpartition('/gateway/')[1].strip('/')}.{thing.__qualname__}"
    made_of = thing if isinstance(thing, FunctionType) else type(thing)
    return f"{made_of.__module__}.{made_of.__qualname__}"
