"""Generated documents, as they are read or as mutations have them: laid out by the schema's readings, mostly as they
should be.

The layout of a type is walked from its fields, so that a new field has values in these documents from its first day.
"""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

from bson import Binary, DatetimeMS, DBRef, Decimal128, Int64, ObjectId
from bson.tz_util import utc
from graphql import (
    GraphQLEnumType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
)
from hypothesis import strategies as st

from gateway.model.documents import TYPE_FIELD
from gateway.schema.readings import Embedded, Parameterized, ParentView, reading_of
from gateway.schema.stored_readings import JsonText, StoredReading
from tests.generators import filter_trees
from tests.harness.default_graph import EXECUTABLE

Draw = Callable[[st.SearchStrategy[Any]], Any]
Document = dict[str, Any]

# Times and UUIDs are both as they are decoded for answers, and as a mutation has them.
_MADE = datetime(2024, 5, 1, 12, tzinfo=UTC)
_UUIDS = [Binary.from_uuid(UUID(int=7)), UUID(int=7)]

MISSING = object()
IDS = ("a", "b", "c")
_IDS = [Binary.from_uuid(UUID(int=number)) for number in (1, 2)]

_TEXTS = st.sampled_from(["", "red shoes", 'say "x"', "\\", "é\u2028\x00", "a" * 300])
_METADATA = [
    {},
    {"device": {"os": "linux", "sizes": [1, 2.5, None, {}]}, "$where": "1", "a.b": {"": 0}},
    {"ref": DBRef("other", "x", None, {"more": [DBRef("c", 1)]}), "none": None},
    {
        "id": ObjectId(b"twelve bytes"),
        "n": Decimal128("1.50"),
        "nan": float("nan"),
        "at": [datetime(2024, 5, 1), _MADE],
    },
    {"bytes": b"\x00\xff", "huge": Int64(2**62), "uuids": [*_UUIDS, Binary(bytes(16), 3)], "far": DatetimeMS(2**60)},
]

_JSON_TEXTS = ["{}", '{"featureId": {"in": ["a", null, 1, 2.5]}}']

_TREES: list[Any] = [
    {},
    {"AND": [{"key": "brand", "operator": "eq", "value": "Nike"}, {"OR": [{"key": "price", "value": 5}], "NOR": []}]},
    {"OR": [{"field": "size", "operator": "IN", "value": [1, None]}], "NOT": {"key": "x"}, "case_sensitive": False},
    {"NOT": [{"key": "brand", "operator": "Near"}], "NOR": [{"AND": [{"OR": [{"key": "", "value": {}}]}]}], "v": 1},
    filter_trees.chain(5),
]

_BAD_TREES: list[Any] = [
    {"AND": "x"},
    {"OR": [1]},
    {"AND": [{"key": 5}, {"field": None}]},
    {"NOR": [None]},
    {"NOT": "x"},
    {"OR": [{"key": "k", "operator": 3}]},
    {"case_sensitive": "yes", "AND": [{"key": "k", "value": DBRef("c", 1)}]},
    {"key": "k", "operator": "EQ"},
]


def _copied(values: list[Any]) -> st.SearchStrategy[Any]:
    """One of these values; a copy, as oddities may be put into it."""
    return st.sampled_from(values).map(deepcopy)


_GOOD: Mapping[str, st.SearchStrategy[Any]] = {
    "ID": st.sampled_from(IDS),
    "String": _TEXTS,
    "Int": st.integers(0, 2**31 - 1),
    "Float": st.floats(0, 1),
    "Boolean": st.booleans(),
    "DateTime": st.datetimes(timezones=st.sampled_from([None, None, utc, UTC])),
    "JSON": _copied(_METADATA),
    # Most trees are of the list above, which is drawn from fast.
    "FilterGroup": st.one_of(*[_copied(_TREES)] * 4, filter_trees.trees),
}

