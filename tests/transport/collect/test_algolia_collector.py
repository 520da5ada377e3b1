"""What Algolia's clients are answered, and what is recorded of their events."""

import json
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import pytest_asyncio

from gateway.context import Permission
from gateway.demo.embedded_mongod import EmbeddedServer
from tests.harness.gateway_client import Gateway, new_gateway
from tests.harness.jobs import jobs_done

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVENTS = "/1/events"
CLICK: dict[str, Any] = {
    "eventType": "click",
    "eventName": "Product Clicked",
    "index": "products",
    "userToken": "anonymous-1",
    "queryID": "q1",
    "objectIDs": ["p1", "p2"],
    "positions": [3, 1],
}
LIST = """{ interactions(first: 100, orderBy: {direction: ASC}) { nodes {
  featureId interactionType position userId metadata searchRequest { searchRequestId collections queries { value } }
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


def now() -> int:
    return time.time_ns() // 1_000_000


async def send(gateway: Gateway, body: Any, *, method: str = "POST", **parameters: Any) -> httpx.Response:
    """``parameters``: of the address, beside those that name the key and its namespace."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"X-Algolia-Application-Id": "shop", "X-Algolia-API-Key": gateway.key, **parameters}
    headers = {"Content-Type": "text/plain;charset=UTF-8"}
    return await gateway.http.request(method, EVENTS, content=content, params=named, headers=headers)


def events(*several: dict[str, Any]) -> dict[str, Any]:
    return {"events": list(several)}


def told(response: httpx.Response) -> tuple[int, str]:
    body = response.json()
    assert body.keys() == {"status", "message"}
    assert body["status"] == response.status_code
    assert response.headers["content-type"].startswith("application/json")
    assert response.headers["cross-origin-resource-policy"] == "cross-origin"
    return body["status"], body["message"]


async def recorded(gateway: Gateway) -> list[Any]:
    return list((await gateway.data(LIST))["interactions"]["nodes"])


async def test_each_object_of_an_event_is_an_interaction(gateway: Gateway) -> None:
    assert told(await send(gateway, events(CLICK))) == (200, "OK")
    search = {"searchRequestId": "q1", "collections": ["products"], "queries": []}
    shared = {
        "interactionType": "CLICK",
        "userId": "anonymous-1",
        "metadata": {"eventName": "Product Clicked", "index": "products"},
        "searchRequest": search,
    }
    assert sorted(await recorded(gateway), key=lambda node: str(node["featureId"])) == [
        {"featureId": "p1", "position": 2, **shared},
        {"featureId": "p2", "position": 0, **shared},
    ]


async def test_what_was_done_is_told_by_type_and_subtype(gateway: Gateway) -> None:
    bought = {
        **CLICK,
        "eventType": "conversion",
        "objectIDs": ["p1"],
        "positions": None,
        "queryID": None,
        "authenticatedUserToken": "u1",
        "objectData": [{"price": "19.99", "quantity": 2, "discount": 1, "queryID": "q2"}],
        "currency": "EUR",
        "value": 38.98,
        "algoliaSource": ["instantsearch"],
    }
    filters = {
        "eventType": "view",
        "eventName": "Filters Viewed",
        "index": "products",
        "userToken": "u",
        "filters": ["brand%3ANike%3AAir", "color:red"],
    }
    body = events(
        {**bought, "eventSubtype": "purchase"},
        {**bought, "eventSubtype": "addToCart"},
        bought,
        {**CLICK, "eventType": "view"},
        filters,
    )
    assert told(await send(gateway, body)) == (200, "OK")
    nodes = await recorded(gateway)
    types = sorted(node["interactionType"] for node in nodes)
    assert types == ["ADD_TO_CART", "CONVERSION", "FILTER_TOGGLE", "FILTER_TOGGLE", "PURCHASE", "VIEW", "VIEW"]
    [purchase] = [node for node in nodes if node["interactionType"] == "PURCHASE"]
    assert purchase["userId"] == "u1"
    assert purchase["searchRequest"]["searchRequestId"] == "q2"
    assert purchase["metadata"] == {
        "eventName": "Product Clicked",
        "index": "products",
        "currency": "EUR",
        "value": 38.98,
        "price": 19.99,
        "quantity": 2,
        "discount": 1,
    }
    toggled = {node["featureId"]: node["metadata"]["filter"] for node in nodes if "filter" in node["metadata"]}
    assert toggled == {"brand": {"key": "brand", "value": "Nike:Air"}, "color": {"key": "color", "value": "red"}}


async def test_an_event_that_is_sent_again_is_recorded_once(gateway: Gateway) -> None:
    timed = {**CLICK, "timestamp": now()}
    twice = {**timed, "userToken": "twice"}
    for _ in range(3):
        assert told(await send(gateway, events(timed, twice, twice))) == (200, "OK")
    assert await gateway.database["interactions"].count_documents({}) == 6


