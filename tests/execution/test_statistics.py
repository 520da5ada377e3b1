"""Statistics of searches and of interactions: each number is what plain loops make of the same recordings."""

import random
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from bson import Timestamp

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.derived_documents import DEFINITION, DERIVATION_ID, DERIVATION_STATES
from gateway.model.wire import validate_interaction
from tests.harness.command_log import commands
from tests.harness.derived import derive_item_days, derive_outcomes
from tests.harness.gateway_client import Gateway, new_gateway
from tests.oracle.statistics import (
    Search,
    click_rates,
    grouped,
    interaction_stats,
    positions_of,
    search_stats,
    searches_of,
    text_of,
    types_of,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

# In Berlin the clocks go forward within these days.
BEGIN = datetime(2024, 3, 29, tzinfo=UTC)
TYPES = ("view", "view", "view", "click", "click", "purchase", "add_to_cart", "negative_feedback", "skip", "dwell")
SEARCH_FIELDS = " ".join(search_stats([]))
INTERACTION_FIELDS = " ".join(interaction_stats([], {})).replace("revenue", "revenue { currency amount }")


def recordings() -> list[dict[str, Any]]:
    """Sessions in which searches are typed letter by letter, reformulated, given up; some have neither session nor
    user."""
    choose, wires = random.Random(15), list[dict[str, Any]]()
    for session in range(40):
        at = BEGIN + timedelta(minutes=choose.randrange(60 * 24 * 4))
        named = {"session_id": f"v{session}"} if session % 5 else {}
        user = f"u{session % 9}" if session % 7 else None
        for number in range(choose.randrange(1, 7)):
            at += timedelta(seconds=choose.choice([2, 10, 30, 31, 200, 300, 301]))
            text = choose.choice(["red", "red s", "Red  Shoes ", "lamp", "lam", "xyzzy", ""])
            request: dict[str, Any] = {
                "search_request_id": f"s{session}-{number}",
                "queries": [{"vector_index": choose.choice(["text", "keyword"]), "value": text, "type": "text"}],
                "collections": choose.choice([["shoes"], ["shoes", "lamps"], []]),
                **named,
            }
            if choose.random() < 0.6:
                request["result_count"] = choose.choice([0, 3, 40])
            if choose.random() < 0.5:
                request["filters"] = {"AND": [{"key": choose.choice(["brand", "price"]), "operator": "eq", "value": 1}]}
            for index in range(choose.randrange(1, 5)):
                type_: Any = choose.choice(TYPES) if request.get("result_count") != 0 else "zero_results"
                wires.append(
                    {
                        "interaction_id": f"i{session}-{number}-{index}",
                        "feature_id": f"f{choose.randrange(9)}",
                        "interaction_type": [type_, "share"] if choose.random() < 0.1 else type_,
                        "occurred_at": (at + timedelta(seconds=index * choose.choice([0, 1, 40]))).isoformat(),
                        "search_request": request,
                        "metadata": {"experiment": choose.choice(["a", "b"]), "price": 2.5, "currency": "EUR"},
                        **({"position": choose.randrange(25)} if choose.random() < 0.8 else {}),
                        **({"duration_ms": choose.randrange(9_000)} if choose.random() < 0.3 else {}),
                        **({"user_id": user} if user else {}),
                    }
                )
    wires.append(
        {"interaction_id": "alone", "feature_id": "f1", "interaction_type": "view", "occurred_at": BEGIN.isoformat()}
    )
    return wires


WIRES = recordings()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(mongod: EmbeddedServer) -> AsyncIterator[Gateway]:
    async with new_gateway(mongod.uri) as gateway:
        await gateway.writer.record(gateway.namespace, [validate_interaction(wire) for wire in WIRES], BEGIN)
        await derive_outcomes(gateway.database, gateway.namespace)
        await derive_item_days(gateway.database, gateway.namespace)
        yield gateway


@pytest_asyncio.fixture(loop_scope="module")
async def searches(gateway: Gateway) -> list[Search]:
    return searches_of(WIRES)


def same(actual: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    numbers, expected_numbers = {**actual}, {**expected}
    if "revenue" in numbers:
        amounts = {revenue["currency"]: revenue["amount"] for revenue in numbers.pop("revenue")}
        assert amounts == pytest.approx(expected_numbers.pop("revenue"), rel=1e-9)
    assert numbers.keys() == expected_numbers.keys()
    for name, number in expected_numbers.items():
        assert numbers[name] == (None if number is None else pytest.approx(number, rel=1e-9, abs=1e-12)), name


async def all_nodes(gateway: Gateway, root: str, arguments: str, node: str, size: int = 100) -> list[Any]:
    """The nodes of all pages."""
    nodes, after = list[Any](), None
    while True:
        document = f"""query ($after: String) {{
          {root}({arguments}, first: {size}, after: $after) {{
            nodes {{ {node} }} pageInfo {{ hasNextPage endCursor }}
          }}
        }}"""
        page = (await gateway.data(document, {"after": after}))[root]
        nodes += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return nodes
        after = page["pageInfo"]["endCursor"]


SEARCH_KEYS: list[tuple[str, str, Callable[[Search], Iterable[Any]]]] = [
    ("QUERY", "query", lambda search: [search.text]),
    ("COLLECTION", "collection", lambda search: search.request["collections"]),
    (
        "VECTOR_INDEX",
        "vectorIndex",
        lambda search: [query["vector_index"].upper() for query in search.request["queries"]],
    ),
    (
        "FILTER_KEY",
        "filterKey",
        lambda search: [item["key"] for item in search.request.get("filters", {"AND": []})["AND"]],
    ),
]


@pytest.mark.parametrize(("dimension", "field", "keys"), SEARCH_KEYS, ids=[key[0] for key in SEARCH_KEYS])
async def test_searches_by_what_they_have_in_common(
    dimension: str, field: str, keys: Callable[[Search], Iterable[Any]], gateway: Gateway, searches: list[Search]
) -> None:
    groups = await all_nodes(
        gateway, "searchStats", f"groupBy: [{dimension}]", f"key {{ {field} }} stats {{ {SEARCH_FIELDS} }}"
    )
    expected = grouped(searches, keys)
    assert {group["key"][field] for group in groups} == set(expected)
    for group in groups:
        same(group["stats"], search_stats(expected[group["key"][field]]))


async def test_all_searches_are_one_group_and_the_totals(gateway: Gateway, searches: list[Search]) -> None:
    data = await gateway.data(
        f"""{{ searchStats {{ nodes {{ key {{ query }} stats {{ {SEARCH_FIELDS} }} }} totalCount }}
          byText: searchStats(groupBy: [QUERY], first: 1) {{ totals {{ {SEARCH_FIELDS} }} totalCount }} }}"""
    )
    [group] = data["searchStats"]["nodes"]
    same(group["stats"], search_stats(searches))
    same(data["byText"]["totals"], search_stats(searches))
    assert group["key"] == {"query": None}
    assert data["searchStats"]["totalCount"] == 1
    assert data["byText"]["totalCount"] == len({search.text for search in searches})


WHERES: list[tuple[str, Callable[[Search], bool]]] = [
    ('{ text: { eq: "RED  shoes" } }', lambda search: search.text == "red shoes"),
    ('{ text: { startsWith: "re" } }', lambda search: search.text.startswith("re")),
    ('{ collections: { has: "lamps" } }', lambda search: "lamps" in search.request["collections"]),
    ('{ filters: { key: "brand" } }', lambda search: '"brand"' in str(search.request).replace("'", '"')),
    ("{ resultCount: { gte: 3 } }", lambda search: search.request.get("result_count", 0) >= 3),
    ("{ query: { vectorIndex: [KEYWORD] } }", lambda search: search.request["queries"][0]["vector_index"] == "keyword"),
    # What outcomes don't hold: by the search requests themselves.
    ('{ query: { value: { eq: "lamp" } } }', lambda search: search.request["queries"][0]["value"] == "lamp"),
    ('{ sessionId: { eq: "v1" } }', lambda search: search.session == "v1"),
    (
        '{ nor: [{ text: { eq: "lamp" } }], firstSeenAt: { gte: "2024-03-30T00:00:00Z" } }',
        lambda search: search.text != "lamp" and search.at >= BEGIN + timedelta(days=1),
    ),
]


@pytest.mark.parametrize(("where", "matches"), WHERES, ids=[where for where, _ in WHERES])
async def test_searches_in_scope_are_those_that_a_filter_lists(
    where: str, matches: Callable[[Search], bool], gateway: Gateway, searches: list[Search]
) -> None:
    data = await gateway.data(
        f"""{{ searchStats(where: {where}) {{ nodes {{ stats {{ {SEARCH_FIELDS} }} }} }}
          searchRequests(where: {where}, first: 0) {{ stats {{ {SEARCH_FIELDS} }} totalCount }} }}"""
    )
    expected = [search for search in searches if matches(search)]
    assert expected
    assert data["searchRequests"]["totalCount"] == len(expected)
    same(data["searchStats"]["nodes"][0]["stats"], search_stats(expected))
    same(data["searchRequests"]["stats"], search_stats(expected))


INTERACTION_KEYS: list[tuple[str, str, Callable[[Any], Iterable[Any]]]] = [
    ("{ by: FEATURE }", "feature { featureId }", lambda wire: [wire["feature_id"]]),
    ("{ by: QUERY }", "query", lambda wire: [text_of(wire["search_request"])] if "search_request" in wire else []),
    ("{ by: COLLECTION }", "collection", lambda wire: wire.get("search_request", {}).get("collections", [])),
    ("{ by: POSITION }", "position", lambda wire: [wire.get("position")]),
    (
        "{ by: INTERACTION_TYPE }",
        "interactionType",
        lambda wire: ["OTHER" if type_ == "dwell" else type_.upper() for type_ in sorted(types_of(wire))],
    ),
    ('{ metadata: "experiment" }', "metadata { value }", lambda wire: [wire.get("metadata", {}).get("experiment")]),
]


def value_of(key: Any) -> Any:
    """The one value of a key, however it is held."""
    while isinstance(key, Mapping | list):
        key = key[0] if isinstance(key, list) else next(iter(key.values()))
    return key


@pytest.mark.parametrize(("grouping", "field", "keys"), INTERACTION_KEYS, ids=[key[0] for key in INTERACTION_KEYS])
async def test_interactions_by_what_they_have_in_common(
    grouping: str, field: str, keys: Callable[[Any], Iterable[Any]], gateway: Gateway
) -> None:
    groups = await all_nodes(
        gateway,
        "interactionStats",
        f"groupBy: [{grouping}]",
        f"key {{ {field} }} stats {{ {INTERACTION_FIELDS} positions(edges: [0, 1, 5]) {{ from to views clicks }} }}",
        size=7,
    )
    expected, rates = grouped(WIRES, keys), click_rates(WIRES, 20)
    assert {value_of(group["key"]) for group in groups} == set(expected)
    for group in groups:
        wires = expected[value_of(group["key"])]
        positions = group["stats"].pop("positions")
        same(group["stats"], interaction_stats(wires, rates))
        views, clicks = positions_of(wires)
        for bucket in positions:
            within = [place for place in range(25) if bucket["from"] <= place < (bucket["to"] or 25)]
            assert bucket["views"] == sum(views.get(place, 0) for place in within)
            assert bucket["clicks"] == sum(clicks.get(place, 0) for place in within)


_BY_ALL_BUT_DAYS = {"searches", "sessions", "users", "revenue"}
BY_DAYS = " ".join(name for name in interaction_stats([], {}) if name not in _BY_ALL_BUT_DAYS)
# Bounds of time: whole days, days and parts of days, no whole day, open ends; each with the collection that is asked.
RANGES = [
    ("2024-03-30T00:00:00Z", "2024-04-01T00:00:00Z", "item_days"),
    ("2024-03-29T10:30:00Z", "2024-04-01T20:15:00.5Z", "item_days"),
    ("2024-03-30T00:00:00.001Z", "2024-03-31T00:00:00Z", "interactions"),
    ("2024-03-30T08:00:00Z", "2024-03-30T19:00:00Z", "interactions"),
    ("2024-03-30T08:00:00Z", None, "item_days"),
    (None, "2024-03-31T08:00:00Z", "item_days"),
]


@pytest.mark.parametrize("size", [100, 4])
@pytest.mark.parametrize(("begin", "end", "collection"), RANGES)
async def test_items_within_a_range_of_time_are_measured_by_their_days(
    begin: str | None, end: str | None, collection: str, size: int, gateway: Gateway
) -> None:
    bounds = [f'gte: "{begin}"'] * bool(begin) + [f'lt: "{end}"'] * bool(end)
    arguments = f"where: {{ occurredAt: {{ {', '.join(bounds)} }} }}, groupBy: [{{ by: FEATURE }}]"
    node = f"key {{ feature {{ featureId }} }} stats {{ {BY_DAYS} count(type: SHARE) }}"
    with commands() as sent:
        groups = await all_nodes(gateway, "interactionStats", arguments, node, size=size)
    assert {command["aggregate"] for command in sent if "aggregate" in command} == {collection}
    within = [
        wire
        for wire in WIRES
        if (begin is None or datetime.fromisoformat(wire["occurred_at"]) >= datetime.fromisoformat(begin))
        and (end is None or datetime.fromisoformat(wire["occurred_at"]) < datetime.fromisoformat(end))
    ]
    expected, rates = grouped(within, lambda wire: [wire["feature_id"]]), click_rates(within, 20)
    assert [value_of(group["key"]) for group in groups] == sorted(
        expected, key=lambda feature: (-len(expected[feature]), str(feature))
    )
    for group in groups:
        wires = expected[value_of(group["key"])]
        assert group["stats"].pop("count") == sum("share" in types_of(wire) for wire in wires)
        numbers = interaction_stats(wires, rates)
        same(group["stats"], {name: numbers[name] for name in group["stats"]})


async def test_a_series_of_days_in_utc_is_the_same_by_days_and_by_interactions(gateway: Gateway) -> None:
    series = """series { from to stats { interactions clicks averageDurationMs } }"""
    where = 'where: { occurredAt: { gte: "2024-03-29T12:00:00Z", lt: "2024-04-03T00:00:00Z" } }'
    data = await gateway.data(
        f"""{{ byDays: interactionStats({where}, interval: DAY) {{ nodes {{ {series} }} }}
          byInteractions: interactionStats({where}, interval: DAY) {{ nodes {{ stats {{ users }} {series} }} }} }}"""
    )
    assert data["byDays"]["nodes"][0]["series"] == data["byInteractions"]["nodes"][0]["series"]


async def test_clicks_over_expected_clicks_of_the_whole_scope_are_one(gateway: Gateway) -> None:
    data = await gateway.data(
        """{ interactionStats(groupBy: [{ by: FEATURE }], first: 100, maxRank: 25) {
          nodes { stats { expectedClicks positions(edges: [0]) { clicks } } } totals { coec expectedClicks }
        } }"""
    )
    stats = data["interactionStats"]
    assert stats["totals"]["coec"] == pytest.approx(1)
    total = sum(node["stats"]["expectedClicks"] for node in stats["nodes"])
    assert total == pytest.approx(stats["totals"]["expectedClicks"])


# Of the last one MongoDB 6.0.5 believes that it still has daylight saving.
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/New_York", "America/Mexico_City"])
@pytest.mark.parametrize("interval", ["HOUR", "DAY", "WEEK", "MONTH"])
async def test_a_series_has_every_interval_on_the_clocks_of_its_zone(
    interval: str, zone: str, gateway: Gateway, searches: list[Search]
) -> None:
    data = await gateway.data(
        f"""{{ searchStats(groupBy: [QUERY], first: 2, interval: {interval}, timeZone: "{zone}") {{
          nodes {{ key {{ query }} stats {{ searches }} series {{ from to stats {{ {SEARCH_FIELDS} }} }} }}
        }} }}"""
    )
    by_text = grouped(searches, lambda search: [search.text])
    for group in data["searchStats"]["nodes"]:
        mine = by_text[group["key"]["query"]]
        spans = [(datetime.fromisoformat(part["from"]), datetime.fromisoformat(part["to"])) for part in group["series"]]
        assert all(end == begin for (_, end), (begin, _) in pairwise(spans))
        if interval != "HOUR":
            clocks = {begin.astimezone(ZoneInfo(zone)).strftime("%H:%M") for begin, _ in spans}
            assert clocks == {"00:00"}
        for part, (begin, end) in zip(group["series"], spans, strict=True):
            same(part["stats"], search_stats([search for search in mine if begin <= search.at < end]))
        assert sum(part["stats"]["searches"] for part in group["series"]) == group["stats"]["searches"]


@pytest.mark.parametrize("operator", ["gt", "gte", "lt", "lte"])
@pytest.mark.parametrize("time", ["0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"])
async def test_all_times_are_within_the_first_and_the_last(gateway: Gateway, time: str, operator: str) -> None:
    data = await gateway.data(
        f"""{{
          interactionStats(where: {{ occurredAt: {{ {operator}: "{time}" }} }}) {{ totals {{ interactions }} }}
          all: interactionStats {{ totals {{ interactions }} }}
          searchStats(where: {{ firstSeenAt: {{ {operator}: "{time}" }} }}) {{ totals {{ requests }} }}
          allSearches: searchStats {{ totals {{ requests }} }}
        }}"""
    )
    holds = (operator in ("gt", "gte")) == time.startswith("0001")
    assert data["interactionStats"] == (data["all"] if holds else {"totals": {"interactions": 0}})
    assert data["searchStats"] == (data["allSearches"] if holds else {"totals": {"requests": 0}})


ORDERS = ["SEARCHES", "CLICK_THROUGH_RATE", "AVERAGE_CLICK_POSITION", "SESSIONS", "AVERAGE_MS_TO_FIRST_CLICK"]


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize("order", ORDERS)
async def test_pages_of_groups_are_one_page_in_any_order(order: str, direction: str, gateway: Gateway) -> None:
    field = {name.upper(): name for name in ("searches", "sessions")}.get(order) or "".join(
        word.capitalize() if index else word for index, word in enumerate(order.lower().split("_"))
    )
    arguments = f"groupBy: [SESSION, QUERY], orderBy: {{ field: {order}, direction: {direction} }}"
    node = f"key {{ query session {{ sessionId }} }} stats {{ {field} }}"
    whole = await all_nodes(gateway, "searchStats", arguments, node)
    assert await all_nodes(gateway, "searchStats", arguments, node, size=9) == whole
    values = [group["stats"][field] for group in whole]
    known = [value for value in values if value is not None]
    assert values == [*sorted(known, reverse=direction == "DESC"), *([None] * (len(values) - len(known)))]


async def test_groups_have_at_least_what_is_asked_for(gateway: Gateway) -> None:
    data = await gateway.data(
        """{ interactionStats(groupBy: [{ by: FEATURE }], having: { minClicks: 12, minViews: 1 }, first: 100) {
          nodes { stats { clicks } } totalCount } }"""
    )
    stats = data["interactionStats"]
    clicks = grouped(WIRES, lambda wire: [wire["feature_id"]])
    expected = [sum("click" in types_of(wire) for wire in wires) for wires in clicks.values()]
    assert sorted(node["stats"]["clicks"] for node in stats["nodes"]) == sorted(
        count for count in expected if count >= 12
    )
    assert stats["totalCount"] == len(stats["nodes"])


async def test_items_tell_the_statistics_of_their_interactions(gateway: Gateway) -> None:
    data = await gateway.data(
        f"""{{ features(featureIds: ["f1", "f2", "nobody"]) {{
          featureId interactions(first: 1) {{ stats {{ {INTERACTION_FIELDS} }} }}
        }} }}"""
    )
    for feature in data["features"]:
        wires = [wire for wire in WIRES if wire["feature_id"] == feature["featureId"]]
        same(feature["interactions"]["stats"], interaction_stats(wires, click_rates(wires, 20)))


REFUSED: list[tuple[str, Sequence[str]]] = [
    ('searchStats(timeZone: "Mars/Base") { totalCount }', ["searchStats", "timeZone"]),
    ("searchStats(groupBy: [QUERY, QUERY]) { totalCount }", ["searchStats", "groupBy", "1"]),
    ("searchStats(groupBy: [QUERY, SESSION, USER, COLLECTION]) { totalCount }", ["searchStats", "groupBy"]),
    ("searchStats(having: { minViews: 1 }) { totalCount }", ["searchStats", "having", "minViews"]),
    ("searchStats(having: { minSearches: 1 }) { totalCount }", ["searchStats", "having"]),
    ("interactionStats(having: { minViews: 1 }) { nodes { stats { clicks } } }", ["interactionStats", "having"]),
    ('searchStats(after: "nonsense") { totalCount }', ["searchStats", "after"]),
    ("searchStats(first: 101) { totalCount }", ["searchStats", "first"]),
    (
        'interactionStats(groupBy: [{ metadata: "a..b" }]) { totalCount }',
        ["interactionStats", "groupBy", "0", "metadata"],
    ),
    ("interactionStats(maxRank: 0) { totalCount }", ["interactionStats", "maxRank"]),
    (
        "searchStats(interval: HOUR, where: { firstSeenAt: "
        '{ gte: "2000-01-01T00:00:00Z", lt: "2020-01-01T00:00:00Z" } }) { totalCount }',
        ["searchStats", "interval"],
    ),
    (
        'searchStats(interval: MONTH, timeZone: "America/New_York", where: { firstSeenAt: '
        '{ gte: "0001-01-01T00:00:00Z", lt: "0001-01-02T00:00:00Z" } }) { totalCount }',
        ["searchStats", "interval"],
    ),
    (
        "searchStats(interval: MONTH, where: { firstSeenAt: "
        '{ gte: "9999-12-01T00:00:00Z", lte: "9999-12-31T23:59:59.999Z" } }) { totalCount }',
        ["searchStats", "interval"],
    ),
    ('searchStats(timeZone: "localtime") { totalCount }', ["searchStats", "timeZone"]),
]


@pytest.mark.parametrize(("selection", "path"), REFUSED)
async def test_what_statistics_do_not_take_is_told_with_its_place(
    selection: str, path: Sequence[str], gateway: Gateway
) -> None:
    answer = await gateway.execute(f"{{ {selection} }}")
    [error] = answer["errors"]
    assert error["extensions"]["code"] in ("BAD_USER_INPUT", "INVALID_CURSOR"), error
    assert [error["path"][0], *error["extensions"]["path"]] == list(path)


async def test_a_cursor_of_other_groups_is_refused(gateway: Gateway) -> None:
    data = await gateway.data("{ searchStats(groupBy: [QUERY], first: 1) { pageInfo { endCursor } } }")
    cursor = data["searchStats"]["pageInfo"]["endCursor"]
    answer = await gateway.execute(
        "query ($after: String) { searchStats(groupBy: [COLLECTION], after: $after) { totalCount } }", {"after": cursor}
    )
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_CURSOR"


async def test_statistics_say_until_when_everything_counts(gateway: Gateway) -> None:
    document = "{ searchStats { nodes { stats { searches } } derivedUntil } interactionStats { derivedUntil } }"

    async def derived_until() -> Any:
        data = await gateway.data(document)
        assert data["searchStats"]["derivedUntil"] == data["interactionStats"]["derivedUntil"]
        return data["searchStats"]["derivedUntil"]

    states = gateway.database[DERIVATION_STATES]
    assert await derived_until() is None
    state = {"_id": DERIVATION_ID, "definition": DEFINITION, "derived_until": Timestamp(BEGIN, 1)}
    await states.insert_one(state)
    try:
        assert await derived_until() == "2024-03-29T00:00:00.000Z"
        for change in ({"rebuild": {"stage": "items", "after": None, "done": 0}}, {"definition": DEFINITION - 1}):
            await states.replace_one({"_id": DERIVATION_ID}, state | change)
            assert await derived_until() is None
    finally:
        await states.drop()
