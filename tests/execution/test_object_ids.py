"""Ids that other programs stored as ObjectIds: each is the text of its digits, to whatever asks for it, and beside
documents that have the same id as a text."""

import csv
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from bson import ObjectId

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.derived_documents import ITEM_DAYS, SEARCH_OUTCOMES
from gateway.model.documents import derived_fields
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from tests.harness.derivation import derived, differences
from tests.harness.gateway_client import Gateway, new_gateway
from tests.harness.jobs import jobs_done
from tests.oracle.derived_documents import item_days, search_outcomes

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
ID = "6631f1c0a7b2c3d4e5f60718"
STORED = ObjectId(ID)
# The id of an ObjectId is the text of it in lower case alone.
OTHERS = [ID.upper(), f"{ID}0", ID[:-1], ObjectId(f"{ID[:-1]}9")]
ALL = ["id_0", "id_1"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri) as gateway:
        yield gateway


@pytest_asyncio.fixture(loop_scope="module")
async def gateway(house: Gateway) -> Gateway:
    """The gateway over empty collections."""
    for name in (INTERACTION.collection, SEARCH_REQUEST.collection, SEARCH_OUTCOMES, ITEM_DAYS):
        await house.database[name].delete_many({})
    return house


async def insert(gateway: Gateway, id: object, minutes: int = 0, **fields: Any) -> None:
    """Another program's interaction, so many minutes after noon."""
    document = {
        "_id": uuid4(),
        "interaction_id": id,
        "feature_id": "p1",
        "interaction_type": "click",
        "occurred_at": NOON + timedelta(minutes=minutes),
        **fields,
    }
    document |= derived_fields(document) | {"namespace_id": gateway.namespace.id}
    await gateway.database[INTERACTION.collection].insert_one(document)


async def insert_request(gateway: Gateway, id: object, minutes: int = 0, **request: Any) -> None:
    """Another program's search request, so many minutes after noon."""
    text = {"vector_index": "text", "type": "text", "value": "shoes"}
    document: dict[str, Any] = {
        "_id": uuid4(),
        "search_request_id": id,
        "first_seen_at": NOON + timedelta(minutes=minutes),
        "search_request": {"search_request_id": id, "queries": [text], "collections": ["c"], **request},
    }
    document |= derived_fields(document) | {"namespace_id": gateway.namespace.id}
    await gateway.database[SEARCH_REQUEST.collection].insert_one(document)


async def insert_everywhere(gateway: Gateway) -> None:
    """Two interactions and two search requests, the id of everything being an ObjectId in the one and a text in the
    other, and some in which it is something else."""
    for number, id in enumerate([STORED, ID, *OTHERS]):
        request = {"search_request_id": id, "session_id": id, "user_id": id, "queries": [], "collections": []}
        named = {"feature_id": id, "user_id": id, "session_id": id, "search_request_id": id}
        at = NOON + timedelta(minutes=number)
        await insert(gateway, f"id_{number}", number, **named, search_request=request, first_seen_at=at)
        await insert_request(gateway, id, number, session_id=id, user_id=id, result_count=number)


async def ids_where(
    gateway: Gateway, where: Any, *, kind: str = "interactions", id: str = "interactionId"
) -> list[str]:
    """What is listed, in the order of time, and counted."""
    type_ = {"interactions": "Interaction", "searchRequests": "SearchRequest"}[kind]
    query = f"""query ($where: {type_}Where) {{
      listed: {kind}(where: $where, orderBy: {{ direction: ASC }}) {{ totalCount nodes {{ {id} }} }}
    }}"""
    listed = (await gateway.data(query, {"where": where}))["listed"]
    assert listed["totalCount"] == len(listed["nodes"])
    return [node[id] for node in listed["nodes"]]