async def test_a_search_that_is_recorded_later_is_the_clicks(gateway: Gateway) -> None:
    await send(gateway, events(CLICK))
    search = {"searchRequestId": "q1", "text": "red shoes", "collections": ["products"]}
    await gateway.data(
        "mutation ($input: RecordSearchRequestInput!) { recordSearchRequest(input: $input) { created } }",
        {"input": {"searchRequest": search}},
    )
    assert [node["searchRequest"]["queries"] for node in await recorded(gateway)] == [[{"value": "red shoes"}]] * 2


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"eventType": "hover"}, "events[1].eventType"),
        ({"eventType": ["click"]}, "events[1].eventType"),
        ({"eventName": ""}, "events[1].eventName"),
        ({"index": None}, "events[1].index"),
        ({"index": 7}, "events[1].index"),
        ({"userToken": None}, "events[1].userToken"),
        ({"userToken": {}}, "events[1].userToken"),
        ({"objectIDs": []}, "events[1].objectIDs"),
        ({"objectIDs": None}, "events[1].objectIDs"),
        ({"objectIDs": "p1"}, "events[1].objectIDs"),
        ({"objectIDs": ["p"] * 21}, "events[1].objectIDs"),
        ({"objectIDs": ["p1", 2]}, "events[1].objectIDs[1]"),
        ({"positions": [0, 1]}, "events[1].positions[0]"),
        ({"positions": ["1", 2]}, "events[1].positions[0]"),
        ({"positions": [1]}, "events[1].positions"),
        ({"positions": [1, 2**31]}, "events[1].positions[1]"),
        ({"objectData": [{}]}, "events[1].objectData"),
        ({"objectData": [{}, {"price": "cheap"}]}, "events[1].objectData[1].price"),
        ({"objectData": [{}, {"quantity": 1.5}]}, "events[1].objectData[1].quantity"),
        ({"filters": ["a:b"]}, "events[1].filters"),
        ({"objectIDs": None, "filters": ["brand"]}, "events[1].filters[0]"),
        ({"objectIDs": None, "filters": ["%ff:a"]}, "events[1].filters[0]"),
        ({"queryID": ""}, "events[1].queryID"),
        ({"queryID": "q" * 513}, "events[1].queryID"),
        ({"eventSubtype": "purchase"}, "events[1].eventSubtype"),
        ({"timestamp": 1}, "events[1].timestamp"),
        ({"timestamp": "2024-05-01"}, "events[1].timestamp"),
        ({"timestamp": 2**80}, "events[1].timestamp"),
        ({"value": [1]}, "events[1].value"),
    ],
)
async def test_one_bad_event_keeps_all_from_being_recorded(
    gateway: Gateway, changes: dict[str, Any], place: str
) -> None:
    status, message = told(await send(gateway, events(CLICK, {**CLICK, **changes})))
    assert (status, message.split(" ")[0]) == (422, place)
    assert await gateway.database["interactions"].count_documents({}) == 0


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (422, "events is required")),
        ([], (422, "should be an object")),
        (None, (422, "should be an object")),
        (events(), (422, "events should have 1 to 1,000 entries, not 0")),
        ({"events": [CLICK] * 1_001}, (422, "events should have 1 to 1,000 entries, not 1,001")),
        ({"events": [1]}, (422, "events[0] should be an object")),
        (b"", (400, "The body is not valid JSON.")),
        (b'{"events": [', (400, "The body is not valid JSON.")),
        (b'{"events": "\xff"}', (400, "The body is not valid JSON.")),
        (b"\0", (400, "The body is not valid JSON.")),
        (b'{"events": "' + b" " * 2_000_000 + b'"}', (413, "The body may have at most 2,000,000 bytes.")),
    ],
)
async def test_a_body_that_holds_no_events_is_refused(gateway: Gateway, body: Any, expected: tuple[int, str]) -> None:
    response = await send(gateway, body)
    assert told(response) == expected
    # What is left of a body that is longer than its client said is no request.
    assert ("connection" in response.headers) is (expected[0] == 400)


async def test_odd_texts_are_recorded_or_refused(gateway: Gateway) -> None:
    odd = {**CLICK, "eventName": "Größe\0🎈", "userToken": "ü", "objectIDs": ["a\0b", "$ref"]}
    assert told(await send(gateway, events(odd))) == (200, "OK")
    assert {node["featureId"] for node in await recorded(gateway)} == {"a\0b", "$ref"}
    half = json.dumps(events({**CLICK, "index": "x"})).encode().replace(b'"x"', rb'"\ud800"')
    assert told(await send(gateway, half))[0] == 422


async def test_a_thousand_events_are_recorded_at_once(gateway: Gateway) -> None:
    many = [{**CLICK, "userToken": f"u{n}", "queryID": f"q{n % 10}", "timestamp": now()} for n in range(1_000)]
    for _ in range(2):
        assert told(await send(gateway, events(*many))) == (200, "OK")
    assert await gateway.database["interactions"].count_documents({}) == 2_000
    assert await gateway.database["search_requests"].count_documents({}) == 10


