"""Search requests and interactions as they are stored, by the gateway or by other programs, in a few sessions: typed
letter by letter, at equal times, by users and by nobody known."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from bson import Code, DatetimeMS, DBRef, Decimal128, MinKey, ObjectId, Regex, Timestamp

from tests.oracle.derived_documents import TYPES

Document = dict[str, Any]

_MISSING = object()
_HEX = b"twelve bytes".hex()
NAMESPACES = ("ns_shop", "ns_media")
_BEGIN = datetime(2024, 2, 28, 23, 58, tzinfo=UTC)
_TEXTS = ("", "r", "ru", "run", "running shoes", "runner", "hat", "hats", "überzug", "übe", "ÿ", "東京", "東")
_ODD: tuple[Any, ...] = (
    *(
        None,
        None,
        "",
        "x",
        "5",
        0,
        5,
        -1,
        2.0,
        2.5,
        -0.0,
        1e22,
        float("nan"),
        float("inf"),
        float("-inf"),
        2**31,
        2**62,
    ),
    *(True, [], {}, [[]], [None], ["click", "view", "click"], [["click"]], ["view", 5, None, {}], {"$x": 1}),
    *({"a": {"b": 1}}, [{"key": "k"}, {"key": 5}, 7, None], [{"vector_index": ["a"]}], b"bytes", Decimal128("3")),
    *(DBRef("c", 1), ObjectId(b"twelve bytes"), UUID(int=3), DatetimeMS(2**60), DatetimeMS(-(2**62)), _BEGIN),
    *("click", "CLICK", "future", Decimal128("NaN"), "\u0000", "a" * 600),
    *(Code("x"), Code("click", {"x": 1}), Regex("x"), Timestamp(1, 2), MinKey()),
    *map(Decimal128, ("7.0", "2.5", "-0", "1E+2", "1E+30", "9223372036854775808", "Infinity")),
)


def _row(rng: Random, maybe: Callable[[Any], Any]) -> Any:
    return maybe(
        _with(
            {},
            key=maybe(rng.choice(["brand", "size", "$price", "a.b"])),
            operator=maybe(rng.choice(["eq", "eq", "in", "near"])),
            value_hash=maybe(rng.choice(["5f", "9a"])),
            value=maybe(rng.choice(["1", '"a"', "a" * 100, "a" * 99 + "ü", _MISSING])),
            depth=maybe(rng.choice([0, 1, 2, _MISSING])),
            branch=maybe(rng.choice(["AND", "OR", "NOR", _MISSING])),
        )
    )


def searches(
    seed: int, *, requests: int, interactions: int, odd: bool = False
) -> tuple[list[Document], list[Document]]:
    """The documents of both collections, the same for a seed; with ``odd``, a twelfth of all values is anything."""
    rng = Random(seed)

    def maybe(value: Any) -> Any:
        return rng.choice(_ODD) if odd and rng.random() < 1 / 12 else value

    def at() -> datetime:
        # Often equal, often within what is merged; over midnight.
        return _BEGIN + timedelta(
            seconds=rng.choice([0, 0, 1, 5, 29.999, 30, 30.001, 299, 300, 300.001, 900]) * rng.randrange(4)
        )

    ids = [_id(number) for number in range(requests)]
    stored = [
        _with(
            {"_id": UUID(int=rng.getrandbits(128))},
            namespace_id=maybe(rng.choice(NAMESPACES)),
            search_request_id=maybe(rng.choice(_forms(id))),
            first_seen_at=maybe(at()),
            query_text=maybe(rng.choice(_TEXTS)),
            effective_session_id=maybe(rng.choice(["s1", "s2", "s3", _MISSING])),
            conditions=maybe([_row(rng, maybe) for _ in range(rng.randrange(4))]),
            search_request=maybe(
                _with(
                    {},
                    queries=maybe([{"vector_index": maybe(rng.choice(["text", "image"]))} for _ in range(2)]),
                    collections=maybe(rng.choices(["b", "a", "c"], k=2)),
                    user_id=maybe(rng.choice([_MISSING, _MISSING, "u1"])),
                    result_count=maybe(rng.choice([_MISSING, 0, 12])),
                )
            ),
        )
        for id in ids
    ]
    acts = [
        _with(
            {"_id": UUID(int=rng.getrandbits(128))},
            namespace_id=maybe(rng.choice(NAMESPACES)),
            search_request_id=maybe(rng.choice(_forms(rng.choice(ids)))),
            feature_id=maybe(rng.choice(["p1", "p2", "p3", "7", 7, 7.0, *_forms(_HEX)])),
            occurred_at=maybe(at() + timedelta(seconds=rng.choice([-60, 0, 0, 1.5, 40]))),
            user_id=maybe(rng.choice([_MISSING, _MISSING, "u1", "u2", 9, ObjectId(_HEX)])),
            interaction_type=maybe(rng.choice(["view", "view", "click", rng.choice(TYPES), ["view", "click"]])),
            position=maybe(rng.choice([_MISSING, 0, 1, 2.0, 99, 100, 20_000])),
            duration_ms=maybe(rng.choice([_MISSING, 0, 1_500])),
        )
        for _ in range(interactions)
    ]
    for document in rng.sample([*stored, *acts], (requests + interactions) // 12) if odd else ():
        del document[rng.choice(list(document)[1:])]
    return stored, acts


def _id(number: int) -> str:
    """The id of a search request; some read as numbers, and some as ObjectIds."""
    if number % 7 == 0:
        return str(number)
    return f"a{number:023x}" if number % 5 == 0 else f"r{number}"


def _forms(id: str) -> list[Any]:
    """How an id may be stored."""
    return [id, id, int(id)] if id.isdecimal() else [id, ObjectId(id)] if len(id) == len(_HEX) else [id]


def _with(document: Document, **values: Any) -> Document:
    return document | {name: value for name, value in values.items() if value is not _MISSING}
