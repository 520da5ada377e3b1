"""A namespace that is deleted: nobody enters it, and nothing of it is left, in any collection."""

import asyncio
from typing import Any

import pytest
from bson import encode
from bson.raw_bson import RawBSONDocument

from gateway.context import Permission
from gateway.model.jobs import JOB
from gateway.model.kinds import INTERACTION
from gateway.model.wire import validate_interaction
from gateway.store.audit import AUDIT, Audit
from gateway.store.client import Database
from gateway.store.jobs import namespace_removal
from gateway.store.tenancy import NAMESPACES
from tests.execution.test_erasing import NOON
from tests.harness.derivation import derived
from tests.harness.gateway_client import Gateway
from tests.harness.jobs import jobs_done

DELETE = """mutation ($id: ID!, $name: String!) {
  deleteNamespace(input: { namespaceId: $id, name: $name }) { job { jobId kind state } }
}"""
PERCOLATOR = (
    'mutation { createPercolator(input: { name: "p", where: { featureId: { eq: "p1" } } }) { percolator { id } } }'
)
JOB_OF = "query ($id: ID!) { job(jobId: $id) { state interactionsDeleted searchRequestsDeleted } }"


async def fill(gateway: Gateway) -> None:
    for key in (gateway.key, gateway.other_key):
        await gateway.data(PERCOLATOR, key=key)
    for namespace in (gateway.namespace, gateway.other_namespace):
        recordings = [
            validate_interaction(
                {
                    "interaction_id": f"i{number}",
                    "feature_id": "p1",
                    "interaction_type": "click",
                    "search_request": {"search_request_id": f"r{number}", "queries": [], "collections": ["c"]},
                }
            )
            for number in range(3)
        ]
        await gateway.writer.record(namespace, recordings, NOON)
    await derived(gateway.database)
    await gateway.data('mutation { deleteUserData(input: { userId: "x" }) { job { jobId } } }')
    await jobs_done(gateway.database)


async def of_namespace(database: Database, namespace_id: str) -> dict[str, int]:
    """How many documents of each collection say that they are in a namespace."""
    found = {}
    for name in await database.list_collection_names():
        if count := await database[name].count_documents({"namespace_id": namespace_id}):
            found[name] = count
    return found


async def later(database: Database) -> None:
    """The pause ahead of the second round is over."""
    await database[JOB.collection].update_many({"is_open": True}, {"$set": {"until": NOON}})


