"""Pages of other origins: which may call the gateway, with what, and that no page can without being allowed."""

from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import httpx
import orjson
import pytest
import pytest_asyncio

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.harness.gateway_client import Gateway, new_gateway, open_gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

SHOP = "https://shop.example"
EVIL = "https://evil.example"
QUERY = {"query": "{ viewer { keyName } }"}
# What the gateway reads, and what Apollo Client, urql, Relay's examples and tracing libraries add.
SENT = (
    "accept,authorization,content-type,x-namespace,if-none-match,apollo-require-preflight,x-apollo-operation-name,"
    "x-apollo-operation-id,x-apollo-operation-type,apollographql-client-name,apollographql-client-version,"
    "graphql-preflight,x-requested-with,last-event-id,traceparent,tracestate,baggage,sentry-trace"
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri, cors_origins=f"{SHOP}, http://localhost:3000") as gateway:
        yield gateway


def preflight(origin: str, headers: str = "authorization,content-type,x-namespace") -> dict[str, str]:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": headers,
    }


def listed(value: str) -> set[str]:
    return {name.strip().lower() for name in value.split(",")}


async def test_a_preflight_of_an_allowed_origin_needs_no_key(gateway: Gateway) -> None:
    for origin in (SHOP, "http://localhost:3000"):
        response = await gateway.http.options("/graphql", headers=preflight(origin, SENT))
        assert response.status_code == 200
        assert response.headers["Access-Control-Allow-Origin"] == origin
        assert {"get", "post"} <= listed(response.headers["Access-Control-Allow-Methods"])
        assert listed(SENT) <= listed(response.headers["Access-Control-Allow-Headers"])
        assert int(response.headers["Access-Control-Max-Age"]) >= 600
        assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize("origin", [EVIL, "http://shop.example", f"{SHOP}:8443", "https://a.shop.example", "null"])
async def test_a_preflight_of_any_other_origin_is_refused(gateway: Gateway, origin: str) -> None:
    response = await gateway.http.options("/graphql", headers=preflight(origin))
    assert response.status_code == 400
    assert "Access-Control-Allow-Origin" not in response.headers


async def test_an_allowed_page_reads_answers_refusals_and_what_they_say_beside(gateway: Gateway) -> None:
    answered = await gateway.post(QUERY, headers={"Origin": SHOP})
    refused = await gateway.http.post("/graphql", headers={"Origin": SHOP})
    assert (answered.status_code, refused.status_code) == (200, 401)
    for response in (answered, refused):
        assert response.headers["Access-Control-Allow-Origin"] == SHOP
        assert {"etag", "retry-after"} <= listed(response.headers["Access-Control-Expose-Headers"])
        assert {"origin", "authorization", "x-namespace", "accept", "accept-encoding"} == listed(
            response.headers["Vary"]
        )


async def test_another_page_reads_nothing(gateway: Gateway) -> None:
    response = await gateway.post(QUERY, headers={"Origin": EVIL})
    assert "Access-Control-Allow-Origin" not in response.headers


def differing(response: httpx.Response) -> list[str]:
    """The headers of requests by which a cache is to tell answers apart."""
    return response.headers.get_list("Vary", split_commas=True)


# Addresses and headers, with the key where `KEY` is one; the first is what a CDN may keep.
KEY = ("Authorization", "")
ASKED = (
    ("/graphql", (KEY,), 200),
    ("/graphql", (KEY, ("If-None-Match", "*")), 304),
    ("/graphql", (), 401),
    ("/nowhere", (), 404),
    ("/features/search/interactions/nowhere", (KEY,), 404),
    ("/livez", (), 200),
)


