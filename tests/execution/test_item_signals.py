"""Signals of items and rankings that they move, through the gateway, with the days of items derived as of then."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.context import Namespace
from gateway.model.wire import validate_interaction
from tests.harness.command_log import commands
from tests.harness.derived import derive_item_days
from tests.harness.gateway_client import Gateway

AS_OF = datetime(2024, 5, 8, 12, tzinfo=UTC)
SIGNALS = """views clicks positives negatives skips averageDurationMs interactions feedback popularity score"""


async def record(gateway: Gateway, *interactions: Mapping[str, Any], namespace: Namespace | None = None) -> None:
    """Interactions, and the days of items that follow them."""
    namespace = namespace or gateway.namespace
    recorded = [
        validate_interaction({"interaction_id": f"i{number}", "interaction_type": "click", **interaction})
        for number, interaction in enumerate(interactions)
    ]
    await gateway.writer.record(namespace, recorded, AS_OF)
    await derive_item_days(gateway.database, namespace)


def days_ago(days: float) -> str:
    return (AS_OF - timedelta(days=days)).isoformat()


LIKED = [{"feature_id": "liked", "interaction_type": "purchase", "occurred_at": days_ago(0)}] * 6
DISLIKED = [{"feature_id": "disliked", "interaction_type": "negative_feedback", "occurred_at": days_ago(7)}] * 6


async def signals(gateway: Gateway, *feature_ids: str, arguments: str = "", **options: Any) -> list[Any]:
    """What the signals of items are, as of the time of these tests."""
    data = await gateway.data(
        f"""query ($ids: [ID!]!, $asOf: DateTime!) {{
          features(featureIds: $ids) {{ signals(asOf: $asOf {arguments}) {{ {SIGNALS} }} }}
        }}""",
        {"ids": feature_ids, "asOf": AS_OF.isoformat()},
        **options,
    )
    return [feature["signals"] for feature in data["features"]]


async def test_signals_are_those_computed_by_hand(gateway: Gateway) -> None:
    await record(
        gateway,
        {"feature_id": "p", "interaction_type": "view", "occurred_at": days_ago(0), "duration_ms": 300},
        {"feature_id": "p", "occurred_at": days_ago(7), "duration_ms": 100},
        {"feature_id": "p", "interaction_type": "purchase", "occurred_at": days_ago(7)},
        {"feature_id": "p", "interaction_type": "skip", "occurred_at": days_ago(0)},
        {"feature_id": "p", "interaction_type": "view", "occurred_at": days_ago(-0.25)},
    )
    [found] = await signals(gateway, "p", arguments="minInteractions: 4, weights: {feedback: 0.25, popularity: 0.75}")
    assert found == pytest.approx(
        {
            "views": 1.0,
            "clicks": 0.5,
            "positives": 2.0,
            "negatives": 0.5,
            "skips": 1.0,
            "averageDurationMs": 200.0,
            "interactions": 4,
            "feedback": 1.5 / 4.5,
            "popularity": 0.6 / 4.6,
            "score": 0.25 * 1.5 / 4.5 + 0.75 * 0.6 / 4.6,
        },
        rel=1e-12,
    )


async def test_without_a_time_all_until_now_counts(gateway: Gateway) -> None:
    now = datetime.now(UTC)
    await record(
        gateway,
        {"feature_id": "p", "occurred_at": now.isoformat()},
        {"feature_id": "p", "occurred_at": (now + timedelta(hours=1)).isoformat()},
    )
    data = await gateway.data('{ feature(featureId: "p") { signals { interactions } } }')
    assert data["feature"]["signals"]["interactions"] == 1


async def test_an_item_that_nothing_was_done_with_has_no_signals(gateway: Gateway) -> None:
    [found] = await signals(gateway, "unknown")
    assert found["averageDurationMs"] is None
    assert {value for name, value in found.items() if name != "averageDurationMs"} == {0}


async def test_the_signals_of_all_items_are_read_by_one_command(gateway: Gateway) -> None:
    await record(gateway, *LIKED, *DISLIKED)
    await signals(gateway, "liked")
    with commands() as sent:
        liked, unknown, disliked, again = await signals(gateway, "liked", "unknown", "disliked", "liked")
    assert [next(iter(command)) for command in sent] == ["aggregate"]
    assert liked == again
    assert liked["feedback"] > unknown["feedback"] > disliked["feedback"]


@pytest.mark.parametrize(
    ("root", "query"),
    [
        ("interactions", "{ interactions { nodes { feature { %s } } } }"),
        (
            "_entities",
            """{ _entities(representations: [{__typename: "Feature", featureId: "liked"}]) {
          ... on Feature { %s }
        } }""",
        ),
        ("rerank", '{ rerank(lists: [["liked"]]) { feature { %s } } }'),
    ],
)
async def test_signals_are_selected_wherever_there_is_an_item(gateway: Gateway, root: str, query: str) -> None:
    await record(gateway, *LIKED)
    found = (await gateway.data(query % "signals { interactions }"))[root]
    items = found["nodes"] if root == "interactions" else found
    assert all(item.get("feature", item) == {"signals": {"interactions": 6}} for item in items)
    assert items


async def test_another_namespaces_interactions_with_an_item_do_not_count(gateway: Gateway) -> None:
    await record(gateway, *LIKED, namespace=gateway.other_namespace)
    later = {"feature_id": "liked", "occurred_at": days_ago(-0.25)}
    await record(gateway, later, namespace=gateway.other_namespace)
    [found] = await signals(gateway, "liked")
    assert found["interactions"] == 0
    [own] = await signals(gateway, "liked", key=gateway.other_key, namespace="shop")
    assert own["interactions"] == 6


RERANK = """query ($lists: [[ID!]!]!, $asOf: DateTime, $k: Int! = 60, $weights: RankingWeightsInput) {
  rerank(lists: $lists, asOf: $asOf, k: $k, weights: $weights) {
    feature { featureId } rank score rrf ranks moved signals { score }
  }
}"""


async def reranked(gateway: Gateway, lists: Sequence[Sequence[str]], **variables: Any) -> list[Any]:
    variables = {"lists": lists, "asOf": AS_OF.isoformat(), **variables}
    ranked: list[Any] = (await gateway.data(RERANK, variables))["rerank"]
    return ranked


async def test_rankings_are_fused_and_moved_by_signals(gateway: Gateway) -> None:
    await record(gateway, *LIKED, *DISLIKED)
    found = await reranked(gateway, [["disliked", "new", "liked"], ["disliked", "liked"]], k=1)
    rrf = {"disliked": 1 / 2 + 1 / 2, "new": 1 / 3, "liked": 1 / 4 + 1 / 3}
    # P = 6 * 3, s = 0; N = 6 * 3 * 0.5.
    score = {"disliked": 0.5 * -9 / 11, "new": 0.0, "liked": 0.5 * 18 / 20}
    assert [item["feature"]["featureId"] for item in found] == ["liked", "disliked", "new"]
    for item in found:
        id = item["feature"]["featureId"]
        assert item["signals"]["score"] == pytest.approx(score[id], rel=1e-12)
        assert item["rrf"] == pytest.approx(rrf[id], rel=1e-12)
        assert item["score"] == pytest.approx(rrf[id] * (1 + score[id]), rel=1e-12)
    assert [(item["rank"], item["ranks"], item["moved"]) for item in found] == [
        (1, [3, 2], 1),
        (2, [1, 1], -1),
        (3, [2, None], 0),
    ]


async def test_without_a_history_nothing_moves(gateway: Gateway) -> None:
    found = await reranked(gateway, [["c", "a"], ["b"]])
    assert [(item["feature"]["featureId"], item["moved"]) for item in found] == [("b", 0), ("c", 0), ("a", 0)]


async def test_no_rankings_are_fused_without_a_command(gateway: Gateway) -> None:
    await reranked(gateway, [["a"]])
    with commands() as sent:
        assert await reranked(gateway, [[], []]) == []
    assert not sent


@pytest.mark.parametrize(
    ("arguments", "path", "message"),
    [
        ("halfLifeDays: 0", ["halfLifeDays"], "`halfLifeDays` must be above 0, not 0."),
        ("halfLifeDays: -1.5", ["halfLifeDays"], "`halfLifeDays` must be above 0, not -1.5."),
        ("minInteractions: 0", ["minInteractions"], "`minInteractions` must be 1 or more, not 0."),
        ("weights: {feedback: 0.7}", ["weights"], "The weights must sum to 1, not 0.7; one that is not given is 0."),
        (
            "weights: {feedback: -1, popularity: 2}",
            ["weights", "feedback"],
            "A weight must be between 0 and 1, not -1.",
        ),
    ],
)
async def test_arguments_out_of_bounds_are_refused(
    gateway: Gateway, arguments: str, path: list[str], message: str
) -> None:
    for field in (
        f'feature(featureId: "p") {{ signals({arguments}) {{ score }} }}',
        f"rerank(lists: [], {arguments}) {{ rank }}",
    ):
        answer = await gateway.execute(f"{{ {field} }}")
        [error] = answer["errors"]
        assert error["message"] == message
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "path": path}


@pytest.mark.parametrize("weights", [None, {}, {"feedback": None}, {"feedback": 0.5, "popularity": 0.5}])
async def test_weights_that_are_not_given_are_equal(gateway: Gateway, weights: Any) -> None:
    await record(gateway, *LIKED)
    [found] = await reranked(gateway, [["liked"]], weights=weights)
    assert found["signals"]["score"] == pytest.approx(0.45, rel=1e-12)


@pytest.mark.parametrize(
    ("lists", "k", "path", "message"),
    [
        ([["a"]] * 21, 60, ["lists"], "`lists` may hold at most 20 lists, not 21."),
        ([[], ["a"] * 1_001], 60, ["lists", 1], None),
        ([["a"]], 0, ["k"], "`k` must be 1 or more, not 0."),
    ],
)
async def test_rankings_out_of_bounds_are_refused(
    gateway: Gateway, lists: list[list[str]], k: int, path: list[Any], message: str | None
) -> None:
    answer = await gateway.execute(RERANK, {"lists": lists, "k": k})
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert message is None or (error["message"], error["extensions"]["path"]) == (message, path)
