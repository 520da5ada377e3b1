"""What people's reactions say of an item: its signals, whose reactions count the less the older they are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from gateway.insights.type_weights import NEGATIVE, POPULARITY, POSITIVE, weighted

# The types that signals count.
COUNTED_TYPES: Final = tuple(sorted({*POSITIVE, *NEGATIVE, *POPULARITY}))

_DAY = timedelta(days=1)


class RankingWeights(NamedTuple):
    """The weights of an item's feedback and popularity in its score; they sum to 1."""

    feedback: float
    popularity: float


EQUAL_WEIGHTS: Final = RankingWeights(0.5, 0.5)


@dataclass(frozen=True, slots=True)
class SignalParameters:
    """What signals are computed by.

    ``half_life_days``: after so many days a reaction counts half, above 0. ``min_interactions``: with fewer an item has
    no feedback, and so many clicks make its popularity a half; 1 or more. ``as_of``: later interactions don't count;
    None: those later than the moment of reading.
    """

    half_life_days: float = 7.0
    min_interactions: int = 5
    weights: RankingWeights = EQUAL_WEIGHTS
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class ItemHistory:
    """What was done with an item until some time.

    ``interactions``: how many there were, of any type. ``counts``: those by type, decayed. ``durations``: the sum of
    their durations, in ms, and how many had one.
    """

    interactions: int = 0
    counts: Mapping[str, float] = field(default_factory=dict)
    durations: tuple[float, int] = (0.0, 0)


def utc_day(at: datetime) -> datetime:
    """The midnight in UTC at which the day of this time began."""
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def decay(interaction: datetime, as_of: datetime, half_life_days: float) -> float:
    """The weight of an interaction: 2^(-age / half-life), its age in whole days of UTC."""
    age = (utc_day(as_of) - utc_day(interaction)) // _DAY
    return float(2.0 ** (-age / half_life_days))


def signals(history: ItemHistory, parameters: SignalParameters) -> dict[str, Any]:
    """The signals of an item, by the names of what the graph has of them."""
    counts = history.counts
    positives, negatives, popular = (weighted(weights, counts) for weights in (POSITIVE, NEGATIVE, POPULARITY))
    feedback = 0.0
    if history.interactions >= parameters.min_interactions:
        feedback = (positives - negatives) / (positives + negatives + 2.0)
    popularity = popular / (popular + parameters.min_interactions)
    duration, durations = history.durations
    weights = parameters.weights
    return {
        "views": counts.get("view", 0.0),
        "clicks": counts.get("click", 0.0),
        "positives": positives,
        "negatives": negatives,
        "skips": counts.get("skip", 0.0),
        "average_duration_ms": duration / durations if durations else None,
        "interactions": history.interactions,
        "feedback": feedback,
        "popularity": popularity,
        "score": weights.feedback * feedback + weights.popularity * popularity,
    }
