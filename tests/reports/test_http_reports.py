"""Reports of GraphQL over HTTP: numbers 42 to 51 of the log in this folder's README."""

import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.harness.gateway_client import Gateway, code, new_gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUERY = "{viewer{keyName}}"
BODY = json.dumps({"query": QUERY})
ANSWER = {"data": {"viewer": {"keyName": "web"}}}
PAGE = "https://app.example"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri, batch_limit=10, cors_origins=PAGE) as gateway:
        yield gateway


def sent(gateway: Gateway, **headers: str) -> dict[str, str]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"Authorization": f"Bearer {gateway.key}", "Content-Type": "application/json", **named}


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json;charset=UTF-8",
        'application/json; charset="utf-8"',
        "application/json; charset=utf8",
        "APPLICATION/JSON",
        "application/json;",
        "application/json; profile=x",
    ],
)
async def test_a_body_in_json_is_taken_however_its_type_is_written(content_type: str, gateway: Gateway) -> None:
    response = await gateway.http.post("/graphql", content=BODY, headers=sent(gateway, Content_Type=content_type))
    assert (response.status_code, response.json()) == (200, ANSWER)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        # urql, Apollo iOS and Kotlin, Apollo Client for subscriptions, code generators; and what no server has.
        (
            "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, "
            "multipart/mixed",
            "application/json",
        ),
        ("multipart/mixed;deferSpec=20220824, application/graphql-response+json, application/json", "application/json"),
        ('multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/json', "application/json"),
        ("multipart/mixed", "application/graphql-response+json"),
        ("application/stream+json", "application/graphql-response+json"),
        ("text/event-stream, multipart/mixed", "text/event-stream"),
        (";;,q=", "application/graphql-response+json"),
        ("*/*;q=0.1", "application/json"),
    ],
)
async def test_a_query_is_answered_whatever_else_its_client_takes(
    accept: str, media_type: str, gateway: Gateway
) -> None:
    response = await gateway.http.post("/graphql", content=BODY, headers=sent(gateway, Accept=accept))
    assert response.status_code == 200
    assert response.headers["Content-Type"] == f"{media_type}; charset=utf-8"
    assert json.dumps(ANSWER, separators=(",", ":")) in response.text


@pytest.mark.parametrize(
    "parameters",
    ["variables=", "variables=&extensions=&operationName=", "variables=null", "variables=%7B%7D", "utm_source=mail"],
)
async def test_what_is_empty_in_an_address_counts_as_not_there(parameters: str, gateway: Gateway) -> None:
    for content_type in ("application/json", "text/plain"):
        response = await gateway.http.get(
            f"/graphql?query={QUERY}&{parameters}", headers=sent(gateway, Content_Type=content_type, Accept="*/*")
        )
        assert (response.status_code, response.json()) == (200, ANSWER)


