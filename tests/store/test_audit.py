"""The audit log: what is in it after something was administered or deleted, and what isn't done without it."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from gateway.context import CallerKind, Permission
from gateway.errors import BadUserInput, Conflict, GatewayError
from gateway.model import secret_keys
from gateway.model.kinds import INTERACTION
from gateway.store.audit import AUDIT, Actor, Audit, Entry
from gateway.store.client import Database
from gateway.store.keys import KEYS, Keys
from gateway.store.tenancy import NAMESPACES, Tenancy
from tests.harness.command_log import commands
from tests.harness.gateway_client import Gateway

RECORD = """mutation {
  recordInteraction(input: { interactionId: "i1", featureId: "f", interactionType: CLICK }) { created }
}"""
DELETE = "mutation ($id: ID!) { deleteInteraction(input: { interactionId: $id }) { deletedId } }"
CREATE = 'mutation { createNamespace(input: { name: "media" }) { created namespace { namespaceId } } }'
READ_ALONE = frozenset({Permission.READ})


def bearer(key: str) -> Actor:
    parsed = secret_keys.parse(key)
    assert parsed is not None
    return Actor(CallerKind.KEY, parsed.key_id, "web")


async def asked_for(gateway: Gateway) -> list[Entry]:
    """What was asked for with keys, not at the command line."""
    return [entry for entry in await Audit(gateway.database).latest(100) if entry.actor is not None]


async def refuse(database: Database) -> None:
    """Has the database take no entry from now on."""
    await database.command("collMod", AUDIT, validator={"never": True})


async def test_a_deletion_has_an_entry_with_who_asked_for_it(gateway: Gateway) -> None:
    await gateway.data(RECORD)
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    await gateway.data(DELETE, {"id": "i1"})
    [entry] = await asked_for(gateway)
    assert before <= entry.at <= datetime.now(UTC)
    assert (entry.action, entry.actor, entry.object_id) == ("interaction.delete", bearer(gateway.key), "i1")
    assert (entry.organization_id, entry.namespace_id) == (gateway.organization.id, gateway.namespace.id)


async def test_an_attempt_to_delete_what_is_not_there_has_one_too(gateway: Gateway) -> None:
    for id, recorded_id in (("missing", "missing"), ("x" * 10_000, "x" * 512)):
        assert await gateway.data(DELETE, {"id": id}) == {"deleteInteraction": {"deletedId": None}}
        assert recorded_id in {entry.object_id for entry in await asked_for(gateway)}


async def test_a_namespace_has_an_entry_when_it_is_made_and_none_when_it_is_there(gateway: Gateway) -> None:
    for _ in range(2):
        made = (await gateway.data(CREATE))["createNamespace"]["namespace"]
    [entry] = await asked_for(gateway)
    assert (entry.action, entry.actor) == ("namespace.create", bearer(gateway.key))
    assert (entry.object_id, entry.namespace_id) == (made["namespaceId"], None)
    assert entry.organization_id == gateway.organization.id


async def test_the_entry_is_written_ahead(gateway: Gateway) -> None:
    for query, collection in ((DELETE, INTERACTION.collection), (CREATE, NAMESPACES)):
        with commands() as sent:
            await gateway.data(query, {"id": "i1"} if query is DELETE else {})
        written = [next(iter(command.items())) for command in sent if "find" not in command]
        assert [target for _, target in written] == [AUDIT, collection]
        assert written[0][0] == "insert"


async def test_nothing_is_done_without_an_entry(gateway: Gateway) -> None:
    await gateway.data(RECORD)
    issued = await gateway.keys.create(gateway.organization, name="k", permissions=READ_ALONE)
    keys = await gateway.database[KEYS].find({}, {"last_used_at": 0}).to_list()
    await refuse(gateway.database)
    for query in (DELETE, CREATE):
        answer = await gateway.execute(query, {"id": "i1"} if query is DELETE else {})
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["INTERNAL_SERVER_ERROR"]
    key_id = issued.key.caller.id
    for done in (
        gateway.keys.create(gateway.organization, name="k", permissions=READ_ALONE),
        gateway.keys.revoke(key_id),
        gateway.keys.rotate(key_id, grace=timedelta()),
    ):
        with pytest.raises(GatewayError):
            await done
    assert await gateway.database[INTERACTION.collection].count_documents({}) == 1
    assert await gateway.database[NAMESPACES].count_documents({"name": "media"}) == 0
    assert await gateway.database[KEYS].find({}, {"last_used_at": 0}).to_list() == keys


async def test_keys_have_entries_from_the_command_line(database: Database) -> None:
    keys = Keys(database)
    acme = await Tenancy(database).create_organization("Acme")
    issued = await keys.create(acme, name="k", permissions=READ_ALONE)
    old = issued.key.caller.id
    successor, _ = await keys.rotate(old, grace=timedelta())
    new = successor.key.caller.id
    await keys.revoke(new)
    await keys.revoke(new)
    with pytest.raises(BadUserInput):
        await keys.revoke("key_missing")
    entries = sorted(await Audit(database).latest(100), key=lambda entry: entry.at)
    actions = [(entry.action, entry.object_id) for entry in entries]
    assert sorted(actions) == sorted(
        [("key.create", old), ("key.rotate", old), ("key.create", new), ("key.revoke", new)]
    )
    assert {(entry.actor, entry.organization_id) for entry in entries} == {(None, acme.id)}
    with pytest.raises(Conflict):
        await keys.rotate(new, grace=timedelta())


async def test_the_newest_come_first_of_all_or_of_one_organization(gateway: Gateway) -> None:
    for id in ("a", "b", "c"):
        await gateway.data(DELETE, {"id": id})
        await asyncio.sleep(0.002)
    await gateway.data(DELETE, {"id": "d"}, key=gateway.other_key)
    audit = Audit(gateway.database)
    assert [entry.object_id for entry in await audit.latest(2, gateway.organization.id)] == ["c", "b"]
    assert [entry.object_id for entry in await audit.latest(2)] == ["d", "c"]


@pytest.mark.parametrize("condition", [{}, {"organization_id": "org_1"}])
async def test_an_index_serves_the_listing(condition: dict[str, str], gateway: Gateway) -> None:
    plan = await gateway.database[AUDIT].find(condition).sort("at", -1).limit(10).explain()
    assert "IXSCAN" in str(plan["queryPlanner"]["winningPlan"])
    assert "SORT" not in str(plan["queryPlanner"]["winningPlan"])
