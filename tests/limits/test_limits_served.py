"""Each limit as clients meet it, with its default: at the limit they are answered, one beyond it the limit is named."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import orjson
import pytest
import pytest_asyncio

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.settings import Settings, load
from tests.harness.gateway_client import Gateway, new_gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

DEFAULTS = {
    "limits.tokens": 2_000,
    "limits.comments": 100,
    "limits.source_bytes": 50_000,
    "limits.depth": 20,
    "limits.aliases": 30,
    "limits.root_fields": 10,
    "limits.directives": 20,
    "limits.operations": 10,
    "limits.variables": 50,
    "limits.list_items": 1_000,
    "limits.json_nodes": 20_000,
    "limits.json_depth": 130,
    "connection_limits.body_bytes": 2_000_000,
    "connection_limits.read_seconds": 10,
    "limits.operation_time_ms": 10_000,
    "limits.read_time_ms": 3_000,
    "limits.page_size": 100,
    "connection_limits.headers": 200,
    "point_limits.cost": 5_000,
    "subscription_limits.socket_operations": 50,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri) as gateway:
        yield gateway


async def test_the_defaults() -> None:
    settings = load(Settings, mongodb_uri="mongodb://db.example")
    assert {name: attrgetter(name)(settings) for name in DEFAULTS} == DEFAULTS


@dataclass(frozen=True)
class Limited:
    """``asking``: the request that has so many; ``told``: what is said of one too many."""

    limit: int
    asking: Callable[[int], dict[str, Any]]
    told: str
    code: str = "OPERATION_TOO_COMPLEX"
    path: tuple[str, ...] = ()


def document(text: Callable[[int], str]) -> Callable[[int], dict[str, Any]]:
    return lambda count: {"query": text(count)}


def repeated(text: str, count: int) -> str:
    return " ".join(text.format(number) for number in range(count))


def levels(count: int) -> str:
    """Selections of so many levels, all below three in a fragment."""
    again = "feature {{ interactions(first: 1) {{ nodes {{ {0} }} }} }}"
    inner = {0: "id", 1: "feature { featureId }", 2: "feature { interactions(first: 1) { totalCount } }"}[count % 3]
    for _ in range(count // 3 - 1):
        inner = again.format(inner)
    return f"{{ interactions(first: 1) {{ nodes {{ ...F }} }} }} fragment F on Interaction {{ {inner} }}"


def many_values(count: int) -> str:
    ids = ['"x"'] * (count - 24)
    listed = [" ".join(ids[:990]), " ".join(ids[990:])]
    return (
        f"{{ a: features(featureIds: [{listed[0]}]) {{ featureId }}"
        f" features(featureIds: [{listed[1]}]) {{ featureId }} }}"
    )


def deep(levels: int) -> Any:
    value: Any = {}
    for _ in range(levels - 1):
        value = {"nor": value}
    return value


WHERE = "query ($where: InteractionWhere) { interactions(where: $where) { nodes { id } } }"
IDS = "query ($ids: [ID!]!) { features(featureIds: $ids) { featureId } }"
RECORD = "mutation ($input: RecordInteractionInput!) { recordInteraction(input: $input) { created } }"
NEW = {"featureId": "f", "interactionType": "VIEW"}

LIMITS = {
    "tokens": Limited(2_000, document(many_values), "A document may have at most 2,000 lexical tokens."),
    "comments": Limited(
        100, document(lambda count: "#\n" * count + "{ __typename }"), "A document may have at most 100 comments."
    ),
    "source": Limited(
        50_000, document(lambda count: "{ __typename }".ljust(count)), "A document may have at most 50,000 bytes."
    ),
    "depth": Limited(20, document(levels), "Selections may be nested at most 20 levels deep, with fragments expanded."),
    "aliases": Limited(
        30,
        document(lambda count: f"{{ viewer {{ {repeated('a{}: keyName', count)} }} }}"),
        "An operation may have at most 30 aliases, with fragments expanded.",
    ),
    "root fields": Limited(
        10,
        document(lambda count: f"{{ {repeated('a{}: __typename', count)} }}"),
        "An operation may have at most 10 root fields.",
    ),
    "directives": Limited(
        20,
        document(lambda count: f"{{ viewer {{ {repeated('a{}: keyName @include(if: true)', count)} }} }}"),
        "A document may have at most 20 directives.",
    ),
    "operations": Limited(
        10,
        lambda count: {"query": repeated("query Q{} {{ __typename }}", count), "operationName": "Q1"},
        "A document may have at most 10 operations.",
    ),
    "variables": Limited(
        50,
        lambda count: {
            "query": f"query ({repeated('$v{}: ID!', count)}) "
            f"{{ features(featureIds: [{repeated('$v{}', count)}]) {{ featureId }} }}",
            "variables": {f"v{number}": "f" for number in range(count)},
        },
        "An operation may have at most 50 variables.",
    ),
    "entries of a list": Limited(
        1_000,
        lambda count: {"query": IDS, "variables": {"ids": ["f"] * count}},
        "A list may have at most 1,000 entries, not 1,001.",
        "BAD_USER_INPUT",
        ("ids",),
    ),
    "values of a list in the document": Limited(
        1_000,
        document(lambda count: f"{{ features(featureIds: [{'1 ' * count}]) {{ featureId }} }}"),
        "A list or an input object may have at most 1,000 values.",
    ),
    "entries within JSON": Limited(
        20_000,
        lambda count: {"query": RECORD, "variables": {"input": {**NEW, "metadata": {"a": [0] * (count - 1)}}}},
        "JSON values may have at most 20,000 entries in all.",
        "BAD_USER_INPUT",
        ("input", "metadata", "a"),
    ),
    "a page from the start": Limited(
        100,
        document(lambda count: f"{{ interactions(first: {count}) {{ nodes {{ id }} }} }}"),
        "`first` must be between 0 and 100, not 101.",
        "BAD_USER_INPUT",
        ("first",),
    ),
    "a page from the end": Limited(
        100,
        document(lambda count: f"{{ interactions(last: {count}) {{ nodes {{ id }} }} }}"),
        "`last` must be between 0 and 100, not 101.",
        "BAD_USER_INPUT",
        ("last",),
    ),
    "points": Limited(
        50,
        lambda count: {
            "query": "query ($ids: [ID!]!) { features(featureIds: $ids) "
            "{ interactions(first: 100) { nodes { id } } } }",
            "variables": {"ids": ["f"] * count},
        },
        "The operation may cost 5,100 points; at most 5,000 are allowed.",
    ),
}


@pytest.mark.parametrize("name", LIMITS)
async def test_a_limit(name: str, gateway: Gateway) -> None:
    limited = LIMITS[name]
    answer = (await gateway.post(limited.asking(limited.limit))).json()
    assert answer.keys() == {"data"}, answer
    [error] = (await gateway.post(limited.asking(limited.limit + 1))).json()["errors"]
    assert error["message"] == limited.told
    assert error["extensions"]["code"] == limited.code
    assert tuple(error["extensions"].get("path", ())) == limited.path


async def test_levels_of_a_variable(gateway: Gateway) -> None:
    told = "Values may be nested at most 130 levels deep."
    answer = await gateway.execute(WHERE, {"where": deep(130)})
    assert told not in {error["message"] for error in answer.get("errors", ())}
    [error] = (await gateway.execute(WHERE, {"where": deep(131)}))["errors"]
    assert error["message"] == told
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["path"] == ["where", *["nor"] * 130]


async def test_entries_of_an_input_object(gateway: Gateway) -> None:
    told = "An input object may have at most 1,000 entries, not 1,001."
    for count in (1_000, 1_001):
        answer = await gateway.execute(WHERE, {"where": {f"k{number}": 1 for number in range(count)}})
        assert (told in {error["message"] for error in answer["errors"]}) == (count == 1_001)


async def test_bytes_of_a_body(gateway: Gateway) -> None:
    for count, status in ((2_000_000, 200), (2_000_001, 413)):
        body = orjson.dumps({"query": "{ __typename }"}).ljust(count)
        response = await gateway.http.post(
            "/graphql",
            content=body,
            headers={"Authorization": f"Bearer {gateway.key}", "Content-Type": "application/json"},
        )
        assert response.status_code == status
    [error] = response.json()["errors"]
    assert error["message"] == "The body may have at most 2,000,000 bytes."
    assert error["extensions"] == {"code": "PAYLOAD_TOO_LARGE"}


async def test_a_page_may_be_larger_or_smaller_where_it_is_set(mongod: EmbeddedServer) -> None:
    async with new_gateway(mongod.uri, page_limit=250) as gateway:
        recorded = "mutation ($input: RecordInteractionsInput!) { recordInteractions(input: $input) { createdCount } }"
        await gateway.data(recorded, {"input": {"interactions": [NEW] * 240}})
        paged = """query ($size: Int!) {
          interactions(first: $size) { nodes { id } }
          feature(featureId: "f") { interactions(last: $size) { nodes { id } } }
        }"""
        data = await gateway.data(paged, {"size": 250})
        assert [len(one["nodes"]) for one in (data["interactions"], data["feature"]["interactions"])] == [240, 240]
        [error] = (await gateway.execute("{ interactions(last: 251) { nodes { id } } }"))["errors"]
        assert error["message"] == "`last` must be between 0 and 250, not 251."
    async with new_gateway(mongod.uri, page_limit=10) as gateway:
        await gateway.data("{ interactions { nodes { id } } }")
        [error] = (await gateway.execute("{ interactions(first: 11) { nodes { id } } }"))["errors"]
        assert error["message"] == "`first` must be between 0 and 10, not 11."
