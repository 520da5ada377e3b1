import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Any

import pytest

from gateway.context import Namespace
from gateway.demo.data import UNTIL, NamespaceKind, interactions
from gateway.interchange.imports import record_all
from gateway.model.filter_trees import BRANCHES, condition_operator, conditions, depth, nodes
from gateway.model.wire import filter_trees, validate_interaction
from gateway.store.client import Database
from gateway.store.writer import Writer

KINDS: tuple[NamespaceKind, ...] = ("shop", "media")


def generated(kind: NamespaceKind, count: int = 3_000) -> list[dict[str, Any]]:
    return list(interactions(count, seed=1, namespace=kind))


def requests(recorded: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [interaction["search_request"] for interaction in recorded if "search_request" in interaction]


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_arguments_give_the_same_data_and_more_of_it_begins_alike(kind: NamespaceKind) -> None:
    assert generated(kind, 500) == generated(kind, 2_000)[:500]
    assert generated(kind, 50) != list(interactions(50, seed=2, namespace=kind))


@pytest.mark.parametrize("kind", KINDS)
def test_every_interaction_is_valid_labelled_and_has_an_id_of_its_own(kind: NamespaceKind) -> None:
    recorded = generated(kind)
    for interaction in recorded:
        validate_interaction(interaction)
        assert interaction["metadata"]["generated"] is True
    assert len({interaction["interaction_id"] for interaction in recorded}) == len(recorded)


@pytest.mark.parametrize("kind", KINDS)
def test_even_a_small_demo_shows_every_kind_of_filter_tree(kind: NamespaceKind) -> None:
    asked = requests(generated(kind, 300))
    trees = [request["filters"] for request in asked if request.get("filters")]
    assert {depth(tree) for tree in trees} == {1, 2, 3, 4, 5}
    groups = [flat.node for tree in trees for flat in nodes(tree) if not flat.is_condition]
    assert any("NOR" in group for group in groups)
    assert any(sum(branch in group for branch in BRANCHES) > 1 for group in groups)
    assert any("case_sensitive" in group for group in groups)
    assert any(query.get("filters") for request in asked for query in request["queries"])


@pytest.mark.parametrize("kind", KINDS)
def test_requests_are_of_every_shape(kind: NamespaceKind) -> None:
    asked = requests(generated(kind))
    assert {len(request["queries"]) for request in asked} == {0, 1, 2, 3}
    assert {query["type"] for request in asked for query in request["queries"]} == {"text", "url", "base64"}
    assert {"group_by", "sort", "select", "reranking_options", "return_url"} <= {key for each in asked for key in each}
    asked_by = [conditions(tree) for each in asked for _, tree in filter_trees(each)]
    assert len({condition_operator(one) for found in asked_by for one in found}) == 15


def test_both_namespaces_together_use_all_indexes_and_interaction_types() -> None:
    recorded = generated("shop") + generated("media")
    indexes = {query["vector_index"] for request in requests(recorded) for query in request["queries"]}
    assert indexes == {"image", "multimodal", "text", "video", "keyword"}
    types = {str(interaction["interaction_type"]) for interaction in recorded}
    assert len(types) == 17, "16 types, and a list of two"


@pytest.mark.parametrize("kind", KINDS)
def test_a_few_items_are_popular_and_most_are_not(kind: NamespaceKind) -> None:
    features = Counter(interaction["feature_id"] for interaction in generated(kind, 10_000))
    ranked = [count for _, count in features.most_common()]
    assert ranked[0] > 300
    assert ranked[len(ranked) // 2] < 10


@pytest.mark.parametrize("kind", KINDS)
def test_some_interactions_came_of_no_search_and_some_values_are_null(kind: NamespaceKind) -> None:
    recorded = generated(kind)
    assert 0 < sum("search_request" not in interaction for interaction in recorded) < 500
    for field in ("user_id", "position"):
        assert {type(each[field]).__name__ for each in recorded if field in each} >= {"NoneType"}
        assert any(field not in interaction for interaction in recorded)


def session_of(interaction: dict[str, Any]) -> str:
    return str(interaction.get("session_id") or interaction["search_request"]["session_id"])


def sessions(recorded: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The interactions of each session, as they were generated."""
    grouped: dict[str, list[dict[str, Any]]] = {}
    for interaction in recorded:
        grouped.setdefault(session_of(interaction), []).append(interaction)
    return list(grouped.values())


def searches(recorded: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The interactions of each search request."""
    grouped: dict[str, list[dict[str, Any]]] = {}
    for interaction in recorded:
        if "search_request" in interaction:
            grouped.setdefault(interaction["search_request"]["search_request_id"], []).append(interaction)
    return grouped


def is_clicked(interactions: list[dict[str, Any]]) -> bool:
    return any(interaction["interaction_type"] == "click" for interaction in interactions)


def click_rate(asked: list[list[dict[str, Any]]]) -> float:
    return sum(map(is_clicked, asked)) / len(asked)


@pytest.mark.parametrize("kind", KINDS)
def test_times_follow_each_other_within_a_session(kind: NamespaceKind) -> None:
    for visit in sessions(generated(kind)):
        moments = [interaction["occurred_at"] for interaction in visit]
        assert moments == sorted(moments)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "until", [datetime(2024, 3, 1, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC), UNTIL + timedelta(hours=5)]
)
def test_whatever_the_day_the_same_happened_within_the_sixty_days_before(kind: NamespaceKind, until: datetime) -> None:
    moved = list(interactions(3_000, seed=1, namespace=kind, until=until))
    for shown, known in zip(moved, generated(kind), strict=True):
        assert {**shown, "occurred_at": ""} == {**known, "occurred_at": ""}
    moments = [datetime.fromisoformat(interaction["occurred_at"]) for interaction in moved]
    assert until - timedelta(days=60, hours=2) < min(moments)
    assert until - timedelta(days=1) < max(moments) <= until
    week = Counter((until - moment).days for moment in moments)
    assert all(week[day] for day in range(7)), "the last seven days are full"


def test_within_a_day_nothing_moves_but_what_happened_meanwhile() -> None:
    earlier, later = UNTIL - timedelta(hours=6), UNTIL
    pairs = zip(
        interactions(5_000, seed=1, namespace="shop", until=earlier),
        interactions(5_000, seed=1, namespace="shop", until=later),
        strict=True,
    )
    moved = [pair for pair in pairs if pair[0] != pair[1]]
    assert 0 < len(moved) < 250
    for before, after in moved:
        assert earlier < datetime.fromisoformat(after["occurred_at"]) <= later
        assert datetime.fromisoformat(before["occurred_at"]) < earlier - timedelta(days=59)


def test_a_few_texts_are_searched_most_and_some_find_nothing() -> None:
    asked = requests(generated("shop", 10_000))
    texts = Counter(request["queries"][0]["value"] for request in asked if request["queries"])
    ranked = [count for _, count in texts.most_common(8)]
    assert ranked[0] > 1.5 * ranked[1] > 2 * ranked[7]
    assert texts.most_common(1)[0][0] == "running shoes"
    nothing = [
        found
        for found in searches(generated("shop", 10_000)).values()
        if found[0]["interaction_type"] == "zero_results"
    ]
    assert len(nothing) > 50
    assert {found[0]["search_request"]["result_count"] for found in nothing} == {0}
    assert all(len(found) == 1 for found in nothing)


@pytest.mark.parametrize("kind", KINDS)
def test_results_further_down_are_clicked_less(kind: NamespaceKind) -> None:
    shown = Counter[tuple[str, int]]()
    for interaction in generated(kind, 10_000):
        if interaction["interaction_type"] in ("view", "click") and interaction.get("position") is not None:
            shown[interaction["interaction_type"], min(interaction["position"] // 3, 2)] += 1
    rates = [shown["click", third] / shown["view", third] for third in range(3)]
    assert rates[0] > 1.5 * rates[1] > 2 * rates[2] > 0


def test_filters_that_visitors_set_help() -> None:
    asked = list(searches(generated("shop", 10_000)).values())
    toggled = [found for found in asked if found[0]["interaction_type"] == "filter_toggle"]
    without = [found for found in asked if not found[0]["search_request"].get("filters")]
    assert len(toggled) > 30
    assert click_rate(toggled) > 1.3 * click_rate(without)


def test_three_arms_of_an_experiment_differ_and_a_person_stays_in_one() -> None:
    recorded = generated("shop", 20_000)
    arms: dict[str, list[list[dict[str, Any]]]] = {}
    for found in searches(recorded).values():
        arms.setdefault(found[0]["metadata"]["experiment"], []).append(found)
    rates = [click_rate(arms[name]) for name in ("control", "semantic", "semantic-reranked")]
    assert rates == sorted(rates)
    assert len(arms) == 3
    of_persons = {(each["user_id"], each["metadata"]["experiment"]) for each in recorded if each.get("user_id")}
    assert len({user for user, _ in of_persons}) == len(of_persons)


def test_people_type_letter_by_letter_and_ask_anew() -> None:
    typed, anew = 0, 0
    for visit in sessions(generated("shop", 10_000)):
        asked = list(searches(visit).values())
        for former, latter in pairwise(asked):
            texts = [
                found[0]["search_request"]["queries"][0]["value"]
                for found in (former, latter)
                if found[0]["search_request"]["queries"]
            ]
            if len(texts) == 2 and texts[1] != texts[0]:
                pause = datetime.fromisoformat(latter[0]["occurred_at"]) - datetime.fromisoformat(
                    former[0]["occurred_at"]
                )
                if texts[1].startswith(texts[0]) and pause < timedelta(seconds=30):
                    typed += 1
                elif not is_clicked(former) and pause < timedelta(minutes=5):
                    anew += 1
    assert typed > 200
    assert anew > 200


@pytest.mark.parametrize("kind", KINDS)
def test_searches_have_their_user_and_number_of_results_and_what_was_shown_its_score(kind: NamespaceKind) -> None:
    recorded = generated(kind)
    asked = requests(recorded)
    assert all(request["result_count"] >= 0 for request in asked)
    assert 0.5 < sum("user_id" in request for request in asked) / len(asked) < 1
    assert all(("score" in each) == (each.get("position") is not None) for each in recorded)


def test_what_is_bought_has_a_price_a_quantity_and_a_currency() -> None:
    sold = [each["metadata"] for each in generated("shop") if each["interaction_type"] == "purchase"]
    assert len(sold) > 20
    assert all(sale["price"] > 0 and sale["quantity"] >= 1 for sale in sold)
    assert {sale["currency"] for sale in sold} == {"EUR", "USD", "GBP"}


def test_it_is_plain_json() -> None:
    for interaction in islice(interactions(200, seed=3, namespace="media"), 200):
        assert json.loads(json.dumps(interaction)) == interaction


async def test_it_loads_once(database: Database) -> None:
    namespace = Namespace("ns_shop", "shop", "org_demo", UNTIL.astimezone(UTC))
    first = await record_all(interactions(400, seed=1, namespace="shop"), Writer(database), namespace)
    assert (first.imported, first.skipped) == (400, {})
    grown = await record_all(interactions(500, seed=1, namespace="shop"), Writer(database), namespace)
    assert (grown.imported, grown.existing) == (100, 400)
