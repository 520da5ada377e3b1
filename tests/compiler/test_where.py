from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from gateway.errors import BadUserInput
from gateway.model.filter_trees import key_token, key_value_token, value_hash
from gateway.plan.mongodb_filters import PRESENT_TYPES
from gateway.plan.predicate import Conjunct, Lookup, Predicate, TimeBound
from tests.generators.wheres import NOON, SEARCH_REQUESTS, Where, compiled, metadata

EVERYTHING = Predicate()
NOTHING = Predicate(nothing=True)


def demanding(filter_: Mapping[str, Any], name: str, *, looked_up: bool = False) -> Predicate:
    """A single demand, which is a look-up of exactly this where ``looked_up``."""
    if not looked_up:
        return Predicate((Conjunct(filter_, name),))
    ((path, condition),) = filter_.items()
    values = condition["$in"] if "$in" in condition else [condition["$eq"]]
    return Predicate((Conjunct(filter_, name, Lookup(path, tuple(values))),))


PRESENT = {"$type": list(PRESENT_TYPES)}
EVERY_TYPE = (
    "view|click|positive_feedback|negative_feedback|purchase|add_to_cart|wishlist|long_view|share|bookmark"
    "|query_refinement|zero_results|filter_toggle|skip|return_to_results|conversion"
)
OTHER_TYPE = {"interaction_type": {"$regex": rf"\A(?!(?:{EVERY_TYPE})\z)"}}