async def test_it_is_found_as_the_text_by_whatever_takes_an_id(gateway: Gateway) -> None:
    await insert(gateway, STORED)
    await insert(gateway, "other", 1)
    fields = "id interactionId"
    found = (
        await gateway.data(
            f"""{{ interaction(interactionId: "{ID}") {{ {fields} }}
            interactionsByIds(interactionIds: ["{ID}", "other", "{ID}", "{ID.upper()}"]) {{ {fields} }}
            interactions(orderBy: {{ direction: ASC }}) {{ nodes {{ {fields} }} }}
            upper: interaction(interactionId: "{ID.upper()}") {{ id }} }}"""
        )
    ).values()
    one, [first, other, again, upper], listed, nothing = found
    assert one == first == again == {"id": one["id"], "interactionId": ID}
    assert (other["interactionId"], upper, nothing) == ("other", None, None)
    assert listed["nodes"] == [one, other]
    by_id = await gateway.data(
        f"""query ($id: ID!, $things: [_Any!]!) {{
          node(id: $id) {{ id ... on Interaction {{ {fields} json }} }}
          nodes(ids: [$id]) {{ ... on Interaction {{ {fields} }} }}
          _entities(representations: $things) {{ ... on Interaction {{ {fields} }} }}
        }}""",
        {"id": one["id"], "things": [{"__typename": "Interaction", "interactionId": ID}]},
    )
    # What was recorded stays as it is.
    recorded = {"interaction_id": {"$oid": ID}, "feature_id": "p1", "interaction_type": "click"}
    assert by_id == {"node": {**one, "json": recorded}, "nodes": [one], "_entities": [one]}


@pytest.mark.parametrize("broken", ["", "durationMs"])
async def test_what_it_names_is_told_and_found_as_of_the_text(broken: str, gateway: Gateway) -> None:
    """With an error beside them, and without one: those answers are made in two ways."""
    await insert_everywhere(gateway)
    await gateway.database[INTERACTION.collection].update_many({}, {"$set": {"duration_ms": "x"}})
    selection = f"""interactionId featureId userId sessionId {broken} feature {{ featureId }} user {{ id userId }}
      session {{ id sessionId }} searchRequest {{ id searchRequestId }}"""
    answer = await gateway.execute(f"{{ interactions(last: 2) {{ nodes {{ {selection} }} }} }}")
    assert len(answer.get("errors", ())) == 2 * bool(broken)
    latest, other = answer["data"]["interactions"]["nodes"]
    assert [latest.pop("interactionId"), other.pop("interactionId")] == ALL[::-1]
    assert latest == other
    objects = {name: latest.pop(name) for name in ("user", "session", "searchRequest", "feature")}
    assert {object[f"{name}Id"] for name, object in objects.items()} == {ID}
    assert latest == {**dict.fromkeys(("featureId", "userId", "sessionId"), ID), **dict.fromkeys(broken.split())}
    del objects["feature"]
    nodes = """query ($ids: [ID!]!) { nodes(ids: $ids) {
      id ... on User { userId } ... on Session { sessionId } ... on SearchRequest { searchRequestId resultCount } } }"""
    found = await gateway.data(nodes, {"ids": [object["id"] for object in objects.values()]})
    # Of one id that was stored twice the latest is the one.
    objects["searchRequest"]["resultCount"] = 1
    assert found["nodes"] == list(objects.values())


async def test_filters_find_it_by_the_text(gateway: Gateway) -> None:
    await insert_everywhere(gateway)
    everything = [f"id_{number}" for number in range(6)]
    rest = everything[2:]
    for field in ("featureId", "userId", "sessionId"):
        assert await ids_where(gateway, {field: {"eq": ID}}) == ALL
        assert await ids_where(gateway, {field: {"in": ["none", ID]}}) == ALL
        assert await ids_where(gateway, {field: {"ne": ID}}) == rest
        assert await ids_where(gateway, {field: {"nin": [ID, ID.upper()]}}) == rest[1:]
        assert await ids_where(gateway, {"nor": [{field: {"eq": ID}}]}) == rest
        assert await ids_where(gateway, {field: {"exists": True}}) == everything
        assert await ids_where(gateway, {field: {"eq": ID.upper()}}) == ["id_2"]
    searched = {"searchRequestId": {"eq": ID}}
    assert await ids_where(gateway, {"searchRequest": searched}) == ALL
    assert await ids_where(gateway, {"searchRequest": {"userId": {"in": [ID]}}}) == ALL
    for where in (searched, {"sessionId": {"eq": ID}}, {"userId": {"eq": ID}}):
        assert await ids_where(gateway, where, kind="searchRequests", id="searchRequestId") == [ID, ID]
    await insert(gateway, STORED, 9)
    assert await ids_where(gateway, {"interactionId": {"in": [ID, "id_0"]}}) == ["id_0", ID]
    assert await ids_where(gateway, {"interactionId": {"eq": ID}, "featureId": {"eq": "p1"}}) == [ID]


