"""Inputs of the fuzzer: the number of what is judged, how its documents lie, and these, or what is left of them."""

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import bson
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument

from gateway.model.exported_documents import Part
from tests.generators.odd_bson import ODD_VALUES, RECORDED_INTERACTION, places, replaced, with_elements
from tests.harness.decoded import by_itself, stored

_TREE = """caseSensitive flat { index parentIndex depth branch key operator value caseSensitive } json
  keys depth conditions { key value }
  and { ... on FilterCondition { key operator value } ... on FilterGroup { nor { __typename } json keys depth } }
  or { __typename ... on FilterGroup { and { ... on FilterCondition { value } } caseSensitive } }"""
_SEARCH = f"""id searchRequestId queries {{ vectorIndex value type filters {{ {_TREE} }}
    settings {{ limit minScore modality }} }}
  collections filters {{ {_TREE} }} groupBy {{ field maxFeatures sort {{ field direction }} }}
  sort {{ field direction }} select rankingOptions {{ weights {{ feedback popularity }} enableReranking }}
  sessionId userId returnUrl resultCount firstSeenAt json"""
_ROW = """__typename id interactionId featureId feature { featureId } interactionType interactionTypes position score
  durationMs metadata sessionId userId occurredAt"""
_PAGE = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount"

_PAGE_INFO = "pageInfo { hasNextPage endCursor }"
_EXPORTS = {
    Part.INTERACTIONS: f"{{ interactions {{ nodes {{ exported searchRequest {{ exported }} }} {_PAGE_INFO} }} }}",
    Part.SEARCHES: f"{{ searchRequests {{ nodes {{ exported }} {_PAGE_INFO} }} }}",
}

QUERIES = (
    f"{{ interactions {{ nodes {{ {_ROW} searchRequest {{ {_SEARCH} }} }} edges {{ cursor }} {_PAGE} }} }}",
    f"{{ searchRequests {{ nodes {{ {_SEARCH} }} edges {{ cursor }} {_PAGE} }} }}",
    f"{{ interactions {{ nodes {{ {_ROW} }} {_PAGE} }} }}",
    f"{{ interactions {{ edges {{ cursor node {{ occurredAt }} }} {_PAGE} }} }}",
    "{ interactions { nodes { metadata } } }",
    "{ interactions { nodes { searchRequest { json filters { json } } } } }",
    f"{{ searchRequests {{ nodes {{ filters {{ {_TREE} }} }} }} }}",
    "{ searchRequests { nodes { filters { depth } } } }",
    "{ searchRequests { nodes { filters { keys } } } }",
    "{ searchRequests { nodes { filters { conditions { operator } } } } }",
    "{ searchRequests { pageInfo { hasNextPage } } }",
    "{ interactions { nodes { json } } }",
    *_EXPORTS.values(),
    f"""{{ searchRequests {{ nodes {{ searchRequestId interactions {{ edges {{ cursor node {{ id metadata
      feature {{ interactions {{ totalCount nodes {{ occurredAt position }} }} }} }} }} {_PAGE} }} }} }} }}""",
    f"""{{ nodes(ids: ["a"]) {{ __typename ... on Interaction {{ {_ROW} searchRequest {{ json }} }}
      ... on SearchRequest {{ searchRequestId filters {{ {_TREE} }}
        interactions {{ totalCount nodes {{ position }} }} }}
      ... on User {{ ofUser: userId seen: firstSeenAt }} }} }}""",
)
EXPORTS = {QUERIES.index(query): part for part, query in _EXPORTS.items()}
"""The parts of an export by the numbers of the operations that ask for these."""

ROWS, IDS = len(QUERIES), len(QUERIES) + 1
"""Behind the numbers of operations: what joins are cut of, and the ids by which parents are joined."""

_BACKWARDS, _MORE, _SPLIT = 1, 2, 4
# Types of BSON's elements.
_TYPES = (*range(1, 0x14), 0x7F, 0xFF)
_LENGTHS = (-(2**31), -1, 0, 1, 4, 5, 6, 2**16, 2**31 - 1)
_LEVELS = (1, 2, 50, 100, 117, 118, 119, 120, 121, 122, 200)


@dataclass(frozen=True, slots=True)
class Input:
    """``has_more``: the last document is there to tell that there are more, and is shown to nobody."""

    judged: int
    batches: tuple[bytes, ...]
    is_backwards: bool
    has_more: bool

    @classmethod
    def of(cls, data: bytes) -> "Input":
        judged, flags = (*data[:2], 0, 0)[:2]
        documents = data[2:]
        first = int.from_bytes(documents[:4], "little", signed=True) if flags & _SPLIT else 0
        batches = (documents[:first], documents[first:]) if 0 < first < len(documents) else (documents,)
        return cls(judged % (IDS + 1), batches, bool(flags & _BACKWARDS), bool(flags & _MORE))