GOLDEN: list[tuple[Where | None, Predicate]] = [
    (None, EVERYTHING),
    ({}, EVERYTHING),
    ({"and": []}, EVERYTHING),
    ({"nor": []}, EVERYTHING),
    ({"or": []}, NOTHING),
    ({"featureId": {}}, EVERYTHING),
    ({"featureId": {"in": []}}, NOTHING),
    ({"featureId": {"nin": []}}, demanding({"$nor": [{"feature_id": {"$in": []}}]}, "featureId")),
    ({"metadata": []}, EVERYTHING),
    ({"searchRequest": {}}, EVERYTHING),
    ({"and": [{"or": []}, {}]}, NOTHING),
    ({"or": [{"or": []}, {"featureId": {"in": []}}]}, NOTHING),
    ({"or": [{"userId": {"eq": "u"}}, {}]}, EVERYTHING),
    ({"nor": [{}]}, NOTHING),
    ({"nor": [{"or": []}]}, EVERYTHING),
    ({"interactionId": {"eq": "i"}}, demanding({"interaction_id": {"$eq": "i"}}, "interactionId", looked_up=True)),
    ({"sessionId": {"eq": "s"}}, demanding({"effective_session_id": {"$eq": "s"}}, "sessionId", looked_up=True)),
    ({"userId": {"in": ["v", "u", "v"]}}, demanding({"user_id": {"$in": ["v", "u"]}}, "userId", looked_up=True)),
    ({"userId": {"ne": "u"}}, demanding({"$nor": [{"user_id": {"$eq": "u"}}]}, "userId")),
    ({"userId": {"nin": ["u"]}}, demanding({"$nor": [{"user_id": {"$in": ["u"]}}]}, "userId")),
    ({"userId": {"exists": True}}, demanding({"user_id": PRESENT}, "userId")),
    ({"userId": {"exists": False}}, demanding({"$nor": [{"user_id": PRESENT}]}, "userId")),
    ({"position": {"gte": 3}}, demanding({"position": {"$gte": 3}}, "position")),
    ({"durationMs": {"in": [1, 2]}}, demanding({"duration_ms": {"$in": [1, 2]}}, "durationMs")),
    (
        {"interactionType": {"eq": "CLICK"}},
        demanding({"interaction_type": {"$eq": "click"}}, "interactionType", looked_up=True),
    ),
    ({"interactionType": {"eq": "OTHER"}}, demanding(OTHER_TYPE, "interactionType")),
    (
        {"interactionType": {"nin": ["SKIP", "OTHER"]}},
        demanding({"$nor": [{"$or": [{"interaction_type": {"$eq": "skip"}}, OTHER_TYPE]}]}, "interactionType"),
    ),
    (
        {"occurredAt": {"gte": "2024-05-01T14:00:00+02:00", "lt": "2024-05-01T12:00:01.0009Z"}},
        Predicate(times=(TimeBound("$gte", NOON), TimeBound("$lte", NOON + timedelta(seconds=1)))),
    ),
    (
        {"occurredAt": {"gt": "2024-05-01T12:00:00.0009Z", "lte": "2024-05-01T12:00:01.00000001Z"}},
        Predicate(times=(TimeBound("$gt", NOON), TimeBound("$lte", NOON + timedelta(seconds=1)))),
    ),
    (
        {"occurredAt": {"gte": "2024-05-01T12:00:00.00000001Z"}},
        Predicate(times=(TimeBound("$gt", NOON),)),
    ),
    (
        {"and": [{"and": [{"occurredAt": {"gt": "2024-05-01T12:00:00Z"}}]}]},
        Predicate(times=(TimeBound("$gt", NOON),)),
    ),
    (
        {"or": [{"occurredAt": {"gt": "2024-05-01T12:00:00Z"}}]},
        demanding({"$or": [{"occurred_at": {"$gt": NOON}}]}, "or"),
    ),
    (
        {"nor": [{"userId": {"eq": "u"}, "position": {"gt": 1}}]},
        demanding({"$nor": [{"$and": [{"user_id": {"$eq": "u"}}, {"position": {"$gt": 1}}]}]}, "nor"),
    ),
    (
        {"position": {"gt": 1, "lt": 9}},
        Predicate(
            (Conjunct({"position": {"$gt": 1}}, "position"), Conjunct({"position": {"$lt": 9}}, "position")),
        ),
    ),
    (
        metadata("device.os", "EQ", "ios"),
        demanding({"metadata.device.os": {"$eq": "ios"}}, "metadata.device.os", looked_up=True),
    ),
    (metadata("a", "EQ", None), demanding({"metadata.a": {"$eq": None}}, "metadata.a")),
    (metadata("a", "EQ", {"$gt": 1}), demanding({"metadata.a": {"$eq": {"$gt": 1}}}, "metadata.a")),
    (
        metadata("$where", "NE", {"$ref": "x", "$id": 1}),
        demanding({"$nor": [{"metadata.$where": {"$eq": {"$ref": "x", "$id": 1}}}]}, "metadata.$where"),
    ),
    (metadata("a", "IN", [1, "x"]), demanding({"metadata.a": {"$in": [1, "x"]}}, "metadata.a")),
    (
        metadata("a", "IN", [1, {"$regex": "x"}]),
        demanding({"$or": [{"metadata.a": {"$eq": 1}}, {"metadata.a": {"$eq": {"$regex": "x"}}}]}, "metadata.a"),
    ),
    (
        metadata("a", "STARTS_WITH", "a.b"),
        demanding({"metadata.a": {"$regex": r"\Aa\.b(?!(?s:.{9998}))"}}, "metadata.a"),
    ),
    (
        metadata("a", "EQ", "a*\0", caseSensitive=False),
        demanding({"metadata.a": {"$regex": r"\A(?:a\*\x00)\z", "$options": "i"}}, "metadata.a"),
    ),
    (
        metadata("a", "IN", ["a", 1, "b"], caseSensitive=False),
        demanding(
            {"$or": [{"metadata.a": {"$eq": 1}}, {"metadata.a": {"$regex": r"\A(?:a|b)\z", "$options": "i"}}]},
            "metadata.a",
        ),
    ),
    (metadata("a", "EQ", 1, caseSensitive=False), demanding({"metadata.a": {"$eq": 1}}, "metadata.a")),
    (
        {"searchRequest": {"searchRequestId": {"eq": "r"}}},
        demanding({"search_request_id": {"$eq": "r"}}, "searchRequest.searchRequestId", looked_up=True),
    ),
    (
        {"searchRequest": {"and": [{"collections": {"hasAny": ["a", "b"]}}]}},
        demanding({"search_request.collections": {"$in": ["a", "b"]}}, "searchRequest.collections", looked_up=True),
    ),
    (
        {"searchRequest": {"firstSeenAt": {"gt": "2024-05-01T12:00:00Z"}}},
        demanding({"first_seen_at": {"$gt": NOON}}, "searchRequest.firstSeenAt"),
    ),
    (
        {"searchRequest": {"or": [{"collections": {"has": "a"}}]}},
        demanding({"$or": [{"search_request.collections": {"$eq": "a"}}]}, "searchRequest.or"),
    ),
]

