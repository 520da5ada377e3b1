"""Views of whole trees, made natively: as Python makes them, or not at all."""

import random
import struct
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument
from hypothesis import given, settings

from gateway.compiler.native_backend.extension import EXTENSION
from gateway.errors import AnswerTooLarge
from gateway.execution.answers import encode
from gateway.limits import DEFAULTS
from gateway.model.kinds import INTERACTION, time_order
from gateway.plan.fetched_pages import Pages
from gateway.plan.paging import Page
from gateway.preparation.bound_operations import CompiledOperation
from gateway.preparation.prepared_documents import DocumentPreparation
from gateway.schema.graph import build
from tests.generators import filter_trees
from tests.generators.odd_bson import ODD_VALUES
from tests.harness import prepared
from tests.harness.decoded import stored
from tests.harness.undecoded import decoded, undecoded_documents

pytestmark = pytest.mark.skipif(EXTENSION is None, reason="the native extension isn't installed")

_QUERY = "{ interactions { nodes { searchRequest { filters { text } } } } }"
_VIEWS = "{ interactions { nodes { searchRequest { filters { keys depth conditions { key operator value } } } } } }"
_QUERIES = (
    _QUERY,
    _VIEWS,
    "{ interactions { nodes { searchRequest { filters { keys } } } } }",
    "{ interactions { nodes { searchRequest { filters { depth } } } } }",
    "{ interactions { nodes { searchRequest { filters { conditions { value } } } } } }",
)
_GRAPH = build()
# Keywords, what is like them, and what has to be quoted.
_NAMES = (
    "AND",
    "and",
    "Or",
    "NOT",
    "true",
    "False",
    "CASE",
    "_",
    "a.b-c",
    "1a",
    "-a",
    "a b",
    "",
    "a\n",
    "`",
    '"\\',
)


def _raw(tree: Any) -> bytes:
    return stored({"search_request_id": "r", "search_request": {"filters": tree}})


def _pages(compiled: CompiledOperation, raw: bytes) -> Pages:
    pages = Pages()
    page = Page(time_order(INTERACTION, descending=True), undecoded_documents(raw), False, False)
    pages.put(compiled.plan.fetches[0].path, page)
    return pages


def _spelled(compiled: CompiledOperation, tree: Any, most_bytes: int = 100_000_000) -> bytes | str:
    """The native answer with views of a tree, which is Python's; or why there is none."""
    return _viewed(compiled, _raw(tree), most_bytes)


def _viewed(compiled: CompiledOperation, raw: bytes, most_bytes: int = 100_000_000) -> bytes | str:
    pages = _pages(compiled, raw)
    assert compiled.native is not None
    native = compiled.native(pages, most_bytes)
    if isinstance(native, bytes):
        assert compiled.shape is not None
        assert native == encode(compiled.shape(decoded(pages)))
    return native


@pytest.mark.parametrize("query", _QUERIES)
def test_trees_are_viewed_as_python_views_them_or_not_at_all(query: str) -> None:
    compiled, ways = prepared.compiled(query, {}), Counter[bool]()

    @settings(max_examples=500, database=None, deadline=None, derandomize=True)
    @given(filter_trees.trees)
    def same_bytes(tree: Any) -> None:
        # Some keys aren't stored.
        with suppress(BSONError):
            ways[isinstance(_spelled(compiled, tree), bytes)] += 1

    same_bytes()
    # Others have the older spelling of a branch.
    assert ways[True] > 100
    for levels in (1, 5, 30, 45):
        assert isinstance(_spelled(compiled, filter_trees.chain(levels)), bytes)


@pytest.mark.parametrize("query", _QUERIES)
def test_odd_values_are_viewed_as_python_views_them_or_not_at_all(query: str) -> None:
    compiled, answered = prepared.compiled(query, {}), 0
    for odd in ODD_VALUES:
        for tree in (
            {"AND": [{"key": "k", "value": odd}]},
            {"OR": [{"key": "k", "value": [odd, {"b": odd, "a": {"é": odd, "z": 1}}]}, {"field": "k", "key": odd}]},
            {"AND": odd},
            {"NOR": [odd, {"key": "k"}]},
            {"case_sensitive": odd, "OR": []},
            {"AND": [{"field": odd, "operator": odd}]},
            {"AND": [{"key": "k", "operator": odd, "x": odd}], "y": odd},
        ):
            answered += isinstance(_spelled(compiled, tree), bytes)
    assert answered > 50


