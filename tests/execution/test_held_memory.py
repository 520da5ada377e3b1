"""What operations hold of what they read is bounded while they are under way, and let go at once behind them."""

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.kinds import INTERACTION
from gateway.plan.paging import Page
from gateway.plan.usage import Usage
from gateway.scheduling.held_bytes import HeldBytes, OperationBytes
from gateway.store.raw_batches import ReadDocuments
from tests.harness.gateway_client import Gateway, new_gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

MEGABYTE = 1_000_000
# The least that the setting may be.
OF_KEY, READ = 16 * MEGABYTE, 16 * MEGABYTE
PAGE = "query ($first: Int!) { interactions(first: $first) { nodes { metadata } } }"
# Of the second connection too much is read, while the first page is there already.
TOO_MUCH = """query ($first: Int!) {
  interactions(first: $first) { nodes { metadata feature { interactions(first: 20) { nodes { metadata } } } } }
}"""
WRONG = "{ interactions(first: 5) { nodes { metadata } totalCount(upTo: 10000000) } }"
HELD = (Page, Usage, ReadDocuments)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    """Thirty interactions of a megabyte each."""
    settings = {"key_held_bytes": OF_KEY, "read_limit_bytes": READ, "operation_time_limit_ms": 600_000}
    async with new_gateway(mongod.uri, rate_limit_restore=25_000, **settings) as gateway:
        await gateway.database[INTERACTION.collection].insert_many(
            {
                "namespace_id": gateway.namespace.id,
                "feature_id": "f",
                "interaction_id": f"i{number}",
                "interaction_type": "click",
                "metadata": {"text": "x" * MEGABYTE},
            }
            for number in range(30)
        )
        yield gateway


@pytest.fixture
def no_collections() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


async def test_operations_of_a_key_at_a_time_hold_so_much_together(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[int] = []
    count = HeldBytes._count

    def counted(self: HeldBytes, organization: Any, operation: OperationBytes, size: int) -> None:
        count(self, organization, operation, size)
        held.append(organization.held)

    monkeypatch.setattr(HeldBytes, "_count", counted)
    answers = await asyncio.gather(*(gateway.execute(PAGE, {"first": 14}) for _ in range(12)))
    assert [len(answer["data"]["interactions"]["nodes"]) for answer in answers] == [14] * 12
    # All at once they would hold 1.7 GB by this count; so it is what the oldest may hold besides what all may.
    assert 14 * MEGABYTE < max(held) <= OF_KEY + READ * 10 + READ
    assert held[-1] == 0


@pytest.mark.parametrize("query", [PAGE, TOO_MUCH, WRONG])
async def test_nothing_that_was_read_is_kept_until_a_collection(
    query: str, gateway: Gateway, no_collections: None
) -> None:
    variables = None if query == WRONG else {"first": 20 if query == PAGE else 5}
    answer = await gateway.execute(query, variables)
    assert "errors" in answer
    del answer
    # What ended with the answer is let go in the next round of the event loop.
    await asyncio.sleep(0)
    assert [kept for kept in gc.get_objects() if type(kept) in HELD] == []