def seeds() -> Iterator[bytes]:
    """What the fuzzer begins with: every operation, of sound documents and of some with each odd value somewhere."""
    chance = random.Random(0)
    anywhere = list(places(RECORDED_INTERACTION))
    for query in range(len(QUERIES)):
        yield bytes((query, 0))
        yield bytes((query, _BACKWARDS | _MORE | _SPLIT)) + stored(RECORDED_INTERACTION) * 3
        for odd in ODD_VALUES:
            document = replaced(RECORDED_INTERACTION, chance.choice(anywhere), odd)
            yield bytes((query, chance.randrange(8))) + stored(document)
    for odd in ODD_VALUES:
        rows = [{"key": "f", "part": part, "document": {"n": odd}} for part in (1, 0)]
        spoiled = replaced(rows[0], (chance.choice(list(rows[0])),), odd)
        yield bytes((ROWS, _SPLIT)) + b"".join(map(stored, (*rows, spoiled)))
        yield bytes((IDS, _SPLIT)) + b"".join(stored({"feature_id": value, "n": 1}) for value in (odd, "f"))


def mutated(data: bytes, seed: int) -> bytes:
    """The input with another value, key, level, type, length or end somewhere; nothing where it has no such."""
    chance = random.Random(seed)
    change = chance.choice((_with_odd_value, _with_key_twice, _with_levels, _with_type, _with_length, _cut, _repeated))
    try:
        return data[:2] + change(data[2:], chance)
    # Levels upon levels may be more than the driver encodes.
    except (BSONError, IndexError, OverflowError, RecursionError, ValueError, struct.error):
        return b""


def _with_odd_value(raw: bytes, chance: random.Random) -> bytes:
    document, behind = _first(raw)
    return stored(replaced(document, _anywhere(document, chance), chance.choice(ODD_VALUES))) + behind


def _with_levels(raw: bytes, chance: random.Random) -> bytes:
    document, behind = _first(raw)
    place = _anywhere(document, chance)
    value = _at(document, place)
    for level in range(chance.choice(_LEVELS)):
        value = chance.choice(([value], {"a": value}, {"AND": [value]})) if level % 2 else {"OR": [value]}
    return stored(replaced(document, place, value)) + behind


def _with_key_twice(raw: bytes, chance: random.Random) -> bytes:
    document, behind = _first(raw)
    objects = [(), *(place for place in places(document) if isinstance(_at(document, place), dict))]
    place = chance.choice(objects)
    inner = _at(document, place)
    key = chance.choice(list(inner))
    twice = with_elements(stored(inner), stored({key: chance.choice((inner[key], chance.choice(ODD_VALUES)))}))
    return (stored(replaced(document, place, RawBSONDocument(twice))) if place else twice) + behind


def _with_type(raw: bytes, chance: random.Random) -> bytes:
    there = [place for place in range(4, len(raw)) if raw[place] in _TYPES]
    return _spliced(raw, chance.choice(there), bytes((chance.choice(_TYPES),)))


def _with_length(raw: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(raw) - 3)
    length = int.from_bytes(raw[place : place + 4], "little", signed=True)
    near = [length + step for step in (-1, 1, 4) if -(2**31) <= length + step < 2**31]
    return _spliced(raw, place, struct.pack("<i", chance.choice((*_LENGTHS, *near, len(raw)))))


def _cut(raw: bytes, chance: random.Random) -> bytes:
    cut = raw[: chance.randrange(5, len(raw))] if len(raw) > 5 else raw[:-1]
    # With the length of what is left, it has to be noticed within.
    return _spliced(cut, 0, struct.pack("<i", len(cut))) if chance.random() < 0.5 and len(cut) >= 4 else cut


def _repeated(raw: bytes, chance: random.Random) -> bytes:
    document, behind = _first(raw)
    return stored(document) * chance.randrange(1, 4) + behind * chance.randrange(2)


def _first(raw: bytes) -> tuple[dict[str, Any], bytes]:
    """The first document, and what is behind it."""
    length = int.from_bytes(raw[:4], "little", signed=True)
    if not 5 <= length <= len(raw):
        raise bson.InvalidBSON("a length beyond the input")
    return by_itself(raw[:length]), raw[length:]


def _anywhere(document: dict[str, Any], chance: random.Random) -> tuple[str | int, ...]:
    return chance.choice(list(places(document)))


def _at(value: Any, place: tuple[str | int, ...]) -> Any:
    for step in place:
        value = value[step]
    return value


def _spliced(raw: bytes, place: int, by: bytes) -> bytes:
    return raw[:place] + by + raw[place + len(by) :]
