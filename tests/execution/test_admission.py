"""What requests cost that are refused before they are run: by their size, from whatever they were known before."""

from collections.abc import AsyncIterator

import orjson
import pytest

from gateway.context import Rate
from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.errors import RateLimited
from gateway.plan.cost import MOST_REFUSED, refusal_points
from gateway.scheduling.rate_limiter import TokenBuckets
from gateway.store.client import Database
from gateway.store.token_buckets import SharedTokenBuckets
from tests.harness.gateway_client import Gateway, open_gateway

LIGHT = {"query": "{ __typename }"}
GRAPHQL = {"Accept": "application/graphql-response+json"}
IDS = "query ($ids: [ID!]!) { features(featureIds: $ids) { featureId } }"


@pytest.fixture(params=["memory", "mongodb"])
async def gateway(request: pytest.FixtureRequest, database: Database, mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    """One whose keys get next to nothing back while a test runs."""
    settings = {"rate_limit_burst": 10_000, "rate_limit_restore": 1, "rate_limit_store": request.param}
    async with open_gateway(database, mongod.uri, batch_limit=2, **settings) as gateway:
        yield gateway


async def spent(gateway: Gateway) -> int:
    """By all requests so far, but for this one."""
    response = await gateway.post(LIGHT)
    assert response.status_code == 200, response.text
    return 10_000 - int(response.headers["RateLimit-Remaining"]) - 1


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
async def test_a_refused_request_is_paid_for_by_its_size_each_time(name: str, gateway: Gateway) -> None:
    price = refusal_points(len(orjson.dumps(REFUSED[name])))
    for times in (1, 2, 3):
        response = await gateway.post(REFUSED[name], headers=GRAPHQL)
        assert response.status_code == 400, response.text
        # What was spent to ask is paid for as well.
        assert await spent(gateway) == pytest.approx(times * price + times - 1, abs=1)


async def test_a_valid_request_costs_what_it_did_however_it_is_sent(gateway: Gateway) -> None:
    for query in ("{ viewer { keyName } }", "{ viewer { keyName } } # again"):
        for _ in range(2):
            answer = await gateway.execute(query)
            assert (answer["extensions"]["cost"]["requested"], answer["extensions"]["cost"]["actual"]) == (1, 1)
    await gateway.data(IDS, {"ids": ["x" * 100] * 100})
    assert await spent(gateway) == 5


async def test_who_has_nothing_left_is_told_when_to_come_again_and_nothing_of_the_document(gateway: Gateway) -> None:
    met_before = {"query": "{ known }"}
    assert (await gateway.post(met_before, headers=GRAPHQL)).status_code == 400
    for number in range(99):
        response = await gateway.post({"query": f"{{ unknown{number} }}".ljust(10_000)}, headers=GRAPHQL)
        if response.status_code == 429:
            break
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
    response = await gateway.post([{"query": "{ a }"}, LIGHT])
    [refused, answered] = response.json()
    assert refused["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert answered["data"] == {"__typename": "Query"}
    assert await spent(gateway) == pytest.approx(
        refusal_points(len(orjson.dumps([{"query": "{ a }"}, LIGHT])) // 2) + 1, abs=1
    )


async def test_a_name_that_is_not_known_costs_nothing(gateway: Gateway) -> None:
    missing = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}}
    assert (await gateway.post(missing)).json()["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
    assert await spent(gateway) == 0


def test_the_price_grows_with_the_size_up_to_a_bound() -> None:
    assert [refusal_points(size) for size in (0, 19, 20, 1_000, 19_799, 19_800, 2_000_000)] == [
        10,
        10,
        11,
        60,
        999,
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