@pytest.mark.parametrize("batch", [1, 1_000])
async def test_all_of_it_goes_and_nothing_else(gateway: Gateway, batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(namespace_removal, "_BATCH", batch)
    await fill(gateway)
    # Another program's, under ids that aren't UTF-8.
    for byte in (b"\xfe", b"\xff"):
        unreadable = encode({"_id": "?", "namespace_id": gateway.namespace.id}).replace(b"?\0", byte + b"\0")
        await gateway.database[INTERACTION.collection].insert_one(RawBSONDocument(unreadable))
    before = await of_namespace(gateway.database, gateway.other_namespace.id)
    home, _ = await gateway.tenancy.create_namespace(gateway.organization, "home")
    variables = {"id": gateway.namespace.id, "name": "shop"}
    job = (await gateway.data(DELETE, variables, namespace="home"))["deleteNamespace"]["job"]
    assert (job["kind"], job["state"]) == ("DELETE_NAMESPACE", "PENDING")
    assert await gateway.tenancy.find_namespace(gateway.organization.id, "shop") is None
    await jobs_done(gateway.database)
    # Somebody was about to record, when the namespace went.
    late = validate_interaction({"interaction_id": "late", "feature_id": "p", "interaction_type": "view"})
    await gateway.writer.record(gateway.namespace, [late], NOON)
    await later(gateway.database)
    await jobs_done(gateway.database)
    await derived(gateway.database)
    assert await of_namespace(gateway.database, gateway.namespace.id) == {
        AUDIT: len(
            [entry for entry in await Audit(gateway.database).latest(100) if entry.namespace_id == gateway.namespace.id]
        )
    }
    assert await of_namespace(gateway.database, gateway.other_namespace.id) == before
    assert (await gateway.data(JOB_OF, {"id": job["jobId"]}, namespace=home.name))["job"] == {
        "state": "DONE",
        "interactionsDeleted": 6,
        "searchRequestsDeleted": 3,
    }
    [key] = [key for key in await gateway.keys.oldest_first(gateway.organization) if key.caller.name == "web"]
    assert key.caller.default_namespace_id is None
    [entry] = [entry for entry in await Audit(gateway.database).latest(100) if entry.action == "namespace.delete"]
    assert entry.object_id == gateway.namespace.id
    # The name is free; what has it from now on is another namespace, and empty.
    made, created = await gateway.tenancy.create_namespace(gateway.organization, "shop")
    assert created
    assert made.id != gateway.namespace.id


async def test_every_collection_with_a_namespace_is_emptied(gateway: Gateway) -> None:
    """A new one needs a line in `EMPTIED`."""
    await fill(gateway)
    found = await of_namespace(gateway.database, gateway.namespace.id)
    assert found.keys() - {AUDIT} <= set(namespace_removal.EMPTIED)
    assert len(found) >= 8


@pytest.mark.parametrize("where", ["itself", "nowhere"])
async def test_it_goes_whoever_asks_where(gateway: Gateway, where: str) -> None:
    await fill(gateway)
    key = gateway.key
    if where == "nowhere":
        made = await gateway.keys.create(
            gateway.organization, name="admin", permissions=frozenset({Permission.ADMIN}), default_namespace_id=None
        )
        key = made.secret
    await gateway.data(DELETE, {"id": gateway.namespace.id, "name": "shop"}, key=key)
    for _ in range(2):
        await later(gateway.database)
        await jobs_done(gateway.database)
    left = await of_namespace(gateway.database, gateway.namespace.id)
    # Its own job is known to the command line, for as long as any.
    assert left.keys() == {AUDIT, JOB.collection, "job_progress"}
    assert left[JOB.collection] == 1


@pytest.mark.parametrize(
    ("variables", "path"),
    [
        ({"id": "ns_nobody", "name": "shop"}, ["input", "namespaceId"]),
        ({"id": "shop", "name": "shop"}, ["input", "namespaceId"]),
        ({"id": "foreign", "name": "shop"}, ["input", "namespaceId"]),
        ({"id": "own", "name": "Shop"}, ["input", "name"]),
        ({"id": "own", "name": ""}, ["input", "name"]),
    ],
)
async def test_another_than_the_confirmed_one_stays(gateway: Gateway, variables: Any, path: Any) -> None:
    ids = {"foreign": gateway.other_namespace.id, "own": gateway.namespace.id}
    answer = await gateway.execute(DELETE, variables | {"id": ids.get(variables["id"], variables["id"])})
    [error] = answer["errors"]
    assert (error["extensions"]["code"], error["extensions"]["path"]) == ("BAD_USER_INPUT", path)
    assert await gateway.database[NAMESPACES].count_documents({}) == 2
    assert await gateway.database[JOB.collection].count_documents({}) == 0


async def test_it_takes_admin(gateway: Gateway) -> None:
    key = await gateway.make_key(Permission.READ, Permission.WRITE)
    answer = await gateway.execute(DELETE, {"id": gateway.namespace.id, "name": "shop"}, key=key)
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await gateway.tenancy.find_namespace(gateway.organization.id, "shop") == gateway.namespace


async def test_two_who_delete_it_at_once_do_no_harm(gateway: Gateway) -> None:
    variables = {"id": gateway.namespace.id, "name": "shop"}
    answers = await asyncio.gather(*(gateway.execute(DELETE, variables) for _ in range(4)))
    assert any("errors" not in answer for answer in answers)
    for _ in range(2):
        await later(gateway.database)
        await jobs_done(gateway.database)
    assert await gateway.database[JOB.collection].count_documents({"is_open": True}) == 0
