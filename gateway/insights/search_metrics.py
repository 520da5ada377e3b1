"""The metrics of searches: of search outcomes, one for each search request (`gateway.model.derived_documents`).

What was typed letter by letter counts as one search, the last of them; rates are of searches, and so of what each of
them and all that was merged into it led to. Definitions: Algolia's of click-through, conversion and no-results rates
(https://www.algolia.com/doc/guides/search-analytics/concepts/metrics), Craswell's of the mean reciprocal rank
(Encyclopedia of Database Systems, 2009).
"""

from collections.abc import Mapping

from gateway.insights.metrics import Dimension, Metric, Subject, counted, is_present, ratio
from gateway.insights.stored_values import Expression

_IS_SEARCH: Expression = {"$ne": ["$merged", True]}
_SEARCHES: Mapping[str, Expression] = {"searches": counted(_IS_SEARCH)}


def _searches_with(name: str, path: str) -> Mapping[str, Expression]:
    return {**_SEARCHES, name: counted({"$and": [_IS_SEARCH, path]})}


def _rate(name: str, path: str) -> Metric:
    """The share of the searches that have ``path``."""
    return Metric(_searches_with(name, path), ratio(f"${name}", "$searches"))


def _mean(name: str, path: str) -> Metric:
    """The mean of what those searches have at ``path`` that have it."""
    return Metric({name: {"$avg": {"$cond": [_IS_SEARCH, path, None]}}}, f"${name}")


def _distinct(name: str, path: str) -> Metric:
    """How many distinct values there are at ``path``."""
    return Metric({name: {"$addToSet": path}}, {"$size": f"${name}"}, 0, path)


_REMAINDER: Expression = {"$subtract": ["$searches", "$clicked"]}
_RECIPROCAL_RANK: Expression = {
    "$cond": [
        {"$and": [_IS_SEARCH, is_present("$whole.lowest_clicked_position")]},
        {"$divide": [1, {"$add": [1, "$whole.lowest_clicked_position"]}]},
        0,
    ]
}

SEARCH_METRICS: Mapping[str, Metric] = {
    "searches": Metric(_SEARCHES, "$searches", 0),
    "requests": Metric({"requests": {"$sum": 1}}, "$requests", 0),
    "sessions": _distinct("sessions", "$session_id"),
    "users": _distinct("users", "$user_id"),
    "click_through_rate": _rate("clicked", "$whole.clicked"),
    "conversion_rate": _rate("converted", "$whole.converted"),
    "add_to_cart_rate": _rate("added_to_cart", "$whole.added_to_cart"),
    "purchase_rate": _rate("purchased", "$whole.purchased"),
    "no_click_rate": Metric(_searches_with("clicked", "$whole.clicked"), ratio(_REMAINDER, "$searches")),
    "no_results_rate": _rate("without_results", "$whole.no_results"),
    "abandonment_rate": _rate("abandoned", "$abandoned"),
    "reformulation_rate": _rate("reformulated", "$reformulated"),
    "average_click_position": Metric(
        {"positions": {"$sum": "$clicked_positions.sum"}, "positioned": {"$sum": "$clicked_positions.count"}},
        ratio("$positions", "$positioned"),
    ),
    "mean_reciprocal_rank": Metric(
        {**_SEARCHES, "reciprocal_ranks": {"$sum": _RECIPROCAL_RANK}}, ratio("$reciprocal_ranks", "$searches")
    ),
    "average_result_count": _mean("result_count", "$result_count"),
    "average_ms_to_first_click": _mean("ms_to_first_click", "$whole.ms_to_first_click"),
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