def test_names_are_quoted_as_python_quotes_them() -> None:
    compiled = prepared.compiled(_QUERY, {})
    for name in _NAMES:
        tree = {"OR": [{"key": name, "value": name}, {"field": name, "operator": name}, {"key": "é", "operator": "X`"}]}
        assert isinstance(_spelled(compiled, tree), bytes)
    # Letters beyond ASCII may become several in lower case.
    assert _spelled(compiled, {"OR": [{"key": "k", "operator": "İ"}]}) == "bad value"


def test_numbers_are_spelled_as_python_spells_them_or_not_at_all() -> None:
    compiled, chance = prepared.compiled(_QUERY, {}), random.Random(0)
    numbers = [chance.uniform(-1, 1) * 10.0 ** chance.randint(-8, 20) for _ in range(2_000)]
    numbers += [float(number) * sign for number in (0, 1, 2**31, 2**53 - 1, 2**53, 2**63) for sign in (1, -1)]
    answered = sum(
        isinstance(_spelled(compiled, {"AND": [{"key": "k", "value": number}]}), bytes) for number in numbers
    )
    assert answered > 1_000


def test_what_is_in_no_view_of_a_tree_is_judged_too() -> None:
    condition = {"key": "k", "operator": "eq", "value": 1, "other": ["tttt"]}
    tree = {"AND": [condition], "OR": [{"NOR": [], "other": {"a": "tttt"}}], "case_sensitive": 5}
    for query in _QUERIES[1:]:
        compiled = prepared.compiled(query, {})
        assert isinstance(_spelled(compiled, tree), bytes)
        for broken in ({"AND": [condition]}, {"OR": [{"x": "tttt"}]}, {"case_sensitive": ["tttt"]}, {"tttt": 1}):
            assert _viewed(compiled, _raw(broken).replace(b"tttt", b"\xff" * 4)) == "not UTF-8"


@pytest.mark.parametrize("name", ["AND", "key", "field"])
def test_a_key_that_is_twice_in_a_tree_is_left_to_the_driver(name: str) -> None:
    node = {"AND": [], "OR": [{"key": "k"}]} if name == "AND" else {name: "k"}
    inner, again = stored(node), stored({name: node[name]})[4:-1]
    twice = struct.pack("<i", len(inner) + len(again)) + inner[4:-1] + again + b"\0"
    raw = _raw({"OR": [RawBSONDocument(twice)]})
    for query in _QUERIES[:3]:
        assert _viewed(prepared.compiled(query, {}), raw) == "duplicate key"


def test_views_count_among_the_values_of_an_answer_as_they_do_in_python() -> None:
    for query in _QUERIES:
        ways = Counter[bool]()
        for most in range(4, 404, 9):
            limits = replace(DEFAULTS, answer_values=most)
            preparation = DocumentPreparation(_GRAPH, introspection=True, limits=limits)
            compiled = preparation.compiled(preparation.trusted(query).operation(None), ())
            # Whether natively it is refused where it is by Python.
            answer = _spelled(compiled, filter_trees.wide(20))
            ways[isinstance(answer, bytes)] += 1
            if answer == "too large":
                assert compiled.shape is not None
                with pytest.raises(AnswerTooLarge):
                    compiled.shape(decoded(_pages(compiled, _raw(filter_trees.wide(20)))))
        assert len(ways) == 2


def test_an_answer_with_a_text_that_may_not_be_is_left_to_python() -> None:
    compiled = prepared.compiled(_QUERY, {})
    whole = _spelled(compiled, filter_trees.wide(50))
    assert isinstance(whole, bytes)
    assert _spelled(compiled, filter_trees.wide(50), len(whole) - 1) == "too large"
