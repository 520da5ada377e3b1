"""What a page that logs User Behavior Insights is answered, and what is recorded of it: as an import records it."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.harness.gateway_client import Gateway, new_gateway
from tests.transport.collect.test_algolia_collector import told

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUERY: dict[str, Any] = {
    "application": "shop",
    "query_id": "q1",
    "user_query": "red shoes",
    "client_id": "c1",
    "object_id_field": "sku",
    "timestamp": "2024-05-01T12:00:00.000Z",
    "query_attributes": {},
    "query_response_hit_ids": ["p1", "p2"],
}
EVENT: dict[str, Any] = {
    "application": "shop",
    "action_name": "click",
    "query_id": "q1",
    "session_id": "s1",
    "client_id": "c1",
    "user_id": "",
    "timestamp": "2024-05-01T12:00:05.000Z",
    "message_type": "INFO",
    "message": "",
    "event_attributes": {"object": {"object_id": "p1", "object_id_field": "sku"}, "position": {"ordinal": 1}},
}
LIST = """{ interactions(first: 10) { totalCount nodes {
  featureId interactionType position userId sessionId occurredAt json
  searchRequest { searchRequestId text collections resultCount firstSeenAt }
} } }"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri) as gateway:
        yield gateway


@pytest_asyncio.fixture(loop_scope="module")
async def gateway(shared: Gateway) -> Gateway:
    for collection in ("interactions", "search_requests"):
        await shared.database[collection].delete_many({})
    return shared


def nested(levels: int) -> Any:
    """Lists within each other."""
    value: Any = []
    for _ in range(levels - 1):
        value = [value]
    return value


async def send(gateway: Gateway, address: str, body: Any, *, method: str = "POST") -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await gateway.http.request(
        method, address, content=content, headers={"Authorization": f"Bearer {gateway.key}"}
    )


async def recorded(gateway: Gateway) -> list[Any]:
    return list((await gateway.data(LIST))["interactions"]["nodes"])


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("first", ["event", "query"])
async def test_an_event_and_its_query_meet_in_any_order(gateway: Gateway, method: str, first: str) -> None:
    sent = {"event": ("/ubi_events", [EVENT]), "query": ("/ubi_queries", QUERY)}
    for name in sorted(sent, key=lambda name: name != first):
        assert told(await send(gateway, *sent[name], method=method)) == (200, "OK")
    [node] = await recorded(gateway)
    told_of = node.pop("json")
    assert node == {
        "featureId": "p1",
        "interactionType": "CLICK",
        "position": 1,
        "userId": "c1",
        "sessionId": "s1",
        "occurredAt": "2024-05-01T12:00:05.000Z",
        "searchRequest": {
            "searchRequestId": "q1",
            "text": "red shoes",
            "collections": ["shop"],
            "resultCount": 2,
            "firstSeenAt": "2024-05-01T12:00:00.000Z",
        },
    }
    assert told_of["search_request_id"] == "q1"
    assert told_of["metadata"]["message_type"] == "INFO"


async def test_what_is_sent_again_is_recorded_once(gateway: Gateway) -> None:
    for _ in range(3):
        assert told(await send(gateway, "/ubi_events", [EVENT, EVENT])) == (200, "OK")
        assert told(await send(gateway, "/ubi_queries", [QUERY])) == (200, "OK")
    assert len(await recorded(gateway)) == 2


async def test_actions_and_fields_that_nobody_declared_are_kept(gateway: Gateway) -> None:
    event = {**EVENT, "action_name": "hovered_twice", "event_attributes": {"object": {"object_id": 7}, "x": [1, {}]}}
    assert told(await send(gateway, "/ubi_events", event)) == (200, "OK")
    [node] = await recorded(gateway)
    assert (node["featureId"], node["interactionType"]) == ("7", "OTHER")
    assert node["json"]["interaction_type"] == "hovered_twice"
    assert node["json"]["metadata"]["event_attributes"] == {"x": [1, {}]}


