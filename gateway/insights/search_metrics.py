"""The metrics of searches: of search outcomes, one for each search request (`gateway.model.derived_documents`).

What was typed letter by letter counts as one search, the last of them; rates are of searches, and so of what each of
them and all that was merged into it led to. Definitions: Algolia's of click-through, conversion and no-results rates
(https://www.algolia.com/doc/guides/search-analytics/concepts/metrics), Craswell's of the mean reciprocal rank
(Encyclopedia of Database Systems, 2009).
"""

from collections.abc import Mapping

from gateway.insights.metrics import Dimension, Metric, Subject, distinct, mean, ratio
from gateway.insights.stored_values import Expression

_IS_SEARCH: Expression = {"$gt": ["$searches", 0]}
_SEARCHES: Mapping[str, Expression] = {"searches": {"$sum": "$searches"}}


def _searches_with(name: str, value: Expression) -> Mapping[str, Expression]:
    return {**_SEARCHES, name: {"$sum": value}}


def _rate(name: str, value: Expression) -> Metric:
    """The share of the searches that have a ``value`` of 1."""
    return Metric(_searches_with(name, value), ratio(f"${name}", "$searches"))


_REMAINDER: Expression = {"$subtract": ["$searches", "$clicked"]}
# Null where there is none, which adds nothing.
_RECIPROCAL_RANK: Expression = {"$divide": [1, {"$add": [1, "$whole.lowest_clicked_position"]}]}

SEARCH_METRICS: Mapping[str, Metric] = {
    "searches": Metric(_SEARCHES, "$searches", 0),
    "requests": Metric({"requests": {"$sum": 1}}, "$requests", 0),
    "sessions": distinct("sessions", "$session_id"),
    "users": distinct("users", "$user_id"),
    "click_through_rate": _rate("clicked", "$searches_clicked"),
    "conversion_rate": _rate("converted", "$searches_converted"),
    "add_to_cart_rate": _rate("added_to_cart", "$whole.added_to_cart"),
    "purchase_rate": _rate("purchased", "$whole.purchased"),
    "no_click_rate": Metric(_searches_with("clicked", "$searches_clicked"), ratio(_REMAINDER, "$searches")),
    "no_results_rate": _rate("without_results", "$searches_without_results"),
    "abandonment_rate": _rate("abandoned", {"$cond": ["$abandoned", 1, 0]}),
    "reformulation_rate": _rate("reformulated", {"$cond": ["$reformulated", 1, 0]}),
    "average_click_position": Metric(
        {"positions": {"$sum": "$clicked_positions.sum"}, "positioned": {"$sum": "$clicked_positions.count"}},
        ratio("$positions", "$positioned"),
    ),
    "mean_reciprocal_rank": Metric(
        {**_SEARCHES, "reciprocal_ranks": {"$sum": _RECIPROCAL_RANK}}, ratio("$reciprocal_ranks", "$searches")
    ),
    "average_result_count": mean("result_count", {"$cond": [_IS_SEARCH, "$result_count", None]}),
    "average_ms_to_first_click": mean("ms_to_first_click", "$whole.ms_to_first_click"),
}
"""By the names that groups have them under."""

SEARCHES = Subject("searchStats", "first_seen_at", SEARCH_METRICS, "searches")

DATED_SEARCHES = Subject(
    "collections",
    SEARCHES.time,
    {
        **SEARCH_METRICS,
        "last_searched_at": Metric({"last_searched_at": {"$max": "$first_seen_at"}}, "$last_searched_at"),
    },
    SEARCHES.order,
)
"""The same, and when the last of them was."""

DIMENSIONS: Mapping[str, Dimension] = {
    dimension.name: dimension
    for dimension in (
        Dimension("query", "$text"),
        Dimension("collection", "$collections", "collections"),
        Dimension("vector_index", "$vector_indexes", "vector_indexes"),
        Dimension("filter_key", "$condition_keys", "condition_keys"),
        Dimension("session_id", "$session_id"),
        Dimension("user_id", "$user_id"),
    )
}
"""What searches are grouped by, by name."""
