"""Judgments of items for queries, from what people did: pipelines over the interactions in scope, one for each model.

Each gives, for every text of a query (``query``) and item (``feature_id``) that were seen together, ``views``,
``clicks`` and a ``rating``; `graded` adds a ``grade``. Positions count from 0; interactions without a whole one count
in FEEDBACK only, and none but those of a search have a query.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Final

from bson import Decimal128

from gateway.insights.stored_values import Expression, Pipeline, Stage, id_text, is_string
from gateway.insights.type_weights import NEGATIVE, POSITIVE

# Sums of another order differ behind so many digits; what is equal has to be.
_DIGITS = 12
_ALL = ["unbounded", "unbounded"]
_PAIR = {"query": "$query", "feature_id": "$feature_id"}
_PAIR_OF_ID = {"query": "$_id.query", "feature_id": "$_id.feature_id"}
_HAS_QUERY: Stage = {"$match": {"query": {"$ne": None}}}


class JudgmentModel(Enum):
    """The models by which items are judged."""

    COEC = "coec"
    COEC_WORKBENCH = "coec_workbench"
    SDBN = "sdbn"
    FEEDBACK = "feedback"


def judgments(model: JudgmentModel, *, max_rank: int, min_views: int) -> Pipeline:
    """The stages that judge what comes out of a scope of interactions; ``max_rank``: only positions below it count
    (FEEDBACK counts all). What was viewed fewer than ``min_views`` times together isn't judged."""
    return [
        *_MODELS[model](max_rank),
        {"$match": {"views": {"$gte": min_views}}},
        {"$set": _PAIR_OF_ID},
        *graded(),
    ]


def graded() -> Pipeline:
    """The stages that add ``grade``: 1 where a rating is above 0 and no lower than half the highest of the query, nor
    than its 90th percentile by nearest rank, else 0."""
    all_of_query = {"window": {"documents": _ALL}}
    # The nearest rank of the 90th percentile, in whole numbers.
    is_percentile = {"$eq": ["$number", {"$ceil": {"$divide": [{"$multiply": [9, "$count"]}, 10]}}]}
    return [
        {
            "$setWindowFields": {
                "partitionBy": "$query",
                "sortBy": {"rating": 1},
                "output": {
                    "number": {"$documentNumber": {}},
                    "count": {"$sum": 1, **all_of_query},
                    "highest": {"$max": "$rating", **all_of_query},
                },
            }
        },
        {"$set": {"percentile": {"$cond": [is_percentile, "$rating", None]}}},
        {"$setWindowFields": {"partitionBy": "$query", "output": {"percentile": {"$max": "$percentile"}}}},
        {
            "$set": {
                "grade": {
                    "$cond": [
                        {
                            "$and": [
                                {"$gt": ["$rating", 0]},
                                # Rounded, a third is less than half of two thirds.
                                {"$gte": [{"$add": ["$rating", 10**-_DIGITS]}, {"$multiply": [0.5, "$highest"]}]},
                                {"$gte": ["$rating", "$percentile"]},
                            ]
                        },
                        1,
                        0,
                    ]
                }
            }
        },
        {"$project": {"_id": 0, "query": 1, "feature_id": 1, "views": 1, "clicks": 1, "rating": 1, "grade": 1}},
    ]


def _coec(max_rank: int) -> Pipeline:
    """Clicks over expected clicks (Zhang and Jones, WWW 2007), exact by position."""
    return [
        *_by_position({"$gte": 0, "$lt": max_rank}),
        *_with_rates(),
        _HAS_QUERY,
        {
            "$group": {
                "_id": _PAIR,
                "views": {"$sum": "$views"},
                # Without a view of its position, by whomever, a click isn't expected either.
                "clicks": {"$sum": {"$cond": [{"$eq": ["$rate", None]}, 0, "$clicks"]}},
                "expected": {"$sum": {"$multiply": ["$views", "$rate"]}},
            }
        },
        {"$set": {"rating": {"$round": [_ratio("$clicks", "$expected"), _DIGITS]}}},
    ]