@pytest.mark.parametrize(
    ("spelled", "id"), [(b"0.00001", "0.00001"), (b"1.5e-5", "0.000015"), (b"1E-7", "1e-7"), (b"1e20", "1" + "0" * 20)]
)
async def test_an_id_that_is_a_number_is_the_text_that_the_page_would_make_of_it(
    spelled: bytes, id: str, gateway: Gateway
) -> None:
    event = {**EVENT, "event_attributes": {"object": {"object_id": "NUMBER"}}}
    assert told(await send(gateway, "/ubi_events", json.dumps(event).encode().replace(b'"NUMBER"', spelled)))[0] == 200
    [node] = await recorded(gateway)
    assert node["featureId"] == id


async def test_an_event_without_a_query_says_its_search_itself(gateway: Gateway) -> None:
    event = {"action_name": "search", "message": "boots", "timestamp": 1_714_564_800_000, "session_id": "s1"}
    assert told(await send(gateway, "/ubi_events", event)) == (200, "OK")
    [node] = await recorded(gateway)
    assert (node["featureId"], node["searchRequest"]["text"]) == ("boots", "boots")


async def test_an_application_with_a_long_name_is_no_collection_and_stays_in_the_metadata(gateway: Gateway) -> None:
    assert told(await send(gateway, "/ubi_events", {**EVENT, "application": "a" * 513})) == (200, "OK")
    [node] = await recorded(gateway)
    assert (node["searchRequest"]["searchRequestId"], node["searchRequest"]["collections"]) == ("q1", [])
    assert node["json"]["metadata"]["application"] == "a" * 513


@pytest.mark.parametrize("first", ["event", "query"])
async def test_a_text_that_is_too_long_for_metadata_is_left_to_the_query(gateway: Gateway, first: str) -> None:
    text, long = "short", "lamp " * 80_000
    searched = {**EVENT, "action_name": "search", "event_attributes": {}}
    events = [{**searched, "user_query": text}, {**searched, "user_query": long}]
    sent = {"event": ("/ubi_events", events), "query": ("/ubi_queries", {**QUERY, "user_query": long})}
    for name in sorted(sent, key=lambda name: name != first):
        assert told(await send(gateway, *sent[name])) == (200, "OK")
    nodes = {node["featureId"]: node for node in await recorded(gateway)}
    assert nodes.keys() == {text, long[:512]}
    assert nodes[text]["json"]["metadata"]["user_query"] == text
    assert "user_query" not in nodes[long[:512]]["json"]["metadata"]
    assert nodes[long[:512]]["searchRequest"]["text"] == long


async def test_a_query_with_other_content_is_a_conflict_and_the_rest_is_recorded(gateway: Gateway) -> None:
    other = {**QUERY, "user_query": "blue shoes"}
    status, message = told(await send(gateway, "/ubi_queries", [QUERY, other, {**QUERY, "query_id": "q2"}]))
    assert (status, message) == (409, "A search request with this id is recorded with other content.")
    assert await gateway.database["search_requests"].count_documents({}) == 2


@pytest.mark.parametrize(
    ("odd", "message"),
    [
        ({"timestamp": "soon"}, "[1].timestamp Time should be"),
        ({"event_attributes": {"object": {"object_id": {}}}}, "[1].event_attributes.object.object_id An object's id"),
        ({"event_attributes": {"object": {"object_id": "p"}, "position": 2**31}}, "[1].position Input should be less"),
        ({"session_id": "s" * 600}, "[1].session_id String should have"),
        # What no JSON of the graph may be, of which an operation is refused as a whole.
        (
            {"event_attributes": {"object": {"object_id": "p"}, "position": {"ordinal": 1e300}}},
            "[1].position Integer should fit signed 64 bits",
        ),
        ({"x": 10**30}, "[1].metadata.x Integer should fit signed 64 bits"),
        ({"x": {"a\0b": 1}}, "[1].metadata.x Keys should not contain the NUL character"),
        ({"x": nested(120)}, f"[1].metadata.x{'[0]' * 98} Value should be nested at most 100 levels deep"),
        # What a page cut off within an emoji.
        ({"user_query": "shoes \ud83d"}, "[1].user_query A string holds half of a pair of surrogates"),
        ({"x": {"\ud83d": 1}}, "[1].x A string holds half of a pair of surrogates"),
    ],
)
async def test_an_event_that_is_refused_keeps_no_other_of_its_list_from_being_recorded(
    odd: dict[str, Any], message: str, gateway: Gateway
) -> None:
    status, told_message = told(
        await send(gateway, "/ubi_events", [EVENT, {**EVENT, **odd}, {**EVENT, "session_id": "s"}])
    )
    assert status == 422
    assert told_message.startswith(message)
    assert len(await recorded(gateway)) == 2
    # By itself it has no place in a list.
    status, told_message = told(await send(gateway, "/ubi_events", {**EVENT, **odd}))
    assert (status, told_message.startswith(message.removeprefix("[1]."))) == (422, True)


