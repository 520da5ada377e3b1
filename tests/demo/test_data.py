import json
from collections import Counter
from datetime import UTC, datetime
from itertools import islice
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
    assert len(types) == 16, "15 types, and a list of two"


@pytest.mark.parametrize("kind", KINDS)
def test_a_few_items_are_popular_and_most_are_not(kind: NamespaceKind) -> None:
    features = Counter(interaction["feature_id"] for interaction in generated(kind, 10_000))
    ranked = [count for _, count in features.most_common()]
    assert ranked[0] > 500
    assert ranked[len(ranked) // 2] < 10


@pytest.mark.parametrize("kind", KINDS)
def test_some_interactions_came_of_no_search_and_some_values_are_null(kind: NamespaceKind) -> None:
    recorded = generated(kind)
    assert 0 < sum("search_request" not in interaction for interaction in recorded) < 500
    for field in ("user_id", "position"):
        assert {type(each[field]).__name__ for each in recorded if field in each} >= {"NoneType"}
        assert any(field not in interaction for interaction in recorded)


def test_times_follow_each_other_within_a_session_and_end_near_the_anchor() -> None:
    times: dict[str, list[str]] = {}
    for interaction in generated("shop"):
        session = interaction.get("session_id") or interaction["search_request"]["session_id"]
        times.setdefault(session, []).append(interaction["occurred_at"])
    assert all(moments == sorted(moments) for moments in times.values())
    newest = max(moment for moments in times.values() for moment in moments)
    assert abs(datetime.fromisoformat(newest) - UNTIL).total_seconds() < 3_600


def test_it_is_plain_json() -> None:
    for interaction in islice(interactions(200, seed=3, namespace="media"), 200):
        assert json.loads(json.dumps(interaction)) == interaction


async def test_it_loads_once(database: Database) -> None:
    namespace = Namespace("ns_shop", "shop", "org_demo", UNTIL.astimezone(UTC))
    first = await record_all(interactions(400, seed=1, namespace="shop"), Writer(database), namespace)
    assert (first.imported, first.skipped) == (400, {})
    grown = await record_all(interactions(500, seed=1, namespace="shop"), Writer(database), namespace)
    assert (grown.imported, grown.existing) == (100, 400)
