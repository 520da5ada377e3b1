"""The pipeline that sums up what was done with items until some time, the less of it the longer ago it was.

All interactions of a day weigh the same, so that days of items are as exact as interactions. Only of the last day some
may be too late; its interactions themselves are read where there are such.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from gateway.insights.feature_signals import COUNTED_TYPES, ItemHistory, SignalParameters, utc_day
from gateway.insights.item_days import item_days, on_day
from gateway.insights.stored_values import Pipeline, id_values
from gateway.model.derived_documents import ITEM_DAYS
from gateway.model.kinds import INTERACTION

_DAY_MS = timedelta(days=1) // timedelta(milliseconds=1)
# What no id is.
_NO_IDS = [False]


def decayed_days(
    namespace_id: str, feature_ids: Sequence[str], parameters: SignalParameters, as_of: datetime
) -> Pipeline:
    """A row for each of the items that have a history: `history` reads it. To be run on the days of items."""
    today = utc_day(as_of)
    items = {"feature_id": {"$in": list(feature_ids)}}
    # The day is no later, so that the exponent isn't above 0.
    age = {"$divide": [{"$subtract": ["$day", today]}, _DAY_MS * parameters.half_life_days]}
    return [
        {"$match": {**items, "day": {"$lt": today}, "namespace_id": namespace_id}},
        {"$unionWith": {"coll": ITEM_DAYS, "pipeline": _last_day(namespace_id, items, as_of)}},
        {"$set": {"weight": {"$pow": [2, age]}}},
        {
            "$group": {
                "_id": "$feature_id",
                "interactions": {"$sum": "$interactions"},
                "duration": {"$sum": "$durations.sum"},
                "durations": {"$sum": "$durations.count"},
                **{name: {"$sum": {"$multiply": ["$weight", f"$counts.{name}"]}} for name in COUNTED_TYPES},
            }
        },
    ]


def history(row: Mapping[str, Any]) -> ItemHistory:
    """What a row of `decayed_days` says."""
    counts = {name: row[name] for name in COUNTED_TYPES if row[name]}
    return ItemHistory(row["interactions"], counts, (row["duration"], row["durations"]))


def _last_day(namespace_id: str, items: Mapping[str, Any], as_of: datetime) -> Pipeline:
    """The days of items on which the time is, without what came later on them."""
    today = utc_day(as_of)
    later: Pipeline = [
        {"$match": {"occurred_at": {**on_day(today), "$gt": as_of}, "namespace_id": namespace_id}},
        {"$limit": 1},
        {"$project": {"_id": 1}},
    ]
    until_then = item_days(namespace_id, {"occurred_at": {"$gte": today, "$lte": as_of}})
    return [
        {"$match": {**items, "day": today, "namespace_id": namespace_id}},
        {"$set": {"ids": id_values("$feature_id")}},
        _interactions("ids", later, "later"),
        {"$set": {"ids": {"$cond": [{"$eq": ["$later", []]}, _NO_IDS, "$ids"]}}},
        _interactions("ids", until_then, "until_then"),
        {"$set": {"days": {"$cond": [{"$eq": ["$later", []]}, ["$$ROOT"], "$until_then"]}}},
        {"$unwind": "$days"},
        {"$replaceRoot": {"newRoot": "$days"}},
    ]


def _interactions(ids: str, pipeline: Pipeline, name: str) -> dict[str, Any]:
    return {
        "$lookup": {
            "from": INTERACTION.collection,
            "localField": ids,
            "foreignField": "feature_id",
            "pipeline": pipeline,
            "as": name,
        }
    }
