"""What searches are filtered by, beside what plain Python makes of the filters as they were recorded."""

import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.documents import derived_fields
from gateway.model.wire import validate_interaction
from gateway.plan.sources import filter_usage
from tests.harness.command_log import commands
from tests.harness.derived import derive_outcomes
from tests.harness.gateway_client import Gateway, new_gateway
from tests.oracle import derived_documents as oracle

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
VALUES: Sequence[Any] = (
    *(
        1,
        1.0,
        True,
        "1",
        None,
        -0.0,
        2.5,
        "é",
        "$value",
        "",
        [1.0, "x"],
        {"b": 1, "a": [None]},
        {"a": [None], "b": 1.0},
    ),
    *("a" * 98, "a" * 99, "long " * 40 + "x", "long " * 40 + "y", {"k": ["v" * 200]}),
)
KEYS = ("brand", "price", "$where", "a.b", "é")


def tree(rng: Random, depth: int = 0) -> dict[str, Any]:
    if depth == 3 or rng.random() < 0.6:
        operator = rng.choice([None, "eq", "IN", "gte"])
        named = {rng.choice(["key", "key", "field"]): rng.choice(KEYS)}
        return named | {"value": rng.choice(VALUES)} | ({"operator": operator} if operator else {})
    names = rng.sample(["AND", "OR", "NOR"], rng.randint(1, 2))
    return {name: [tree(rng, depth + 1) for _ in range(rng.randint(1, 3))] for name in names}


def recordings(seed: int) -> Iterator[Any]:
    """Interactions with searches in few sessions, some typed letter by letter."""
    rng = Random(seed)
    for number in range(80):
        at = NOON + timedelta(seconds=number * rng.choice([5, 20]))
        yield validate_interaction(
            {
                "interaction_id": f"i{number}",
                "feature_id": "p1",
                "interaction_type": rng.choice(["view", "click"]),
                "session_id": (session := f"s{rng.randrange(4)}"),
                "occurred_at": at.isoformat(),
                "search_request": {
                    "search_request_id": f"r{number}",
                    "session_id": session,
                    "collections": [rng.choice(["shoes", "hats"])],
                    "queries": [
                        {"vector_index": "text", "type": "text", "value": rng.choice(["r", "ru", "run"])}
                        | ({"filters": tree(rng)} if rng.random() < 0.4 else {})
                    ],
                    **({"filters": tree(rng)} if rng.random() < 0.8 else {}),
                },
            }
        )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri) as gateway:
        for namespace, seed in ((gateway.namespace, 1), (gateway.other_namespace, 2)):
            for number, recording in enumerate(recordings(seed)):
                await gateway.writer.record(namespace, [recording], NOON + timedelta(seconds=7 * number))
        # As other programs might have stored it.
        requests = gateway.database["search_requests"]
        other = {"OR": [{"key": "brand", "operator": "Near"}, {"key": "brand", "operator": "like"}, {"key": 5}, 7]}
        for id in ("r0", "r1", "r2", "r3"):
            request = await requests.find_one({"namespace_id": gateway.namespace.id, "search_request_id": id})
            assert request is not None
            request["search_request"]["filters"] = {"AND": [other["OR"][0], {"OR": [other["OR"][1]]}]}
            await requests.replace_one({"_id": request["_id"]}, request | derived_fields(request))
        for namespace in (gateway.namespace, gateway.other_namespace):
            await derive_outcomes(gateway.database, namespace)
        yield gateway


class Condition(NamedTuple):
    """A condition in its place."""

    key: str
    operator: str
    value: Any
    branch: str | None
    depth: int


def conditions(node: Mapping[str, Any], branch: str | None = None, depth: int = 0) -> Iterator[Condition]:
    if "key" in node or "field" in node:
        operator = (node.get("operator") or "eq").upper()
        known = operator in ("EQ", "IN", "GTE")
        yield Condition(
            node.get("key", node.get("field")), operator if known else "OTHER", node.get("value"), branch, depth
        )
    for name in ("AND", "OR", "NOR"):
        for inner in node.get(name, ()):
            yield from conditions(inner, name, depth + 1)


