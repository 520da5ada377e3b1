"""The pipeline that makes the days of items: what was done with each item on each UTC day.

See `gateway.model.derived_documents`. What has no id of an item, or no time, is in none.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from gateway.insights.derived_keys import ItemKey
from gateway.insights.stored_values import (
    TYPE_NAMES,
    Expression,
    Pipeline,
    count,
    id_text,
    in_namespace,
    nonzero,
    time,
    type_counters,
    types,
)
from gateway.model.derived_documents import COUNTED_POSITIONS, ITEM_DAYS
from gateway.model.document_ids import id_spellings

_DAY, _MILLISECOND = timedelta(days=1), timedelta(milliseconds=1)


def with_items(items: Iterable[ItemKey]) -> dict[str, Any]:
    """The filter for the interactions of a namespace with these items on these days."""
    by_day: dict[datetime, list[str]] = defaultdict(list)
    for item in items:
        by_day[item.day].append(item.feature_id)
    days = [{"feature_id": {"$in": list(id_spellings(ids))}, "occurred_at": on_day(day)} for day, ids in by_day.items()]
    return {"$or": days}


def on_day(day: datetime) -> dict[str, datetime]:
    """The predicate on a time of the day that begins at this midnight."""
    return {"$gte": day, "$lte": day + (_DAY - _MILLISECOND)}


def item_days(namespace_id: str, interactions: Mapping[str, Any]) -> Pipeline:
    """The days of items that those interactions of a namespace make which the filter ``interactions`` selects; it has
    to select all with an item on a day, or none. To be run on their collection."""
    return [
        {"$match": _scoped(namespace_id, interactions)},
        {"$project": _READ},
        # Both are null where the other is.
        {"$match": {"feature_id": {"$ne": None}, "day": {"$ne": None}}},
        {"$group": _BY_POSITION},
        {"$sort": {"_id.position": 1}},
        {"$group": _BY_DAY},
        {"$project": _item_day(namespace_id)},
    ]


def days_with_interactions(namespace_id: str, interactions: Mapping[str, Any]) -> Pipeline:
    """As `item_days`, of which only the items and days are told, at ``_id``."""
    return [
        {"$match": _scoped(namespace_id, interactions)},
        {"$project": {name: _READ[name] for name in ("feature_id", "day")}},
        {"$match": {"feature_id": {"$ne": None}, "day": {"$ne": None}}},
        {"$group": {"_id": {"feature_id": "$feature_id", "day": "$day"}}},
    ]


def _scoped(namespace_id: str, interactions: Mapping[str, Any]) -> Mapping[str, Any]:
    # Beside branches MongoDB walks the whole index: of a thousand days of items among 60,000 interactions, it took 150
    # times as long. In each it is the last key, so that nothing else can replace it.
    scope = {"namespace_id": in_namespace(namespace_id)}
    if branches := interactions.get("$or"):
        assert len(interactions) == 1, "what stands beside branches stands in each of them"
        return {"$or": [{**branch, **scope} for branch in branches]}
    return {**interactions, **scope}


def merged_into_item_days() -> Pipeline:
    """The stage that stores `item_days`."""
    return [{"$merge": {"into": ITEM_DAYS, "whenMatched": "replace", "whenNotMatched": "insert"}}]


def _if(type: str, value: Expression) -> Expression:
    return {"$cond": [{"$in": [type, "$types"]}, value, None]}


_IS_COUNTED = {"$and": [{"$ne": ["$position", None]}, {"$lt": ["$position", COUNTED_POSITIONS]}]}

_READ: Mapping[str, Expression] = {
    "_id": 0,
    "feature_id": id_text("$feature_id"),
    "day": {"$dateTrunc": {"date": time("$occurred_at"), "unit": "day"}},
    "types": types("$interaction_type"),
    "position": count("$position"),
    "duration": count("$duration_ms"),
}

# First by position as well, in which all beyond those that are counted are one.
_BY_POSITION: Mapping[str, Expression] = {
    "_id": {
        "feature_id": "$feature_id",
        "day": "$day",
        "position": {"$cond": [_IS_COUNTED, "$position", None]},
    },
    "interactions": {"$sum": 1},
    **type_counters("$types"),
    "clicked_positions": {"$sum": _if("click", "$position")},
    "positioned_clicks": {"$sum": {"$cond": [{"$ne": [_if("click", "$position"), None]}, 1, 0]}},
    "durations": {"$sum": "$duration"},
    "timed": {"$sum": {"$cond": [{"$ne": ["$duration", None]}, 1, 0]}},
}

_SUMS = ("interactions", *TYPE_NAMES, "clicked_positions", "positioned_clicks", "durations", "timed")


def _at_positions(counter: str) -> Expression:
    return {"$push": {"k": {"$toString": "$_id.position"}, "v": f"${counter}"}}


_BY_DAY: Mapping[str, Expression] = {
    "_id": {"feature_id": "$_id.feature_id", "day": "$_id.day"},
    **{name: {"$sum": f"${name}"} for name in _SUMS},
    "views": _at_positions("view"),
    "clicks_at": _at_positions("click"),
}


def _by_position(pairs: str) -> Expression:
    counted = {"$and": [{"$ne": ["$$pair.k", None]}, {"$gt": ["$$pair.v", 0]}]}
    return {"$arrayToObject": {"$filter": {"input": pairs, "as": "pair", "cond": counted}}}


def _item_day(namespace_id: str) -> Mapping[str, Expression]:
    namespace = {"$literal": namespace_id}
    return {
        "_id": {"n": namespace, "f": "$_id.feature_id", "d": "$_id.day"},
        "namespace_id": namespace,
        "feature_id": "$_id.feature_id",
        "day": "$_id.day",
        "interactions": 1,
        "counts": nonzero("$$ROOT"),
        "views": _by_position("$views"),
        "clicks": _by_position("$clicks_at"),
        "clicked_positions": {"sum": "$clicked_positions", "count": "$positioned_clicks"},
        "durations": {"sum": "$durations", "count": "$timed"},
    }
