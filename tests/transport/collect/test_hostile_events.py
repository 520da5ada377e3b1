"""Whatever collectors are sent is recorded, or refused with what is wrong: none of it is an error of the gateway."""

import json
import random
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from gateway.demo.embedded_mongod import EmbeddedServer
from tests.harness.gateway_client import Gateway, new_gateway
from tests.transport.collect.test_algolia_collector import CLICK, send, told
from tests.transport.collect.test_ubi_collector import EVENT, QUERY
from tests.transport.collect.test_ubi_collector import send as send_ubi

pytestmark = pytest.mark.asyncio(loop_scope="module")

ODD: list[Any] = [
    *(
        None,
        True,
        False,
        0,
        -1,
        1.5,
        2**31,
        2**63,
        2**70,
        -(2**70),
        1e300,
        10**310,
        -(10**401),
        "",
        " ",
        "\0",
        "a" * 600,
        "é" * 513,
        "$where",
    ),
    *([], [None], [[]], [{}], {}, {"$ref": "a", "$id": 1}, {"a.b": 1}, {"$set": {}}, {"": ""}, {"a\0b": 1}),
    *(
        "1",
        "1e5",
        "NaN",
        "Infinity",
        "-0",
        "2024-05-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "%00",
        "%",
        "%zz:",
        ":",
        "a:",
    ),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri) as gateway:
        yield gateway


def mutants(template: dict[str, Any], more: tuple[str, ...], seed: int) -> Iterator[dict[str, Any]]:
    """The template with something odd in each place, and in a few at once."""
    choice = random.Random(seed)
    names = (*template, *more)
    for name in names:
        for odd in ODD:
            yield {**template, name: odd}
            yield {**template, name: [odd]}
    for _ in range(200):
        yield {**template, **{name: choice.choice(ODD) for name in choice.sample(names, 4)}}


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": [value]}
    return value


async def test_odd_events_of_algolia(gateway: Gateway) -> None:
    more = ("filters", "objectData", "timestamp", "value", "currency", "authenticatedUserToken", "eventSubtype", "x")
    statuses = set()
    for event in mutants(CLICK, more, 1):
        statuses.add(told(await send(gateway, {"events": [event]}))[0])
    assert statuses == {200, 422}


async def test_odd_documents_of_ubi(gateway: Gateway) -> None:
    more = ("user_query", "event_attributes", "x")
    for address, template in (("/ubi_events", EVENT), ("/ubi_queries", QUERY)):
        statuses = set()
        for document in mutants(template, more, 2):
            statuses.add(told(await send_ubi(gateway, address, document))[0])
        assert statuses <= {200, 409, 422}
        assert {200, 422} <= statuses


@pytest.mark.parametrize(
    ("address", "body"),
    [
        ("/ubi_events", {**EVENT, "x": deep(40)}),
        ("/ubi_events", {**EVENT, "x": deep(400)}),
        ("/ubi_events", {**EVENT, "x": [0] * 30_000}),
        ("/ubi_events", {**EVENT, "x": "a" * 300_000}),
        ("/ubi_queries", {**QUERY, "x": "a" * 1_500_000}),
        ("/ubi_queries", {**QUERY, "x": [[0] * 100] * 3_000}),
        ("/ubi_events", [{**EVENT, "x": "a" * 1_900, "session_id": f"s{n}"} for n in range(900)]),
        ("/1/events", {"events": [{**CLICK, "x": deep(400)}]}),
        ("/1/events", {"events": [{**CLICK, "x": [0] * 200_000}]}),
    ],
)
async def test_what_is_great_is_recorded_or_named_as_too_great(gateway: Gateway, address: str, body: Any) -> None:
    response = await send_ubi(gateway, address, body)
    status, message = told(response)
    assert status in (200, 400, 413, 422), message
    assert "Traceback" not in message


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 50_000, "1e999", "-", '"\\ud800"', '{"events":[{"a":1,"a":2}]}', "NaN"]
)
async def test_what_is_no_json_of_events_is_refused(gateway: Gateway, text: str) -> None:
    for address in ("/1/events", "/ubi_events", "/ubi_queries"):
        assert told(await send_ubi(gateway, address, text.encode()))[0] in (400, 422), json.dumps(text)[:40]
