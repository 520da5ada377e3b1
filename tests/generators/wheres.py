"""Filters as clients send them: generated, with recorded objects that they tell apart, and compiled."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, cast

from bson import Code, DBRef, Decimal128, Int64, MaxKey, MinKey, ObjectId, Timestamp
from bson.datetime_ms import DatetimeMS
from graphql import GraphQLInputObjectType, Undefined
from graphql.utilities import coerce_input_value
from hypothesis import strategies as st

from gateway.compiler.where import compile_where
from gateway.plan.predicate import Predicate
from tests.harness.default_graph import EXECUTABLE

Where = dict[str, Any]
Recorded = dict[str, Any]

INTERACTIONS = "InteractionWhere"
SEARCH_REQUESTS = "SearchRequestWhere"
NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)

WORDS = [
    "",
    "a",
    "A",
    "b",
    "ab",
    "aB.",
    "é",
    "É",
    "a\n",
    ".*",
    "^a$",
    "a\0b",
    "[",
    "\\",
    "$where",
    "日本",
    "K",
    "k",
    "\u212a",
    "\u017f",
    "Z",
    "_",
]
TEXTS = [*WORDS, "a + B", " a  b", "A b", "ab ab ab ab ab ab ab ab", "AB ab ab ab ab ab ab"]
# At the end of what is searched, and beyond it.
LONG = ["é" * 9_998 + "aB", "a" * 10_001]
LEAVES = [None, True, False, -1, 0, 1, 2, 0.0, 1.0, 1.5, *WORDS]
KEYS = ["a", "b", "$where", "$eq"]
IDS = ["x", "y", "X", "x.", "", b"twelve bytes".hex()]
TYPES = ["click", "view", "hover", "CLICK", "click\n", "OTHER"]
FOREIGN = [
    *([], {}, [[]], [["x", {"key": "brand"}]], ["x"], [NOON, "a"], {"0": "x", "value": "a"}, b"x", Int64(2), 1.0, -0.0),
    *(Decimal128("1"), Decimal128("1.5"), float("nan"), DatetimeMS(2**60), NOON, Code("a"), DBRef("c", "x")),
    *(ObjectId(b"twelve bytes"), MinKey(), MaxKey(), Timestamp(1, 1)),
]
FLAGS = ["clicked", "converted", "no_results", "abandoned", "reformulated"]
CONDITION_KEYS = ["brand", "price", "brand=a", "k" * 150]


def compiled(where: Where | None, type_name: str = INTERACTIONS) -> Predicate:
    """What a client's JSON compiles to."""
    input_type = cast(GraphQLInputObjectType, EXECUTABLE.type_map[type_name])
    coerced = coerce_input_value(where, input_type)
    assert coerced is not Undefined
    return compile_where(coerced, input_type)


def metadata(path: str, operator: str, value: Any, **options: Any) -> Where:
    return {"metadata": [{"path": path, "operator": operator, "value": value, **options}]}


# ---------------------------------------------------------------------------------------------- recorded objects


def interaction(random: Random) -> Recorded:
    """An interaction in the wire shape, with the times and the search request's id that the gateway adds."""
    request = search_request(random) if random.random() < 0.8 else {}
    types = random.choices(TYPES, k=random.randint(0, 3))
    return {
        "interaction_id": random.choice(IDS),
        "occurred_at": moment(random),
        **some(
            random,
            feature_id=random.choice([*IDS, None]),
            interaction_type=random.choice([*TYPES, types, types, None]),
            session_id=random.choice([*IDS, None]),
            user_id=random.choice([*IDS, None]),
            position=random.choice([0, 1, 2, 3, None]),
            score=random.choice([0.0, 0.5, 1, 2.5, None]),
            duration_ms=random.choice([0, 1, 2, 3, None]),
            metadata=random.choice(
                [None, *({key: long_or_other_value(random) for key in KEYS if random.random() < 0.8},) * 9]
            ),
        ),
        **request,
    }


