"""What requests cost that are refused before they are run: by their size, from whatever they were known before."""

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from graphql import DocumentNode

from gateway.context import Rate
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.errors import RateLimited
from gateway.limits import Limits
from gateway.plan.cost import LEAST
from gateway.preparation import prepared_documents
from gateway.preparation.document_limits import parse_within
from gateway.scheduling.rate_limiter import MOST_REFUSED, TokenBuckets, refusal_points
from gateway.store.client import Database
from gateway.store.token_buckets import SharedTokenBuckets
from tests.harness.gateway_client import Gateway, code, open_gateway


async def chunks() -> AsyncIterator[bytes]:
    """More than a body may have, without saying so."""
    for _ in range(30):
        yield b" " * 100_000


LIGHT = {"query": "{ __typename }"}
GRAPHQL = {"Accept": "application/graphql-response+json"}
IDS = "query ($ids: [ID!]!) { features(featureIds: $ids) { featureId } }"


@pytest.fixture(params=["memory", "mongodb"])
async def gateway(request: pytest.FixtureRequest, database: Database, mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    """One whose keys get next to nothing back while a test runs."""
    settings = {"rate_limit_burst": 50_000, "rate_limit_restore": 1, "rate_limit_store": request.param}
    async with open_gateway(database, mongod.uri, batch_limit=2, **settings) as gateway:
        yield gateway


async def spent(gateway: Gateway) -> int:
    """By all requests so far, but for this one."""
    response = await gateway.post(LIGHT)
    assert response.status_code == 200, response.text
    return 50_000 - int(response.headers["RateLimit-Remaining"]) - LEAST


async def spend_all(gateway: Gateway) -> None:
    for size in (30_000, 10_000, 1_000, 0):
        for number in range(1_000):
            query = f"{{ unknown{number} }}".ljust(size) if size else "{ __typename }"
            if (await gateway.post({"query": query}, headers=GRAPHQL)).status_code == 429:
                break


REFUSED = {
    "a syntax error": {"query": "{ viewer {"},
    "an unknown field": {"query": "{ nothing }"},
    "too many aliases": {"query": "{ viewer { " + " ".join(f"a{number}: keyName" for number in range(31)) + " } }"},
    "wrong variables": {"query": IDS, "variables": {"ids": [{}] * 10}},
    "wrong variables, and many": {"query": IDS, "variables": {"ids": [{}] * 900}},
    "too many variables": {"query": IDS, "variables": {"ids": ["x"] * 1_001}},
    "an unknown operation": {"query": "query A { __typename } query B { __typename }", "operationName": "C"},
}


@pytest.mark.parametrize("name", REFUSED)
async def test_a_refused_request_is_paid_for_by_its_size_at_least_each_time(name: str, gateway: Gateway) -> None:
    """By its time where its document isn't known, or its variables are many."""
    await gateway.make_known(LIGHT["query"])
    price, before = refusal_points(len(orjson.dumps(REFUSED[name]))), 0
    for _ in range(3):
        response = await gateway.post(REFUSED[name], headers=GRAPHQL)
        assert response.status_code == 400, response.text
        after = await spent(gateway)
        assert after >= before + price
        before = after


async def test_what_is_known_to_be_refused_costs_its_size(gateway: Gateway) -> None:
    await gateway.make_known(LIGHT["query"], "{ nothing }")
    price = refusal_points(len(orjson.dumps({"query": "{ nothing }"})))
    for times in (1, 2):
        await gateway.post({"query": "{ nothing }"})
        # What was spent to ask is paid for as well.
        assert await spent(gateway) == pytest.approx(times * price + (times - 1) * LEAST, abs=1)


# Not a GraphQL request, whatever it is.
NONE_AT_ALL: dict[str, dict[str, Any]] = {
    "no JSON": {"content": b"x" * 1_000},
    "long, and no JSON": {"content": b"[" * 100_000},
    "JSON, and no request": {"content": b"[1, 2]".ljust(1_000)},
    "no query": {"content": b"{}".ljust(1_000)},
    "too many entries": {"content": b"[" + b"1," * 200_000 + b"1]"},
    "of another type": {"content": b"x", "headers": {"Content-Type": "text/plain"}},
    "in a coding": {"content": b"x", "headers": {"Content-Encoding": "gzip"}},
    "too large": {"content": None},
}


@pytest.mark.parametrize("name", NONE_AT_ALL)
async def test_what_is_no_request_at_all_is_paid_for_by_its_size(name: str, gateway: Gateway) -> None:
    await gateway.make_known(LIGHT["query"])
    sent = NONE_AT_ALL[name]
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {gateway.key}", **sent.get("headers", {})}
    content = sent["content"]
    response = await gateway.http.post("/graphql", content=content or chunks(), headers=headers)
    assert response.status_code >= 400, response.text
    price = refusal_points(2_000_000 if content is None else len(content))
    # But for what came back meanwhile.
    assert await spent(gateway) >= price - 5


async def test_what_is_wrong_with_an_address_is_paid_for_by_its_size(gateway: Gateway) -> None:
    await gateway.make_known(LIGHT["query"])
    response = await gateway.http.get(
        "/graphql", params={"variables": "x" * 1_000}, headers={"Authorization": f"Bearer {gateway.key}"}
    )
    assert response.status_code == 400
    assert await spent(gateway) == pytest.approx(refusal_points(1_010), abs=2)


async def test_a_document_is_paid_for_once_and_not_prepared_for_who_has_no_points(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    await gateway.make_known(LIGHT["query"])
    parsed = list[str]()

    def parse(text: str, limits: Limits | None) -> DocumentNode:
        parsed.append(text)
        return parse_within(text, limits)

    monkeypatch.setattr(prepared_documents, "parse_within", parse)
    query = "{ " + " ".join(f"a{place}: viewer {{ keyName }}" for place in range(10)) + " }"
    await gateway.data(query)
    paid = await spent(gateway)
    assert paid > refusal_points(0)
    await gateway.data(query)
    # Each of the two asks itself, and asks what was spent.
    assert await spent(gateway) - paid == pytest.approx(2 * LEAST, abs=1)
    await spend_all(gateway)
    parsed.clear()
    assert code(await gateway.post({"query": f"{query} # another"})) == "RATE_LIMITED"
    assert parsed == []


async def test_a_valid_request_costs_what_it_did_however_it_is_sent(gateway: Gateway) -> None:
    for query in ("{ viewer { keyName } }", "{ viewer { keyName } } # again"):
        for _ in range(2):
            answer = await gateway.execute(query)
            assert (answer["extensions"]["cost"]["requested"], answer["extensions"]["cost"]["actual"]) == (LEAST, LEAST)
    await gateway.data(IDS, {"ids": ["x" * 100] * 100})


async def test_who_has_nothing_left_is_told_when_to_come_again_and_nothing_of_the_document(gateway: Gateway) -> None:
    met_before = {"query": "{ known }"}
    assert (await gateway.post(met_before, headers=GRAPHQL)).status_code == 400
    await spend_all(gateway)
    for body in ({"query": "{ another }"}, met_before, LIGHT):
        response = await gateway.post(body, headers=GRAPHQL)
        assert response.status_code == 429
        assert int(response.headers["Retry-After"]) >= 1
        assert response.headers["RateLimit-Remaining"] == "0"
        [error] = response.json()["errors"]
        assert error["extensions"]["code"] == "RATE_LIMITED"
    # Others have what they had.
    assert (await gateway.post(LIGHT, key=gateway.other_key)).status_code == 200


async def test_each_request_of_a_batch_that_is_refused_is_paid_for(gateway: Gateway) -> None:
    await gateway.make_known(LIGHT["query"], "{ a }")
    response = await gateway.post([{"query": "{ a }"}, LIGHT])
    [refused, answered] = response.json()
    assert refused["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert answered["data"] == {"__typename": "Query"}
    price = refusal_points(len(orjson.dumps([{"query": "{ a }"}, LIGHT])) // 2)
    assert await spent(gateway) == pytest.approx(price + LEAST, abs=1)
    await gateway.post([{"query": 1}, {"query": 1}])
    assert await spent(gateway) == pytest.approx(price + 2 * LEAST + 2 * refusal_points(12), abs=2)


async def test_a_name_that_is_not_known_costs_one_point(gateway: Gateway) -> None:
    await gateway.make_known(LIGHT["query"])
    missing = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}}
    for _ in range(20):
        assert code(await gateway.post(missing)) == "PERSISTED_QUERY_NOT_FOUND"
    assert await spent(gateway) == pytest.approx(20, abs=5)


def test_the_price_grows_with_the_size_up_to_a_bound() -> None:
    assert [refusal_points(size) for size in (0, 19, 20, 1_000, 19_600, 19_800, 2_000_000)] == [
        20,
        20,
        21,
        70,
        1_000,
        1_000,
        MOST_REFUSED,
    ]


@pytest.mark.parametrize("kind", [TokenBuckets, SharedTokenBuckets])
async def test_what_is_charged_may_be_more_than_there_is(kind: type, database: Database) -> None:
    rate = Rate(burst=100, restore=1)
    buckets = SharedTokenBuckets(database, rate) if kind is SharedTokenBuckets else TokenBuckets(rate)
    assert (await buckets.spend("a", 1)).remaining == 99
    buckets.charge("a", 300)
    with pytest.raises(RateLimited) as refused:
        await buckets.spend("a", 1)
    assert 195 <= refused.value.retry_after <= 202
    assert (await buckets.spend("b", 1)).remaining == 99
