"""What a later version may add to stored documents, and this one reads after a downgrade: see docs/upgrades.md."""

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.derived_documents import ITEM_DAYS, SEARCH_OUTCOMES
from gateway.model.kinds import SEARCH_REQUEST
from gateway.model.percolators import PERCOLATOR, PERCOLATOR_MATCH
from gateway.store.keys import KEYS
from gateway.store.tenancy import NAMESPACES, ORGANIZATIONS
from tests.execution.test_operation_runner import (
    FOLDER,
    answered,
    document,
    golden_gateway,
    store_data_set,
)
from tests.harness.gateway_client import Gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

LATER = {"later": {"version": 2, "parts": ["a", None]}}
EXTENSIBLE = (
    SEARCH_REQUEST.collection,
    SEARCH_OUTCOMES,
    ITEM_DAYS,
    PERCOLATOR.collection,
    PERCOLATOR_MATCH.collection,
    NAMESPACES,
    ORGANIZATIONS,
    KEYS,
)
READING = [
    "collections",
    "feature_signals",
    "interaction_stats",
    "namespaces",
    "percolators",
    "record_interactions",
    "search_request",
    "search_requests_nodes",
    "search_requests_outcome",
    "search_stats",
    "sessions",
    "update_percolator",
    "viewer",
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with golden_gateway(mongod.uri, rate_limit_restore=25_000) as gateway:
        yield gateway


@pytest.mark.parametrize("name", READING)
async def test_fields_of_a_later_version_change_no_answer(name: str, gateway: Gateway) -> None:
    golden = json.loads((FOLDER / f"{name}.json").read_bytes())
    await store_data_set(gateway.database, gateway.namespace, golden)
    for collection in EXTENSIBLE:
        await gateway.database[collection].update_many({}, {"$set": LATER})
    assert (await answered(gateway, document(name), golden))["response"] == golden["response"]


async def test_a_field_beside_what_was_recorded_of_an_interaction_is_taken_for_recorded(gateway: Gateway) -> None:
    """That is what makes unknown keys come back as they were sent; so a version that adds one says so."""
    record = """mutation { recordInteraction(input: {interactionId: "i", featureId: "f", interactionType: VIEW}) {
      interaction { json } } }"""
    await gateway.data(record)
    await gateway.database["interactions"].update_one({"interaction_id": "i"}, {"$set": LATER})
    read = await gateway.data('{ interaction(interactionId: "i") { json } }')
    assert read["interaction"]["json"]["later"] == LATER["later"]
    again = await gateway.execute(record)
    assert [error["extensions"]["code"] for error in again["errors"]] == ["CONFLICT"]