# What producers, other clients and older versions have left: by name, what may stand in the place of any value.
ODDITIES: Mapping[str, st.SearchStrategy[Any]] = {
    "a missing value": st.just(MISSING),
    "a null": st.none(),
    "a value of a wrong type": _copied(["x", 7, {}, {"x": 1}, [], ["x"], [None], [[]], b"x", ""]),
    "an unknown enum value": st.sampled_from(["OTHER", "future", "CLICK", "Asc", "SORT"]),
    "a list of values": st.lists(st.sampled_from(["click", "view", "future", 5, True, None, {}]), max_size=3),
    "a database reference": st.sampled_from([DBRef("c", 1), DBRef("c", {"x": []}, "d")]),
    "a boolean": st.booleans(),
    "an integer": st.sampled_from([0, 1, -1, Int64(5), Int64(2**31), 2**53 + 1]),
    "an integer out of range": st.sampled_from([2**31, -(2**31) - 1, 2**62, Int64(-(2**63))]),
    "a whole float": st.sampled_from([0.0, -0.0, 1.0, 2.0**31, 1e22]),
    "a fraction": st.sampled_from([0.5, -1.25]),
    "no number": st.sampled_from([float("nan"), float("inf"), float("-inf")]),
    "a decimal": st.sampled_from([Decimal128("1.5"), Decimal128("2"), Decimal(3)]),
    "a number in a string": st.sampled_from(["5", "1.5", "1_0", " 7 ", "nan", "true"]),
    "a time": st.sampled_from([datetime(2024, 5, 1, 12), _MADE]),
    "a time of another zone": st.sampled_from(
        [
            datetime(2024, 5, 1, 12, 0, 0, 1999, timezone(timedelta(hours=2, minutes=30))),
            datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=2))),
            datetime(2024, 5, 1, 12, 0, 0, 1999, UTC),
        ]
    ),
    "a time beyond Python's": st.sampled_from([DatetimeMS(2**60), DatetimeMS(-(2**60))]),
    "an ObjectId": st.just(ObjectId(b"twelve bytes")),
    "a UUID": st.sampled_from(_UUIDS),
    "other binary data": st.sampled_from([Binary(bytes(16), 3), Binary(b"x", 128)]),
    "a bad tree": _copied(_BAD_TREES),
}


# What is read by arguments.
_PARTS: Mapping[str, st.SearchStrategy[Any]] = {
    "counts": _copied([{"click": 2, "other": 1}]),
    "positions": st.lists(_copied([{"position": 3, "views": 5, "clicks": 2}]), max_size=2),
    "values": st.lists(
        _copied(
            [
                {"value": {"a": [1, None]}, "searches": 2, "stats": {"searches": 2, "click_through_rate": 0.5}},
                {"value": None, "searches": 1, "stats": {"searches": 1, "no_click_rate": None}},
            ]
        ),
        max_size=2,
    ),
}

_ANY = sorted(ODDITIES)
# One value of so many is odd where some are.
_AMONG = st.integers(0, 19)
_NUMBERS = (
    *("a boolean", "an integer", "an integer out of range", "a whole float", "a fraction", "no number", "a decimal"),
    *("a number in a string", "a null"),
)
# Those that come close to what a scalar takes; anything may stand for the others.
_CLOSE = {
    "Int": _NUMBERS,
    "Float": _NUMBERS,
    "DateTime": ("a time of another zone", "a time beyond Python's", "a null"),
}


@dataclass(frozen=True)
class _Leaf:
    """The place of a single value: its path, and what may stand there."""

    path: tuple[str, ...]
    required: bool
    scalar: str
    values: st.SearchStrategy[Any]


@dataclass(frozen=True)
class _Inner:
    """The place of an object, or of a list of objects, of a type of its own."""

    path: tuple[str, ...]
    required: bool
    many: bool
    type_name: str


@cache
def _layout(type_name: str) -> list[_Leaf | _Inner]:
    """Where the documents of a type have their values, by the readings of its fields and of those below."""
    layout: dict[str, _Leaf | _Inner] = {}
    _add_layout(_object(type_name), layout, set())
    # What is read whole, such as a search request as JSON, is made of its parts.
    whole = {path for path in layout if any(other.startswith(f"{path}.") for other in layout)}
    return [part for path, part in layout.items() if path not in whole]


