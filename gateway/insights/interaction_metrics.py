"""The metrics of interactions: of recorded interactions, whatever other programs have stored in their fields.

Wilson's lower bound is that of a binomial share (Wilson, Journal of the American Statistical Association, 1927); clicks
over expected clicks are Zhang and Jones' (WWW 2007), exact by position.
"""

from collections.abc import Mapping, Sequence

from gateway.insights.metrics import Dimension, Metric, Subject, counted, distinct, is_present, mean, ratio
from gateway.insights.stored_values import (
    TYPE_NAMES,
    Expression,
    Pipeline,
    count,
    distinct_strings,
    id_text,
    members,
    session_id,
    time,
    type_counters,
    types,
)

MAX_RANK = 100
"""The most positions that clicks can be compared by."""

_TYPES, _POSITION = "$types", "$place"

PREPARED: Mapping[str, Expression] = {
    "types": types("$interaction_type"),
    "place": count("$position"),
    "duration": count("$duration_ms"),
    "feature": id_text("$feature_id"),
    "search": id_text("$search_request_id"),
    "session": session_id("$effective_session_id"),
    "user": id_text("$user_id"),
    "occurred_at": time("$occurred_at"),
    "query_text": "$query_text",
    "parent": "$parent",
    "metadata": "$metadata",
    "of_types": types("$interaction_type"),
    "of_collections": distinct_strings("$search_request.collections"),
    "of_indexes": distinct_strings(members("$search_request.queries", "vector_index")),
}
"""What is made of an interaction ahead of grouping; what is unwound stands apart from what is looked into."""


def is_of(type_: str) -> Expression:
    return {"$in": [type_, _TYPES]}


_VIEWS: Mapping[str, Expression] = {"views": counted(is_of("view"))}
_CLICKS: Mapping[str, Expression] = {"clicks": counted(is_of("click"))}
_CLICKED_POSITION: Expression = {"$cond": [is_of("click"), _POSITION, None]}
_Z = 1.959963984540054
"""The 97.5th percentile of the normal distribution: for an interval of 95 %."""


def wilson_lower_bound(successes: Expression, trials: Expression) -> Expression:
    """The lower bound of a share at 95 %; null without trials."""
    share = {"$divide": [successes, trials]}
    square = _Z * _Z
    spread = {
        "$sqrt": {
            "$add": [
                {"$divide": [{"$multiply": ["$$share", {"$subtract": [1, "$$share"]}]}, trials]},
                {"$divide": [square, {"$multiply": [4, trials, trials]}]},
            ]
        }
    }
    centre = {"$add": ["$$share", {"$divide": [square, {"$multiply": [2, trials]}]}]}
    bound = {
        "$divide": [
            {"$subtract": [centre, {"$multiply": [_Z, spread]}]},
            {"$add": [1, {"$divide": [square, trials]}]},
        ]
    }
    # Rounding may leave it a hair below 0 where there are no successes.
    return {
        "$cond": [
            {"$gt": [trials, 0]},
            {"$let": {"vars": {"share": share}, "in": {"$max": [0, bound]}}},
            None,
        ]
    }


INTERACTION_METRICS: Mapping[str, Metric] = {
    "interactions": Metric({"interactions": {"$sum": 1}}, "$interactions", 0),
    "counts": Metric(
        {f"count_{name}": accumulator for name, accumulator in type_counters(_TYPES).items()},
        {name: f"$count_{name}" for name in TYPE_NAMES},
        dict.fromkeys(TYPE_NAMES, 0),
    ),
    "views": Metric(_VIEWS, "$views", 0),
    "clicks": Metric(_CLICKS, "$clicks", 0),
    "searches": distinct("searches", "$search"),
    "sessions": distinct("sessions", "$session"),
    "users": distinct("users", "$user"),
    "clicks_per_view": Metric({**_VIEWS, **_CLICKS}, ratio("$clicks", "$views")),
    "clicks_per_view_lower_bound": Metric(
        {**_VIEWS, **_CLICKS}, wilson_lower_bound({"$min": ["$clicks", "$views"]}, "$views")
    ),
    "negative_rate": Metric(
        {"interactions": {"$sum": 1}, "negative": counted(is_of("negative_feedback"))},
        ratio("$negative", "$interactions"),
    ),
    "average_duration_ms": mean("duration", "$duration"),
    "average_click_position": mean("clicked_position", _CLICKED_POSITION),
}
"""By the names that groups have them under; those that need more than the group's own documents are made below."""


