"""What an operation's bytes cost, and that it is stopped at its limit."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from bson import encode

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.errors import ReadTooLarge, WriteTooLarge
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.model.wire import validate_interaction, validate_search_request
from gateway.plan.usage import Usage, UsageLimits
from tests.harness.gateway_client import Gateway, new_gateway

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
LISTING = "{ interactions(first: 20) { nodes { searchRequest { json } } } }"
BY_IDS = "{ interactionsByIds(interactionIds: [%s]) { searchRequest { json } } }"
JOINED = "{ features(featureIds: [%s]) { interactions(first: 20) { nodes { searchRequest { json } } } } }"


@pytest.mark.parametrize(
    ("size", "documents", "points"), [(2_000, 1, 0), (5_999, 1, 0), (6_000, 1, 1), (400_000, 20, 90)]
)
def test_a_document_comes_with_its_first_bytes(size: int, documents: int, points: int) -> None:
    usage = Usage(UsageLimits(read=1_000_000, written=0))
    usage.read(size)
    usage.decoded(documents)
    assert usage.points == points


def test_bytes_beyond_the_limit_are_paid_for_too() -> None:
    usage = Usage(UsageLimits(read=10_000, written=0))
    usage.read(10_000)
    with pytest.raises(ReadTooLarge, match="more than 10,000 bytes"):
        usage.read(6_000)
    assert usage.points == 4


def test_what_is_refused_is_not_written() -> None:
    usage = Usage(UsageLimits(read=0, written=10_000))
    usage.written([1_000, 5_000])
    with pytest.raises(WriteTooLarge, match="more than 10,000 bytes"):
        usage.written([4_000, 1])
    assert usage.points == 8
    usage.written([4_000])
    assert usage.points == 14


async def test_time_counts_until_what_examines_has_ended_once_for_what_runs_side_by_side_and_up_to_a_limit() -> None:
    usage, limited = Usage(UsageLimits(1, 1)), Usage(UsageLimits(1, 1, examining=0.01))
    one, another, other = [asyncio.get_running_loop().create_future() for _ in range(3)]
    for command in (one, another):
        usage.begin(command, examines=True)
        limited.begin(command, examines=True)
    usage.begin(other, examines=False)
    one.set_result(None)
    await asyncio.sleep(0.05)
    assert usage.examination_points == limited.examination_points == 0
    another.set_result(None)
    await asyncio.sleep(0)
    assert usage.examination_points >= 500
    assert limited.examination_points == 100
    assert usage.commands == {other}
    other.cancel()


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["pymongo", "motor"])
async def shop(mongod: EmbeddedServer, request: pytest.FixtureRequest) -> AsyncIterator[Gateway]:
    """Twenty interactions of two features, each with a search request of 50 KB; twelve may be read at once."""
    async with new_gateway(
        mongod.uri, rate_limit_restore=25_000, read_limit_bytes=620_000, driver=request.param
    ) as gateway:
        recordings = [
            validate_interaction(
                {
                    "interaction_id": f"i{number}",
                    "feature_id": f"f{number % 2}",
                    "interaction_type": "view",
                    "search_request": {
                        "search_request_id": f"r{number}",
                        "queries": [],
                        "collections": [],
                        "note": "x" * 50_000,
                    },
                }
            )
            for number in range(20)
        ]
        await gateway.writer.record(gateway.namespace, recordings, NOON)
        yield gateway


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("whole", "broad"),
    [
        (LISTING.replace("20", "10"), LISTING),
        (JOINED % '"f0"', JOINED % '"f0", "f1"'),
        (BY_IDS % '"i1"', BY_IDS % " ".join(f'"i{number}"' for number in range(20))),
        (
            "{ a: %s b: %s }".replace("%s", LISTING[1:-1].replace("20", "5")),
            "{ a: %s b: %s }".replace("%s", LISTING[1:-1].replace("20", "6")),
        ),
    ],
    ids=["a listing", "a join", "a look-up", "two listings"],
)
async def test_an_operation_reads_no_more_bytes_than_it_may(whole: str, broad: str, shop: Gateway) -> None:
    assert "errors" not in await shop.execute(whole)
    [error, *others] = (await shop.execute(broad))["errors"]
    assert error["extensions"]["code"] == "QUERY_TOO_BROAD"
    assert "more than 620,000 bytes" in error["message"]
    assert error["path"]
    # Of two at once, one may have been read before.
    assert len(others) <= 1


@pytest.mark.asyncio(loop_scope="module")
async def test_bytes_that_were_read_are_paid_for(shop: Gateway) -> None:
    small = (await shop.execute("{ interactions(first: 10) { nodes { id } } }"))["extensions"]["cost"]
    assert (small["requested"], small["actual"]) == (10, 10)
    # One more than is shown tells whether there is another.
    large = (await shop.execute(LISTING.replace("20", "10")))["extensions"]["cost"]
    stored: Any = await shop.database[SEARCH_REQUEST.collection].find_one({}, {"search_request": 1})
    assert large["requested"] == 10
    size = len(encode(stored["search_request"]))
    read, sent = 11 * (size - 2_000) / 4_000, 10 * (size - 2_000) / 2_000
    assert large["actual"] == pytest.approx(10 + read + sent, abs=5)
    # What is refused for its bytes was read all the same.
    refused = (await shop.execute(LISTING))["extensions"]["cost"]
    assert refused["actual"] > 200


RECORD = "mutation ($input: RecordInteractionsInput!) { recordInteractions(input: $input) { createdCount errorCount } }"


def naming(prefix: str, count: int, request_id: str) -> dict[str, Any]:
    new = {"featureId": "f", "interactionType": "VIEW", "searchRequestId": request_id}
    return {"input": {"interactions": [{**new, "interactionId": f"{prefix}{number}"} for number in range(count)]}}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def recorder(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    """An operation may write 1 MB; a search request of 50 KB is recorded."""
    async with new_gateway(mongod.uri, rate_limit_restore=25_000, write_limit_bytes=1_000_000) as gateway:
        request = {"search_request_id": "large", "queries": [], "collections": [], "note": "x" * 50_000}
        await gateway.writer.record_search_request(gateway.namespace, validate_search_request(request), NOON)
        yield gateway


@pytest.mark.asyncio(loop_scope="module")
async def test_an_operation_writes_no_more_bytes_than_it_may(recorder: Gateway) -> None:
    stored = recorder.database[INTERACTION.collection]
    answer = await recorder.execute(RECORD, naming("a", 20, "large"))
    [error] = answer["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["recordInteractions"], "OPERATION_TOO_COMPLEX")
    assert "more than 1,000,000 bytes" in error["message"]
    assert await stored.count_documents({}) == 0
    assert (await recorder.data(RECORD, naming("a", 19, "large")))["recordInteractions"]["createdCount"] == 19
    # What was recorded may be sent again.
    assert (await recorder.data(RECORD, naming("a", 19, "large")))["recordInteractions"]["errorCount"] == 0


@pytest.mark.asyncio(loop_scope="module")
async def test_an_operation_writes_no_more_by_several_fields(recorder: Gateway) -> None:
    fields = " ".join(f"{name}: recordInteractions(input: $input) {{ createdCount }}" for name in "abc")
    mutation = f"mutation ($input: RecordInteractionsInput!) {{ {fields} }}"
    answer = await recorder.execute(mutation, naming("several", 8, "large"))
    assert [error["path"] for error in answer["errors"]] == [["c"]]


@pytest.mark.asyncio(loop_scope="module")
async def test_bytes_that_are_written_are_paid_for(recorder: Gateway) -> None:
    cost = (await recorder.execute(RECORD, naming("paid", 10, "large")))["extensions"]["cost"]
    # The search request is read once.
    assert cost["requested"] == 20
    assert cost["actual"] == pytest.approx(20 + 50_000 / 4_000 + 10 * (50_000 - 1_000) / 500, rel=0.02)
    small = (await recorder.execute(RECORD, naming("unpaid", 10, "none")))["extensions"]["cost"]
    assert small["actual"] == 20