def _coec_workbench(max_rank: int) -> Pipeline:
    """Clicks over expected clicks as OpenSearch's Search Relevance Workbench has them: all views of a pair are taken
    for views of its lowest position, and the rating is rounded to three decimals, halves up.

    Like there, the position ``max_rank`` itself still counts, but has no rate.
    """
    rate = {"$cond": [{"$lt": ["$position", max_rank]}, {"$ifNull": ["$rate", 0]}, 0]}
    rating = _ratio("$clicks", {"$multiply": ["$lowest.rate", "$views"]})
    return [
        *_by_position({"$gte": 0, "$lte": max_rank}),
        *_with_rates(),
        _HAS_QUERY,
        {
            "$group": {
                "_id": _PAIR,
                "views": {"$sum": "$views"},
                "clicks": {"$sum": "$clicks"},
                "lowest": {"$min": {"position": "$position", "rate": rate}},
            }
        },
        {"$set": {"rating": _halves_up(rating)}},
    ]


def _sdbn(max_rank: int) -> Pipeline:
    """The simplified dynamic Bayesian network (Chapelle and Zhang, WWW 2009), in the closed form that PyClick has: what
    stands above the last click of a search was examined. Searches without clicks add nothing.

    Shown is what was viewed or clicked at a position of a search, however often.
    """
    clicked = {"$gt": ["$clicks", 0]}
    examined = {"$lte": ["$position", {"$ifNull": ["$last", -1]}]}
    return [
        {"$match": {"query_text": {"$type": "string"}, "search_request_id": {"$not": {"$type": "array"}}}},
        *_by_position({"$gte": 0, "$lt": max_rank}, "search_request_id"),
        _HAS_QUERY,
        {
            "$group": {
                "_id": {**_PAIR, "position": "$position", "search": "$search_request_id"},
                "views": {"$sum": "$views"},
                "clicks": {"$sum": "$clicks"},
            }
        },
        {"$set": {**_PAIR_OF_ID, "position": "$_id.position"}},
        {
            "$setWindowFields": {
                "partitionBy": "$_id.search",
                "output": {"last": {"$max": {"$cond": [clicked, "$position", None]}}},
            }
        },
        {
            "$group": {
                "_id": _PAIR,
                "views": {"$sum": "$views"},
                "clicks": {"$sum": "$clicks"},
                "shown": {"$sum": _one_where(examined)},
                "clicked": {"$sum": _one_where(clicked)},
                "last": {"$sum": _one_where({"$and": [clicked, {"$eq": ["$position", "$last"]}]})},
            }
        },
        {
            "$set": {
                "rating": {
                    "$round": [
                        {"$multiply": [_smoothed("$clicked", "$shown"), _smoothed("$last", "$clicked")]},
                        _DIGITS,
                    ]
                }
            }
        },
    ]


def _feedback(max_rank: int) -> Pipeline:
    """What people's reactions to an item say, as in its signals but without decay: (P - N) / (P + N + 2)."""
    rating = {"$divide": [{"$subtract": ["$P", "$N"]}, {"$add": ["$P", "$N", 2]}]}
    return [
        {"$match": {"query_text": {"$type": "string"}}},
        *_grouped(),
        _HAS_QUERY,
        {
            "$group": {
                "_id": _PAIR,
                "views": {"$sum": _times("view")},
                "clicks": {"$sum": _times("click")},
                "P": {"$sum": {"$multiply": ["$n", _weight(POSITIVE)]}},
                "N": {"$sum": {"$multiply": ["$n", _weight(NEGATIVE)]}},
            }
        },
        {"$set": {"rating": {"$round": [rating, _DIGITS]}}},
    ]