async def answers(gateway: Gateway, **headers: str) -> list[httpx.Response]:
    """To all that is `ASKED`; at the graph a persisted query."""
    persisted = {"version": 1, "sha256Hash": sha256(QUERY["query"].encode()).hexdigest()}
    await gateway.post({**QUERY, "extensions": {"persistedQuery": persisted}})
    parameters = {"extensions": orjson.dumps({"persistedQuery": persisted}).decode()}
    responses = []
    for path, others, status in ASKED:
        key = {"Authorization": f"Bearer {gateway.key}"} if KEY in others else {}
        asked = parameters if path == "/graphql" else None
        response = await gateway.http.get(path, params=asked, headers={**dict(others), **key, **headers})
        assert response.status_code == status
        responses.append(response)
    return responses


async def test_no_cache_hands_a_page_what_was_answered_to_who_named_no_origin(
    gateway: Gateway, mongod: EmbeddedServer
) -> None:
    """https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches"""
    settings: dict[str, Any] = {"cors_origins": SHOP, "cache_public": True, "cache_seconds": 60}
    async with open_gateway(gateway.database, mongod.uri, **settings) as gateway:
        for headers in ({}, {"Origin": SHOP}, {"Origin": EVIL}):
            responses = await answers(gateway, **headers)
            assert responses[0].headers["Cache-Control"].startswith("public, max-age=60")
            assert [differing(response).count("Origin") for response in responses] == [1] * len(ASKED)


@pytest.mark.parametrize(("origins", "readers"), [({}, None), ({"cors_origins": "*"}, "*")])
async def test_where_no_origin_is_listed_an_answer_to_none_is_everybodys(
    gateway: Gateway, mongod: EmbeddedServer, origins: dict[str, str], readers: str | None
) -> None:
    """Also of a page to which a cache hands it: that may read it where every page may."""
    async with open_gateway(gateway.database, mongod.uri, **origins) as gateway:
        for response in await answers(gateway):
            assert "Origin" not in differing(response)
            assert response.headers.get("Access-Control-Allow-Origin") == readers
            assert ("RateLimit-Limit" in response.headers.get("Access-Control-Expose-Headers", "")) == bool(readers)


async def test_no_origin_is_allowed_unless_it_is_set(gateway: Gateway, mongod: EmbeddedServer) -> None:
    async with open_gateway(gateway.database, mongod.uri) as gateway:
        response = await gateway.http.options("/graphql", headers=preflight(SHOP))
        assert response.status_code == 400
        assert "Access-Control-Allow-Origin" not in response.headers


async def test_every_origin_may_be_allowed(gateway: Gateway, mongod: EmbeddedServer) -> None:
    async with open_gateway(gateway.database, mongod.uri, cors_origins="*") as gateway:
        response = await gateway.http.options("/graphql", headers=preflight(EVIL, SENT))
        assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (200, "*")
        assert "Access-Control-Allow-Credentials" not in response.headers


FORMS = (
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain",
    "text/plain; application/json",
)


@pytest.mark.parametrize("content_type", FORMS)
async def test_a_body_that_needs_no_preflight_does_nothing(gateway: Gateway, content_type: str) -> None:
    """What a form of any page can send, even where a proxy were to add the key."""
    mutation = 'mutation { recordInteraction(input: {featureId: "f", interactionType: VIEW}) { created } }'
    headers = {"Authorization": f"Bearer {gateway.key}", "Content-Type": content_type, "Origin": EVIL}
    response = await gateway.http.post("/graphql", content=orjson.dumps({"query": mutation}), headers=headers)
    assert response.status_code == 415
    assert await total(gateway) == 0


async def test_an_address_does_nothing_without_a_key_and_never_writes(gateway: Gateway) -> None:
    """What an image or a link of any page can ask."""
    mutation = 'mutation { recordInteraction(input: {featureId: "f", interactionType: VIEW}) { created } }'
    for query, headers, status in (
        (QUERY["query"], {}, 401),
        (mutation, {}, 401),
        (mutation, {"Authorization": f"Bearer {gateway.key}"}, 405),
    ):
        response = await gateway.http.get("/graphql", params={"query": query}, headers=headers)
        assert response.status_code == status
    assert await total(gateway) == 0


async def total(gateway: Gateway) -> Any:
    return (await gateway.data("{ interactions { totalCount } }"))["interactions"]["totalCount"]