def canonical(value: Any) -> str:
    def plain(value: Any) -> Any:
        if isinstance(value, float) and value == int(value):
            return int(value)
        if isinstance(value, list):
            return [plain(item) for item in value]
        return {name: plain(item) for name, item in value.items()} if isinstance(value, dict) else value

    return json.dumps(plain(value), sort_keys=True, ensure_ascii=False)


class Search(NamedTuple):
    """A search request with what became of it."""

    outcome: Mapping[str, Any]
    conditions: Sequence[Condition]


async def searches(gateway: Gateway) -> list[Search]:
    mine = {"namespace_id": gateway.namespace.id}
    requests = await gateway.database["search_requests"].find(mine).to_list()
    interactions = await gateway.database["interactions"].find(mine).to_list()
    found = []
    for outcome in oracle.search_outcomes(requests, interactions):
        [request] = [request["search_request"] for request in requests if request["_id"] == outcome["_id"]]
        trees = [request.get("filters"), *(query.get("filters") for query in request["queries"])]
        found.append(Search(outcome, [condition for tree in trees if tree for condition in conditions(tree)]))
    assert any(search.outcome["merged"] for search in found)
    return found


def stats(of: Sequence[Search]) -> dict[str, Any]:
    searches = [search.outcome for search in of if not search.outcome["merged"]]
    clicked = sum(search["searches_clicked"] for search in searches)
    return {
        "searches": len(searches),
        "requests": len(of),
        "sessions": len({search.outcome["session_id"] for search in of}),
        "clickThroughRate": clicked / len(searches) if searches else None,
    }


def expected(of: Sequence[Search], most: int) -> list[dict[str, Any]]:
    keys = {condition.key for search in of for condition in search.conditions}
    usages = []
    for key in keys:
        on_key = [
            Search(search.outcome, [condition for condition in search.conditions if condition.key == key])
            for search in of
            if any(condition.key == key for condition in search.conditions)
        ]
        counts = {name: Counter[Any]() for name in ("operator", "branch", "depth")}
        by_value: dict[str, list[Search]] = defaultdict(list)
        for search in on_key:
            for spelling in {canonical(condition.value) for condition in search.conditions}:
                by_value[spelling].append(search)
            if not search.outcome["merged"]:
                for name, counter in counts.items():
                    counter.update({getattr(condition, name) for condition in search.conditions})
        values = [
            {"value": json.loads(spelling), "searches": measured["searches"], "stats": measured}
            for spelling, of_value in by_value.items()
            if (measured := stats(of_value))["searches"]
        ]
        values.sort(key=lambda usage: (-usage["searches"], canonical(usage["value"])))
        measured = stats(on_key)
        parts = {
            plural: [
                {name: value, "searches": count}
                for value, count in sorted(
                    counts[name].items(), key=lambda item: (-item[1], item[0] is not None, _stored(name, item[0]))
                )
            ]
            for plural, name in (("operators", "operator"), ("branches", "branch"), ("depths", "depth"))
        }
        if measured["searches"]:
            usages.append(
                {"key": key, "searches": measured["searches"], "stats": measured, "values": values[:most], **parts}
            )
    return sorted(usages, key=lambda usage: (-usage["searches"], usage["key"]))


def _stored(name: str, value: Any) -> Any:
    return value.lower() if name == "operator" and value != "OTHER" else value


STATS = "stats { searches requests sessions clickThroughRate }"
NODE = f"""key searches {STATS} values(first: $most) {{ value searches {STATS} }}
  operators {{ operator searches }} branches {{ branch searches }} depths {{ depth searches }}"""
QUERY = f"""query ($where: SearchRequestWhere, $most: Int!) {{
  filterUsage(where: $where, first: 100) {{ nodes {{ {NODE} }} totalCount }}
}}"""


