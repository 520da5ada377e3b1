"""What is older than a namespace keeps is erased, now and then."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import encode
from bson.raw_bson import RawBSONDocument

from gateway.context import Permission
from gateway.errors import BadUserInput
from gateway.model.jobs import JOB
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.model.wire import validate_interaction, validate_search_request
from gateway.store.jobs.job_repository import Jobs
from gateway.store.jobs.retention import Retention
from gateway.store.tenancy import NAMESPACES
from tests.harness.gateway_client import Gateway
from tests.harness.jobs import jobs_done

SET = "mutation ($days: Int) { setRetention(input: { retentionDays: $days }) { namespace { name retentionDays } } }"
NOW = datetime.now(UTC)
NEW, OLD = NOW - timedelta(days=29), NOW - timedelta(days=31)


async def fill(gateway: Gateway) -> None:
    for namespace in (gateway.namespace, gateway.other_namespace):
        for name, at in (("new", NEW), ("old", OLD)):
            request = {"search_request_id": f"r-{name}", "queries": [], "collections": ["c"]}
            interaction = {
                "interaction_id": f"i-{name}",
                "feature_id": "p1",
                "interaction_type": "view",
                "search_request": request,
            }
            await gateway.writer.record(namespace, [validate_interaction(interaction)], at)
        late = {"interaction_id": "late", "feature_id": "p1", "interaction_type": "click", "search_request_id": "r-old"}
        await gateway.writer.record(namespace, [validate_interaction(late)], NEW)
        alone = validate_search_request({"search_request_id": "alone", "queries": [], "collections": ["c"]})
        await gateway.writer.record_search_request(namespace, alone, OLD)


async def swept(gateway: Gateway) -> None:
    await Retention(gateway.database, Jobs(gateway.database)).begin_due()
    await jobs_done(gateway.database)


async def left(gateway: Gateway, namespace_id: str) -> list[set[Any]]:
    here = {"namespace_id": namespace_id}
    return [
        {document[kind.id_path] async for document in gateway.database[kind.collection].find(here)}
        for kind in (INTERACTION, SEARCH_REQUEST)
    ]


async def test_what_is_older_is_erased_and_nothing_else(gateway: Gateway) -> None:
    await fill(gateway)
    # Another program's, under an id that isn't UTF-8.
    unreadable = encode({"_id": "?", "namespace_id": gateway.namespace.id, "occurred_at": OLD})
    await gateway.database[INTERACTION.collection].insert_one(RawBSONDocument(unreadable.replace(b"?\0", b"\xff\0")))
    answer = (await gateway.data(SET, {"days": 30}))["setRetention"]["namespace"]
    assert answer == {"name": "shop", "retentionDays": 30}
    assert (await gateway.data("{ namespaces { nodes { retentionDays } } }"))["namespaces"]["nodes"] == [
        {"retentionDays": 30}
    ]
    await swept(gateway)
    assert await left(gateway, gateway.namespace.id) == [{"i-new", "late"}, {"r-new"}]
    everything = [{"i-new", "i-old", "late"}, {"r-new", "r-old", "alone"}]
    assert await left(gateway, gateway.other_namespace.id) == everything
    # What led to the late one is forgotten there, too.
    late = await gateway.database[INTERACTION.collection].find_one(
        {"interaction_id": "late", "namespace_id": gateway.namespace.id}
    )
    assert late is not None
    assert "search_request" not in late
    [job] = (await gateway.data("{ jobs { nodes { kind state interactionsDeleted searchRequestsDeleted } } }"))["jobs"][
        "nodes"
    ]
    assert job == {"kind": "RETENTION", "state": "DONE", "interactionsDeleted": 2, "searchRequestsDeleted": 2}


async def test_it_is_due_each_hour_and_a_job_only_where_there_is_anything(gateway: Gateway) -> None:
    await gateway.data(SET, {"days": 30})
    await swept(gateway)
    assert await gateway.database[JOB.collection].count_documents({}) == 0
    await fill(gateway)
    await swept(gateway)
    assert len((await left(gateway, gateway.namespace.id))[0]) == 3
    await gateway.database[NAMESPACES].update_many({"sweep_at": {"$exists": True}}, {"$set": {"sweep_at": NEW}})
    await swept(gateway)
    assert len((await left(gateway, gateway.namespace.id))[0]) == 2


async def test_it_is_taken_away_again(gateway: Gateway) -> None:
    await fill(gateway)
    await gateway.data(SET, {"days": 30})
    assert (await gateway.data(SET, {"days": None}))["setRetention"]["namespace"]["retentionDays"] is None
    await swept(gateway)
    assert len((await left(gateway, gateway.namespace.id))[0]) == 3


async def test_days_that_are_left_out_change_nothing(gateway: Gateway) -> None:
    await gateway.data(SET, {"days": 30})
    for document in (SET, "mutation { setRetention(input: {}) { namespace { name } } }"):
        [error] = (await gateway.execute(document))["errors"]
        assert error["message"] == "`retentionDays` is required: a number of days, or null."
        extensions = error["extensions"]
        assert (extensions["code"], extensions["path"]) == ("BAD_USER_INPUT", ["input", "retentionDays"])
    kept = await gateway.data("{ namespaces { nodes { retentionDays } } }")
    assert kept["namespaces"]["nodes"] == [{"retentionDays": 30}]


@pytest.mark.parametrize("days", [0, -1, 36_501, 2**31 - 1])
async def test_days_have_bounds(gateway: Gateway, days: int) -> None:
    answer = await gateway.execute(SET, {"days": days})
    [error] = answer["errors"]
    assert (error["extensions"]["code"], error["extensions"]["path"]) == ("BAD_USER_INPUT", ["input", "retentionDays"])
    assert "36,500" in error["message"]
    with pytest.raises(BadUserInput):
        await gateway.tenancy.set_retention(gateway.namespace, days)


async def test_it_takes_admin(gateway: Gateway) -> None:
    key = await gateway.make_key(Permission.READ, Permission.WRITE)
    answer = await gateway.execute(SET, {"days": 30}, key=key)
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