GOLDEN_SEARCH_REQUESTS: list[tuple[Where, Predicate]] = [
    ({"firstSeenAt": {"lte": "2024-05-01T12:00:00Z"}}, Predicate(times=(TimeBound("$lte", NOON),))),
    ({"sessionId": {"eq": "s"}}, demanding({"search_request.session_id": {"$eq": "s"}}, "sessionId", looked_up=True)),
    (
        {"collections": {"hasAll": ["a", "b"]}},
        Predicate(
            demanding({"search_request.collections": {"$eq": "a"}}, "collections", looked_up=True).conjuncts
            + demanding({"search_request.collections": {"$eq": "b"}}, "collections", looked_up=True).conjuncts
        ),
    ),
    ({"collections": {"hasAll": []}}, EVERYTHING),
    ({"collections": {"hasAny": []}}, NOTHING),
    ({"query": {}}, EVERYTHING),
    ({"query": {"value": {"caseSensitive": False}}}, EVERYTHING),
    ({"query": {"vectorIndex": []}}, NOTHING),
    (
        {"query": {"vectorIndex": ["TEXT", "KEYWORD"], "value": {"contains": "a|b"}}},
        demanding(
            {
                "search_request.queries": {
                    "$elemMatch": {
                        "$and": [
                            {"vector_index": {"$in": ["text", "keyword"]}},
                            {"value": {"$regex": r"\A(?!(?s:.{10001}))[^a]*+(?:a(?!\|b)[^a]*+)*+a\|b"}},
                        ]
                    }
                }
            },
            "query",
        ),
    ),
    (
        {"query": {"value": {"eq": "Red"}}},
        Predicate(
            demanding({"text_tokens": {"$eq": "v=Red"}}, "query.value", looked_up=True).conjuncts
            + demanding({"search_request.queries": {"$elemMatch": {"value": {"$eq": "Red"}}}}, "query").conjuncts
        ),
    ),
    (
        {"query": {"value": {"in": ["Red", "RED"], "caseSensitive": False}}},
        Predicate(
            demanding({"text_tokens": {"$in": ["f=red"]}}, "query.value", looked_up=True).conjuncts
            + demanding(
                {
                    "search_request.queries": {
                        "$elemMatch": {"$or": [{"value": {"$regex": r"\A(?:Red|RED)\z", "$options": "i"}}]},
                    }
                },
                "query",
            ).conjuncts
        ),
    ),
    (
        {"text": {"eq": " Red  SHOES"}},
        demanding({"text_tokens": {"$eq": "t=red shoes"}}, "text", looked_up=True),
    ),
    (
        {"text": {"in": ["red", "Red ", "blue"], "caseSensitive": False}},
        demanding({"text_tokens": {"$in": ["t=red", "t=blue"]}}, "text", looked_up=True),
    ),
    ({"text": {"startsWith": "Ru"}}, demanding({"text_tokens": {"$eq": "s=ru"}}, "text", looked_up=True)),
    (
        {"text": {"startsWith": "Running shoes for kids"}},
        Predicate(
            demanding({"text_tokens": {"$eq": "s=running shoes for ki"}}, "text", looked_up=True).conjuncts
            + demanding({"query_text": {"$regex": r"\Arunning\ shoes\ for\ kids(?!(?s:.{9979}))"}}, "text").conjuncts
        ),
    ),
    ({"text": {"ne": " A"}}, demanding({"$nor": [{"query_text": {"$eq": "a"}}]}, "text")),
    ({"text": {"nin": ["A", "b "]}}, demanding({"$nor": [{"query_text": {"$in": ["a", "b"]}}]}, "text")),
    ({"text": {"in": []}}, NOTHING),
    ({"filters": {}}, EVERYTHING),
    ({"filters": {"key": "k", "operator": []}}, NOTHING),
    (
        {"filters": {"key": "brand"}},
        demanding({"condition_tokens": {"$eq": key_token("brand")}}, "filters", looked_up=True),
    ),
    (
        {"filters": {"key": "brand", "value": None}},
        demanding({"condition_tokens": {"$eq": key_value_token("brand", value_hash(None))}}, "filters", looked_up=True),
    ),
    (
        {"filters": {"value": 1.0}},
        demanding({"conditions": {"$elemMatch": {"value_hash": {"$eq": value_hash(1)}}}}, "filters"),
    ),
    (
        {"filters": {"key": "brand", "operator": ["EQ"], "branch": "NOR"}},
        Predicate(
            demanding({"condition_tokens": {"$eq": key_token("brand")}}, "filters", looked_up=True).conjuncts
            + demanding(
                {
                    "conditions": {
                        "$elemMatch": {
                            "$and": [
                                {"key": {"$eq": "brand"}},
                                {"operator": {"$in": ["eq"]}},
                                {"branch": {"$eq": "NOR"}},
                            ]
                        }
                    }
                },
                "filters",
            ).conjuncts
        ),
    ),
]


