"""The metrics of interactions, made of the days of items that hold their counts (`gateway.model.derived_documents`).

The same numbers as those of `gateway.insights.interaction_metrics`, of those that a day can tell: it has neither
sessions nor users.
"""

from collections.abc import Mapping, Sequence

from gateway.insights.interaction_metrics import MAX_RANK, wilson_lower_bound
from gateway.insights.metrics import Dimension, Metric, Subject, ratio
from gateway.insights.stored_values import TYPE_NAMES, Expression, Pipeline
from gateway.model.derived_documents import COUNTED_POSITIONS

assert MAX_RANK <= COUNTED_POSITIONS, "a day holds all positions that clicks are compared by"


def _sum(path: str) -> Mapping[str, Expression]:
    return {"$sum": f"${path}"}


_VIEWS: Mapping[str, Expression] = {"views": _sum("counts.view")}
_CLICKS: Mapping[str, Expression] = {"clicks": _sum("counts.click")}
_INTERACTIONS: Mapping[str, Expression] = {"interactions": _sum("interactions")}

ITEM_DAY_METRICS: Mapping[str, Metric] = {
    "interactions": Metric(_INTERACTIONS, "$interactions", 0),
    "counts": Metric(
        {f"count_{name}": _sum(f"counts.{name}") for name in TYPE_NAMES},
        {name: f"$count_{name}" for name in TYPE_NAMES},
        dict.fromkeys(TYPE_NAMES, 0),
    ),
    "views": Metric(_VIEWS, "$views", 0),
    "clicks": Metric(_CLICKS, "$clicks", 0),
    "clicks_per_view": Metric({**_VIEWS, **_CLICKS}, ratio("$clicks", "$views")),
    "clicks_per_view_lower_bound": Metric(
        {**_VIEWS, **_CLICKS}, wilson_lower_bound({"$min": ["$clicks", "$views"]}, "$views")
    ),
    "negative_rate": Metric(
        {**_INTERACTIONS, "negative": _sum("counts.negative_feedback")}, ratio("$negative", "$interactions")
    ),
    "average_duration_ms": Metric(
        {"duration": _sum("durations.sum"), "timed": _sum("durations.count")}, ratio("$duration", "$timed")
    ),
    "average_click_position": Metric(
        {"positions": _sum("clicked_positions.sum"), "positioned": _sum("clicked_positions.count")},
        ratio("$positions", "$positioned"),
    ),
}


def _rates(max_rank: int) -> Pipeline:
    sums = {f"{name}_{place}": _sum(f"{name}.{place}") for place in range(max_rank) for name in ("views", "clicks")}
    rows = [{"position": place, "views": f"$views_{place}", "clicks": f"$clicks_{place}"} for place in range(max_rank)]
    return [
        {"$group": {"_id": None, **sums}},
        {"$project": {"row": rows}},
        {"$unwind": "$row"},
        {"$replaceWith": "$row"},
    ]


def _with_expected_clicks(rates: Sequence[float | None]) -> Mapping[str, Metric]:
    known = {place: rate for place, rate in enumerate(rates) if rate is not None}
    expected = [{"$multiply": [{"$ifNull": [f"$views.{place}", 0]}, rate]} for place, rate in known.items()]
    comparable = [{"$ifNull": [f"$clicks.{place}", 0]} for place in known]
    sums = {"expected": {"$sum": {"$add": [0.0, *expected]}}, "comparable": {"$sum": {"$add": [0, *comparable]}}}
    return {
        "expected_clicks": Metric({"expected": sums["expected"]}, "$expected", 0.0),
        "coec": Metric(sums, ratio("$comparable", "$expected")),
    }


ITEM_DAYS_OF_INTERACTIONS = Subject(
    "interactionStats", "day", ITEM_DAY_METRICS, "interactions", {}, _rates, _with_expected_clicks
)

DIMENSIONS: Mapping[str, Dimension] = {"feature_id": Dimension("feature_id", "$feature_id")}
"""What the days of items are grouped by, by name."""