_MODELS: Final[Mapping[JudgmentModel, Callable[[int], Pipeline]]] = {
    JudgmentModel.COEC: _coec,
    JudgmentModel.COEC_WORKBENCH: _coec_workbench,
    JudgmentModel.SDBN: _sdbn,
    JudgmentModel.FEEDBACK: _feedback,
}


def _grouped(*paths: str) -> Pipeline:
    """How many interactions have the same query, item, types and what is stored at ``paths``: as it is stored, so that
    what others stored in its place is looked at once for each group and not for each interaction."""
    stored = {"query": "$query_text", "feature_id": "$feature_id", "types": "$interaction_type"}
    types = "$_id.types"
    return [
        {"$group": {"_id": stored | {path: f"${path}" for path in paths}, "n": {"$sum": 1}}},
        {
            "$project": {
                "query": {"$cond": [is_string("$_id.query"), "$_id.query", None]},
                "feature_id": id_text("$_id.feature_id"),
                "types": {"$cond": [{"$isArray": [types]}, types, [types]]},
                "n": 1,
                **{path: f"$_id.{path}" for path in paths},
            }
        },
        # Without an item there is nothing to judge.
        {"$match": {"feature_id": {"$ne": None}}},
    ]


def _by_position(positions: Mapping[str, int], *paths: str) -> Pipeline:
    """Views and clicks by query, item and position (and what is stored at ``paths``), of these positions, which are
    whole numbers; there may be several rows for each."""
    # Of nearly all it is known by its type.
    is_whole = {"$or": [{"position": {"$type": ["int", "long"]}}, {"$expr": _is_whole("$position")}]}
    return [
        {"$match": {"position": positions, "interaction_type": {"$in": ["view", "click"]}, **is_whole}},
        *_grouped("position", *paths),
        {"$match": {"position": {"$type": ["int", "long", "double"], "$not": {"$type": "array"}}}},
        {"$set": {"views": _times("view"), "clicks": _times("click")}},
    ]


def _is_whole(number: str) -> Expression:
    return {"$eq": [number, {"$convert": {"input": number, "to": "long", "onError": None, "onNull": None}}]}


def _with_rates() -> Pipeline:
    """Clicks per view of each position, of all that is in scope: ``rate``, null without views."""
    return [
        {
            "$setWindowFields": {
                "partitionBy": "$position",
                "output": {"all_views": {"$sum": "$views"}, "all_clicks": {"$sum": "$clicks"}},
            }
        },
        {
            "$set": {
                "rate": {"$cond": [{"$gt": ["$all_views", 0]}, {"$divide": ["$all_clicks", "$all_views"]}, None]},
            }
        },
    ]


def _is(type_: str) -> Expression:
    return {"$in": [type_, "$types"]}


def _one_where(condition: Expression) -> Expression:
    return {"$cond": [condition, 1, 0]}


def _times(type_: str) -> Expression:
    """How many of a group's interactions are of a type."""
    return {"$cond": [_is(type_), "$n", 0]}


def _weight(weights: Mapping[str, float]) -> Expression:
    return {"$add": [{"$cond": [_is(type_), weight, 0]} for type_, weight in weights.items()]}


def _ratio(dividend: Expression, divisor: Expression) -> Expression:
    """A ratio that is 0 where there is nothing to divide by."""
    return {
        "$let": {
            "vars": {"divisor": divisor},
            "in": {"$cond": [{"$gt": ["$$divisor", 0]}, {"$divide": [dividend, "$$divisor"]}, 0.0]},
        }
    }


def _smoothed(part: str, whole: str) -> Expression:
    """One more than a part, over two more than the whole: a half where nothing is known."""
    return {"$divide": [{"$add": [1, part]}, {"$add": [2, whole]}]}


def _halves_up(value: Expression) -> Expression:
    # $round takes halves to the even neighbour.
    return {"$toDouble": {"$trunc": [{"$add": [{"$toDecimal": value}, Decimal128("0.0005")]}, 3]}}