@pytest.mark.parametrize(("where", "predicate"), GOLDEN)
def test_a_filter_on_interactions_compiles_to(where: Where | None, predicate: Predicate) -> None:
    assert compiled(where) == predicate


@pytest.mark.parametrize(("where", "predicate"), GOLDEN_SEARCH_REQUESTS)
def test_a_filter_on_search_requests_compiles_to(where: Where, predicate: Predicate) -> None:
    assert compiled(where, SEARCH_REQUESTS) == predicate


def test_a_hundred_values_are_looked_up_and_more_are_only_filtered() -> None:
    ids = [f"f{number}" for number in range(101)]
    (hundred,) = compiled({"featureId": {"in": ids[:100]}}).conjuncts
    (more,) = compiled({"featureId": {"in": ids}}).conjuncts
    assert hundred.lookup == Lookup("feature_id", tuple(ids[:100]))
    assert more.lookup is None
    assert more.filter == {"feature_id": {"$in": ids}}


def test_more_than_a_hundred_texts_are_only_filtered() -> None:
    texts = [f"Text {number}" for number in range(101)]
    (hundred,) = compiled({"text": {"in": texts[:100]}}).conjuncts
    (more,) = compiled({"text": {"in": texts}}).conjuncts
    assert hundred.lookup is not None
    assert len(hundred.lookup.values) == 100
    assert more.lookup is None
    assert more.filter == {"query_text": {"$in": [text.lower() for text in texts]}}


def test_what_is_looked_up_by_a_token_is_told_as_it_was_asked_for() -> None:
    wheres: list[Where] = [
        {"text": {"eq": "Red"}},
        {"text": {"startsWith": "Running shoes for kids"}},
        {"searchRequest": {"query": {"value": {"eq": "Red", "caseSensitive": False}}}},
    ]
    assert [
        {comparison.description for conjunct in compiled(where).conjuncts for comparison in conjunct.comparisons}
        for where in wheres
    ] == [
        {'text = "Red"'},
        {'text starts with "Running shoes for kids"', 'text starts with "running shoes for kids"'},
        {'searchRequest.query.value = "Red" ignoring case'},
    ]


def test_an_id_that_reads_as_a_number_is_looked_up_as_one_too() -> None:
    (one,) = compiled({"featureId": {"eq": "42"}}).conjuncts
    assert one.lookup == Lookup("feature_id", ("42", 42))
    assert one.lookup.is_of_one
    (several,) = compiled({"featureId": {"in": ["42", "x", "-1", "007", "1.0", "9" * 30]}}).conjuncts
    assert several.lookup is not None
    assert several.lookup.values == ("42", 42, "x", "-1", -1, "007", "1.0", "9" * 30)


def test_an_id_that_reads_as_an_object_id_is_looked_up_as_one_too() -> None:
    text = "6631f1c0a7b2c3d4e5f60718"
    (one,) = compiled({"featureId": {"eq": text}}).conjuncts
    assert one.lookup == Lookup("feature_id", (text, ObjectId(text)))
    assert one.lookup.is_of_one
    (several,) = compiled({"featureId": {"in": [text, "42", text.upper(), "1" * 24, text[1:], f"{text}0"]}}).conjuncts
    assert several.lookup is not None
    values = (text, ObjectId(text), "42", 42, text.upper(), "1" * 24, ObjectId("1" * 24), text[1:], f"{text}0")
    assert several.lookup.values == values
    (unlike,) = compiled({"featureId": {"ne": text}}).conjuncts
    assert (unlike.lookup, unlike.filter) == (None, {"$nor": [{"feature_id": {"$in": [text, ObjectId(text)]}}]})


def nested(levels: int) -> Where:
    return {"featureId": {"eq": "f"}} if levels == 1 else {"or": [nested(levels - 1)]}


def test_a_filter_has_up_to_five_levels_and_fifty_comparisons() -> None:
    assert not compiled(nested(5)).nothing
    assert len(compiled({"and": [{"position": {"gt": number}} for number in range(50)]}).conjuncts) == 50


def searching(*parts: str) -> list[Where]:
    return [{"path": "a", "operator": "CONTAINS", "value": part} for part in parts]