def search_request(random: Random) -> Recorded:
    """A search request in the wire shape, with its id and time."""
    return {
        "search_request_id": random.choice(IDS),
        "first_seen_at": moment(random),
        "search_request": some(
            random,
            queries=[query(random) for _ in range(random.randint(0, 2))],
            collections=random.choices(IDS, k=random.randint(0, 3)),
            filters=tree(random),
            session_id=random.choice([*IDS, None]),
            user_id=random.choice([*IDS, None]),
            result_count=random.choice([0, 1, 2, 3, None]),
        ),
        **some(random, search_outcome=some(random, **{flag: random.random() < 0.5 for flag in FLAGS})),
    }


def query(random: Random) -> Recorded:
    return some(
        random,
        vector_index=random.choice(["text", "image", "audio", "Text", None]),
        type=random.choice(["text", "url", "audio"]),
        value=random.choice([*TEXTS, *LONG, None]),
        filters=tree(random),
    )


def tree(random: Random, depth: int = 0) -> Recorded:
    if random.random() < 0.25 * depth:
        spelling = random.choice(["key", "key", "field"])
        operator = random.choice(["eq", "GT", "is_null", "near"])
        return {spelling: random.choice(CONDITION_KEYS), **some(random, operator=operator, value=value(random))}
    branches = random.sample(["AND", "OR", "NOR", "NOT"], k=random.randint(1, 2))
    return {branch: [tree(random, depth + 1) for _ in range(random.randint(0, 2))] for branch in branches}


def value(random: Random) -> Any:
    match random.randint(0, 5):
        case 0:
            return [value(random) for _ in range(random.randint(0, 3))]
        case 1:
            return {key: value(random) for key in random.sample(KEYS, k=random.randint(0, 2))}
    return random.choice(LEAVES)


def long_or_other_value(random: Random) -> Any:
    return random.choice([*LONG, LONG, ["aB", *LONG]]) if random.random() < 0.15 else value(random)


def as_others_write(random: Random, document: Recorded) -> Recorded:
    """The document with a few values, at any place, of types that the gateway doesn't write."""
    for _ in range(random.randint(1, 4)):
        place: Any = document
        while True:
            keys = sorted(place.keys() - {"_id"}) if isinstance(place, dict) else range(len(place))
            key = random.choice(keys)
            if not isinstance(place[key], dict | list) or not place[key] or random.random() < 0.3:
                break
            place = place[key]
        # A copy, for another may be put into it.
        place[key] = deepcopy(random.choice(FOREIGN))
    return document


def moment(random: Random) -> datetime:
    return NOON + timedelta(seconds=random.randint(0, 3))


def some(random: Random, **fields: Any) -> Recorded:
    return {name: value for name, value in fields.items() if random.random() < 0.85}


# ------------------------------------------------------------------------------------------------------- filters


def few(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Where]:
    """One or two of the fields: with more, nearly nothing matches."""
    names = st.lists(st.sampled_from(sorted(fields)), min_size=1, max_size=2, unique=True)
    return names.flatmap(lambda chosen: st.fixed_dictionaries({name: fields[name] for name in chosen}))


