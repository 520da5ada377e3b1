"""A request that is sent again, byte for byte, is read once; what it is answered is found out each time."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from graphql import DocumentNode

from gateway.context import Permission
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.limits import Limits
from gateway.preparation import prepared_documents as prepared_module
from gateway.preparation.document_limits import parse_within
from gateway.preparation.known_operations import KnownDocument
from gateway.preparation.persisted_documents import PersistedDocuments
from tests.harness.gateway_client import Gateway, new_gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGE = "query ($n: Int, $c: String) { interactions(first: $n, after: $c) { totalCount nodes { position } } }"
HEAVY = f"{{ interactions(where: {{userId: {{in: [{'1 ' * 900}]}}}}) {{ totalCount }} }}"
RECORD = 'mutation { recordInteraction(input: {featureId: "p", interactionType: VIEW}) { created } }'


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri, batch_limit=3) as gateway:
        yield gateway


async def count(gateway: Gateway, key: str | None = None, namespace: str | None = None) -> int:
    answer = await gateway.data(PAGE, {"n": 1}, key=key, namespace=namespace)
    total: int = answer["interactions"]["totalCount"]
    return total


async def test_each_time_it_is_answered_anew(gateway: Gateway) -> None:
    before = await count(gateway)
    for number in range(1, 4):
        assert await gateway.data(RECORD) == {"recordInteraction": {"created": True}}
        assert await count(gateway) == before + number


async def test_whoever_sends_it_sees_what_is_theirs(gateway: Gateway) -> None:
    namespace, _ = await gateway.tenancy.create_namespace(gateway.organization, "empty")
    await gateway.data(RECORD)
    for _ in range(2):
        assert await count(gateway) > 0
        assert await count(gateway, gateway.other_key) == 0
        assert await count(gateway, namespace=namespace.id) == 0


async def test_whoever_may_not_send_it_is_refused_as_at_first(gateway: Gateway) -> None:
    writes = await gateway.make_key(Permission.WRITE)
    first = await gateway.execute(PAGE, {"n": 1}, key=writes)
    assert first["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    await count(gateway)
    assert await gateway.execute(PAGE, {"n": 1}, key=writes) == first
    reads = await gateway.make_key(Permission.READ)
    await gateway.data(RECORD)
    refused = await gateway.execute(RECORD, key=reads)
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize(
    "variables",
    [{"n": "1"}, {"n": -1}, {"c": "x"}, {"n": 1, "c": 1}],
    ids=["another type", "out of range", "no cursor", "no text"],
)
async def test_what_is_wrong_with_it_is_told_each_time(gateway: Gateway, variables: dict[str, Any]) -> None:
    first = await gateway.execute(PAGE, variables)
    assert first["errors"]
    assert [await gateway.execute(PAGE, variables) for _ in range(3)] == [first] * 3


async def test_an_empty_cursor_counts_as_none_also_behind_another(gateway: Gateway) -> None:
    for _ in range(3):
        await gateway.data(RECORD)
    query = "query ($c: String) { interactions(first: 1, after: $c) { edges { cursor } } }"
    [first] = (await gateway.data(query))["interactions"]["edges"]
    for _ in range(3):
        [second] = (await gateway.data(query, {"c": first["cursor"]}))["interactions"]["edges"]
        assert second != first
        assert (await gateway.data(query, {"c": ""}))["interactions"]["edges"] == [first]


async def test_a_batch_is_answered_alike(gateway: Gateway) -> None:
    batch = [{"query": "{ viewer { keyName } }"}, {"query": 1}, {"query": "{ nothing }"}]
    answers = [(await gateway.post(batch)).json() for _ in range(3)]
    assert [set(one) for one in answers[0]] == [{"data"}, {"errors"}, {"errors"}]
    assert answers[1:] == answers[:1] * 2


@pytest.mark.parametrize(
    ("query", "looked_up"),
    [
        (PAGE, 2),
        # Twice where it is known: before its turn, as it might be bound at once, and then.
        (HEAVY, 3),
        ("mutation ($id: ID!) { deleteInteraction(input: {interactionId: $id}) { deletedId } }", 6),
    ],
    ids=["of a light document", "of a heavy document", "a mutation"],
)
async def test_what_it_asks_is_found_out_again_only_where_it_is_not_kept(
    gateway: Gateway, query: str, looked_up: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, calls = PersistedDocuments.find, 0

    def find(self: PersistedDocuments, *named: Any) -> KnownDocument:
        nonlocal calls
        calls += 1
        return found(self, *named)

    monkeypatch.setattr(PersistedDocuments, "find", find)
    for _ in range(6):
        await gateway.data(query, {"n": 7, "id": "none"})
    assert calls == looked_up


async def test_what_another_organization_asked_takes_the_whole_way_once(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else how fast it is answered would tell that another one asked it."""
    calls = 0

    def parse(text: str, limits: Limits | None) -> DocumentNode:
        nonlocal calls
        calls += 1
        return parse_within(text, limits)

    monkeypatch.setattr(prepared_module, "parse_within", parse)
    for key in (gateway.key, gateway.other_key):
        calls = 0
        for _ in range(4):
            await gateway.data("{ asked: viewer { keyName } }", key=key)
        assert calls == 1


async def test_a_page_that_is_asked_for_again_is_known_by_its_cursor_too(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        await gateway.data(RECORD.replace('"p"', f'"p{number}"'))
    page = "query ($c: String) { interactions(first: 1, after: $c) { nodes { featureId } pageInfo { endCursor } } }"
    cursor, seen = None, []
    for _ in range(3):
        answers = [(await gateway.data(page, {"c": cursor}))["interactions"] for _ in range(4)]
        assert answers[1:] == answers[:1] * 3
        seen.append(answers[0]["nodes"][0]["featureId"])
        cursor = answers[0]["pageInfo"]["endCursor"]
    assert seen == ["p2", "p1", "p0"]
