import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from pymongo import MongoClient

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.bson_comparison import folded

# Letters that have got their other case since Unicode 7, which MongoDB may be as old as.
NEWER = re.compile(
    "[\u10d0-\u10ff\u13a0-\u13ff\u1c80-\u1cbf\u2c2f\u2c5f\ua7ae-\ua7ff\uab70-\uabbf\U00010450-\U0001ffff]"
)


def pairs() -> Iterator[tuple[str, str]]:
    """Every letter that has cases, with each letter that is nearly the same."""
    for letter in map(chr, [*range(0xD800), *range(0xE000, 0x11_0000)]):
        others = {letter.lower(), letter.upper(), letter.title(), letter.casefold()} - {letter}
        for other in sorted(others):
            if len(other) == 1 and not NEWER.search(letter + other):
                yield letter, other


def test_letters_are_the_same_in_any_case_where_they_are_for_mongodb(mongod: EmbeddedServer) -> None:
    compared = list(pairs())
    pattern = {"$concat": ["^", "$other", {"$literal": "$"}]}
    matches = {"$regexMatch": {"input": "$letter", "regex": pattern, "options": "i"}}
    name = f"test_{uuid4().hex}"
    with MongoClient[dict[str, Any]](mongod.uri) as client:
        collection = client[name]["letters"]
        collection.insert_many(
            {"_id": number, "letter": letter, "other": other} for number, (letter, other) in enumerate(compared)
        )
        equal = [(pair["letter"], pair["other"]) for pair in collection.find({"$expr": matches}).sort("_id")]
        client.drop_database(name)
    same = [(letter, other) for letter, other in compared if folded(letter) == folded(other)]
    assert equal == same
    assert 2_000 < len(same) < len(compared)
