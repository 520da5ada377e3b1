"""Exports over HTTP: what comes, page by page and streamed, and what is wrong with a request."""

import csv
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import httpx
import pytest
import pytest_asyncio
from bson import Binary, Decimal128, ObjectId, encode
from bson.raw_bson import RawBSONDocument

from gateway.context import Permission
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.model.wire import validate_interaction, validate_search_request
from tests.harness.gateway_client import Gateway, code, new_gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
COUNT = 25


def search(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "search_request_id": f"r{number}",
        "queries": [{"vector_index": "text", "type": "text", "value": f"query {number}"}],
        "collections": ["products"],
        **fields,
    }


def interaction(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "interaction_id": f"i{number:02}",
        "feature_id": f"p{number % 5}",
        "interaction_type": "click" if number % 2 else "view",
        "position": number % 5,
        "occurred_at": f"2024-05-01T12:00:{number:02}.000Z",
        "search_request": search(number % 5),
        **fields,
    }


RECORDED = [interaction(number) for number in range(COUNT)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    """Pages have ten lines; the other organization has interactions of its own."""
    async with new_gateway(mongod.uri, page_limit=10) as gateway:
        for namespace in (gateway.namespace, gateway.other_namespace):
            own = [recorded | {"metadata": {"of": namespace.id}} for recorded in RECORDED]
            await gateway.writer.record(namespace, list(map(validate_interaction, own)), NOON)
        alone = validate_search_request(search(9))
        await gateway.writer.record_search_request(gateway.namespace, alone, NOON)
        yield gateway


async def ask(gateway: Gateway, key: str | None = None, **parameters: Any) -> httpx.Response:
    where = parameters.get("where")
    if isinstance(where, dict):
        parameters["where"] = json.dumps(where)
    headers = {"Authorization": f"Bearer {key or gateway.key}", **parameters.pop("headers", {})}
    return await gateway.http.get("/export", params={"format": "jsonl", **parameters}, headers=headers)


async def lines(gateway: Gateway, **parameters: Any) -> list[dict[str, Any]]:
    response = await ask(gateway, **parameters)
    assert response.status_code == 200, response.text
    return [json.loads(line) for line in response.text.splitlines()]


def ids(exported: list[dict[str, Any]]) -> list[str]:
    return [line["interaction_id"] for line in exported if "interaction_id" in line]


async def test_everything_comes_search_requests_first(gateway: Gateway) -> None:
    exported = await lines(gateway)
    searches = exported[:6]
    assert [line["search_request"]["search_request_id"] for line in searches] == [
        line["search_request_id"] for line in searches
    ]
    assert {line["search_request_id"] for line in searches} == {"r0", "r1", "r2", "r3", "r4", "r9"}
    assert exported[6:] == [recorded | {"metadata": {"of": gateway.namespace.id}} for recorded in RECORDED]


async def test_what_matches_comes_with_its_search_requests(gateway: Gateway) -> None:
    exported = await lines(gateway, where={"featureId": {"eq": "p1"}})
    assert [next(iter(line)) for line in exported] == ["search_request_id", *["interaction_id"] * 5]
    assert ids(exported) == ["i01", "i06", "i11", "i16", "i21"]
    assert await lines(gateway, where={"or": []}) == []


async def test_search_requests_that_match_come_without_interactions_too(gateway: Gateway) -> None:
    where = {"searchRequest": {"searchRequestId": {"in": ["r9", "r1"]}}}
    exported = await lines(gateway, where=where)
    assert {line["search_request_id"] for line in exported[:2]} == {"r9", "r1"}
    assert len(exported) == 7


async def test_a_page_has_a_link_to_the_next(gateway: Gateway) -> None:
    whole, paged, query = await lines(gateway), [], {"first": "7"}
    for _ in range(10):
        response = await ask(gateway, **query)
        page = response.text.splitlines()
        assert len(page) <= 7
        paged += page
        link = re.fullmatch(r'<\?(.+)>; rel="next"', response.headers.get("link", ""))
        if link is None:
            break
        query = dict(httpx.QueryParams(link[1]))
    assert list(map(json.loads, paged)) == whole


async def test_tokens_say_where_to_go_on(gateway: Gateway) -> None:
    told = await lines(gateway, tokens="true")
    tokens = [number for number, line in enumerate(told) if "export_token" in line]
    assert len(tokens) == 3
    whole = await lines(gateway)
    for number in tokens:
        ahead = [line for line in told[:number] if "export_token" not in line]
        assert ahead + await lines(gateway, after=told[number]["export_token"]) == whole


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
async def test_a_stream_may_be_compressed(gateway: Gateway, coding: str) -> None:
    response = await ask(gateway, headers={"Accept-Encoding": coding})
    assert response.headers["content-encoding"] == coding
    assert response.headers["content-type"] == "application/x-ndjson"
    if coding != "zstd" or "zstd" in httpx._decoders.SUPPORTED_DECODERS:
        assert len(response.text.splitlines()) == COUNT + 6


async def test_csv_comes_with_one_header(gateway: Gateway) -> None:
    response = await ask(gateway, format="csv")
    rows = list(csv.DictReader(StringIO(response.text)))
    assert len(rows) == COUNT + 6
    assert rows[-1]["interaction_id"] == "i24"
    link = httpx.QueryParams((await ask(gateway, format="csv", first=5)).headers["link"][2:-13])
    assert not (await ask(gateway, **dict(link))).text.startswith("interaction_id")


async def test_judgments_are_the_graphs(gateway: Gateway) -> None:
    where = {"featureId": {"in": ["p0", "p1"]}}
    query = """query ($where: InteractionWhere) {
      judgments(where: $where, model: SDBN) { nodes { query feature { featureId } rating grade } }
    }"""
    nodes = (await gateway.data(query, {"where": where}))["judgments"]["nodes"]
    workbench = (await ask(gateway, format="workbench", model="sdbn", where=where)).json()
    assert [
        (rated["query"], rating["docId"], rating["rating"])
        for rated in workbench["judgmentRatings"]
        for rating in rated["ratings"]
    ] == [(node["query"], node["feature"]["featureId"], f"{node['rating']:.3f}") for node in nodes]
    qrels = (await ask(gateway, format="qrels", model="SDBN", where=where)).text
    topics = (await ask(gateway, format="topics", model="SDBN", where=where)).text
    texts = dict(line.split("\t") for line in topics.splitlines())
    assert [(texts[line.split()[0]], int(line.split()[3])) for line in qrels.splitlines()] == [
        (node["query"], node["grade"]) for node in nodes
    ]


async def test_judgments_of_several_pages_are_all_there(gateway: Gateway) -> None:
    whole = (await ask(gateway, format="quepid", minViews=0)).text.splitlines()
    paged, query = list[str](), {"format": "quepid", "minViews": "0", "first": "2"}
    while True:
        response = await ask(gateway, **query)
        paged += response.text.splitlines()
        if "link" not in response.headers:
            break
        query = dict(httpx.QueryParams(response.headers["link"][2:-13]))
    assert paged == whole


@pytest.mark.parametrize(
    ("parameters", "path"),
    [
        ({"format": "xml"}, ["format"]),
        ({"format": ""}, ["format"]),
        ({"were": "{}"}, ["were"]),
        ({"where": "{"}, ["where"]),
        ({"where": "[]"}, ["where"]),
        ({"where": {"featureID": {"eq": "p"}}}, ["where"]),
        ({"where": {"featureId": {"eq": ["p"]}}}, ["where", "featureId", "eq"]),
        ({"where": {"searchRequest": {"query": 7}}}, ["where", "searchRequest", "query"]),
        ({"where": {"occurredAt": {"gt": "noon"}}}, ["where", "occurredAt", "gt"]),
        ({"after": "x"}, ["after"]),
        ({"first": "0"}, ["first"]),
        ({"first": "11"}, ["first"]),
        ({"tokens": "yes"}, ["tokens"]),
        ({"tokens": "true", "format": "csv"}, ["tokens"]),
        ({"first": "5", "format": "parquet"}, ["format"]),
        ({"format": "qrels", "model": "BM25"}, ["model"]),
        ({"format": "qrels", "maxRank": "5000"}, ["maxRank"]),
        ({"format": "qrels", "minViews": "-1"}, ["minViews"]),
        # Only judgments are made by these.
        ({"format": "jsonl", "model": "COEC"}, ["model"]),
        ({"format": "csv", "maxRank": "20"}, ["maxRank"]),
        ({"format": "ubi", "minViews": "0"}, ["minViews"]),
    ],
)
async def test_what_is_wrong_is_named(gateway: Gateway, parameters: dict[str, Any], path: list[str]) -> None:
    response = await ask(gateway, **parameters)
    assert response.status_code == 400, response.text
    [error] = response.json()["errors"]
    assert error["extensions"]["code"] in ("BAD_USER_INPUT", "INVALID_CURSOR")
    assert error["extensions"]["path"][: len(path)] == path
    assert not any(word in error["message"] for word in ("Variable", "$where"))


async def test_what_is_empty_counts_as_not_there(gateway: Gateway) -> None:
    empty = dict.fromkeys(("where", "after", "first", "tokens", "model", "maxRank", "minViews"), "")
    assert await lines(gateway, **empty) == await lines(gateway)


async def test_a_token_of_another_question_is_refused(gateway: Gateway) -> None:
    [token] = [line["export_token"] for line in (await lines(gateway, tokens="true"))[-20:] if "export_token" in line][
        :1
    ]
    response = await ask(gateway, after=token, format="qrels")
    assert (response.status_code, code(response)) == (400, "INVALID_CURSOR")


async def test_only_who_may_read_exports(gateway: Gateway) -> None:
    writer = await gateway.make_key(Permission.WRITE)
    assert code(await ask(gateway, key=writer)) == "FORBIDDEN"
    assert code(await ask(gateway, key="sk_unknown")) == "UNAUTHENTICATED"
    named = {"X-Namespace": gateway.other_namespace.id}
    assert code(await ask(gateway, headers=named)) == "NAMESPACE_NOT_FOUND"
    for method in ("POST", "HEAD", "DELETE"):
        response = await gateway.http.request(method, "/export", headers={"Authorization": f"Bearer {gateway.key}"})
        assert response.status_code == 405
        assert response.headers["allow"] == "GET, OPTIONS"
    assert (await gateway.http.options("/export")).status_code == 204


async def test_a_foreign_namespace_gives_nothing(gateway: Gateway) -> None:
    formats = ("jsonl", "csv", "ubi", "parquet", "qrels", "topics", "workbench", "quepid", "ranx")
    archive, _ = await gateway.tenancy.create_namespace(gateway.organization, "archive")
    for format in formats:
        judging: dict[str, Any] = {"minViews": 0} if format in formats[4:] else {}
        for where in (None, {"metadata": [{"path": "of", "value": gateway.namespace.id}]}):
            asked: dict[str, Any] = {"format": format} | ({} if where is None else {"where": where})
            other = await ask(gateway, headers={"X-Namespace": "archive"}, **asked)
            unknown = await ask(gateway, headers={"X-Namespace": "archive"}, **asked, **judging)
            assert other.status_code == 200
            assert other.content[:4] == unknown.content[:4]
            assert not any(id.encode() in other.content for id in ("i01", "r9", "query 1", "p1"))
        foreign = await ask(gateway, key=gateway.other_key, format=format)
        assert gateway.namespace.id.encode() not in foreign.content
        assert b"r9" not in foreign.content
    # Nor does a token lead there.
    tokens = [line["export_token"] for line in await lines(gateway, tokens="true") if "export_token" in line]
    for token in tokens:
        other = await ask(gateway, headers={"X-Namespace": "archive"}, after=token)
        assert (other.status_code, code(other)) == (400, "INVALID_CURSOR")
    assert archive.id != gateway.namespace.id


async def test_documents_of_other_programs_are_told_as_they_are(mongod: EmbeddedServer) -> None:
    async with new_gateway(mongod.uri, page_limit=10) as gateway:
        namespace = {"namespace_id": gateway.namespace.id}
        odd: list[dict[str, Any]] = [
            {"_id": ObjectId(), "interaction_id": "no time", "feature_id": "p"},
            {"_id": 7, "occurred_at": NOON, "extra": Decimal128("1.5")},
            {"_id": "text", "interaction_id": 42, "occurred_at": "yesterday", "interaction_type": ["a", "b"]},
            {"_id": Binary(b"x" * 16, 4), "interaction_id": "u", "occurred_at": NOON, "search_request": [1]},
            {"_id": {"a": 1}, "interaction_id": "nan", "occurred_at": NOON, "metadata": {"n": float("nan")}},
        ]
        await gateway.database[INTERACTION.collection].insert_many([{**document, **namespace} for document in odd])
        await gateway.database[SEARCH_REQUEST.collection].insert_one({"_id": 1, "search_request": None, **namespace})
        queries: list[dict[str, Any]] = [{}, {"where": {"and": []}}, {"first": 10}, {"after": ""}]
        for query in queries:
            exported = await lines(gateway, **query)
            interactions = [
                line for line in exported if "search_request" not in line or line.get("interaction_id") == "u"
            ]
            assert len(interactions) == 5 or "first" in query
        extra = next(line for line in await lines(gateway) if "extra" in line)
        assert extra == {"extra": {"$numberDecimal": "1.5"}, "occurred_at": "2024-05-01T12:00:00.000Z"}
        for format in ("csv", "ubi", "parquet"):
            assert (await ask(gateway, format=format)).status_code == 200


async def test_a_page_of_too_many_bytes_is_asked_in_smaller_ones(mongod: EmbeddedServer) -> None:
    async with new_gateway(mongod.uri, read_limit_bytes=100_000) as gateway:
        large = [interaction(number, metadata={"note": "x" * 20_000}) for number in range(12)]
        await gateway.writer.record(gateway.namespace, list(map(validate_interaction, large)), NOON)
        assert ids(await lines(gateway)) == [recorded["interaction_id"] for recorded in large]


async def test_a_key_that_has_spent_its_points_waits_for_more(mongod: EmbeddedServer) -> None:
    async with new_gateway(mongod.uri, page_limit=10, rate_limit_restore=100, rate_limit_burst=100) as gateway:
        recorded = [interaction(number) for number in range(COUNT)]
        await gateway.writer.record(gateway.namespace, list(map(validate_interaction, recorded)), NOON)
        assert len(await lines(gateway)) == COUNT + 5


async def test_what_comes_meanwhile_stands_behind(gateway: Gateway, mongod: EmbeddedServer) -> None:
    async with new_gateway(mongod.uri, page_limit=10) as gateway:
        await gateway.writer.record(gateway.namespace, list(map(validate_interaction, RECORDED)), NOON)
        page = await ask(gateway, first=10, where={"featureId": {"exists": True}})
        query = dict(httpx.QueryParams(page.headers["link"][2:-13]))
        late = [interaction(3, interaction_id="late"), interaction(59, interaction_id="new")]
        await gateway.writer.record(gateway.namespace, list(map(validate_interaction, late)), NOON)
        query.pop("first")
        rest = await ask(gateway, **query)
        told = [json.loads(line) for text in (page.text, rest.text) for line in text.splitlines()]
        assert ids(told) == [*(recorded["interaction_id"] for recorded in RECORDED), "new"]


async def test_an_export_goes_on_behind_ids_that_are_read_otherwise(mongod: EmbeddedServer) -> None:
    """Binary data of a wrong length within itself, and texts that aren't UTF-8, of which the same is read."""
    async with new_gateway(mongod.uri, page_limit=10) as gateway:
        stored = {"namespace_id": gateway.namespace.id, "feature_id": "p", "occurred_at": NOON}
        raw = []
        for number in range(40):
            id = f"{number}?" if number < 20 else Binary(b"abc%d" % number, 0x81)
            document = encode({**stored, "_id": id, "interaction_id": f"{number}"})
            raw.append(document.replace(b"?", b"\xff").replace(b"\x81", b"\x02"))
        await gateway.database[INTERACTION.collection].insert_many([RawBSONDocument(document) for document in raw])
        exported = ids(await lines(gateway))
        assert sorted(exported, key=int) == [f"{number}" for number in range(40)]
