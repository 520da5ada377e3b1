"""MongoDB and the predicate in memory answer a filter with the documents that the contract says it matches."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import example, given, settings
from pymongo import MongoClient
from pymongo.collection import Collection

from gateway.demo.embedded_mongod import EmbeddedServer
from gateway.model.documents import derived_fields
from gateway.plan.document_matchers import DocumentMatcher
from gateway.plan.predicate import Predicate
from tests.generators.wheres import (
    SEARCH_REQUESTS,
    Recorded,
    Where,
    as_others_write,
    compiled,
    condition_wheres,
    few,
    interaction,
    interaction_wheres,
    metadata,
    path_filters,
    query_wheres,
    search_request,
    search_request_wheres,
    text_filters,
)
from tests.oracle.where_meaning import interaction_matches, search_request_matches


@dataclass(frozen=True)
class Archive:
    """Recorded objects, and the same as stored documents; they are told apart by their number."""

    documents: Collection[dict[str, Any]]
    recorded: list[Recorded] = field(default_factory=list, repr=False)
    stored: list[Recorded] = field(default_factory=list, repr=False)

    def store(self, *recorded: Recorded) -> None:
        self.store_documents([{"_id": number, **item, **derived_fields(item)} for number, item in enumerate(recorded)])
        self.recorded[:] = recorded

    def store_documents(self, documents: list[Recorded]) -> None:
        self.documents.delete_many({})
        self.documents.insert_many(documents)
        self.stored[:] = self.documents.find().sort("_id")

    def matching(self, matches: Callable[[Where, Recorded], bool], where: Where) -> list[int]:
        return [number for number, item in enumerate(self.recorded) if matches(where, item)]

    def numbers_of(self, *filters: Mapping[str, Any]) -> list[int]:
        answer = self.documents.find({"$and": [{}, *filters]}, {"_id": 1}).sort("_id")
        return [document["_id"] for document in answer]

    def answer(self, predicate: Predicate, time_path: str) -> list[int]:
        """What MongoDB finds, which is what the same filter matches in memory."""
        if predicate.nothing:
            numbers = []
        else:
            times = ({time_path: {bound.operator: bound.value}} for bound in predicate.times)
            numbers = self.numbers_of(*(conjunct.filter for conjunct in predicate.conjuncts), *times)
        matches = DocumentMatcher(predicate.tree).matches
        assert [document["_id"] for document in self.stored if matches(document)] == numbers
        return numbers


@pytest.fixture(scope="class")
def archive(mongod: EmbeddedServer, request: pytest.FixtureRequest) -> Iterator[Archive]:
    name = f"test_{uuid4().hex}"
    with MongoClient[dict[str, Any]](mongod.uri, datetime_conversion="DATETIME_AUTO") as client:
        archive = Archive(client[name]["documents"])
        random = Random(1)
        archive.store(*(request.cls.make(random) for _ in range(300)))
        yield archive
        client.drop_database(name)


@pytest.fixture(scope="class")
def foreign_archive(archive: Archive) -> Archive:
    random = Random(2)
    archive.store_documents([as_others_write(random, document) for document in archive.stored])
    return archive


# `make fuzz` asks for more.
GENERATED = settings(max_examples=int(os.environ.get("EXAMPLES") or 150), deadline=None)


class TestInteractions:
    make = staticmethod(interaction)

    @GENERATED
    @given(where=interaction_wheres)
    def test_a_filter_answers_what_the_contract_says(self, archive: Archive, where: Where) -> None:
        assert archive.answer(compiled(where), "occurred_at") == archive.matching(interaction_matches, where)

    @GENERATED
    @given(item=path_filters)
    # A long s is folded to an s, ahead of it.
    @example(item={"path": "a", "operator": "GT", "value": "Z", "caseSensitive": False})
    @example(item={"path": "a", "operator": "EQ", "value": "S", "caseSensitive": False})
    def test_metadata_compares_as_the_contract_says(self, archive: Archive, item: Where) -> None:
        where = {"metadata": [item]}
        assert archive.answer(compiled(where), "occurred_at") == archive.matching(interaction_matches, where)

    @GENERATED
    @given(where=interaction_wheres)
    def test_a_look_up_finds_what_its_filter_matches(self, archive: Archive, where: Where) -> None:
        for conjunct in compiled(where).conjuncts:
            if conjunct.lookup:
                looked_up = {conjunct.lookup.field: {"$in": list(conjunct.lookup.values)}}
                assert archive.numbers_of(looked_up) == archive.numbers_of(conjunct.filter)


class TestSearchRequests:
    make = staticmethod(search_request)

    @GENERATED
    @given(where=search_request_wheres)
    def test_a_filter_answers_what_the_contract_says(self, archive: Archive, where: Where) -> None:
        expected = archive.matching(search_request_matches, where)
        assert archive.answer(compiled(where, SEARCH_REQUESTS), "first_seen_at") == expected

    @GENERATED
    @given(where=few(text=text_filters, query=query_wheres, filters=condition_wheres))
    def test_texts_queries_and_conditions_match_as_the_contract_says(self, archive: Archive, where: Where) -> None:
        expected = archive.matching(search_request_matches, where)
        assert archive.answer(compiled(where, SEARCH_REQUESTS), "first_seen_at") == expected


class TestForeignDocuments:
    """Documents that others wrote, of which the contract says nothing: memory follows MongoDB."""

    make = staticmethod(interaction)

    @GENERATED
    @given(where=interaction_wheres)
    def test_a_filter_matches_in_memory_what_it_matches_in_mongodb(
        self, foreign_archive: Archive, where: Where
    ) -> None:
        foreign_archive.answer(compiled(where), "occurred_at")

    @GENERATED
    @given(where=search_request_wheres)
    def test_so_does_one_on_search_requests(self, foreign_archive: Archive, where: Where) -> None:
        foreign_archive.answer(compiled(where, SEARCH_REQUESTS), "first_seen_at")


class TestMetadata:
    make = staticmethod(interaction)

    @pytest.mark.parametrize(
        ("where", "expected"),
        [
            (metadata("list.1", "EQ", "b"), [0]),
            (metadata("list.a", "EQ", 1), [1]),
            (metadata("list", "EQ", ["a", "b"]), [0]),
            (metadata("list", "NE", "a"), [1, 2, 3]),
            (metadata("list", "EXISTS", False), [2, 3]),
            (metadata("$where", "EQ", "1 == 1"), [2]),
            (metadata("object", "IN", [{"$eq": 1}]), [2]),
            (metadata("word", "EQ", "STRASSE", caseSensitive=False), []),
            (metadata("word", "EQ", "STRAßE", caseSensitive=False), [3]),
            (metadata("fruit", "GT", "b", caseSensitive=False), [1, 2, 3]),
            (metadata("fruit", "GTE", "BANANA", caseSensitive=False), [1, 2, 3]),
            (metadata("fruit", "LT", "CHERRY", caseSensitive=False), [0, 1]),
            (metadata("fruit", "LTE", "cherry", caseSensitive=False), [0, 1, 2]),
            (metadata("fruit", "GT", "b"), [2]),
        ],
    )
    def test_is_reached_as_described(self, archive: Archive, where: Where, expected: list[int]) -> None:
        archive.store(
            {"metadata": {"list": ["a", "b"], "fruit": "apple"}},
            {"metadata": {"list": [{"a": 1}, None], "fruit": "Banana"}},
            {"metadata": {"$where": "1 == 1", "object": {"$eq": 1}, "fruit": "cherry"}},
            {"metadata": {"word": "straße", "fruit": "Date"}},
        )
        assert archive.answer(compiled(where), "occurred_at") == expected

    @pytest.mark.parametrize(
        ("where", "expected"),
        [
            (metadata("text", "CONTAINS", "end"), [0, 2, 3]),
            (metadata("text", "CONTAINS", "END", caseSensitive=False), [0, 2, 3]),
            (metadata("text", "CONTAINS", ""), [0, 2, 3]),
            (metadata("text", "STARTS_WITH", "x"), [0, 2]),
            (metadata("text", "STARTS_WITH", "X", caseSensitive=False), [0, 2]),
            ({"nor": [metadata("text", "CONTAINS", "end")]}, [1]),
            (metadata("text", "GT", "x"), [0, 1, 2, 3]),
        ],
    )
    def test_is_searched_in_texts_of_up_to_ten_thousand_characters(
        self, archive: Archive, where: Where, expected: list[int]
    ) -> None:
        longest = "x" * 9_997 + "end"
        archive.store(
            {"metadata": {"text": longest}},
            {"metadata": {"text": f"x{longest}"}},
            {"metadata": {"text": [f"x{longest}", longest]}},
            {"metadata": {"text": [f"x{longest}", "end"], "other": longest * 100}},
        )
        assert archive.answer(compiled(where), "occurred_at") == expected