def lists(items: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(items, min_size=1, max_size=3) | st.just([])


def of(items: list[str]) -> st.SearchStrategy[str]:
    return st.sampled_from(items)


ids, words, positions = of(IDS), of(WORDS), st.integers(0, 3)
instants = st.builds(
    lambda seconds, microseconds: (NOON + timedelta(seconds=seconds, microseconds=microseconds)).isoformat(),
    st.integers(0, 3),
    st.sampled_from([0, 0, 500, -500]),
)
values: st.SearchStrategy[Any] = st.sampled_from(LEAVES) | st.randoms(use_true_random=False).map(value)
types = of(["CLICK", "VIEW", "SHARE", "OTHER"])

id_filters = few(eq=ids, ne=ids, **{"in": lists(ids)}, nin=lists(ids), exists=st.booleans())
string_filters = st.builds(
    lambda comparisons, options: comparisons | options,
    few(
        eq=words,
        ne=words,
        **{"in": lists(words)},
        nin=lists(words),
        startsWith=words,
        contains=words,
        exists=st.booleans(),
    ),
    st.fixed_dictionaries({}, optional={"caseSensitive": st.booleans()}),
)
int_filters = few(
    eq=positions,
    ne=positions,
    **{"in": lists(positions)},
    gt=positions,
    gte=positions,
    lt=positions,
    lte=positions,
    exists=st.booleans(),
)
scores = st.sampled_from([0.0, 0.5, 1.0, 2])
float_filters = few(
    eq=scores,
    ne=scores,
    **{"in": lists(scores)},
    gt=scores,
    gte=scores,
    lt=scores,
    lte=scores,
    exists=st.booleans(),
)
time_filters = few(gt=instants, gte=instants, lt=instants, lte=instants)


def honours_its_case(path_filter: Where) -> bool:
    """Whether a comparison can do what its ``caseSensitive`` says; others are refused."""
    operator, operand = path_filter["operator"], path_filter["value"]
    if path_filter.get("caseSensitive", True):
        return True
    if operator in ("GT", "GTE", "LT", "LTE"):
        return not isinstance(operand, str) or operand.isascii()
    operands = operand if operator in ("IN", "NIN") else [operand]
    return operator != "EXISTS" and not any(isinstance(item, dict | list) for item in operands)


texts = of(TEXTS)
text_filters = st.builds(
    lambda comparisons, options: comparisons | options,
    few(
        eq=texts,
        ne=texts,
        **{"in": lists(texts)},
        nin=lists(texts),
        startsWith=texts,
        contains=texts,
        exists=st.booleans(),
    ),
    st.fixed_dictionaries({}, optional={"caseSensitive": st.booleans()}),
)


def path_filter(operators: list[str], operands: st.SearchStrategy[Any]) -> st.SearchStrategy[Where]:
    return st.fixed_dictionaries(
        {
            "path": st.lists(of(KEYS), min_size=1, max_size=2).map(".".join),
            "operator": of(operators),
            "value": operands,
        },
        optional={"caseSensitive": st.booleans()},
    ).filter(honours_its_case)


path_filters = (
    path_filter(["EQ", "NE"], values)
    | path_filter(["GT", "GTE", "LT", "LTE"], st.integers(-1, 2) | st.just(0.5) | words)
    | path_filter(["IN", "NIN"], lists(values))
    | path_filter(["EXISTS"], st.booleans())
    | path_filter(["STARTS_WITH", "CONTAINS"], words)
)
query_wheres = few(
    vectorIndex=lists(of(["TEXT", "IMAGE", "OTHER"])), type=lists(of(["TEXT", "OTHER"])), value=string_filters
)
condition_wheres = few(
    key=of(CONDITION_KEYS),
    operator=lists(of(["EQ", "GT", "OTHER"])),
    value=values,
    branch=of(["AND", "OR", "NOR"]),
)


def joined(fields: st.SearchStrategy[Where]) -> st.SearchStrategy[Where]:
    """Filters of up to three levels; where they stand within others, within the limits all the same."""
    filters: st.SearchStrategy[Where] = st.just({}) | fields | fields | fields
    for _ in range(2):
        branches = st.lists(filters, max_size=2)
        filters = fields | fields | few(**{"and": branches, "or": branches, "nor": branches})
    return filters.filter(lambda where: len(str(where)) < 1_000)


outcome_wheres = few(
    clicked=st.booleans(),
    converted=st.booleans(),
    noResults=st.booleans(),
    abandoned=st.booleans(),
    reformulated=st.booleans(),
)
search_request_wheres = joined(
    few(
        searchRequestId=id_filters,
        sessionId=id_filters,
        userId=id_filters,
        resultCount=int_filters,
        collections=few(has=ids, hasAny=lists(ids), hasAll=lists(ids)),
        firstSeenAt=time_filters,
        text=text_filters,
        query=query_wheres,
        filters=condition_wheres,
        outcome=outcome_wheres,
    )
)
interaction_wheres = joined(
    few(
        interactionId=id_filters,
        featureId=id_filters,
        interactionType=few(eq=types, **{"in": lists(types)}, nin=lists(types)),
        sessionId=id_filters,
        userId=id_filters,
        position=int_filters,
        score=float_filters,
        durationMs=int_filters,
        occurredAt=time_filters,
        text=text_filters,
        metadata=lists(path_filters),
        searchRequest=search_request_wheres,
    )
)
