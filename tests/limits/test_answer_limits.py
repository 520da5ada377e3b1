"""How much an answer may hold by default: values, counted as they are shaped, and bytes."""

import json
from collections.abc import AsyncIterator
from time import process_time
from typing import Any

import pytest
import pytest_asyncio

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.execution.bounded_encoding import encoded_within, with_leaves_within
from gateway.model.kinds import INTERACTION
from gateway.plan.fetched_pages import Pages
from gateway.scheduling.paid_work import SECONDS_PER_POINT
from tests.harness import prepared
from tests.harness.gateway_client import Gateway, new_gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

VALUES = "An answer may have at most 200,000 values: ask for smaller pages, or for less of each element."
FEWER = (
    "An answer with errors in it may have at most 20,000 values: ask for smaller pages, or for less of each element."
)
BYTES = "An answer may have at most 16,000,000 bytes: ask for smaller pages, or for less of each element."
LEVELS = """
fragment L1 on FilterNode { __typename ... on FilterCondition { key operator value } ... on FilterGroup {
  and { ...L2 } or { ...L2 } nor { ...L2 } } }
fragment L2 on FilterNode { __typename ... on FilterCondition { key operator value } ... on FilterGroup {
  and { ...L3 } or { ...L3 } nor { ...L3 } } }
fragment L3 on FilterNode { __typename ... on FilterCondition { key operator value } ... on FilterGroup { text } }
"""


def tree(conditions: int) -> dict[str, Any]:
    """Groups of ten conditions in a group."""
    some = [{"key": f"k{number}", "operator": "eq", "value": number} for number in range(conditions)]
    return {"OR": [{"AND": some[start : start + 10]} for start in range(0, conditions, 10)]}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    """One hundred interactions of "u", with trees of 20 conditions, and twenty of "big", with trees of 500."""
    async with new_gateway(mongod.uri) as gateway:
        document = {"namespace_id": gateway.namespace.id, "feature_id": "f", "interaction_type": "click"}
        sizes = [("u", number, 20) for number in range(100)] + [("big", number, 500) for number in range(20)]
        await gateway.database[INTERACTION.collection].insert_many(
            {
                **document,
                "interaction_id": f"{user}{number}",
                "user_id": user,
                "search_request_id": "r",
                "search_request": {"filters": tree(conditions)},
                "metadata": {"long": "x" * 80_000} if user == "big" else {"a": [1, 2]},
            }
            for user, number, conditions in sizes
        )
        yield gateway


def asking(selection: str, user: str = "big", first: int = 100) -> str:
    return f'{{ interactions(first: {first}, where: {{ userId: {{ eq: "{user}" }} }}) {{ nodes {{ {selection} }} }} '


def filters(selection: str) -> str:
    return f"searchRequest {{ filters {{ {selection} }} }}"


FLAT = "flat { index parentIndex depth branch key operator value }"


def aliased(selection: str, times: int = 28) -> str:
    return " ".join(f"a{number}: {selection}" for number in range(times))


async def test_a_hundred_interactions_with_all_of_their_trees_are_answered(gateway: Gateway) -> None:
    for selection, fragments in (
        (FLAT, ""),
        (f"text json keys depth {FLAT}", ""),
        ("and { ...L1 } or { ...L1 }", LEVELS),
    ):
        data = await gateway.data(asking(filters(selection), "u") + "}" + fragments)
        assert len(data["interactions"]["nodes"]) == 100
    # Also where an error stands beside them.
    answer = await gateway.execute(asking(filters("text json"), "u") + 'node(id: "x") { id } }')
    assert len(answer["data"]["interactions"]["nodes"]) == 100
    assert len(answer["errors"]) == 1


@pytest.mark.parametrize(
    ("selection", "fragments"),
    [
        (filters(aliased(FLAT, 4)), ""),
        (filters(aliased("or { ... on FilterGroup { and { __typename } } }")), LEVELS.replace("...L1", "__typename")),
        (filters(aliased("or { ...L1 }", 5)), LEVELS),
        (filters(aliased("conditions { key operator }")), ""),
        (filters(aliased("depth")), ""),
        (filters(aliased("keys")), ""),
        (filters(aliased("text")), ""),
        (filters(f"or {{ ... on FilterGroup {{ and {{ {'x' * 4_000}: __typename }} }} }}"), ""),
    ],
)
async def test_an_answer_of_too_many_values_is_refused(selection: str, fragments: str, gateway: Gateway) -> None:
    used = fragments if "...L1" in selection else ""
    answer = await gateway.execute(asking(selection) + "}" + used)
    assert answer == {"errors": [{"message": VALUES, "extensions": {"code": "OPERATION_TOO_COMPLEX"}}]}


async def test_an_answer_with_errors_may_have_a_tenth_of_the_values(gateway: Gateway) -> None:
    answer = await gateway.execute(asking(filters(FLAT), first=3) + 'node(id: "x") { id } }')
    assert len(answer["errors"]) == 1
    assert len(answer["data"]["interactions"]["nodes"]) == 3
    for selection in (FLAT, "a: text b: text", aliased("depth", 8), aliased("conditions { key }", 4)):
        answer = await gateway.execute(asking(filters(selection), first=10) + 'node(id: "x") { id } }')
        assert answer == {"errors": [{"message": FEWER, "extensions": {"code": "OPERATION_TOO_COMPLEX"}}]}


@pytest.mark.parametrize("selection", ["metadata", "searchRequest { json }", "one: metadata two: metadata"])
async def test_an_answer_of_too_many_bytes_is_refused(selection: str, gateway: Gateway) -> None:
    data = await gateway.data(asking(selection) + "}")
    assert len(data["interactions"]["nodes"]) == 20
    answer = await gateway.execute(asking(aliased("metadata")) + "}")
    assert answer == {"errors": [{"message": BYTES, "extensions": {"code": "OPERATION_TOO_COMPLEX"}}]}


async def test_a_refused_answer_is_paid_for(mongod: EmbeddedServer, gateway: Gateway) -> None:
    async with new_gateway(mongod.uri, rate_limit_restore=1) as paying:
        document = {
            "namespace_id": paying.namespace.id,
            "feature_id": "f",
            "interaction_type": "click",
            "user_id": "big",
        }
        await paying.database[INTERACTION.collection].insert_one(
            {**document, "interaction_id": "i", "metadata": {"long": "x" * 900_000}}
        )
        left, began = [], process_time()
        for selection in ("metadata", aliased("metadata"), "userId"):
            response = await paying.post({"query": asking(selection) + "}"})
            left.append(int(response.headers.get("RateLimit-Remaining", 0)))
        # Neither answer costs much by what it reads; the second is refused, and is paid for by the time that it took.
        assert 500 < left[0] - left[2] < 5_000 + (process_time() - began) / SECONDS_PER_POINT


@pytest.mark.parametrize("selection", ["metadata", filters(f"json text {FLAT} a: or {{ __typename }}")])
async def test_an_answer_is_the_same_however_it_is_encoded(selection: str, gateway: Gateway) -> None:
    """Leaf by leaf, where it might be too long, or at once."""
    query = asking(selection) + "}"
    plan = prepared.compiled(query, {}).plan
    data = await gateway.data(query)
    few, many = Pages(), Pages()
    many.size = 10_000_000
    at_once, by_leaf = (
        encoded_within(20_000_000, with_leaves_within(20_000_000, plan, pages, data)) for pages in (few, many)
    )
    assert at_once == by_leaf
    assert json.loads(at_once) == data