def with_expected_clicks(rates: Sequence[float | None]) -> Mapping[str, Metric]:
    """The metrics that compare clicks with those that the positions make one expect. ``rates``: for each position from
    0, the clicks per view of all in scope; None where there are no views."""
    known = {"$and": [is_present(_POSITION), {"$lt": [_POSITION, len(rates)]}]}
    rate = {"$arrayElemAt": [[rate or 0.0 for rate in rates], _POSITION]} if rates else 0.0
    has_views = {"$arrayElemAt": [[rate is not None for rate in rates], _POSITION]} if rates else False
    expected = {"expected": {"$sum": {"$cond": [{"$and": [is_of("view"), known]}, rate, 0.0]}}}
    comparable = {"comparable": counted({"$and": [is_of("click"), known, has_views]})}
    return {
        "expected_clicks": Metric(expected, "$expected", 0.0),
        "coec": Metric({**expected, **comparable}, ratio("$comparable", "$expected")),
    }


BY_POSITION: Mapping[str, Expression] = {**_VIEWS, **_CLICKS}
"""The accumulators of a group's positions."""

# Of what no sum and no product is beyond all doubles; JSON has no infinity.
_GREATEST = 1e100


def _is_summable(number: Expression) -> Expression:
    return {"$and": [{"$isNumber": number}, {"$gte": [number, -_GREATEST]}, {"$lte": [number, _GREATEST]}]}


_QUANTITY: Expression = {"$cond": [{"$isNumber": "$metadata.quantity"}, "$metadata.quantity", 1]}
_IS_SALE: Expression = {"$and": [is_of("purchase"), _is_summable("$metadata.price"), _is_summable(_QUANTITY)]}
REVENUE: Mapping[str, Expression] = {
    "amount": {
        "$sum": {"$cond": [_IS_SALE, {"$multiply": [{"$toDouble": "$metadata.price"}, {"$toDouble": _QUANTITY}]}, None]}
    },
    "sales": counted(_IS_SALE),
}
"""The accumulators of a group's revenue in one currency: price times quantity, 1 where none is given. A purchase
whose price is no number, or of which either is beyond `_GREATEST`, is none of the sales."""

CURRENCY: Expression = {"$cond": [{"$eq": [{"$type": "$metadata.currency"}, "string"]}, "$metadata.currency", None]}


def rates(max_rank: int) -> Pipeline:
    """As of `Subject`."""
    return [
        {"$project": {"_id": 0, **{name: PREPARED[name] for name in ("types", "place")}}},
        {"$match": {"place": {"$gte": 0, "$lt": max_rank}}},
        {"$group": {"_id": _POSITION, **BY_POSITION}},
        {"$project": {"position": "$_id", "views": 1, "clicks": 1}},
    ]


INTERACTIONS = Subject(
    "interactionStats", "occurred_at", INTERACTION_METRICS, "interactions", PREPARED, rates, with_expected_clicks
)

DIMENSIONS: Mapping[str, Dimension] = {
    dimension.name: dimension
    for dimension in (
        Dimension("feature_id", "$feature"),
        Dimension("query", "$query_text"),
        Dimension("collection", "$of_collections", "of_collections"),
        Dimension("position", _POSITION),
        Dimension("interaction_type", "$of_types", "of_types"),
        Dimension("session_id", "$session"),
        Dimension("user_id", "$user"),
        Dimension("vector_index", "$of_indexes", "of_indexes"),
    )
}
"""What interactions are grouped by, by name; metadata has dimensions of their own."""


def metadata_dimension(number: int, steps: Sequence[str]) -> Dimension:
    """The dimension of the value within the metadata that the steps lead to, object by object."""
    value: Expression = "$metadata"
    for step in steps:
        held = {"$cond": [{"$eq": [{"$type": value}, "object"]}, value, None]}
        value = {"$getField": {"field": {"$literal": step}, "input": held}}
    return Dimension(f"metadata_{number}", {"$ifNull": [value, None]})
