"""Interactions as recorded, and lines of exports, made natively: as Python makes them, or not at all."""

import struct
from collections import Counter
from contextlib import suppress
from itertools import product
from typing import Any

import pytest
from bson import Int64
from bson.errors import BSONError
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.compiler.native_backend.extension import EXTENSION
from gateway.execution.answers import encode
from gateway.model.documents import OWNED_FIELDS
from gateway.preparation.bound_operations import CompiledOperation
from tests.generators.odd_bson import ODD_VALUES, RECORDED_INTERACTION, RECORDED_REQUEST, places, replaced
from tests.harness import prepared
from tests.harness.decoded import stored
from tests.harness.undecoded import decoded, pages_of, undecoded_documents

pytestmark = pytest.mark.skipif(EXTENSION is None, reason="the native extension isn't installed")

_INTERACTIONS = "{ interactions { nodes { json exported searchRequest { exported } } } }"
_SEARCHES = "{ searchRequests { nodes { exported } } }"
_MISSING = object()
# By name, what decides between forms of a line.
_DECIDING: dict[str, tuple[Any, ...]] = {
    "occurred_at": (_MISSING, None, "noon"),
    "search_request_id": (_MISSING, None, "r", 5),
    "session_id": (_MISSING, None, "s"),
    "stub": (_MISSING, True, False, "true"),
    "search_request": (
        _MISSING,
        None,
        [1],
        {"queries": [], "collections": ["c"]},
        {"search_request_id": "own", "collections": []},
        {"search_request_id": 5, "session_id": None},
        {"session_id": "own"},
    ),
    "shadowed": (
        _MISSING,
        None,
        {},
        {"occurred_at": None, "_id": 1},
        {"occurred_at": "2024-05-01T14:00:00+02:00", "first_seen_at": {"a": [1]}},
        {"search_request_id": None},
        {"search_request_id": "r", "search_request": None},
        {"search_request_id": "r", "position": 7, "conditions": []},
    ),
}
_NAMES = sorted({*OWNED_FIELDS - {"\0type"}, *_DECIDING, "interaction_id", "metadata", "position"})
_VALUES = st.recursive(
    st.sampled_from([None, "s", 5, True, {}, [], *ODD_VALUES]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=3),
    max_leaves=6,
)
_DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={name: st.sampled_from([*_DECIDING.get(name, ()), 1, "x"]) | _VALUES for name in _NAMES},
)


def _answer(compiled: CompiledOperation, raw: bytes, most_bytes: int = 100_000_000) -> bytes | str:
    """The native answer, which is Python's; or why there is none."""
    assert compiled.native is not None
    pages = pages_of(compiled.plan, lambda: undecoded_documents(raw))
    native = compiled.native(pages, most_bytes)
    if isinstance(native, bytes):
        assert compiled.shape is not None
        assert native == encode(compiled.shape(decoded(pages)))
    return native


_queries = pytest.mark.parametrize("query", [_INTERACTIONS, _SEARCHES], ids=["interactions", "search requests"])


@_queries
def test_every_form_of_a_line_is_as_python_has_it(query: str) -> None:
    compiled, ways = prepared.compiled(query, {}), Counter[str]()
    for values in product(*_DECIDING.values()):
        document = {"_id": 1, **dict(zip(_DECIDING, values, strict=True)), "interaction_id": "i", "first_seen_at": 5}
        raw = stored({name: value for name, value in document.items() if value is not _MISSING})
        answer = _answer(compiled, raw)
        ways["native" if isinstance(answer, bytes) else answer] += 1
    # What is shadowed by null isn't as the gateway stores it.
    assert set(ways) == {"native", "bad value"}
    assert ways["native"] > 6 * ways["bad value"]


@_queries
def test_whatever_is_at_any_place_is_told_as_python_tells_it_or_not_at_all(query: str) -> None:
    compiled, answered = prepared.compiled(query, {}), 0
    shadowed = {"occurred_at": "noon", "search_request": None, "conditions": [1, {"a": 1}]}
    document = {**RECORDED_INTERACTION, "shadowed": shadowed, "conditions": [{"key": "k"}], "stub": False}
    for place in places(document):
        for odd in ODD_VALUES:
            answered += isinstance(_answer(compiled, stored(replaced(document, place, odd))), bytes)
    assert answered > 1_000


@_queries
def test_generated_documents_are_told_as_python_tells_them_or_not_at_all(query: str) -> None:
    compiled, ways = prepared.compiled(query, {}), Counter[bool]()

    @settings(max_examples=1_500, database=None, deadline=None, derandomize=True)
    @given(_DOCUMENTS)
    def same_bytes(document: Any) -> None:
        with suppress(BSONError, OverflowError):
            ways[isinstance(_answer(compiled, stored(document)), bytes)] += 1

    same_bytes()
    assert ways[True] > 200


@pytest.mark.parametrize("name", ["metadata", "search_request_id", "occurred_at", "shadowed", "search_request", "stub"])
def test_a_key_that_is_there_twice_is_left_to_the_driver(name: str) -> None:
    document = {**RECORDED_INTERACTION, "shadowed": {"occurred_at": "noon"}, "stub": False}
    raw, again = stored(document), stored({name: document[name]})[4:-1]
    twice = struct.pack("<i", len(raw) + len(again)) + raw[4:-1] + again + b"\0"
    assert _answer(prepared.compiled(_INTERACTIONS, {}), twice) == "duplicate key"


@_queries
@pytest.mark.parametrize("name", ["conditions", "text_tokens", "other", "shadowed", "search_request"])
def test_what_no_line_tells_is_judged_too(query: str, name: str) -> None:
    request = {"search_request_id": "r", "collections": []}
    shadowed = {"search_request_id": "r", "search_request": {"collections": []}}
    document = {**RECORDED_INTERACTION, "search_request": request, "shadowed": shadowed}
    value: Any = {**document.get(name, {}), "a": [{"b": "vvvv"}]}
    raw = stored({**document, name: value})
    assert isinstance(_answer(prepared.compiled(query, {}), raw), bytes)
    assert _answer(prepared.compiled(query, {}), raw.replace(b"vvvv", b"\xff" * 4)) == "not UTF-8"


@_queries
def test_a_line_that_may_not_be_is_left_to_python(query: str) -> None:
    compiled, raw = prepared.compiled(query, {}), stored(RECORDED_INTERACTION)
    whole = _answer(compiled, raw)
    assert isinstance(whole, bytes)
    assert _answer(compiled, raw, len(whole)) == whole
    assert _answer(compiled, raw, len(whole) - 1) == "too large"


def test_a_line_stands_beside_whatever_else_is_selected() -> None:
    query = """{ interactions { edges { cursor node { id exported interactionId position feature { featureId }
      searchRequest { exported json queries { value } filters { text } } } } } }"""
    compiled = prepared.compiled(query, {})
    assert isinstance(_answer(compiled, stored(RECORDED_INTERACTION)), bytes)
    request = {**RECORDED_REQUEST, "queries": [{"value": "é", "n": Int64(2**62)}]}
    assert isinstance(_answer(compiled, stored({**RECORDED_INTERACTION, "search_request": request})), bytes)