async def test_automatic_persisted_queries_go_by_get_alone(gateway: Gateway) -> None:
    query = (
        "query Named($where: InteractionWhere, $n: Int = 1) { interactions(first: $n, where: $where) { totalCount } }"
    )
    hash = hashlib.sha256(query.encode()).hexdigest()
    variables = json.dumps({"where": {"featureId": {"eq": "café + & = %"}}}, ensure_ascii=False)
    parameters = {
        "operationName": "Named",
        "variables": variables,
        "extensions": json.dumps({"persistedQuery": {"version": 1, "sha256Hash": hash}}),
    }

    async def get(**more: str) -> Any:
        return (await gateway.http.get("/graphql", params={**parameters, **more}, headers=sent(gateway))).json()

    assert (await get())["errors"] == [
        {"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}
    ]
    answer = {"data": {"interactions": {"totalCount": 0}}}
    assert await get(query=query) == answer
    assert await get() == answer
    body = {**parameters, "variables": json.loads(variables), "extensions": json.loads(parameters["extensions"])}
    assert (await gateway.post(body)).json() == answer


async def test_a_preflight_needs_no_key_and_errors_are_readable_from_other_origins(gateway: Gateway) -> None:
    asked = "authorization,content-type,x-namespace,apollographql-client-name"
    preflight = await gateway.http.options(
        "/graphql",
        headers={"Origin": PAGE, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": asked},
    )
    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == PAGE
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert preflight.headers["Access-Control-Allow-Headers"] == asked
    for headers, status in (({}, 401), (sent(gateway, Content_Type="text/plain"), 415)):
        refused = await gateway.http.post("/graphql", content=BODY, headers={"Origin": PAGE, **headers})
        assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (status, PAGE)


@pytest.mark.parametrize("address", ["/graphql/", "//graphql", "/"])
async def test_no_address_redirects_and_loses_the_body(address: str, gateway: Gateway) -> None:
    response = await gateway.http.post(f"http://gateway.example{address}", content=BODY, headers=sent(gateway))
    assert (response.status_code, code(response)) == (404, "NOT_FOUND")
    assert "/graphql" in response.json()["errors"][0]["message"]


@pytest.mark.parametrize(("coding", "status"), [("identity", 200), ("", 200), ("gzip", 415), ("br", 415)])
async def test_no_coding_is_what_identity_means(coding: str, status: int, gateway: Gateway) -> None:
    response = await gateway.http.post("/graphql", content=BODY, headers=sent(gateway, Content_Encoding=coding))
    assert response.status_code == status
    if status == 415:
        assert (code(response), response.headers["Accept-Encoding"]) == ("UNSUPPORTED_MEDIA_TYPE", "identity")


@pytest.mark.parametrize(
    ("query", "status"), [("", 400), (f"?query={QUERY}", 200), ("?query=mutation{__typename}", 405)]
)
async def test_head_is_get_without_the_body(query: str, status: int, gateway: Gateway) -> None:
    head = await gateway.http.head(f"/graphql{query}", headers=sent(gateway))
    got = await gateway.http.get(f"/graphql{query}", headers=sent(gateway))
    assert (head.status_code, head.content) == (got.status_code, b"") == (status, b"")
    assert head.headers["Content-Length"] == got.headers["Content-Length"]


async def test_a_batch_is_answered_in_order_and_each_for_itself(gateway: Gateway) -> None:
    record = (
        'mutation { recordInteraction(input: {interactionId: "b", featureId: "f", interactionType: VIEW}) { created } }'
    )
    delete = 'mutation { deleteInteraction(input: {interactionId: "b"}) { deletedId } }'
    count = '{ interactions(where: {featureId: {eq: "f"}}) { totalCount } }'
    batch = [count, record, "{ nope }", count, delete, delete, count, record, count]
    answers = (await gateway.post([{"query": query} for query in batch])).json()
    assert [answer.get("data") and next(iter(answer["data"].values())) for answer in answers] == [
        {"totalCount": 0},
        {"created": True},
        None,
        {"totalCount": 1},
        answers[4]["data"]["deleteInteraction"],
        {"deletedId": None},
        {"totalCount": 0},
        {"created": True},
        {"totalCount": 1},
    ]
    assert answers[4]["data"]["deleteInteraction"]["deletedId"]
    assert answers[2]["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize(
    "body",
    [
        {"query": QUERY, "variables": None, "operationName": None, "extensions": None},
        {"query": QUERY, "variables": {"unknown": 1}, "extensions": {"clientLibrary": {"name": "@apollo/client"}}},
        {"query": QUERY, "extensions": {"persistedQuery": None}, "id": "x", "hasNext": False},
        {"query": f"\ufeff{QUERY}"},
        {"query": "{viewer\r\n# a comment\r{keyName}}\r\n"},
    ],
)
async def test_what_clients_add_to_a_request_changes_nothing(body: dict[str, Any], gateway: Gateway) -> None:
    response = await gateway.post(body)
    assert (response.status_code, response.json()) == (200, ANSWER)
