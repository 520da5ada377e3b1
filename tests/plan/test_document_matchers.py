"""What is matched in memory is what MongoDB matches, whatever is stored, and it is told why."""

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from bson.codec_options import CodecOptions, DatetimeConversion
from hypothesis import given
from pymongo import MongoClient
from pymongo.collection import Collection

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.plan.comparisons import (
    EVERYTHING,
    NOTHING,
    AnyElement,
    Comparison,
    Operator,
    Tree,
    Unlisted,
    all_of,
    any_of,
    none_of,
)
from gateway.plan.document_matchers import DocumentMatcher
from gateway.plan.mongodb_filters import mongodb_filter
from tests.generators.comparisons import document, trees

Document = dict[str, Any]

# As answers are read, and as the driver reads by itself.
CODECS = [
    CodecOptions[Document](tz_aware=aware, datetime_conversion=DatetimeConversion.DATETIME_AUTO)
    for aware in (False, True)
]


def compared(path: str, operator: Operator, value: Any, *, case_sensitive: bool = True) -> Comparison:
    return Comparison(path, operator, value, case_sensitive, path)


class Archive:
    """Stored documents, told apart by their number, and what is read of them."""

    def __init__(self, collection: Collection[Document], *documents: Document) -> None:
        self.collection = collection
        collection.insert_many([{"_id": number, **content} for number, content in enumerate(documents)])
        self.readings = [list(collection.with_options(codec).find().sort("_id")) for codec in CODECS]

    def matching(self, tree: Tree) -> list[int]:
        return [stored["_id"] for stored in self.collection.find(mongodb_filter(tree), {"_id": 1}).sort("_id")]


@pytest.fixture(scope="module")
def archive(mongod: EmbeddedServer) -> Iterator[Archive]:
    name = f"test_{uuid4().hex}"
    with MongoClient[Document](mongod.uri) as client:
        random = Random(1)
        yield Archive(client[name]["documents"], *(document(random) for _ in range(400)))
        client.drop_database(name)


@given(tree=trees)
def test_any_tree_matches_in_memory_what_it_matches_in_mongodb(archive: Archive, tree: Tree) -> None:
    matcher, expected = DocumentMatcher(tree), archive.matching(tree)
    for documents in archive.readings:
        assert [stored["_id"] for stored in documents if matcher.matches(stored)] == expected


@given(tree=trees)
def test_what_matches_says_by_what_and_what_does_not_says_nothing(archive: Archive, tree: Tree) -> None:
    matcher = DocumentMatcher(tree)
    for stored in archive.readings[0]:
        matched = matcher.matched(stored)
        assert bool(matched) == matcher.matches(stored)
        assert all(comparison.description for comparison in matched)


def test_a_document_matches_before_it_is_stored_as_it_does_after() -> None:
    noon = datetime(2024, 5, 1, 12, 0, 0, 1999, UTC)
    recorded = {"_id": UUID(int=7), "at": noon, "id": UUID(int=7)}
    assert DocumentMatcher(compared("at", Operator.LTE, noon.replace(microsecond=1000))).matches(recorded)
    assert DocumentMatcher(compared("id", Operator.EXISTS, True)).matches(recorded)


CLICK = compared("type", Operator.EQ, "click")
CHEAP = compared("price", Operator.LT, 10)
BRAND = compared("brand", Operator.IN, ("x", Unlisted(("y",))))
RED = compared("color", Operator.EQ, "RED", case_sensitive=False)
NO_BRAND = none_of([compared("brand", Operator.EQ, "y")], "nor")


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (EVERYTHING, []),
        (NOTHING, []),
        (CLICK, [CLICK]),
        (all_of([CLICK, CHEAP]), [CLICK, CHEAP]),
        (all_of([CLICK, compared("price", Operator.GT, 10)]), []),
        (any_of([compared("type", Operator.EQ, "view"), CHEAP, CLICK], "or"), [CHEAP, CLICK]),
        (all_of([NO_BRAND, CLICK]), [NO_BRAND, CLICK]),
        (all_of([AnyElement("items", all_of([RED, BRAND]), "items"), CHEAP]), [RED, BRAND, CHEAP]),
    ],
)
def test_the_comparisons_by_which_a_document_matches(tree: Tree, expected: list[Tree]) -> None:
    stored = {"type": ["view?", "click"], "price": 9.5, "items": [5, {"color": "red"}, {"color": "Red", "brand": "z"}]}
    assert DocumentMatcher(tree).matched(stored) == expected