def _add_layout(type_: GraphQLObjectType, layout: dict[str, _Leaf | _Inner], seen: set[str]) -> None:
    seen.add(type_.name)
    for field in type_.fields.values():
        required, named = isinstance(field.type, GraphQLNonNull), get_named_type(field.type)
        match reading_of(field):
            case JsonText(path):
                layout.setdefault(path, _Leaf((path,), required, "String", st.sampled_from(_JSON_TEXTS)))
            case StoredReading() as reading:
                # A global id is made of several, each of which is a string.
                values = st.sampled_from(IDS) if named.name == "ID" and len(reading.paths) > 1 else _values(field.type)
                for path in filter(None, reading.paths):
                    layout.setdefault(path, _Leaf(tuple(path.split(".")), required, named.name, values))
            case Parameterized(paths):
                for path in paths:
                    layout.setdefault(path, _Leaf((path,), True, named.name, _PARTS[path]))
            case Embedded(path, many):
                layout.setdefault(path, _Inner(tuple(path.split(".")), required, many, named.name))
            case ParentView(presence):
                layout.setdefault(presence, _Leaf((presence,), required, "ID", st.sampled_from(IDS)))
                if named.name not in seen:
                    _add_layout(_object(named.name), layout, seen)


def _values(type_: Any) -> st.SearchStrategy[Any]:
    nullable = get_nullable_type(type_)
    if isinstance(nullable, GraphQLList):
        return st.lists(_values(nullable.of_type), max_size=2)
    if isinstance(nullable, GraphQLEnumType):
        return st.sampled_from([value.value for value in nullable.values.values()])
    return _GOOD[nullable.name]


def _object(type_name: str) -> GraphQLObjectType:
    type_: GraphQLNamedType = EXECUTABLE.type_map[type_name]
    assert isinstance(type_, GraphQLObjectType)
    return type_


@dataclass(frozen=True)
class Generated:
    """A document, and the names of the `ODDITIES` in it."""

    document: Document
    oddities: frozenset[str]


@st.composite
def documents(draw: Draw, type_name: str, *, odd: bool) -> Generated:
    """A document of an object type, and the names of the `ODDITIES` in it: none unless it may be odd."""
    oddities: set[str] = set()
    document = _drawn(draw, type_name, oddities if odd else None)
    document["_id"] = draw(st.sampled_from([*_IDS, ObjectId(b"twelve bytes"), "x", 5, {"a": 1}]))
    document[TYPE_FIELD] = type_name
    for _ in range(draw(st.integers(0, 2)) if odd else 0):
        places = list(_places(document))
        if not places:
            break
        place, key = draw(st.sampled_from(places))
        name = draw(st.sampled_from(_ANY))
        oddities.add(name)
        value = draw(ODDITIES[name])
        if value is MISSING:
            del place[key]
        else:
            place[key] = value
    return Generated(document, frozenset(oddities))


def _drawn(draw: Draw, type_name: str, oddities: set[str] | None) -> Document:
    document: Document = {}
    for part in _layout(type_name):
        if not part.required and draw(st.integers(0, 3)) == 0:
            continue
        *above, last = part.path
        place = document
        for step in above:
            place = place.setdefault(step, {})
        match part:
            case _Leaf(_, _, scalar, values):
                if oddities is not None and draw(_AMONG) == 0:
                    name = draw(st.sampled_from(_CLOSE.get(scalar, _ANY)))
                    oddities.add(name)
                    values = ODDITIES[name]
                if (value := draw(values)) is not MISSING:
                    place[last] = value
            case _Inner(_, _, many, inner):
                count = draw(st.integers(0, 2)) if many else 1
                items = [_drawn(draw, inner, oddities) for _ in range(count)]
                place[last] = items if many else items[0]
    return document


def _places(document: Document) -> Iterator[tuple[Any, Any]]:
    """Every place of a document where a value stands, at any depth, as a container and its key."""
    pending: list[Any] = [document]
    while pending:
        container = pending.pop()
        keys = list(container) if isinstance(container, dict) else range(len(container))
        for key in keys:
            if container is not document or key not in ("_id", TYPE_FIELD):
                yield container, key
            # What is read by arguments the gateway makes whole: within it nobody else has left anything.
            if isinstance(container[key], dict | list) and key not in _PARTS:
                pending.append(container[key])
