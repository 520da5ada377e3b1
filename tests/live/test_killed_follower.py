import pytest

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.derived_documents import DERIVATION_STATES
from gateway.store.client import Database, watch
from gateway.store.derivation_state import DerivationState
from gateway.store.index_creation import create_indexes
from tests.harness.derivation import derived
from tests.harness.gateway_process import running
from tests.live.test_follower import counts, is_exact, record, search


@pytest.mark.slow
async def test_a_gateway_that_is_killed_as_the_owner_leaves_nothing_out(
    database: Database, mongod: EmbeddedServer
) -> None:
    state = DerivationState(database)
    await create_indexes(database)
    await record(database, {"search_request": search("r1")})
    changes = await watch(database[DERIVATION_STATES], [], full_document="updateLookup")
    with running(mongod.uri, database.name, insights=True) as (process, _):
        async for change in changes:
            if change["fullDocument"].get("token") is not None:
                break
        process.kill()
        process.wait()
    await changes.close()
    await record(database, {"search_request_id": "r1", "interaction_type": "purchase"})
    await derived(database)
    assert await counts(database) == {"click": 1, "purchase": 1}
    assert await is_exact(database)
    assert not (await state.read()).is_owned
