"""Revenue is a number whatever prices are stored: JSON has no infinity and nothing that is no number."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from math import inf, nan
from typing import Any

import pytest
import pytest_asyncio
from bson import Decimal128, Int64, ObjectId

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.kinds import INTERACTION
from tests.harness.gateway_client import Gateway, new_gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

REVENUE = "{ interactionStats(groupBy: [{ by: FEATURE }]) { totals { interactions revenue { currency amount } } } }"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    """A gateway with two ordinary sales."""
    async with new_gateway(mongod.uri) as gateway:
        await sold(gateway, {"price": 20, "quantity": 2}, {"price": Decimal128("2.5")})
        yield gateway


async def sold(gateway: Gateway, *sales: dict[str, Any]) -> list[ObjectId]:
    documents: list[dict[str, Any]] = [
        {
            "_id": ObjectId(),
            "namespace_id": gateway.namespace.id,
            "interaction_id": f"i{ObjectId()}",
            "feature_id": "p1",
            "interaction_type": "purchase",
            "occurred_at": datetime(2024, 5, 1, 12, tzinfo=UTC),
            "metadata": {"currency": "EUR", **sale},
        }
        for sale in sales
    ]
    await gateway.database[INTERACTION.collection].insert_many(documents)
    return [document["_id"] for document in documents]


async def totals_with(gateway: Gateway, *sales: dict[str, Any]) -> dict[str, Any]:
    """The totals while there are these sales beside the ordinary ones."""
    odd = await sold(gateway, *sales)
    try:
        totals: dict[str, Any] = (await gateway.data(REVENUE))["interactionStats"]["totals"]
    finally:
        await gateway.database[INTERACTION.collection].delete_many({"_id": {"$in": odd}})
    return totals


@pytest.mark.parametrize(
    "sales",
    [
        [{"price": 1e308, "quantity": 100}],
        [{"price": 1e308}, {"price": 1e308}],
        [{"price": -1e308, "quantity": 2}],
        [{"price": 1, "quantity": 1e200}],
        [{"price": nan}, {"price": inf}, {"price": -inf}, {"price": 3, "quantity": nan}],
        [{"price": Decimal128(text)} for text in ("NaN", "Infinity", "-Infinity", "1E+400", "-9E+6144")],
        [{"price": 7, "quantity": Decimal128("1E+400")}],
    ],
)
async def test_prices_beyond_all_sums_are_none_of_the_revenue(gateway: Gateway, sales: list[dict[str, Any]]) -> None:
    totals = await totals_with(gateway, *sales)
    assert totals == {"interactions": 2 + len(sales), "revenue": [{"currency": "EUR", "amount": 42.5}]}


async def test_the_greatest_price_is_summed(gateway: Gateway) -> None:
    greatest, returned = {"price": 1e100, "quantity": 1e100}, {"price": Int64(-5)}
    totals = await totals_with(gateway, greatest | {"currency": "B"}, returned | {"currency": "B"})
    assert {row["currency"]: row["amount"] for row in totals["revenue"]} == {"EUR": 42.5, "B": 1e200}
