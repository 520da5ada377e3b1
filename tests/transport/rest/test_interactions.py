"""Interactions over the original REST endpoints: the wire shape, filters, pages, and what is wrong with a request."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
import pytest_asyncio
from starlette.routing import Route

from gateway.context import Permission
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.transport.exchange.exchange_endpoint import ExchangeEndpoint
from gateway.transport.rest.offset_pages import MAX_SKIPPED
from gateway.transport.rest.rest_replies import RestReplies
from tests.harness.gateway_client import Gateway, new_gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATH = "/features/search/interactions"
JSON = {"Content-Type": "application/json"}
SEARCH_REQUEST = {
    "queries": [
        {
            "vector_index": "text",
            "value": "navy shoes",
            "type": "text",
            "filters": {"NOR": [{"key": "gone", "operator": "is_null", "value": True}]},
            "settings": {"limit": 3, "min_score": 0.5, "modality": "text"},
        }
    ],
    "collections": ["products"],
    "filters": {
        "AND": [
            {"key": "brand", "operator": "in", "value": ["a", "b"]},
            {"OR": [{"key": "price", "operator": "gt", "value": 1.5}], "case_sensitive": True},
        ],
        "case_sensitive": None,
    },
    "group_by": {"field": "brand", "max_features": 2, "sort": {"field": "price", "direction": "asc"}},
    "sort": {"field": "price", "direction": "desc"},
    "select": ["title"],
    "reranking_options": {"weights": {"feedback": 0.25, "popularity": 0.75}, "enable_reranking": True},
    "session_id": "s1",
    "return_url": None,
}
INTERACTION: dict[str, Any] = {
    "feature_id": "p1",
    "interaction_type": "positive_feedback",
    "search_request": SEARCH_REQUEST,
    "position": 4,
    "metadata": {"device": {"kind": "phone"}, "0": [1, None]},
    "session_id": "s1",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri) as gateway:
        yield gateway


async def ask(gateway: Gateway, method: str, path: str, **http: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {http.pop('key', gateway.key)}", **http.pop("headers", {})}
    return await gateway.http.request(method, path, headers=headers, **http)


async def create(gateway: Gateway, **fields: Any) -> str:
    response = await ask(gateway, "POST", PATH, json={"feature_id": "p", "interaction_type": "view", **fields})
    assert response.status_code == 200, response.text
    return str(response.json()["interaction_id"])


async def listed(gateway: Gateway, **parameters: Any) -> list[str]:
    response = await ask(gateway, "GET", PATH, params=parameters)
    assert response.status_code == 200, response.text
    return [interaction["interaction_id"] for interaction in response.json()]


def served(gateway: Gateway, replies: type[Any] = RestReplies) -> list[tuple[str, str]]:
    """The paths of all endpoints that reply so, each with the methods that it serves."""
    routes = [route for route in gateway.app.routes if isinstance(route, Route)]
    return [
        (route.path, method)
        for route in routes
        if isinstance(route.endpoint, ExchangeEndpoint) and isinstance(route.endpoint.replies, replies)
        for method in route.endpoint.methods
    ]


def error(response: httpx.Response) -> tuple[int, str]:
    """The status and the code of an error of the first shape."""
    body = response.json()
    assert body.keys() == {"success", "status", "error"}
    assert (body["success"], body["status"]) == (False, response.status_code)
    assert body["error"].keys() == {"message", "type", "details"}
    return response.status_code, body["error"]["type"]


def places(response: httpx.Response) -> list[list[str | int]]:
    """What is wrong, in an error of the second shape."""
    assert response.status_code == 422, response.text
    details = response.json()["detail"]
    assert all(detail.keys() == {"loc", "msg", "type"} for detail in details)
    # Nothing tells of the graph behind.
    assert not any(word in response.text for word in ("Variable", "Input'", "featureId"))
    return [detail["loc"] for detail in details]


async def test_what_is_recorded_is_answered_as_it_was_sent(gateway: Gateway) -> None:
    created = await ask(gateway, "POST", PATH, json=INTERACTION)
    assert (created.status_code, created.headers["content-type"]) == (200, "application/json; charset=utf-8")
    id_ = created.json()["interaction_id"]
    assert created.json() == INTERACTION | {"interaction_id": id_}
    assert (await ask(gateway, "GET", f"{PATH}/{id_}")).json() == created.json()
    assert created.json() in (await ask(gateway, "GET", PATH)).json()
    head = await ask(gateway, "HEAD", f"{PATH}/{id_}")
    assert (head.status_code, head.content) == (200, b"")


async def test_null_is_kept_apart_from_missing(gateway: Gateway) -> None:
    sent = {"feature_id": "p", "interaction_type": "view", "position": None, "search_request": None}
    created = (await ask(gateway, "POST", PATH, json=sent)).json()
    assert created == sent | {"interaction_id": created["interaction_id"]}


async def test_later_spellings_are_read_and_unknown_keys_left_out(gateway: Gateway) -> None:
    request = {
        "queries": [],
        "collections": ["c"],
        "filters": {"NOT": {"field": "a", "value": 1, "operator": None}, "name": "x"},
        "later": True,
    }
    sent = {"feature_id": "p", "interaction_type": "view", "user_id": "u", "search_request": request, "later": 1}
    created = (await ask(gateway, "POST", PATH, json=sent)).json()
    assert created["user_id"] == "u"
    assert created["search_request"] == {
        "queries": [],
        "collections": ["c"],
        "filters": {"NOR": [{"key": "a", "value": 1, "operator": "eq"}]},
    }
    assert "later" not in created


async def test_filters_are_joined(gateway: Gateway) -> None:
    one = await create(gateway, feature_id="f1", session_id="of filters", interaction_type="click")
    two = await create(gateway, feature_id="f2", session_id="of filters", interaction_type="click")
    three = await create(gateway, feature_id="f2", session_id="of filters")
    assert await listed(gateway, session_id="of filters") == [three, two, one]
    assert await listed(gateway, session_id="of filters", interaction_type="click") == [two, one]
    assert await listed(gateway, session_id="of filters", feature_id="f2", interaction_type="click") == [two]
    assert await listed(gateway, session_id="", feature_id="f2") == []
    assert await listed(gateway, session_id="of filters", later="1") == [three, two, one]


async def test_pages_are_numbered_from_1(gateway: Gateway) -> None:
    ids = [await create(gateway, session_id="of pages") for _ in range(12)][::-1]
    asked: dict[str, Any] = {"session_id": "of pages"}
    assert await listed(gateway, **asked) == ids[:10]
    assert await listed(gateway, **asked, page=2) == ids[10:]
    pages = [await listed(gateway, **asked, page=page, page_size=5) for page in range(1, 5)]
    assert pages == [ids[:5], ids[5:10], ids[10:], []]
    response = await ask(gateway, "GET", PATH, params={**asked, "page": 3, "page_size": 5})
    assert response.headers["x-total-count"] == "12"


async def test_a_page_behind_many_is_reached(mongod: EmbeddedServer) -> None:
    async with new_gateway(mongod.uri, page_limit=10) as gateway:
        interactions = [
            {"interactionId": f"i{number}", "featureId": "p", "interactionType": "VIEW"} for number in range(35)
        ]
        await gateway.data(
            "mutation ($input: RecordInteractionsInput!) { recordInteractions(input: $input) { errorCount } }",
            {"input": {"interactions": interactions}},
        )
        whole = [id_ for page in range(1, 5) for id_ in await listed(gateway, page=page)]
        assert sorted(whole) == sorted(f"i{number}" for number in range(35))
        assert await listed(gateway, page=5, page_size=8) == whole[32:]
        assert await listed(gateway, page=1_000) == []
        too_far = await ask(gateway, "GET", PATH, params={"page": MAX_SKIPPED // 10 + 2})
        assert places(too_far) == [["query", "page"]]
        assert "10,000" in too_far.text


@pytest.mark.parametrize("number", ["1000000000", "99999999999999999999999", "9" * 5_000])
async def test_a_number_that_is_too_large_is_told_so(gateway: Gateway, number: str) -> None:
    for name, words in (
        ("page", "At most 10,000 interactions may stand ahead"),
        ("page_size", "A page may have at most"),
    ):
        response = await ask(gateway, "GET", f"{PATH}?{name}={number}")
        assert places(response) == [["query", name]]
        assert words in response.text


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("page=0", ["query", "page"]),
        ("page=-1", ["query", "page"]),
        ("page=", ["query", "page"]),
        ("page=1.0", ["query", "page"]),
        ("page=%C2%B2", ["query", "page"]),
        ("page=99999999999999999999999", ["query", "page"]),
        ("page_size=101", ["query", "page_size"]),
        ("page_size=0", ["query", "page_size"]),
        ("page=1&page=2", ["query", "page"]),
        ("interaction_type=clicked", ["query", "interaction_type"]),
        ("interaction_type=CLICK", ["query", "interaction_type"]),
        ("feature_id=%ff", ["query"]),
    ],
)
async def test_a_parameter_that_is_wrong_is_named(gateway: Gateway, query: str, place: list[str]) -> None:
    assert places(await ask(gateway, "GET", f"{PATH}?{query}")) == [place]


DEEP: dict[str, Any] = {"key": "k"}
for _ in range(200):
    DEEP = {"AND": [DEEP]}
REQUEST = {"queries": [], "collections": ["c"]}


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"feature_id": ...}, ["feature_id"]),
        ({"feature_id": None}, ["feature_id"]),
        ({"feature_id": 1}, ["feature_id"]),
        ({"feature_id": ""}, ["feature_id"]),
        ({"feature_id": "\ud800"}, ["feature_id"]),
        ({"interaction_type": "CLICK"}, ["interaction_type"]),
        ({"interaction_type": ["click"]}, ["interaction_type"]),
        ({"position": -1}, ["position"]),
        ({"position": "1"}, ["position"]),
        ({"metadata": []}, ["metadata"]),
        ({"search_request": []}, ["search_request"]),
        ({"search_request": {"collections": ["c"]}}, ["search_request", "queries"]),
        ({"search_request": {"queries": []}}, ["search_request", "collections"]),
        ({"search_request": {**REQUEST, "queries": [{}]}}, ["search_request", "queries", 0, "vector_index"]),
        ({"search_request": {**REQUEST, "filters": {"key": "k"}}}, ["search_request", "filters"]),
        ({"search_request": {**REQUEST, "filters": {"AND": [{}]}}}, ["search_request", "filters", "AND", 0]),
        (
            {"search_request": {**REQUEST, "filters": {"AND": [{"key": "k", "operator": "like"}]}}},
            ["search_request", "filters", "AND", 0, "operator"],
        ),
        (
            {"search_request": {**REQUEST, "filters": {"OR": [{"NOR": [{"key": ""}]}]}}},
            ["search_request", "filters", "OR", 0, "NOR", 0, "key"],
        ),
        (
            {"search_request": {**REQUEST, "reranking_options": {"weights": {"feedback": 0.4}}}},
            ["search_request", "reranking_options", "weights"],
        ),
    ],
)
async def test_a_field_that_is_wrong_is_named(gateway: Gateway, changed: dict[str, Any], place: list[Any]) -> None:
    sent = {name: value for name, value in (INTERACTION | changed).items() if value is not ...}
    # As JSON escapes what UTF-8 can't encode.
    response = await ask(gateway, "POST", PATH, content=json.dumps(sent), headers=JSON)
    assert places(response) == [["body", *place]]


async def test_a_tree_of_any_depth_harms_nobody(gateway: Gateway) -> None:
    request = {**REQUEST, "filters": DEEP}
    [place] = places(await ask(gateway, "POST", PATH, json=INTERACTION | {"search_request": request}))
    assert place[:3] == ["body", "search_request", "filters"]


@pytest.mark.parametrize(
    ("body", "headers", "told"),
    [
        (b"{", JSON, (400, "BAD_REQUEST")),
        (b"", JSON, (400, "BAD_REQUEST")),
        (b"{}", {}, (415, "UNSUPPORTED_MEDIA_TYPE")),
        (b"{}", {**JSON, "Content-Encoding": "gzip"}, (415, "UNSUPPORTED_MEDIA_TYPE")),
    ],
)
async def test_a_body_that_is_no_json(
    gateway: Gateway, body: bytes, headers: dict[str, str], told: tuple[int, str]
) -> None:
    assert error(await ask(gateway, "POST", PATH, content=body, headers=headers)) == told


@pytest.mark.parametrize("body", [b"[]", b"null", b'"x"', b"1"])
async def test_a_body_that_is_no_object(gateway: Gateway, body: bytes) -> None:
    assert places(await ask(gateway, "POST", PATH, content=body, headers=JSON)) == [["body"]]


async def test_the_same_id_with_other_content_is_a_conflict(gateway: Gateway) -> None:
    sent = {"interaction_id": "chosen", "feature_id": "p", "interaction_type": "view"}
    for _ in range(2):
        assert (await ask(gateway, "POST", PATH, json=sent)).json() == sent
    assert error(await ask(gateway, "POST", PATH, json=sent | {"feature_id": "q"})) == (409, "CONFLICT")


async def test_what_is_deleted_is_not_there(gateway: Gateway) -> None:
    id_ = await create(gateway, interaction_id="with/slash and\nü?")
    address = httpx.URL(f"http://gateway.example{PATH}/with%2Fslash%20and%0A%C3%BC%3F")
    assert (await ask(gateway, "GET", str(address))).json()["interaction_id"] == id_
    assert (await ask(gateway, "DELETE", str(address))).status_code == 200
    for method in ("GET", "DELETE"):
        assert error(await ask(gateway, method, str(address))) == (404, "NOT_FOUND")
        assert error(await ask(gateway, method, f"{PATH}/")) == (404, "NOT_FOUND")


async def test_other_methods_are_refused_with_those_that_are_served(gateway: Gateway) -> None:
    response = await ask(gateway, "PATCH", f"{PATH}/x")
    assert error(response) == (405, "METHOD_NOT_ALLOWED")
    assert response.headers["allow"] == "GET, DELETE, HEAD, OPTIONS"
    options = await ask(gateway, "OPTIONS", PATH)
    assert (options.status_code, options.headers["allow"]) == (204, "GET, POST, HEAD, OPTIONS")


async def test_keys_are_judged_as_for_the_graph(gateway: Gateway) -> None:
    without = await gateway.http.get(PATH)
    assert error(without) == (401, "UNAUTHENTICATED")
    assert without.headers["www-authenticate"] == "Bearer"
    reader, writer = [await gateway.make_key(permission) for permission in (Permission.READ, Permission.WRITE)]
    sent = {"feature_id": "p", "interaction_type": "view"}
    assert error(await ask(gateway, "POST", PATH, json=sent, key=reader)) == (403, "FORBIDDEN")
    assert error(await ask(gateway, "DELETE", f"{PATH}/x", key=reader)) == (403, "FORBIDDEN")
    assert error(await ask(gateway, "GET", PATH, key=writer)) == (403, "FORBIDDEN")
    assert (await ask(gateway, "POST", PATH, json=sent, key=writer)).status_code == 200
    unknown = await ask(gateway, "GET", PATH, headers={"X-Namespace": "none"})
    assert error(unknown) == (403, "NAMESPACE_NOT_FOUND")


async def test_limits_and_points_are_those_of_the_graph(mongod: EmbeddedServer) -> None:
    settings = {"rate_limit_restore": 1, "rate_limit_burst": 2_000, "body_limit_bytes": 10_000}
    async with new_gateway(mongod.uri, **settings) as gateway:
        answered = await ask(gateway, "GET", PATH, params={"page_size": 1})
        assert answered.headers["ratelimit-limit"] == "2000"
        large = orjson.dumps({"feature_id": "p" * 20_000, "interaction_type": "view"})
        assert error(await ask(gateway, "POST", PATH, content=large, headers=JSON)) == (413, "PAYLOAD_TOO_LARGE")
        while (response := await ask(gateway, "GET", PATH, params={"page_size": 100})).status_code == 200:
            pass
        assert error(response) == (429, "RATE_LIMITED")
        assert int(response.headers["retry-after"]) >= 1


async def test_answers_are_compressed_and_not_kept(gateway: Gateway) -> None:
    for number in range(8):
        await create(gateway, session_id="long", metadata={"text": f"{number}" * 300})
    response = await ask(gateway, "GET", PATH, params={"session_id": "long"}, headers={"Accept-Encoding": "gzip"})
    assert (response.headers["content-encoding"], response.headers["cache-control"]) == ("gzip", "no-store")
    assert len(response.json()) == 8
