"""The order of stored values of any type, as MongoDB has it."""

from datetime import UTC, datetime
from itertools import combinations
from typing import Any

from bson import Binary, Code, DatetimeMS, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp

from gateway.model.bson_order import ordered_element
from gateway.model.undecoded_values import UNDEFINED
from gateway.store.client import Database

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
ASCENDING: list[Any] = [
    MinKey(),
    None,
    float("nan"),
    -1,
    Decimal128("0.5"),
    Int64(2),
    2.5,
    "",
    "a",
    "b",
    "é",
    {"a": 1},
    [1],
    [1, 2],
    Binary(b"xx", 0),
    Binary(b"a" * 3, 0),
    ObjectId("0" * 24),
    False,
    True,
    NOON,
    DatetimeMS(2**60),
    Timestamp(1, 2),
    Timestamp(1, 3),
    Regex("a"),
    Code("1"),
    MaxKey(),
]


async def test_the_highest_and_the_lowest_element_are_those_that_mongodb_takes(database: Database) -> None:
    pairs = [list(pair) for two in combinations(ASCENDING, 2) for pair in (two, two[::-1])]
    for highest in (True, False):
        rows = await database.aggregate(
            [
                {"$documents": [{"_id": number, "at": {"$literal": pair}} for number, pair in enumerate(pairs)]},
                {
                    "$project": {
                        "place": {"$first": {"$sortArray": {"input": "$at", "sortBy": -1 if highest else 1}}},
                        "at": 1,
                    }
                },
            ]
        )
        async for row in rows:
            assert repr(ordered_element(row["at"], highest=highest)) == repr(row["place"]), row


def test_an_empty_list_stands_where_undefined_does() -> None:
    assert ordered_element([], highest=True) == UNDEFINED