@pytest.mark.parametrize(
    ("odd", "place"),
    [
        ({"timestamp": "soon"}, "[0].timestamp"),
        ({"x": 10**30}, "[0].searchRequest.ubi.x"),
        ({"x": {"a\0b": 1}}, "[0].searchRequest.ubi.x"),
        ({"x": nested(120)}, f"[0].searchRequest.ubi.x{'[0]' * 98}"),
        ({"user_query": "shoes \ud83d"}, "[0].user_query"),
    ],
)
async def test_a_query_that_is_refused_keeps_no_other_of_its_list_from_being_recorded(
    odd: dict[str, Any], place: str, gateway: Gateway
) -> None:
    status, message = told(await send(gateway, "/ubi_queries", [{**QUERY, "query_id": "q0", **odd}, {}, QUERY]))
    assert (status, message.partition(" ")[0]) == (422, place)
    assert await gateway.database["search_requests"].count_documents({}) == 1


async def test_a_document_of_too_many_entries_keeps_no_other_of_its_list_from_being_recorded(gateway: Gateway) -> None:
    entries = {"x": [0] * 20_001}
    for address, collection, documents, place in (
        ("/ubi_events", "interactions", [EVENT, {**EVENT, **entries}, {**EVENT, "session_id": "s"}], "metadata"),
        (
            "/ubi_queries",
            "search_requests",
            [QUERY, {**QUERY, **entries}, {**QUERY, "query_id": "q"}],
            "searchRequest.ubi",
        ),
    ):
        await gateway.database["search_requests"].delete_many({})
        status, message = told(await send(gateway, address, documents))
        assert (status, message) == (422, f"[1].{place}.x JSON values may have at most 20,000 entries in all.")
        assert await gateway.database[collection].count_documents({}) == 2


async def test_the_first_of_a_list_that_is_refused_is_named_wherever_it_is_refused(gateway: Gateway) -> None:
    """Of these the last is refused before anything is recorded, the first where it would be."""
    far = {"event_attributes": {"object": {"object_id": "p"}, "position": 2**31}}
    status, message = told(await send(gateway, "/ubi_events", [{**EVENT, **far}, EVENT, {**EVENT, "x": 10**30}]))
    assert (status, message.partition(" ")[0]) == (422, "[0].position")
    assert len(await recorded(gateway)) == 1


@pytest.mark.parametrize(("levels", "expected"), [(98, 200), (99, 422)])
async def test_a_query_may_be_nested_as_deep_as_a_search_request_may(
    gateway: Gateway, levels: int, expected: int
) -> None:
    """100 levels: of these it is itself the first, and what has no field of its own the second."""
    assert told(await send(gateway, "/ubi_queries", {**QUERY, "x": nested(levels)}))[0] == expected


