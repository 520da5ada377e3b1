"""Several requests in one body: off unless it is set, bounded, and each answered as if it came alone."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import orjson
import pytest
import pytest_asyncio
from graphql import OperationType

from gateway.context import Caller, Context, Permission
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.execution.admission import AdmittedOperation
from gateway.execution.answers import Answer
from gateway.execution.fetching import Fetcher
from gateway.execution.operation_runner import OperationRunner
from gateway.preparation.json_requests import from_object
from gateway.scheduling.concurrency import ConcurrencyLimit
from gateway.store.client import Database
from gateway.store.reader import Reader
from gateway.store.writer import Writer
from gateway.transport.http.batching import answer_batch
from tests.harness import prepared
from tests.harness.gateway_client import Gateway, code, new_gateway, open_gateway
from tests.harness.waiting import PATIENCE

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY = {"query": "{ viewer { keyName } }"}
COUNT = {"query": "{ interactions { totalCount } }"}
ANSWER = {"data": {"viewer": {"keyName": "web"}}}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri, batch_limit=5) as gateway:
        yield gateway


def record(interaction_id: str) -> dict[str, Any]:
    query = """mutation ($id: ID!) {
      recordInteraction(input: {interactionId: $id, featureId: "f", interactionType: VIEW}) { created }
    }"""
    return {"query": query, "variables": {"id": interaction_id}}


def delete(interaction_id: str) -> dict[str, Any]:
    query = "mutation ($id: ID!) { deleteInteraction(input: {interactionId: $id}) { deletedId } }"
    return {"query": query, "variables": {"id": interaction_id}}


def count(total: int) -> dict[str, Any]:
    return {"data": {"interactions": {"totalCount": total}}}


def codes(answers: list[dict[str, Any]]) -> list[str | None]:
    """The code of each answer that was refused; None for one that has data."""
    return [None if "data" in answer else answer["errors"][0]["extensions"]["code"] for answer in answers]


async def test_a_batch_is_answered_in_its_order(gateway: Gateway) -> None:
    response = await gateway.post([KEY, {"query": "{ __typename }"}, KEY])
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json; charset=utf-8")
    assert response.headers["Cache-Control"] == "no-store"
    assert response.json() == [ANSWER, {"data": {"__typename": "Query"}}, ANSWER]
    assert (await gateway.post([KEY])).json() == [ANSWER]


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
async def test_each_request_is_judged_alone(gateway: Gateway, accept: str) -> None:
    reads = await gateway.make_key(Permission.READ)
    unknown = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}}
    batch = [KEY, {"query": "{ nonsense }"}, {"variables": {}}, unknown, delete("i")]
    response = await gateway.post(batch, key=reads, headers={"Accept": accept})
    assert response.status_code == 200
    assert codes(response.json()) == [
        None,
        "GRAPHQL_VALIDATION_FAILED",
        "BAD_REQUEST",
        "PERSISTED_QUERY_NOT_FOUND",
        "FORBIDDEN",
    ]
    assert response.json()[0] == {"data": {"viewer": {"keyName": "made in a test"}}}


async def test_a_query_sees_what_was_written_before_it_in_the_batch(gateway: Gateway) -> None:
    response = await gateway.post([COUNT, record("i"), COUNT, delete("i"), COUNT])
    before, created, between, _, after = response.json()
    assert created == {"data": {"recordInteraction": {"created": True}}}
    assert [before, between, after] == [count(0), count(1), count(0)]


class Meeting(OperationRunner):
    """Answers no query before as many are asked as the meeting has guests."""

    barrier: asyncio.Barrier

    async def run(self, operation: AdmittedOperation) -> Answer:
        if operation.kind is OperationType.QUERY:
            await self.barrier.wait()
        return await super().run(operation)


def meeting(database: Database, guests: int) -> Meeting:
    fetcher = Fetcher(Reader(database, time_limit_ms=5_000), Writer(database))
    runner, _ = prepared.operation_runner(fetcher, ConcurrencyLimit(guests), Meeting)
    runner.barrier = asyncio.Barrier(guests)
    return runner


async def test_queries_are_answered_at_the_same_time(gateway: Gateway) -> None:
    caller = Caller("k", "web", frozenset(Permission), gateway.organization, None)
    batch = tuple(from_object(request) for request in (KEY, KEY, record("met"), KEY, KEY))
    async with asyncio.timeout(PATIENCE):
        context = Context(caller, gateway.namespace)
        answer = await answer_batch(meeting(gateway.database, 2), batch, context, prepared.new_record)
    assert orjson.loads(answer.body) == [
        ANSWER,
        ANSWER,
        {"data": {"recordInteraction": {"created": True}}},
        ANSWER,
        ANSWER,
    ]
    await gateway.data(delete("met")["query"], {"id": "met"})


async def test_what_nobody_foresaw_is_masked_in_its_place(gateway: Gateway) -> None:
    """Some other program has stored a namespace that lacks what the gateway always gives one."""
    stored = {"_id": "ns_odd", "name": "odd", "organization_id": gateway.organization.id}
    await gateway.database["namespaces"].insert_one(stored)
    creating = {"query": 'mutation { createNamespace(input: { name: "odd" }) { created } }'}
    answers = (await gateway.post([KEY, creating, KEY])).json()
    await gateway.database["namespaces"].delete_one(stored)
    assert codes(answers) == [None, "INTERNAL_SERVER_ERROR", None]
    assert answers[1]["errors"][0]["extensions"]["incident"] in answers[1]["errors"][0]["message"]


async def test_persisted_documents_may_be_named_in_a_batch(gateway: Gateway) -> None:
    query = KEY["query"]
    named = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha256(query.encode()).hexdigest()}}}
    await gateway.post({**named, "query": query})
    assert (await gateway.post([named, named])).json() == [ANSWER, ANSWER]


@pytest.mark.parametrize("body", [[], [KEY] * 6, [KEY, 1], [KEY, [KEY]]])
async def test_what_is_no_batch_is_refused_as_a_whole(gateway: Gateway, body: Any) -> None:
    response = await gateway.post(body)
    assert response.status_code == 400
    assert codes([response.json()]) == ["BAD_REQUEST"]


async def test_whoever_has_no_key_gets_one_answer(gateway: Gateway) -> None:
    response = await gateway.post([KEY, KEY], key="sk_nobody")
    assert response.status_code == 401
    assert codes([response.json()]) == ["UNAUTHENTICATED"]


async def test_a_key_without_points_is_told_so_once_and_with_the_status(
    gateway: Gateway, mongod: EmbeddedServer
) -> None:
    unindexed = {"query": "{ interactions(where: {position: {gt: 1}}) { nodes { id } } }"}
    async with open_gateway(
        gateway.database, mongod.uri, batch_limit=5, rate_limit_restore=1, rate_limit_burst=100
    ) as gateway:
        await gateway.make_known(unindexed["query"])
        response = await gateway.post([unindexed, unindexed])
        assert (response.status_code, codes(response.json())) == (200, [None, "RATE_LIMITED"])
        response = await gateway.post([unindexed, unindexed])
        assert (response.status_code, code(response)) == (429, "RATE_LIMITED")
        assert int(response.headers["Retry-After"]) >= 90


@pytest.mark.parametrize("settings", [{}, {"batch_limit": 1}])
async def test_batches_are_off_unless_they_are_set(
    gateway: Gateway, mongod: EmbeddedServer, settings: dict[str, Any]
) -> None:
    async with open_gateway(gateway.database, mongod.uri, **settings) as gateway:
        for batch in ([KEY], [KEY, KEY]):
            response = await gateway.post(batch)
            assert response.status_code == 400
            assert response.json()["errors"] == [
                {
                    "message": "Batches are not served here: the body must be a JSON object.",
                    "extensions": {"code": "BAD_REQUEST"},
                }
            ]
