"""The buckets of points that several processes share."""

from collections.abc import Mapping
from typing import Any

from cachetools import LRUCache
from pymongo import IndexModel, ReturnDocument, WriteConcern

from gateway.context import Budget, Rate
from gateway.scheduling.rate_limiter import bucket_of, refusal
from gateway.store.client import Database
from gateway.store.driver_errors import translated

BUCKETS = "buckets"
# A bucket that is full is as good as none: MongoDB removes it within a minute or two.
INDEXES: Mapping[str, list[IndexModel]] = {
    BUCKETS: [IndexModel([("expires_at", 1)], name="expired", expireAfterSeconds=0)],
}

# Parts of milliseconds count, which dates don't have: an operation may cost less than one.
_NOW = {"$toDouble": {"$toLong": "$$NOW"}}

_MAX_KEYS = 10_000


class SharedTokenBuckets:
    """A token bucket for each key, in the database and by its clock: one atomic update for each operation.

    What is given back, or charged afterwards, goes along with the key's next spending by this process; it is remembered
    of 10,000 keys. Raises `Unavailable` where the database doesn't answer: nothing could be read then anyway.
    """

    def __init__(self, database: Database, rate: Rate) -> None:
        # A count that a failover loses is points that somebody is given.
        self._buckets = database[BUCKETS].with_options(write_concern=WriteConcern(w=1))
        self._rate = rate
        self._given_back: LRUCache[str, int] = LRUCache(_MAX_KEYS)

    async def spend(self, caller_id: str, points: int, rate: Rate | None = None) -> Budget:
        bucket_id = bucket_of(caller_id, rate)
        rate = self._rate if rate is None else rate.within(self._rate)
        back = self._given_back.pop(bucket_id, 0)
        try:
            with translated():
                bucket: Any = await self._buckets.find_one_and_update(
                    {"_id": bucket_id},
                    _spending(rate, _milliseconds(rate, points), _milliseconds(rate, back)),
                    upsert=True,
                    return_document=ReturnDocument.AFTER,
                )
        except BaseException:
            # The update may have been made all the same: then the key is given these twice, rather than never.
            self._give_back(bucket_id, back)
            raise
        if bucket["refused"]:
            raise refusal(points, Budget(rate, bucket["owed"] / 1_000))
        return Budget(rate, bucket["taken"] / 1_000)

    def charge(self, caller_id: str, points: int, rate: Rate | None = None) -> None:
        self.refund(caller_id, -points, rate)

    def refund(self, caller_id: str, points: int, rate: Rate | None = None) -> None:
        self._give_back(bucket_of(caller_id, rate), points)

    def _give_back(self, bucket_id: str, points: int) -> None:
        self._given_back[bucket_id] = self._given_back.get(bucket_id, 0) + points


def _milliseconds(rate: Rate, points: int) -> float:
    return points / rate.restore * 1_000


def _spending(rate: Rate, milliseconds: float, back: float) -> list[dict[str, Any]]:
    full = {"$gt": ["$taken", rate.seconds_to_fill * 1_000]}
    return [
        # A bucket that is full, or isn't there, is charged as well: it owes nothing, however long it has been so.
        {"$set": {"owed": {"$max": [0, {"$subtract": [{"$ifNull": ["$full_at", 0]}, _NOW]}]}}},
        {"$set": {"owed": {"$subtract": ["$owed", back]}}},
        {"$set": {"owed": {"$max": [0, "$owed"]}}},
        {"$set": {"taken": {"$add": ["$owed", milliseconds]}}},
        {"$set": {"refused": {"$and": [{"$gt": ["$owed", 0]}, full]}}},
        {"$set": {"full_at": {"$add": [_NOW, {"$cond": ["$refused", "$owed", "$taken"]}]}}},
        {"$set": {"expires_at": {"$toDate": "$full_at"}}},
    ]