@pytest.mark.parametrize(
    ("address", "body", "expected"),
    [
        ("/ubi_events", [], (422, "should have 1 to 1,000 entries, not 0")),
        ("/ubi_events", [EVENT] * 1_001, (422, "should have 1 to 1,000 entries, not 1,001")),
        ("/ubi_events", [1, []], (422, "[0] should be an object")),
        ("/ubi_events", None, (422, "should be an object")),
        ("/ubi_events", {**EVENT, "timestamp": "soon"}, (422, None)),
        ("/ubi_events", [{**EVENT, "event_attributes": {"object": {"object_id": {}}}}], (422, None)),
        ("/ubi_events", [{**EVENT, "session_id": "s" * 600}], (422, None)),
        ("/ubi_events", b"{", (400, "The body is not valid JSON.")),
        ("/ubi_queries", [{}], (422, "[0] has neither a query_id nor a user_query")),
        ("/ubi_queries", [QUERY, {**QUERY, "timestamp": []}], (422, None)),
    ],
)
async def test_what_is_no_event_or_query_is_refused(
    gateway: Gateway, address: str, body: Any, expected: tuple[int, str | None]
) -> None:
    status, message = told(await send(gateway, address, body))
    assert status == expected[0]
    assert expected[1] is None or message == expected[1]
    assert await recorded(gateway) == []


async def test_large_batches_are_recorded_in_as_many_operations_as_it_takes(gateway: Gateway) -> None:
    attributes = {"object": {"object_id": "p1"}, "list": list(range(40))}
    events = [{**EVENT, "session_id": f"s{n}", "event_attributes": attributes} for n in range(1_000)]
    assert told(await send(gateway, "/ubi_events", events)) == (200, "OK")
    assert await gateway.database["interactions"].count_documents({}) == 1_000


async def test_events_of_a_large_query_are_recorded_in_as_many_operations_as_it_takes(gateway: Gateway) -> None:
    """Each has a copy of it, whether it was there ahead of them or came behind; and so when they are sent again."""
    query = {**QUERY, "query_response_hit_ids": [f"{number:036}" for number in range(1_000)]}
    events = [{**EVENT, "query_id": QUERY["query_id"], "session_id": f"s{number}"} for number in range(500)]
    assert told(await send(gateway, "/ubi_queries", query)) == (200, "OK")
    for _ in range(2):
        assert told(await send(gateway, "/ubi_events", events)) == (200, "OK")
        assert await gateway.database["interactions"].count_documents({}) == len(events)


async def test_what_is_no_object_keeps_no_other_of_its_list_from_being_recorded(gateway: Gateway) -> None:
    nothings: tuple[Any, ...] = (None, 5, [], "x")
    for nothing in nothings:
        for address, documents in (
            ("/ubi_events", [EVENT, EVENT]),
            ("/ubi_queries", [QUERY, {**QUERY, "query_id": "q"}]),
        ):
            answer = await send(gateway, address, [documents[0], nothing, documents[1]])
            assert told(answer) == (422, "[1] should be an object")
    assert await gateway.database["search_requests"].count_documents({}) == 2
    assert len(await recorded(gateway)) == 2


async def test_a_page_that_sets_no_headers_names_key_and_namespace_in_the_path(gateway: Gateway) -> None:
    content = json.dumps([EVENT])
    path = f"/collect/{gateway.namespace.name}/{gateway.key}/ubi_events"
    assert told(await gateway.http.post(path, content=content)) == (200, "OK")
    wrong = await gateway.http.post(f"/collect/{gateway.namespace.name}/sk_wrong/ubi_events", content=content)
    assert told(wrong)[0] == 401
    foreign = await gateway.http.post(
        f"/collect/{gateway.other_namespace.id}/{gateway.key}/ubi_events", content=content
    )
    assert told(foreign)[0] == 404
    assert len(await recorded(gateway)) == 1


@pytest.mark.parametrize("address", ["/ubi_events", "/ubi_queries", "/1/events", "/collect/shop/sk_x/ubi_events"])
async def test_preflights_are_answered(mongod: EmbeddedServer, address: str) -> None:
    asks = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-algolia-api-key",
    }
    async with new_gateway(mongod.uri, cors_origins="https://shop.example") as gateway:
        response = await gateway.http.options(address, headers=asks)
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == "https://shop.example"
    assert "POST" in response.headers["access-control-allow-methods"]
