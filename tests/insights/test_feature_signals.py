"""Signals of items, computed by hand and by their invariants."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.insights.feature_signals import (
    COUNTED_TYPES,
    ItemHistory,
    RankingWeights,
    SignalParameters,
    decay,
    signals,
    utc_day,
)

NOON = datetime(2024, 5, 8, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("interaction", "weight"),
    [
        (NOON, 1.0),
        (datetime(2024, 5, 8, 0, 0, tzinfo=UTC), 1.0),
        # One second earlier it was another day.
        (datetime(2024, 5, 7, 23, 59, 59, tzinfo=UTC), 2 ** (-1 / 7)),
        (datetime(2024, 5, 1, 0, 0, tzinfo=UTC), 0.5),
        (datetime(2024, 4, 24, 23, 59, tzinfo=UTC), 0.25),
        # In UTC it is the seventh already.
        (datetime(2024, 5, 6, 23, 0, tzinfo=timezone(timedelta(hours=-5))), 2 ** (-1 / 7)),
    ],
)
def test_age_is_counted_in_whole_days_of_utc(interaction: datetime, weight: float) -> None:
    assert decay(interaction, NOON, 7.0) == pytest.approx(weight, rel=1e-12)


def test_a_day_begins_at_midnight_in_utc() -> None:
    assert utc_day(datetime(2024, 5, 8, 1, tzinfo=timezone(timedelta(hours=2)))) == datetime(2024, 5, 7, tzinfo=UTC)


def test_an_item_without_a_history_has_signals_of_nothing() -> None:
    assert signals(ItemHistory(), SignalParameters()) == {
        "views": 0.0,
        "clicks": 0.0,
        "positives": 0.0,
        "negatives": 0.0,
        "skips": 0.0,
        "average_duration_ms": None,
        "interactions": 0,
        "feedback": 0.0,
        "popularity": 0.0,
        "score": 0.0,
    }


def test_signals_are_those_computed_by_hand() -> None:
    counts = {"view": 10.0, "click": 4.0, "purchase": 1.0, "skip": 2.0, "negative_feedback": 1.0}
    found = signals(
        ItemHistory(interactions=18, counts=counts, durations=(900.0, 4)),
        SignalParameters(weights=RankingWeights(0.75, 0.25)),
    )
    # P = 4 * 1 + 1 * 3, N = 2 * 0.5 + 1 * 3, s = 4 * 1 + 10 * 0.1.
    assert found == pytest.approx(
        {
            "views": 10.0,
            "clicks": 4.0,
            "positives": 7.0,
            "negatives": 4.0,
            "skips": 2.0,
            "average_duration_ms": 225.0,
            "interactions": 18,
            "feedback": 3 / 13,
            "popularity": 0.5,
            "score": 0.75 * 3 / 13 + 0.125,
        },
        rel=1e-12,
    )


def test_with_too_few_interactions_there_is_no_feedback() -> None:
    counts = {"purchase": 4.0}
    assert signals(ItemHistory(4, counts), SignalParameters(min_interactions=5))["feedback"] == 0.0
    assert signals(ItemHistory(5, counts), SignalParameters(min_interactions=5))["feedback"] == pytest.approx(12 / 14)


@given(
    st.dictionaries(st.sampled_from(COUNTED_TYPES), st.floats(0.0, 1e9)),
    st.integers(0, 10**9),
    st.integers(1, 1_000),
    st.floats(0.0, 1.0),
)
def test_signals_stay_within_their_bounds(
    counts: dict[str, float], interactions: int, least: int, feedback: float
) -> None:
    parameters = SignalParameters(min_interactions=least, weights=RankingWeights(feedback, 1 - feedback))
    found = signals(ItemHistory(interactions, counts), parameters)
    assert -1 < found["feedback"] < 1
    assert 0 <= found["popularity"] < 1
    assert -1 < found["score"] < 1