async def test_pages_of_one_id_lead_on_across_both_forms(gateway: Gateway) -> None:
    for number in range(6):
        await insert(gateway, f"i{number}", number, feature_id=STORED if number % 2 else ID, position=number)
    query = """query ($id: ID!, $order: InteractionOrderField!, $after: String) {
      interactions(first: 2, after: $after, where: { featureId: { eq: $id } }, orderBy: { field: $order }) {
        nodes { interactionId } pageInfo { endCursor hasNextPage }
      }
    }"""
    for order in ("OCCURRED_AT", "POSITION"):
        found, after = list[str](), None
        for _ in range(3):
            page = (await gateway.data(query, {"id": ID, "order": order, "after": after}))["interactions"]
            found += [node["interactionId"] for node in page["nodes"]]
            after = page["pageInfo"]["endCursor"]
        assert (found, page["pageInfo"]["hasNextPage"]) == ([f"i{number}" for number in range(5, -1, -1)], False)


async def test_it_leads_across_connections(gateway: Gateway) -> None:
    await insert_everywhere(gateway)
    connection = "interactions(first: 3, orderBy: {direction: ASC}) { totalCount nodes { interactionId } }"
    expected = {"interactions": {"totalCount": 2, "nodes": [{"interactionId": id} for id in ALL]}}
    data = await gateway.data(
        f"""{{ feature(featureId: "{ID}") {{ {connection} }}
        user(userId: "{ID}") {{ {connection} sessions {{ totalCount nodes {{ sessionId }} }} }}
        session(sessionId: "{ID}") {{ {connection} startedAt endedAt searchRequests {{ totalCount }} }}
        searchRequest(searchRequestId: "{ID}") {{ {connection} session {{ sessionId }} user {{ userId }} resultCount }}
        interactions(last: 2) {{ nodes {{ feature {{ {connection} }} searchRequest {{ {connection} }} }} }} }}"""
    )
    sessions = {"totalCount": 1, "nodes": [{"sessionId": ID}]}
    span = {"startedAt": "2024-05-01T12:00:00.000Z", "endedAt": "2024-05-01T12:01:00.000Z"}
    # Of one id that was stored twice the latest is the one.
    request = {"session": {"sessionId": ID}, "user": {"userId": ID}, "resultCount": 1}
    assert data == {
        "feature": expected,
        "user": {**expected, "sessions": sessions},
        "session": {**expected, **span, "searchRequests": {"totalCount": 2}},
        "searchRequest": {**expected, **request},
        "interactions": {"nodes": [{"feature": expected, "searchRequest": expected}] * 2},
    }
    listed = await gateway.data(
        """query ($id: ID!) { all: sessions { totalCount } one: sessions(where: { userId: { eq: $id } }) {
        totalCount nodes { sessionId } } }""",
        {"id": ID},
    )
    assert listed == {"all": {"totalCount": 5}, "one": {"totalCount": 1, "nodes": [{"sessionId": ID}]}}


@pytest.mark.parametrize(("stored", "id"), [(STORED, ID), (42, "42")])
async def test_numbers_of_a_connection_are_of_all_that_it_lists(stored: Any, id: str, gateway: Gateway) -> None:
    for number, value in enumerate([stored, id, stored, [stored, "x"], [id, "y"], [id, "z"], "x"]):
        named = {"feature_id": value, "search_request_id": value}
        await insert(gateway, f"i{number}", number, **named, search_request={}, first_seen_at=NOON)
    connection = "interactions(first: 0) { stats { clicks } }"
    for number in range(3):
        selection = f"feature {{ {connection} }} searchRequest {{ {connection} }}"
        data = await gateway.data(f'{{ interaction(interactionId: "i{number}") {{ {selection} }} }}')
        expected = {"interactions": {"stats": {"clicks": 3}}}
        assert data["interaction"] == {"feature": expected, "searchRequest": expected}


async def test_deleting_it_deletes_all_that_has_it(gateway: Gateway) -> None:
    await insert(gateway, STORED)
    await insert(gateway, ID, 1)
    await insert(gateway, ID.upper(), 2)
    id = (await gateway.data(f'{{ interaction(interactionId: "{ID}") {{ id }} }}'))["interaction"]["id"]
    delete = f'mutation {{ deleteInteraction(input: {{ interactionId: "{ID}" }}) {{ deletedId }} }}'
    assert (await gateway.data(delete))["deleteInteraction"] == {"deletedId": id}
    assert await ids_where(gateway, {}) == [ID.upper()]
    assert (await gateway.data(delete))["deleteInteraction"] == {"deletedId": None}


