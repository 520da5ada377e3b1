"""What a browser's cache or a CDN may keep: answers to persisted queries by GET, and nothing else."""

import json
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import httpx
import pytest
import pytest_asyncio

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.harness.gateway_client import Gateway, new_gateway, open_gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

COUNT = "{ interactions { totalCount } }"
PARTIAL = '{ viewer { keyName } node(id: "x") { id } }'
INVALID = "{ nonsense }"
RECORD = """mutation {
  recordInteraction(input: {featureId: "f", interactionType: VIEW}) { created }
}"""
KEYS = ["Authorization", "X-Namespace", "Accept", "Accept-Encoding"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri) as gateway:
        yield gateway


def persisted(query: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": sha256(query.encode()).hexdigest()}}


async def get(
    gateway: Gateway, query: str, *, method: str = "GET", sent: bool = False, **headers: str
) -> httpx.Response:
    """A persisted query's answer; ``sent``: the document comes with its hash."""
    if not sent:
        await gateway.post({"query": query, "extensions": persisted(query)})
    parameters = {"extensions": json.dumps(persisted(query)), **({"query": query} if sent else {})}
    headers = {"Authorization": f"Bearer {gateway.key}"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    return await gateway.http.request(method, "/graphql", params=parameters, headers=headers)


async def test_a_persisted_query_by_get_may_be_kept_by_its_reader_and_asked_about_again(gateway: Gateway) -> None:
    response = await get(gateway, COUNT)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "private, max-age=0, must-revalidate"
    assert response.headers["Vary"].split(", ") == KEYS
    assert response.headers["ETag"].startswith('W/"')


async def test_who_has_the_answer_is_told_so_until_it_changes(gateway: Gateway) -> None:
    before = await get(gateway, COUNT)
    again = await get(gateway, COUNT, If_None_Match=before.headers["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    for name in ("ETag", "Cache-Control", "Vary"):
        assert again.headers[name] == before.headers[name]
    assert not {"Content-Type", "Content-Encoding", "Content-Length"} & set(again.headers)
    await gateway.data(RECORD)
    after = await get(gateway, COUNT, If_None_Match=before.headers["ETag"])
    assert after.status_code == 200
    assert after.headers["ETag"] != before.headers["ETag"]


async def test_tags_are_compared_weakly_and_in_lists(gateway: Gateway) -> None:
    tag = (await get(gateway, COUNT)).headers["ETag"]
    strong = tag.removeprefix("W/")
    for if_none_match in (tag, strong, f'"a", {tag}', f'{strong},W/"b"', 'W/"x,y" , ' + tag, "*", " * "):
        assert (await get(gateway, COUNT, If_None_Match=if_none_match)).status_code == 304, if_none_match
    for other in ('"a"', "", strong.strip('"'), 'W/""', "a, b", f"{strong[:-1]}x"):
        assert (await get(gateway, COUNT, If_None_Match=other)).status_code == 200, other


async def test_several_headers_of_tags_count_as_one_list(gateway: Gateway) -> None:
    tag = (await get(gateway, COUNT)).headers["ETag"]
    headers = [("Authorization", f"Bearer {gateway.key}"), ("If-None-Match", '"a"'), ("If-None-Match", tag)]
    parameters = {"extensions": json.dumps(persisted(COUNT))}
    assert (await gateway.http.get("/graphql", params=parameters, headers=headers)).status_code == 304


async def test_head_says_what_get_would(gateway: Gateway) -> None:
    body_response, head_response = await get(gateway, COUNT), await get(gateway, COUNT, method="HEAD")
    assert (head_response.status_code, head_response.content) == (200, b"")
    for name in ("ETag", "Cache-Control", "Content-Length"):
        assert head_response.headers[name] == body_response.headers[name]
    assert (await get(gateway, COUNT, method="HEAD", If_None_Match=body_response.headers["ETag"])).status_code == 304


async def test_a_document_sent_along_with_its_hash_is_persisted_too(gateway: Gateway) -> None:
    assert "ETag" in (await get(gateway, "{ __typename }", sent=True)).headers


async def test_the_tag_does_not_depend_on_the_content_coding(gateway: Gateway) -> None:
    query = "{ __schema { types { name } } }"
    plain = await get(gateway, query, Accept_Encoding="identity")
    coded = await get(gateway, query, Accept_Encoding="gzip")
    assert coded.headers["Content-Encoding"] == "gzip"
    assert coded.headers["ETag"] == plain.headers["ETag"]
    again = await get(gateway, query, Accept_Encoding="br", If_None_Match=coded.headers["ETag"])
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("query", [PARTIAL, INVALID])
async def test_what_has_errors_is_never_kept(gateway: Gateway, query: str) -> None:
    response = await get(gateway, query, sent=True, If_None_Match="*")
    assert "errors" in response.json()
    assert response.headers["Cache-Control"] == "no-store"
    assert "ETag" not in response.headers


async def test_everything_else_is_never_kept(gateway: Gateway) -> None:
    headers = {"Authorization": f"Bearer {gateway.key}", "If-None-Match": "*"}
    for response in (
        await gateway.http.get("/graphql", params={"query": COUNT}, headers=headers),
        await gateway.post({"query": COUNT, "extensions": persisted(COUNT)}, headers={"If-None-Match": "*"}),
        await gateway.post({"extensions": persisted(COUNT)}, headers={"If-None-Match": "*"}),
        await gateway.post({"query": RECORD}),
    ):
        assert response.status_code == 200
        assert "data" in response.json()
        assert response.headers["Cache-Control"] == "no-store"
        assert "ETag" not in response.headers


async def test_whoever_may_not_ask_is_not_told_what_did_not_change(gateway: Gateway) -> None:
    await get(gateway, COUNT)
    response = await gateway.http.get(
        "/graphql", params={"extensions": json.dumps(persisted(COUNT))}, headers={"If-None-Match": "*"}
    )
    assert response.status_code == 401
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"cache_seconds": 60}, "private, max-age=60, must-revalidate"),
        ({"cache_seconds": 60, "cache_public": True}, "public, max-age=60, must-revalidate"),
    ],
)
async def test_how_long_and_by_whom_is_the_operators_choice(
    gateway: Gateway, mongod: EmbeddedServer, settings: dict[str, Any], said: str
) -> None:
    async with open_gateway(gateway.database, mongod.uri, **settings) as gateway:
        assert (await get(gateway, COUNT)).headers["Cache-Control"] == said
