"""Rankings fused by hand, and what holds of every fusion."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.insights.rank_fusion import distinct_items, fused

ITEMS = st.sampled_from("abcdef")
LISTS = st.lists(st.lists(ITEMS, max_size=8), max_size=5)


def test_two_rankings_are_fused_by_reciprocal_ranks() -> None:
    ranked = fused([["a", "b"], ["b", "c"]], {}, k=60)
    assert [(item.id, item.rank, item.ranks) for item in ranked] == [
        ("b", 1, (2, 1)),
        ("a", 2, (1, None)),
        ("c", 3, (None, 2)),
    ]
    assert [item.rrf for item in ranked] == pytest.approx([1 / 62 + 1 / 61, 1 / 61, 1 / 62], rel=1e-12)


def test_what_people_liked_moves_up_and_what_they_disliked_down() -> None:
    ranked = fused([["a", "b", "c"]], {"a": -0.5, "c": 0.5}, k=1)
    assert [(item.id, item.rank, item.moved) for item in ranked] == [("c", 1, 2), ("b", 2, 0), ("a", 3, -2)]
    assert [item.score for item in ranked] == pytest.approx([0.25 * 1.5, 1 / 3, 0.5 * 0.5])


def test_what_is_equal_goes_by_id() -> None:
    assert [item.id for item in fused([["b", "a"], ["a", "b"]], {}, k=60)] == ["a", "b"]


def test_what_a_ranking_names_again_counts_where_it_stands_first() -> None:
    [first, second] = fused([["a", "b", "a"]], {}, k=60)
    assert (first.ranks, first.rrf) == ((1,), 1 / 61)
    assert (second.ranks, second.rrf) == ((2,), 1 / 62)


@pytest.mark.parametrize("lists", [[], [[]], [[], []]])
def test_nothing_fused_is_nothing(lists: list[list[str]]) -> None:
    assert fused(lists, {}, k=60) == []


@given(LISTS, st.integers(1, 1_000))
def test_without_a_history_nothing_moves(lists: list[list[str]], k: int) -> None:
    ranked = fused(lists, {}, k)
    assert all(item.moved == 0 and item.score == item.rrf for item in ranked)
    assert [item.rank for item in ranked] == list(range(1, len(ranked) + 1))
    assert {item.id for item in ranked} == set(distinct_items(lists))


@given(LISTS, st.dictionaries(ITEMS, st.floats(-0.99, 0.99)))
def test_as_many_ranks_are_won_as_lost(lists: list[list[str]], scores: dict[str, float]) -> None:
    ranked = fused(lists, scores, k=60)
    assert sum(item.moved for item in ranked) == 0
    assert [item.score for item in ranked] == sorted((item.score for item in ranked), reverse=True)


@given(st.lists(st.lists(ITEMS, max_size=6), max_size=4))
def test_the_order_of_the_rankings_does_not_matter(lists: list[list[str]]) -> None:
    expected = [(item.id, item.score) for item in fused(lists, {}, k=60)]
    for order in permutations(lists):
        assert [(item.id, item.score) for item in fused(order, {}, k=60)] == expected
