"""A key that may RECORD and nothing else, in the hands of a thief: whatever he tries, he reads, changes and deletes
nothing."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from graphql import GraphQLObjectType

from gateway.context import Permission
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.model.wire import validate_interaction
from gateway.plan import global_ids
from tests.execution.test_user_isolation import BY_HAND, QUERIES, everything_below
from tests.harness.default_graph import EXECUTABLE
from tests.harness.gateway_client import Gateway, new_gateway
from tests.harness.live_client import RECORDED, served, socket

pytestmark = pytest.mark.asyncio(loop_scope="module")

MUTATIONS: GraphQLObjectType = EXECUTABLE.mutation_type  # type: ignore[assignment]
RECORDINGS = {"recordInteraction", "recordInteractions", "recordSearchRequest", "recordSearchRequests", "recordJson"}
MARK = "somebody else's"
AT = "2024-05-01T12:00:00.000Z"
RECORD = """mutation ($input: RecordInteractionInput!) {
  recordInteraction(input: $input) { created interaction { id interactionId } }
}"""
BATCH = """mutation ($input: RecordInteractionsInput!) {
  recordInteractions(input: $input) {
    createdCount errorCount results { created interaction { interactionId } error { code path } }
  }
}"""
REQUEST = """mutation ($input: RecordSearchRequestInput!) {
  recordSearchRequest(input: $input) { created searchRequest { id searchRequestId } }
}"""
NEW = {"featureId": "f", "interactionType": "CLICK", "interactionId": "new", "occurredAt": AT}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    limits = {"cost_limit": 1_000_000_000, "field_limit": 100_000, "token_limit": 100_000}
    async with new_gateway(mongod.uri, **limits) as gateway:
        somebodys = {
            "interaction_id": "theirs",
            "feature_id": "f",
            "interaction_type": "click",
            "user_id": MARK,
            "session_id": MARK,
            "metadata": {"mark": MARK},
            "search_request": {"search_request_id": "theirs", "queries": [], "collections": [MARK]},
        }
        await gateway.writer.record(
            gateway.namespace, [validate_interaction(somebodys)], datetime(2024, 5, 1, tzinfo=UTC)
        )
        yield gateway


@pytest_asyncio.fixture(loop_scope="module")
async def stolen(shop: Gateway) -> str:
    return await shop.make_key(Permission.RECORD)


async def refused(shop: Gateway, key: str, document: str, variables: Any = None, **http: Any) -> None:
    response = await shop.post({"query": document, "variables": variables}, key=key, **http)
    assert (response.status_code, response.json()["errors"][0]["extensions"]) == (403, {"code": "FORBIDDEN"}), document


async def stored(shop: Gateway) -> list[Any]:
    return [
        document
        for kind in (INTERACTION, SEARCH_REQUEST)
        async for document in shop.database[kind.collection].find().sort("_id", 1)
    ]


@pytest.mark.parametrize("root", QUERIES)
async def test_no_root_is_read(root: str, shop: Gateway, stolen: str) -> None:
    await refused(shop, stolen, everything_below(root))


async def test_nothing_is_read_that_needs_more_than_a_name(shop: Gateway, stolen: str) -> None:
    id = global_ids.encode("Interaction", shop.namespace.id, "theirs")
    interaction = '{__typename: "Interaction", interactionId: "theirs"}'
    documents = {
        "node": f'{{ node(id: "{id}") {{ id }} }}',
        "nodes": f'{{ nodes(ids: ["{id}"]) {{ id }} }}',
        "_entities": f"{{ _entities(representations: [{interaction}]) {{ __typename }} }}",
        "_service": "{ _service { sdl } }",
        "__schema": "{ __schema { types { name } } }",
        "__type": '{ __type(name: "Interaction") { fields { name } } }',
        "__typename": "{ __typename }",
    }
    assert documents.keys() > BY_HAND
    for document in documents.values():
        await refused(shop, stolen, document)
        # By GET, as the address of an image can ask.
        headers = {"Authorization": f"Bearer {stolen}"}
        assert (await shop.http.get("/graphql", params={"query": document}, headers=headers)).status_code == 403


@pytest.mark.parametrize("name", sorted(MUTATIONS.fields.keys() - RECORDINGS))
async def test_nothing_but_recording_is_done(name: str, shop: Gateway, stolen: str) -> None:
    before = await stored(shop)
    [(argument, declared)] = MUTATIONS.fields[name].args.items()
    call = f"{name}({argument}: $input) {{ __typename }}"
    # Nor beside a recording, or where a condition leaves it out.
    recording = 'recordInteraction(input: {featureId: "f", interactionType: VIEW}) { created }'
    for body in (call, f"{recording} {call}", f"{recording} ... @skip(if: true) {{ {call} }}"):
        await refused(shop, stolen, f"mutation ($input: {declared.type}) {{ {body} }}")
    assert await stored(shop) == before


async def test_nothing_is_replaced(shop: Gateway, stolen: str) -> None:
    before = await stored(shop)
    replacing = {"interactions": [{**NEW, "interactionId": "theirs"}], "mode": "REPLACE"}
    searches = "mutation ($input: RecordSearchRequestsInput!) { recordSearchRequests(input: $input) { errorCount } }"
    request = {"searchRequest": {"searchRequestId": "theirs", "queries": [], "collections": ["c"]}}
    for document, input in ((BATCH, replacing), (searches, {"searchRequests": [request], "mode": "REPLACE"})):
        answer = await shop.execute(document, {"input": input}, key=stolen)
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
    assert await stored(shop) == before


async def test_nothing_is_followed(shop: Gateway, stolen: str) -> None:
    events = {"Accept": "text/event-stream"}
    for document in (RECORDED, "subscription { percolatorMatched { matchedAt } }"):
        await refused(shop, stolen, document, headers=events)
    async with served(shop.app) as address, socket(address) as client:
        await client.init(stolen)
        for id, document in (("1", RECORDED), ("2", "{ interactions { nodes { json } } }")):
            await client.subscribe(id, document)
            message = await client.hear()
            assert (message["id"], message["type"]) == (id, "error")
            assert message["payload"][0]["extensions"] == {"code": "FORBIDDEN"}


async def test_nothing_is_read_or_deleted_at_other_addresses(shop: Gateway, stolen: str) -> None:
    before = await stored(shop)
    for method, path in (
        ("GET", "/features/search/interactions"),
        ("GET", "/features/search/interactions/theirs"),
        ("DELETE", "/features/search/interactions/theirs"),
        ("DELETE", "/1/usertokens/theirs"),
        ("GET", "/namespaces"),
        ("GET", "/namespaces/shop"),
        ("GET", "/namespaces/indexes"),
        ("GET", "/export?format=jsonl"),
        ("GET", "/export?format=csv"),
    ):
        response = await shop.http.request(method, path, headers={"Authorization": f"Bearer {stolen}"})
        assert response.status_code == 403, (method, path, response.text)
        assert MARK not in response.text
    response = await shop.http.post(
        "/namespaces",
        json={"namespace_name": "more", "vector_indexes": ["text"]},
        headers={"Authorization": f"Bearer {stolen}"},
    )
    assert response.status_code == 403
    assert await stored(shop) == before


async def test_what_is_recorded_is_told_by_its_id_also_when_it_is_sent_again(shop: Gateway, stolen: str) -> None:
    id = global_ids.encode("Interaction", shop.namespace.id, "new")
    request_id = global_ids.encode("SearchRequest", shop.namespace.id, "new")
    request = {"searchRequest": {"searchRequestId": "new", "queries": [], "collections": ["c"]}, "occurredAt": AT}
    for created in (True, False):
        interaction = (await shop.data(RECORD, {"input": NEW}, key=stolen))["recordInteraction"]
        assert interaction == {"created": created, "interaction": {"id": id, "interactionId": "new"}}
        searched = (await shop.data(REQUEST, {"input": request}, key=stolen))["recordSearchRequest"]
        assert searched == {"created": created, "searchRequest": {"id": request_id, "searchRequestId": "new"}}
        changed = {**NEW, "featureId": "other"}
        given = {"interactions": [{**NEW, "interactionId": "batch"}, NEW, changed]}
        batch = (await shop.data(BATCH, {"input": given}, key=stolen))["recordInteractions"]
        assert (batch["createdCount"], batch["errorCount"]) == (int(created), 1)
        assert [result["interaction"] and result["interaction"]["interactionId"] for result in batch["results"]] == [
            "batch",
            "new",
            None,
        ]
        assert batch["results"][2]["error"]["code"] == "CONFLICT"


async def test_nothing_comes_along_with_what_is_recorded(shop: Gateway, stolen: str) -> None:
    """By the item, the session, the user or the search request that somebody else has used."""
    ways = """created interaction {
      interactionId json sessionId userId metadata searchRequest { collections interactions { nodes { json } } }
      feature { featureId interactions { nodes { json } } } user { userId interactions { nodes { json } } }
      session { sessionId interactions { nodes { json } } }
    }"""
    document = f"mutation ($input: RecordInteractionInput!) {{ recordInteraction(input: $input) {{ {ways} }} }}"
    ways_in: list[dict[str, Any]] = [
        {"searchRequestId": "theirs"},
        {"searchRequest": {"searchRequestId": "theirs", "queries": [], "collections": [MARK]}},
        {"sessionId": "own", "userId": "own"},
    ]
    for number, others in enumerate(ways_in):
        sent = {**NEW, "interactionId": f"along-{number}", **others}
        for _ in range(2):
            answer = await shop.execute(document, {"input": sent}, key=stolen)
            assert MARK not in json.dumps(answer)
            assert {error["extensions"]["code"] for error in answer["errors"]} == {"FORBIDDEN"}
    theirs = {**NEW, "interactionId": "theirs"}
    answer = await shop.execute(document, {"input": theirs}, key=stolen)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["CONFLICT"]
    assert MARK not in json.dumps(answer)


async def test_who_may_write_may_record(shop: Gateway) -> None:
    writer = await shop.make_key(Permission.WRITE)
    sent = {**NEW, "interactionId": "by a writer"}
    assert (await shop.data(RECORD, {"input": sent}, key=writer))["recordInteraction"]["created"]


async def test_a_confined_key_names_no_other_namespace(shop: Gateway) -> None:
    other, _ = await shop.tenancy.create_namespace(shop.organization, "staging")
    admin = await shop.make_key(Permission.ADMIN)
    create = "mutation ($input: CreateKeyInput!) { createKey(input: $input) { secret key { confined } } }"
    input = {"name": "pages", "permissions": ["RECORD"], "confined": True}
    answer = await shop.execute(create, {"input": input}, key=admin)
    assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "path": ["input", "confined"]}
    made = (await shop.data(create, {"input": {**input, "defaultNamespace": "shop"}}, key=admin))["createKey"]
    assert made["key"] == {"confined": True}
    for number, namespace in enumerate((None, "shop", shop.namespace.id)):
        sent = {**NEW, "interactionId": f"confined-{number}"}
        await shop.data(RECORD, {"input": sent}, key=made["secret"], namespace=namespace)
    for namespace in ("staging", other.id, "none"):
        answer = await shop.execute(RECORD, {"input": NEW}, key=made["secret"], namespace=namespace)
        assert answer["errors"][0]["extensions"]["code"] == "NAMESPACE_NOT_FOUND"
