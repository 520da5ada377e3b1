"""Trees as text, spelled natively: as Python spells them, or not at all."""

import random
from collections import Counter
from contextlib import suppress
from typing import Any

import pytest
from bson.errors import BSONError
from hypothesis import given, settings

from gateway.compiler.native_backend.extension import EXTENSION
from gateway.execution.answers import encode
from gateway.model.kinds import INTERACTION, time_order
from gateway.plan.fetched_pages import Pages
from gateway.plan.paging import Page
from gateway.preparation.bound_operations import CompiledOperation
from tests.generators import filter_trees
from tests.generators.odd_bson import ODD_VALUES
from tests.harness import prepared
from tests.harness.decoded import stored
from tests.harness.undecoded import decoded, undecoded_documents

pytestmark = pytest.mark.skipif(EXTENSION is None, reason="the native extension isn't installed")

_QUERY = "{ interactions { nodes { searchRequest { filters { text } } } } }"
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


def _spelled(compiled: CompiledOperation, tree: Any, most_bytes: int = 100_000_000) -> bytes | str:
    """The native answer with the text of a tree, which is Python's; or why there is none."""
    pages = Pages()
    raw = stored({"search_request_id": "r", "search_request": {"filters": tree}})
    page = Page(time_order(INTERACTION, descending=True), undecoded_documents(raw), False, False)
    pages.put(compiled.plan.fetches[0].path, page)
    assert compiled.native is not None
    native = compiled.native(pages, most_bytes)
    if isinstance(native, bytes):
        assert compiled.shape is not None
        assert native == encode(compiled.shape(decoded(pages)))
    return native


def test_trees_are_spelled_as_python_spells_them_or_not_at_all() -> None:
    compiled, ways = prepared.compiled(_QUERY, {}), Counter[bool]()

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


def test_odd_values_are_spelled_as_python_spells_them_or_not_at_all() -> None:
    compiled, answered = prepared.compiled(_QUERY, {}), 0
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


def test_an_answer_with_a_text_that_may_not_be_is_left_to_python() -> None:
    compiled = prepared.compiled(_QUERY, {})
    whole = _spelled(compiled, filter_trees.wide(50))
    assert isinstance(whole, bytes)
    assert _spelled(compiled, filter_trees.wide(50), len(whole) - 1) == "too large"