@pytest.mark.parametrize(
    ("mutation", "interactions", "requests"),
    [
        ("deleteInteractions(input: { where: { featureId: { eq: $id } } })", 2, 0),
        ('deleteInteractions(input: { where: { userId: { in: [$id, "x"] } } })', 2, 0),
        ("deleteUserData(input: { userId: $id })", 2, 2),
        ("deleteSession(input: { sessionId: $id })", 2, 2),
        ("deleteSearchRequest(input: { searchRequestId: $id })", 0, 2),
        ("deleteSearchRequest(input: { searchRequestId: $id, withInteractions: true })", 2, 2),
    ],
)
async def test_erasing_it_erases_both_forms(mutation: str, interactions: int, requests: int, gateway: Gateway) -> None:
    await insert_everywhere(gateway)
    await derived(gateway.database)
    payload = await gateway.data(f"mutation ($id: ID!) {{ {mutation} {{ job {{ jobId }} }} }}", {"id": ID})
    [id] = [value["job"]["jobId"] for value in payload.values()]
    await jobs_done(gateway.database)
    job = f'{{ job(jobId: "{id}") {{ state interactionsDeleted searchRequestsDeleted }} }}'
    assert (await gateway.data(job))["job"] == {
        "state": "DONE",
        "interactionsDeleted": interactions,
        "searchRequestsDeleted": requests,
    }
    kept = [f"id_{number}" for number in range(2 if interactions else 0, 6)]
    assert await ids_where(gateway, {}) == kept
    listed = await ids_where(gateway, {}, kind="searchRequests", id="searchRequestId")
    assert listed == [str(id) for id in ([STORED, ID, *OTHERS] if not requests else OTHERS)]
    await derived(gateway.database)
    assert not await differences(gateway.database)


async def test_statistics_count_it_as_the_text(gateway: Gateway) -> None:
    await insert_everywhere(gateway)
    await derived(gateway.database)
    stored = {
        kind: [document async for document in gateway.database[kind].find({})]
        for kind in (INTERACTION.collection, SEARCH_REQUEST.collection, SEARCH_OUTCOMES, ITEM_DAYS)
    }
    interactions, requests, outcomes, days = stored.values()
    assert {(day["namespace_id"], day["feature_id"], day["day"]): day for day in days} == item_days(interactions)
    assert {day["feature_id"]: day["interactions"] for day in days} == {ID: 2, **{str(id): 1 for id in OTHERS}}
    by_id = {outcome["_id"]: outcome for outcome in outcomes}
    assert by_id == {outcome["_id"]: outcome for outcome in search_outcomes(requests, interactions)}
    told = [outcome for outcome in outcomes if outcome["search_request_id"] == ID]
    counted = {"user_id": ID, "session_id": ID, "visit": f"s:{ID}", "counts": {"click": 2}}
    assert [{name: outcome[name] for name in counted} for outcome in told] == [counted, counted]
    data = await gateway.data(
        """query ($id: ID!) {
          items: interactionStats(groupBy: [{ by: FEATURE }], where: { featureId: { eq: $id } }) {
            nodes { key { feature { featureId } } stats { clicks users sessions searches } } }
          users: interactionStats(groupBy: [{ by: USER }]) { totalCount }
          searched: searchStats(where: { searchRequestId: { eq: $id } }) { nodes { stats { searches users sessions } } }
          feature(featureId: $id) { signals { interactions } }
          searchRequest(searchRequestId: $id) { outcome { clicked } }
          interactions(where: { searchRequest: { outcome: { clicked: true }, searchRequestId: { eq: $id } } }) {
            totalCount }
        }""",
        {"id": ID},
    )
    numbers = {"clicks": 2, "users": 1, "sessions": 1, "searches": 1}
    assert data["items"]["nodes"] == [{"key": {"feature": {"featureId": ID}}, "stats": numbers}]
    assert data["users"]["totalCount"] == 5
    assert data["searched"]["nodes"] == [{"stats": {"searches": 2, "users": 1, "sessions": 1}}]
    assert data["searchRequest"]["outcome"] == {"clicked": True}
    assert data["interactions"]["totalCount"] == 2
    assert data["feature"]["signals"]["interactions"] == 2