@pytest.mark.parametrize("most", [100, 3])
async def test_each_key_has_the_parts_that_its_conditions_have(shop: Gateway, most: int) -> None:
    found = (await shop.data(QUERY, {"most": most}))["filterUsage"]
    usages = expected(await searches(shop), most)
    assert [node["key"] for node in found["nodes"]] == [usage["key"] for usage in usages]
    for node, usage in zip(found["nodes"], usages, strict=True):
        assert node == usage
        assert list(map(canonical, (of["value"] for of in node["values"]))) == [
            canonical(of["value"]) for of in usage["values"]
        ]
    assert found["totalCount"] == len(usages) == len(KEYS)


async def test_only_searches_that_match_count(shop: Gateway) -> None:
    found = await searches(shop)
    in_hats = [search for search in found if "hats" in search.outcome["collections"]]
    # By what no outcome is compared by: search requests are looked through.
    by_price = [search for search in found if any(condition[:2] == ("price", "GTE") for condition in search.conditions)]
    for where, matching in (
        ({"collections": {"has": "hats"}}, in_hats),
        ({"filters": {"key": "price", "operator": ["GTE"]}}, by_price),
    ):
        data = await shop.data(QUERY, {"most": 100, "where": where})
        assert data["filterUsage"]["nodes"] == expected(matching, 100)
        assert 0 < len(matching) < len(found)


async def test_pages_joined_are_one_page_in_either_direction(shop: Gateway) -> None:
    for direction in ("ASC", "DESC"):
        order = f"orderBy: {{ field: CLICK_THROUGH_RATE, direction: {direction} }}"
        whole = await shop.data(f"{{ filterUsage({order}) {{ nodes {{ key }} }} }}")
        keys: list[str] = []
        after: str | None = None
        while after is not None or not keys:
            page = await shop.data(
                f"""query ($after: String) {{
                  filterUsage({order}, first: 2, after: $after) {{
                    nodes {{ key operators {{ searches }} }} pageInfo {{ hasNextPage endCursor }}
                  }}
                }}""",
                {"after": after},
            )
            keys += [node["key"] for node in page["filterUsage"]["nodes"]]
            info = page["filterUsage"]["pageInfo"]
            after = info["endCursor"] if info["hasNextPage"] else None
        assert keys == [node["key"] for node in whole["filterUsage"]["nodes"]]


async def test_parts_that_nobody_selects_are_not_read(shop: Gateway) -> None:
    with commands() as sent:
        await shop.data("{ filterUsage { nodes { key searches } } }")
    assert len(sent) == 1


async def test_too_many_values_are_refused(shop: Gateway) -> None:
    for first in (101, -1):
        answer = await shop.execute(f"{{ filterUsage {{ nodes {{ key values(first: {first}) {{ value }} }} }} }}")
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_USER_INPUT"}
        assert answer["errors"][0]["message"] == f"`first` must be between 0 and 100, not {first}."


async def test_nothing_matches_what_nothing_can(shop: Gateway) -> None:
    found = await shop.data(QUERY, {"most": 5, "where": {"or": []}})
    assert found["filterUsage"] == {"nodes": [], "totalCount": 0}


async def test_more_long_values_than_can_be_read_at_once_are_refused(
    shop: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = "{ filterUsage { nodes { key values(first: 100) { searches } } } }"
    assert "errors" not in await shop.execute(query)
    monkeypatch.setattr(filter_usage, "MAX_LONG_VALUES", 1)
    answer = await shop.execute(query)
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "QUERY_TOO_BROAD"
    assert error["message"].startswith("More than 1 values are too long to be read at once")
    assert error["path"] == ["filterUsage"]


async def test_what_was_derived_before_there_were_conditions_has_no_parts(shop: Gateway) -> None:
    outcomes = shop.database["search_outcomes"]
    before = await outcomes.find({"namespace_id": shop.namespace.id}).to_list()
    await outcomes.update_many({"namespace_id": shop.namespace.id}, {"$unset": {"conditions": ""}})
    found = await shop.data("{ filterUsage { nodes { searches values { value } depths { depth } } } }")
    for outcome in before:
        await outcomes.replace_one({"_id": outcome["_id"]}, outcome)
    assert len(found["filterUsage"]["nodes"]) == len(KEYS)
    assert all(node["searches"] and not node["values"] and not node["depths"] for node in found["filterUsage"]["nodes"])