def test_a_filter_has_up_to_ten_patterns_of_a_thousand_characters_beside_its_other_comparisons() -> None:
    others = [{"path": "a", "value": str(number)} for number in range(40)]
    starts = [{"path": "a", "operator": "STARTS_WITH", "value": "x" * 160} for _ in range(5)]
    assert len(compiled({"metadata": [*searching(*["x" * 40] * 5), *starts, *others]}).conjuncts) == 50


REFUSED: list[tuple[Where, tuple[str, ...], str]] = [
    (nested(6), ("or", "0", "or", "0", "or", "0", "or", "0", "or"), "5 levels"),
    (
        {"and": [{"position": {"gt": number}} for number in range(51)]},
        ("and", "50", "position", "gt"),
        "50 comparisons",
    ),
    ({"metadata": searching(*"x" * 11)}, ("metadata", "10", "value"), "at most 10 comparisons by start, by part"),
    ({"metadata": searching("x" * 100, "x" * 100, "x")}, ("metadata", "2", "value"), "at most 200 characters together"),
    (
        metadata("a", "NIN", [f"{number:0100}" for number in range(11)], caseSensitive=False),
        ("metadata", "0", "value"),
        "at most 1,000 characters together",
    ),
    ({"featureId": {"in": ["x"] * 1001}}, ("featureId", "in"), "1,000"),
    ({"searchRequest": {"collections": {"hasAll": ["x"] * 1001}}}, ("searchRequest", "collections", "hasAll"), "1,000"),
    ({"featureId": None}, ("featureId",), "null"),
    ({"and": [{"or": None}]}, ("and", "0", "or"), "null"),
    ({"featureId": {"eq": None}}, ("featureId", "eq"), "null"),
    ({"metadata": None}, ("metadata",), "null"),
    ({"searchRequest": {"filters": {"key": None}}}, ("searchRequest", "filters", "key"), "null"),
    ({"searchRequest": {"query": {"type": None}}}, ("searchRequest", "query", "type"), "null"),
    ({"searchRequest": {"query": {"value": {"eq": None}}}}, ("searchRequest", "query", "value", "eq"), "null"),
    ({"metadata": [{"path": "a"}]}, ("metadata", "0"), "value"),
    (metadata("", "EQ", 1), ("metadata", "0", "path"), "empty"),
    (metadata("a..b", "EQ", 1), ("metadata", "0", "path"), "empty"),
    (metadata(".a", "EQ", 1), ("metadata", "0", "path"), "empty"),
    (metadata("a\0", "EQ", 1), ("metadata", "0", "path"), "NUL"),
    (metadata(".".join("a" * 21), "EQ", 1), ("metadata", "0", "path"), "20 keys"),
    (metadata("a" * 501, "EQ", 1), ("metadata", "0", "path"), "500 characters"),
    (metadata("a", "GT", True), ("metadata", "0", "value"), "number or a string"),
    (metadata("a", "LTE", None), ("metadata", "0", "value"), "number or a string"),
    (metadata("a", "LT", {"$gt": 1}), ("metadata", "0", "value"), "number or a string"),
    (metadata("a", "IN", "x"), ("metadata", "0", "value"), "list"),
    (metadata("a", "NIN", [1] * 1001), ("metadata", "0", "value"), "1,000"),
    (metadata("a", "EXISTS", 1), ("metadata", "0", "value"), "true or false"),
    (metadata("a", "EXISTS", True, caseSensitive=False), ("metadata", "0", "value"), "caseSensitive"),
    (metadata("a", "EQ", {"b": "C"}, caseSensitive=False), ("metadata", "0", "value"), "caseSensitive"),
    (metadata("a", "IN", [["C"]], caseSensitive=False), ("metadata", "0", "value", "0"), "caseSensitive"),
    (metadata("a", "GT", "é", caseSensitive=False), ("metadata", "0", "value"), "ASCII"),
    (metadata("a", "LT", "x" * 51, caseSensitive=False), ("metadata", "0", "value"), "50 characters"),
    (metadata("a", "CONTAINS", 1), ("metadata", "0", "value"), "string"),
    (metadata("a", "STARTS_WITH", "x" * 201), ("metadata", "0", "value"), "200 characters"),
    (metadata("a", "IN", ["x", "y" * 201], caseSensitive=False), ("metadata", "0", "value", "1"), "200 characters"),
]


@pytest.mark.parametrize(("where", "path", "message"), REFUSED)
def test_what_a_filter_may_not_be_is_refused_with_its_path(where: Where, path: tuple[str, ...], message: str) -> None:
    with pytest.raises(BadUserInput, match=message) as refused:
        compiled(where)
    assert refused.value.path == ("where", *path)