async def test_exports_tell_it_as_each_format_tells_ids(gateway: Gateway) -> None:
    await insert_everywhere(gateway)
    await insert(gateway, STORED, 9)

    async def exported(format: str) -> bytes:
        response = await gateway.http.get(
            "/export", params={"format": format}, headers={"Authorization": f"Bearer {gateway.key}"}
        )
        assert response.status_code == 200
        return response.content

    lines = [json.loads(line) for line in (await exported("jsonl")).splitlines()]
    # As it was recorded.
    assert {json.dumps(line.get("feature_id")) for line in lines} >= {f'"{ID}"', json.dumps({"$oid": ID})}
    rows = list(csv.DictReader(StringIO((await exported("csv")).decode())))
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(BytesIO(await exported("parquet"))).to_pylist()
    for row in (*rows, *table):
        assert "$oid" not in str([value for name, value in row.items() if name.endswith("_id")])
    for told in (rows, table):
        of_item = [row for row in told if row["feature_id"] == ID]
        assert [row["interaction_id"] for row in of_item] == ALL
        assert {row[name] for row in of_item for name in ("user_id", "session_id")} == {ID}
        assert [row["interaction_id"] for row in told if row["interaction_id"] == ID] == [ID]
    ubi = [json.loads(line) for line in (await exported("ubi")).splitlines()]
    events = [line for line in ubi if line.get("event_attributes", {}).get("object", {}).get("object_id") == ID]
    assert [event["event_attributes"]["interaction_id"] for event in events] == ALL
    assert {event[name] for event in events for name in ("query_id", "session_id", "client_id")} == {ID}


async def test_rest_takes_the_text_and_tells_what_was_recorded(gateway: Gateway) -> None:
    await insert(gateway, STORED, feature_id=STORED, session_id=STORED)
    await insert(gateway, "other", 1)
    path, headers = "/features/search/interactions", {"Authorization": f"Bearer {gateway.key}"}
    ids = {name: {"$oid": ID} for name in ("interaction_id", "feature_id", "session_id")}
    told = {**ids, "interaction_type": "click"}
    for found in (
        await gateway.http.get(f"{path}/{ID}", headers=headers),
        *[await gateway.http.get(path, params={name: ID}, headers=headers) for name in ("feature_id", "session_id")],
    ):
        assert found.json() in (told, [told])
    assert (await gateway.http.delete(f"{path}/{ID}", headers=headers)).status_code == 200
    assert await ids_where(gateway, {}) == ["other"]


async def test_percolators_match_it_by_the_text(gateway: Gateway) -> None:
    create = """mutation ($where: InteractionWhere!) {
      createPercolator(input: { name: "n", where: $where }) { percolator { percolatorId } } }"""
    wheres = [{"featureId": {"eq": ID}}, {"userId": {"in": [ID, "x"]}}, {"featureId": {"ne": ID}}]
    made = [await gateway.data(create, {"where": where}) for where in wheres]
    ids = [data["createPercolator"]["percolator"]["percolatorId"] for data in made]
    await insert(gateway, STORED, feature_id=STORED, user_id=STORED)
    await insert(gateway, "other", feature_id=ID.upper(), user_id="x")
    await derived(gateway.database)
    read = """query ($id: ID!) { percolator(percolatorId: $id) {
      matches { nodes { interaction { interactionId } matched } } } }"""
    matches = [(await gateway.data(read, {"id": id}))["percolator"]["matches"]["nodes"] for id in ids]
    told = [[(match["interaction"]["interactionId"], match["matched"]) for match in nodes] for nodes in matches]
    by_user = [f'userId in ["{ID}", "x"]']
    assert told == [
        [(ID, [f'featureId = "{ID}"'])],
        [(ID, by_user), ("other", by_user)],
        [("other", [f'featureId != "{ID}"'])],
    ]
    await gateway.data(f'mutation {{ deleteInteraction(input: {{ interactionId: "{ID}" }}) {{ deletedId }} }}')
    await derived(gateway.database)
    assert (await gateway.data(read, {"id": ids[0]}))["percolator"]["matches"]["nodes"] == []