async def test_the_key_and_its_namespace_are_named_in_the_address_or_by_headers(gateway: Gateway) -> None:
    named = {"x-algolia-application-id": gateway.namespace.id, "x-algolia-api-key": gateway.key}
    content = json.dumps(events(CLICK))
    response = await gateway.http.post(EVENTS, content=content, headers=named)
    assert told(response) == (200, "OK")
    bearer = {"Authorization": f"Bearer {gateway.key}"}
    assert told(await gateway.http.post(EVENTS, content=content, headers=bearer)) == (200, "OK")
    assert told(await gateway.http.post(EVENTS, content=content))[0] == 401
    twice = f"X-Algolia-API-Key={gateway.key}&x-algolia-api-key={gateway.key}"
    assert told(await gateway.http.post(EVENTS, content=content, params=twice))[0] == 400


@pytest.mark.parametrize("key", ["", "sk_x", "nonsense", "sk_" + "a" * 45, "\n"])
async def test_a_key_that_is_none_is_refused(gateway: Gateway, key: str) -> None:
    response = await send(gateway, events(CLICK), **{"X-Algolia-API-Key": key})
    assert told(response)[0] == 401
    assert not key.strip() or key not in response.text


async def test_another_organizations_namespace_is_answered_like_one_that_is_nobodys(gateway: Gateway) -> None:
    foreign, missing = [
        await send(gateway, events(CLICK), **{"X-Algolia-Application-Id": name})
        for name in (gateway.other_namespace.id, "ns_" + "0" * 24)
    ]
    assert told(foreign) == told(missing)
    assert foreign.status_code == 404
    assert await gateway.database["interactions"].count_documents({}) == 0


async def test_a_key_needs_to_record_and_no_more(gateway: Gateway) -> None:
    recording, reading = await gateway.make_key(Permission.RECORD), await gateway.make_key(Permission.READ)
    assert told(await send(gateway, events(CLICK), **{"X-Algolia-API-Key": recording})) == (200, "OK")
    assert told(await send(gateway, events(CLICK), **{"X-Algolia-API-Key": reading}))[0] == 403


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD"])
async def test_events_are_posted(gateway: Gateway, method: str) -> None:
    response = await send(gateway, events(CLICK), method=method)
    assert response.status_code == 405
    assert response.headers["allow"] == "POST, OPTIONS"
    if method != "HEAD":
        assert told(response)[0] == 405


async def test_a_users_events_are_erased_by_a_job(gateway: Gateway) -> None:
    await send(gateway, events(CLICK))
    named = {"X-Algolia-Application-Id": "shop", "X-Algolia-API-Key": gateway.key}
    response = await gateway.http.delete("/1/usertokens/anonymous%2F%C3%BC", params=named)
    assert (response.status_code, response.content) == (204, b"")
    [job] = await gateway.database["jobs"].find({}).to_list(None)
    assert "anonymous/ü" in str(job)
    page = {**named, "X-Algolia-API-Key": await gateway.make_key(Permission.RECORD)}
    assert told(await gateway.http.delete("/1/usertokens/u", params=page))[0] == 403
    assert told(await gateway.http.get("/1/usertokens/u", params=named))[0] == 405


TOKENS = ("\n", "d", "d\n", "d\n\n", "d\r\n", "a\nb", "a")


@pytest.mark.parametrize("token", TOKENS)
async def test_of_tokens_that_differ_by_a_line_break_the_one_named_is_erased(gateway: Gateway, token: str) -> None:
    await send(gateway, events(*({**CLICK, "userToken": other} for other in TOKENS)))
    named = {"X-Algolia-Application-Id": "shop", "X-Algolia-API-Key": gateway.key}
    # As JavaScript's encodeURIComponent has it, by which Algolia's client writes the address.
    response = await gateway.http.delete(f"/1/usertokens/{quote(token, safe='')}", params=named)
    assert (response.status_code, response.content) == (204, b"")
    await jobs_done(gateway.database)
    assert {node["userId"] for node in await recorded(gateway)} == set(TOKENS) - {token}


@pytest.mark.parametrize("address", ["indexes", "indexes%0A", "indexes/a%0Ab", "events%0A"])
async def test_the_rest_of_the_api_is_not_here(gateway: Gateway, address: str) -> None:
    response = await gateway.http.get(f"/1/{address}", headers={"Authorization": f"Bearer {gateway.key}"})
    assert told(response)[0] == 404


async def test_who_has_spent_all_is_told_when_to_come_back(mongod: EmbeddedServer) -> None:
    async with new_gateway(mongod.uri, rate_limit_burst=3_000, rate_limit_restore=1) as gateway:
        statuses: list[int] = []
        while 429 not in statuses:
            many = [{**CLICK, "userToken": f"{len(statuses)}.{n}"} for n in range(50)]
            response = await send(gateway, events(*many))
            statuses.append(told(response)[0])
        assert statuses[0] == 200
        assert int(response.headers["retry-after"]) > 0
