"""The pipeline that sums up what was done with items until some time, the less of it the longer ago it was.

All interactions of a day weigh the same, so that days of items are as exact as interactions. Only of the last day some
may be too late: of an item that has such, the interactions of that day are counted anew. Usually none has.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from gateway.insights.feature_signals import COUNTED_TYPES, ItemHistory, SignalParameters, utc_day
from gateway.insights.item_days import item_days, on_day
from gateway.insights.stored_values import Pipeline, id_text, id_values
from gateway.model.document_ids import id_spellings
from gateway.model.kinds import INTERACTION

_DAY_MS = timedelta(days=1) // timedelta(milliseconds=1)
# What the rows of an item are of: of the last day there may be two, of which the latter replaces the former.
_EARLIER, _LAST_DAY, _COUNTED_ANEW = 0, 1, 2
# Where a day of an item has what is summed up of it.
_TOTALS = {"interactions": "interactions", "duration": "durations.sum", "durations": "durations.count"}
_COUNTS = {name: f"counts.{name}" for name in COUNTED_TYPES}


def decayed_days(
    namespace_id: str, feature_ids: Sequence[str], parameters: SignalParameters, as_of: datetime
) -> Pipeline:
    """Up to three rows for each of the items that have a history: `histories` reads them. To be run on the days of
    items."""
    today = utc_day(as_of)
    # No day is later, so that the exponent isn't above 0.
    age = {"$divide": [{"$subtract": ["$day", today]}, _DAY_MS * parameters.half_life_days]}
    return [
        {"$match": {"feature_id": {"$in": list(feature_ids)}, "day": {"$lte": today}, "namespace_id": namespace_id}},
        {"$set": {"weight": {"$pow": [2, age]}}},
        {
            "$group": {
                "_id": {
                    "feature_id": "$feature_id",
                    "part": {"$cond": [{"$lt": ["$day", today]}, _EARLIER, _LAST_DAY]},
                },
                **{name: {"$sum": f"${path}"} for name, path in _TOTALS.items()},
                **{name: {"$sum": {"$multiply": ["$weight", f"${path}"]}} for name, path in _COUNTS.items()},
            }
        },
        {"$unionWith": {"coll": INTERACTION.collection, "pipeline": _counted_anew(namespace_id, feature_ids, as_of)}},
    ]


def histories(rows: Iterable[Mapping[str, Any]]) -> dict[str, ItemHistory]:
    """What rows of `decayed_days` say, by item."""
    parts: dict[str, dict[int, Mapping[str, Any]]] = {}
    for row in rows:
        parts.setdefault(row["_id"]["feature_id"], {})[row["_id"]["part"]] = row
    found = {}
    for feature_id, of_item in parts.items():
        last_day = of_item.get(_COUNTED_ANEW, of_item.get(_LAST_DAY))
        summed_up = [row for row in (of_item.get(_EARLIER), last_day) if row is not None and row["interactions"]]
        if summed_up:
            found[feature_id] = _history(summed_up)
    return found


def _history(rows: Sequence[Mapping[str, Any]]) -> ItemHistory:
    counts = {name: total for name in COUNTED_TYPES if (total := sum(row[name] for row in rows))}
    durations = (sum(row["duration"] for row in rows), sum(row["durations"] for row in rows))
    return ItemHistory(sum(row["interactions"] for row in rows), counts, durations)


def _counted_anew(namespace_id: str, feature_ids: Sequence[str], as_of: datetime) -> Pipeline:
    """Rows of the last day, until the time, of those of the items with which anything was done later on it."""
    today = utc_day(as_of)
    later = {
        "feature_id": {"$in": list(id_spellings(feature_ids))},
        "occurred_at": {**on_day(today), "$gt": as_of},
        "namespace_id": namespace_id,
    }
    until_then = item_days(namespace_id, {"occurred_at": {"$gte": today, "$lte": as_of}})
    return [
        {"$match": later},
        {"$group": {"_id": id_text("$feature_id")}},
        {"$set": {"ids": id_values("$_id")}},
        {
            "$lookup": {
                "from": INTERACTION.collection,
                "localField": "ids",
                "foreignField": "feature_id",
                "pipeline": until_then,
                "as": "day",
            }
        },
        {"$set": {"day": {"$first": "$day"}}},
        {
            "$project": {
                "_id": {"feature_id": "$_id", "part": {"$literal": _COUNTED_ANEW}},
                **{name: {"$ifNull": [f"$day.{path}", 0]} for name, path in (_TOTALS | _COUNTS).items()},
            }
        },
    ]
