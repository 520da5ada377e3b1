"""What any HTTP client sees of the endpoint, from methods to media types."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
import pytest_asyncio

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.harness.gateway_client import Gateway, code, new_gateway, open_gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUERY = "query Key($with: Boolean! = true) { viewer { keyName @include(if: $with) } }"
ANSWER = {"data": {"viewer": {"keyName": "web"}}}
DELETE = 'mutation { deleteInteraction(input: {interactionId: "none"}) { deletedId } }'
JSON = "application/json; charset=utf-8"
GRAPHQL = "application/graphql-response+json; charset=utf-8"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    """One for the module, for nothing here writes."""
    async with new_gateway(mongod.uri) as gateway:
        yield gateway


async def get(gateway: Gateway, accept: str | None = None, **parameters: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {gateway.key}"} | ({"Accept": accept} if accept else {})
    return await gateway.http.get("/graphql", params=parameters, headers=headers)


# Methods


async def test_a_query_is_answered_by_post_and_by_get_alike(gateway: Gateway) -> None:
    posted = await gateway.post({"query": QUERY})
    fetched = await get(gateway, query=QUERY)
    assert posted.json() == fetched.json() == ANSWER
    assert (posted.status_code, posted.headers["Content-Type"]) == (200, JSON)
    assert posted.headers["Cache-Control"] == "no-store"
    assert {"Authorization", "X-Namespace", "Accept"} <= set(posted.headers["Vary"].split(", "))


async def test_get_takes_variables_and_an_operation_name(gateway: Gateway) -> None:
    document = QUERY + " query Other { viewer { permissions } }"
    response = await get(gateway, query=document, variables='{"with": false}', operationName="Key")
    assert response.json() == {"data": {"viewer": {}}}


async def test_head_answers_as_get_does(gateway: Gateway) -> None:
    headers = {"Authorization": f"Bearer {gateway.key}"}
    response = await gateway.http.head("/graphql", params={"query": QUERY}, headers=headers)
    assert (response.status_code, response.headers["Content-Length"]) == (200, str(len(orjson.dumps(ANSWER))))


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_mutation_is_refused_where_reading_is_asked_for(gateway: Gateway, method: str) -> None:
    headers = {"Authorization": f"Bearer {gateway.key}"}
    response = await gateway.http.request(method, "/graphql", params={"query": DELETE}, headers=headers)
    assert response.status_code == 405
    assert response.headers["Allow"] == "POST, OPTIONS"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "QUERY", "BREW"])
async def test_other_methods_are_told_which_there_are(gateway: Gateway, method: str) -> None:
    response = await gateway.http.request(method, "/graphql")
    assert response.status_code == 405
    assert code(response) == "METHOD_NOT_ALLOWED"
    assert response.headers["Allow"] == "GET, HEAD, POST, OPTIONS"


async def test_options_needs_no_key(gateway: Gateway) -> None:
    response = await gateway.http.options("/graphql")
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["Allow"] == "GET, HEAD, POST, OPTIONS"


@pytest.mark.parametrize("path", ["/", "/graphql/", "/graphiql", "/graphql/x", "/%00", "/..%2f..%2fetc%2fpasswd"])
async def test_an_unknown_path_is_not_found(gateway: Gateway, path: str) -> None:
    response = await gateway.http.post(path, content=b"{}")
    assert (response.status_code, code(response)) == (404, "NOT_FOUND")
    assert "/graphql" in response.json()["errors"][0]["message"]
    assert (response.headers["Content-Type"], response.headers["Cache-Control"]) == (JSON, "no-store")


# Media types


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_a_body_that_is_not_json_is_unsupported(gateway: Gateway, content_type: str) -> None:
    response = await gateway.post({"query": QUERY}, headers={"Content-Type": content_type})
    assert response.status_code == 415
    assert code(response) == "UNSUPPORTED_MEDIA_TYPE"


async def test_the_media_type_is_the_one_accepted(gateway: Gateway) -> None:
    for accept, media in {
        "application/json": JSON,
        "application/graphql-response+json": GRAPHQL,
        "application/graphql-response+json, application/json;q=0.9": GRAPHQL,
        "*/*": JSON,
        "image/png": GRAPHQL,
    }.items():
        response = await gateway.post({"query": QUERY}, headers={"Accept": accept})
        assert (response.headers["Content-Type"], response.json()) == (media, ANSWER), accept


async def test_several_accept_headers_count_as_one(gateway: Gateway) -> None:
    headers = [
        ("Authorization", f"Bearer {gateway.key}"),
        ("Accept", "application/json;q=0.5"),
        ("Accept", "application/graphql-response+json"),
    ]
    response = await gateway.http.get("/graphql", params={"query": QUERY}, headers=headers)
    assert response.headers["Content-Type"] == GRAPHQL


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"query": "{ viewer {"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ viewer {} }"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nope }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "{ ... @defer { viewer { keyName } } }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "{ viewer { permissions @stream } }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": QUERY, "variables": {"with": "yes"}}, "BAD_USER_INPUT"),
        ({"query": QUERY, "variables": {"with": None}}, "BAD_USER_INPUT"),
        ({"query": QUERY, "operationName": "Nope"}, "OPERATION_RESOLUTION_FAILURE"),
        ({"query": "query A { viewer { keyName } } query B { viewer { keyName } }"}, "OPERATION_RESOLUTION_FAILURE"),
    ],
)
async def test_what_graphql_refuses_is_200_only_for_those_who_take_no_other_media_type(
    gateway: Gateway, body: Any, expected: str
) -> None:
    modern = await gateway.post(body, headers={"Accept": "application/graphql-response+json"})
    plain = await gateway.post(body, headers={"Accept": "application/json"})
    assert (modern.status_code, plain.status_code) == (400, 200)
    assert code(modern) == code(plain) == expected


async def test_a_field_that_fails_leaves_the_status_and_the_data(gateway: Gateway) -> None:
    for accept in ("application/json", "application/graphql-response+json"):
        response = await gateway.post(
            {"query": '{ viewer { keyName } node(id: "x") { id } }'}, headers={"Accept": accept}
        )
        body = response.json()
        assert (response.status_code, body["data"]) == (200, {"viewer": {"keyName": "web"}, "node": None})
        assert [error["extensions"]["code"] for error in body["errors"]] == ["BAD_USER_INPUT"]


# Browsers


async def test_a_browser_gets_the_page_without_a_key(gateway: Gateway) -> None:
    response = await gateway.http.get("/graphql", headers={"Accept": BROWSER})
    assert (response.status_code, response.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "GraphiQL" in response.text
    assert "Bearer \\u003cyour key>" in response.text
    assert response.headers["Vary"].startswith("Accept")
    policy = response.headers["Content-Security-Policy"]
    again = await gateway.http.get("/graphql", headers={"Accept": BROWSER})
    assert "'nonce-" in policy
    assert policy != again.headers["Content-Security-Policy"]


@pytest.mark.parametrize("accept", ["", "*/*", "application/json", "application/json, text/html", "text/html;q=0, */*"])
async def test_other_clients_never_get_the_page(gateway: Gateway, accept: str) -> None:
    response = await gateway.http.get("/graphql", headers={"Accept": accept})
    assert (response.status_code, code(response)) == (401, "UNAUTHENTICATED")


async def test_a_browser_that_asks_something_gets_the_answer(gateway: Gateway) -> None:
    assert (await get(gateway, BROWSER, query=QUERY)).json() == ANSWER
    assert code(await get(gateway, BROWSER, extensions="{}")) == "BAD_REQUEST"
    headers = {"Authorization": f"Bearer {gateway.key}", "Content-Type": "application/json", "Accept": BROWSER}
    posted = await gateway.http.post("/graphql", content=orjson.dumps({"query": QUERY}), headers=headers)
    assert posted.json() == ANSWER


async def test_the_page_can_be_switched_off(gateway: Gateway, mongod: EmbeddedServer) -> None:
    async with open_gateway(gateway.database, mongod.uri, graphiql=False) as gateway:
        response = await gateway.http.get("/graphql", headers={"Accept": BROWSER})
        assert (response.status_code, code(response)) == (401, "UNAUTHENTICATED")
