"""The native back end: whatever BSON is at whatever place, it answers what Python does, or gives up.

``EXAMPLES=1000000 make test ARGS=tests/compiler/test_native_backend.py`` changes bytes for longer than the suite, and
elsewhere each time; ``make fuzz-native`` looks for those that matter.
"""

import os
import random
import struct
from typing import Any

import orjson
import pytest

from gateway.compiler.native_backend.extension import EXTENSION
from gateway.execution.answers import encode
from gateway.model.kinds import INTERACTION, time_order
from gateway.plan.fetched_pages import Pages
from gateway.plan.paging import Page
from gateway.preparation.bound_operations import CompiledOperation
from gateway.preparation.prepared_documents import DocumentPreparation
from gateway.schema.graph import build
from tests.generators.odd_bson import ODD_VALUES, RECORDED_INTERACTION, RECORDED_REQUEST, places, replaced
from tests.harness import prepared
from tests.harness.decoded import stored
from tests.harness.undecoded import decoded, pages_of, undecoded_documents

EXAMPLES = int(os.environ.get("EXAMPLES") or 0)

pytestmark = pytest.mark.skipif(EXTENSION is None, reason="the native extension isn't installed")

_TREE = """caseSensitive text keys depth conditions { key operator value }
  flat { index parentIndex depth branch key operator value caseSensitive }
  and { ... on FilterCondition { key operator value } ... on FilterGroup { nor { __typename } json } }"""
_SEARCH = f"""id searchRequestId queries {{ vectorIndex value type filters {{ {_TREE} }}
    settings {{ limit minScore }} }}
  collections filters {{ {_TREE} or {{ __typename }} }} groupBy {{ field maxFeatures sort {{ field direction }} }}
  sort {{ field direction }} select rankingOptions {{ weights {{ feedback popularity }} enableReranking }}
  sessionId userId returnUrl resultCount firstSeenAt json"""
_INTERACTIONS = f"""{{ interactions {{
  edges {{ cursor node {{ id }} }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} totalCount
  nodes {{ __typename interactionId featureId feature {{ featureId }} interactionType interactionTypes position score
    durationMs metadata sessionId userId occurredAt searchRequest {{ {_SEARCH} }} }} }} }}"""
_SEARCHES = f"{{ searchRequests {{ nodes {{ {_SEARCH} }} }} }}"
_JOINED = """{ searchRequests { nodes { searchRequestId interactions {
  edges { cursor node { id metadata feature { interactions { totalCount nodes { occurredAt position } } } } }
  pageInfo { hasNextPage endCursor } totalCount } } } }"""
_NODES = f"""{{ nodes(ids: ["a"]) {{ __typename
  ... on Interaction {{ id interactionId interactionTypes position score metadata occurredAt
    searchRequest {{ {_SEARCH} }} }}
  ... on SearchRequest {{ searchRequestId filters {{ {_TREE} }} interactions {{ totalCount nodes {{ id }} }} }}
  ... on User {{ ofUser: userId }} }} }}"""


def _pages(compiled: CompiledOperation, *batches: bytes) -> Pages:
    return pages_of(compiled.plan, lambda: undecoded_documents(*batches))


def _answer(compiled: CompiledOperation, *batches: bytes) -> bytes | str:
    """The native answer, which is Python's; or why there is none."""
    assert compiled.native is not None
    pages = _pages(compiled, *batches)
    native = compiled.native(pages, 100_000_000)
    if isinstance(native, bytes):
        assert compiled.shape is not None
        assert native == encode(compiled.shape(decoded(pages)))
    return native


_queries = pytest.mark.parametrize(
    "query", [_INTERACTIONS, _SEARCHES, _JOINED, _NODES], ids=["interactions", "search requests", "joined", "nodes"]
)


@_queries
def test_a_document_that_is_as_it_should_be_is_answered(query: str) -> None:
    compiled = prepared.compiled(query, {})
    for batches in (
        (),
        (stored(RECORDED_INTERACTION),),
        (stored(RECORDED_INTERACTION) * 3, stored(RECORDED_INTERACTION)),
    ):
        assert isinstance(_answer(compiled, *batches), bytes)


@_queries
def test_whatever_is_at_any_place_is_answered_as_python_does_or_not_at_all(query: str) -> None:
    compiled, answered = prepared.compiled(query, {}), 0
    for place in places(RECORDED_INTERACTION):
        for odd in ODD_VALUES:
            answered += isinstance(_answer(compiled, stored(replaced(RECORDED_INTERACTION, place, odd))), bytes)
    assert answered > 1_000


@_queries
def test_bytes_that_are_cut_off_or_changed_are_answered_as_python_does_or_not_at_all(query: str) -> None:
    compiled, raw = prepared.compiled(query, {}), stored(RECORDED_INTERACTION)
    for end in range(1, len(raw)):
        assert _answer(compiled, raw[:end]) == "not BSON"
    # Elsewhere each time, unless it is to say the same each time.
    chance = random.Random(None if EXAMPLES else 0)
    anywhere = list(places(RECORDED_INTERACTION))
    for number in range(EXAMPLES or 3_000):
        if number % 20 == 0:
            raw = stored(replaced(RECORDED_INTERACTION, chance.choice(anywhere), chance.choice(ODD_VALUES)))
        changed = bytearray(raw)
        for _ in range(chance.choice((1, 1, 2, 8))):
            changed[chance.randrange(4, len(raw))] = chance.choice((0, 1, 2, 4, 5, 0x7F, 0xFF, chance.randrange(256)))
        _answer(compiled, bytes(changed))


def test_lengths_beyond_their_bytes_are_no_bson() -> None:
    compiled, raw = prepared.compiled(_INTERACTIONS, {}), stored(RECORDED_INTERACTION)
    for place in range(0, len(raw) - 4, 3):
        for length in (-1, 0, 4, 2**31 - 1, len(raw)):
            changed = raw[:place] + struct.pack("<i", length) + raw[place + 4 :]
            _answer(compiled, changed)
    assert _answer(compiled, struct.pack("<i", 2**31 - 1) + raw[4:]) == "not BSON"


@pytest.mark.parametrize("name", ["interaction_id", "position", "metadata", "search_request", "_id", "other"])
def test_a_key_that_is_there_twice_is_left_to_the_driver(name: str) -> None:
    compiled, raw = prepared.compiled(_INTERACTIONS, {}), stored({**RECORDED_INTERACTION, "other": 1})
    again = stored({name: {**RECORDED_INTERACTION, "other": 1}[name]})[4:-1]
    twice = struct.pack("<i", len(raw) + len(again)) + raw[4:-1] + again + b"\0"
    answer = _answer(compiled, twice)
    # The driver keeps the last, which is no matter where nobody reads it.
    assert isinstance(answer, bytes) if name == "other" else answer == "duplicate key"


def test_keys_within_json_that_are_there_twice_are_left_to_the_driver() -> None:
    compiled = prepared.compiled(_INTERACTIONS, {})
    for count in (1, 11, 12, 13, 40):
        inner = stored(dict.fromkeys(map(str, range(count)), 1))
        again = stored({"0": 2})[4:-1]
        twice = struct.pack("<i", len(inner) + len(again)) + inner[4:-1] + again + b"\0"
        raw = stored({name: value for name, value in RECORDED_INTERACTION.items() if name != "metadata"})
        element = b"\x03metadata\0" + twice
        document = struct.pack("<i", len(raw) + len(element)) + raw[4:-1] + element + b"\0"
        assert _answer(compiled, document) == "duplicate key"


@pytest.mark.parametrize("depth", [1, 90, 100, 115, 130, 900])
def test_a_hundred_levels_are_answered_and_more_are_left_to_the_driver(depth: int) -> None:
    compiled = prepared.compiled(_INTERACTIONS, {})
    nested: Any = 1
    for level in range(depth):
        nested = [nested] if level % 2 else {"a": nested}
    tree: Any = {"key": "k", "value": 1}
    for _ in range(depth // 2):
        tree = {"AND": [tree]}
    for name, value in (
        ("metadata", nested),
        ("search_request", {**RECORDED_REQUEST, "filters": tree}),
        ("other", nested),
    ):
        answer = _answer(compiled, stored({**RECORDED_INTERACTION, name: value}))
        assert isinstance(answer, bytes) if depth <= 115 else answer == "too deep"


@pytest.mark.parametrize("text", [b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80"])
def test_what_is_not_utf8_is_left_to_the_driver_wherever_it_stands(text: bytes) -> None:
    compiled = prepared.compiled(_INTERACTIONS, {})
    raw = stored({**RECORDED_INTERACTION, "user_id": "^" * len(text), "other": {"~" * len(text): "|" * len(text)}})
    for plain in (b"^", b"~", b"|"):
        assert raw.count(plain * len(text)) == 1
        assert _answer(compiled, raw.replace(plain * len(text), text)) == "not UTF-8"


def test_documents_that_no_page_shows_are_judged_too() -> None:
    broken = stored({**RECORDED_INTERACTION, "user_id": "uuuu"}).replace(b"uuuu", b"\xff" * 4)
    for query in ("{ interactions { pageInfo { hasNextPage } } }", "{ interactions { edges { cursor } } }"):
        assert _answer(prepared.compiled(query, {}), stored(RECORDED_INTERACTION), broken) == "not UTF-8"
    compiled = prepared.compiled("{ interactions { nodes { featureId } } }", {})
    pages = _pages(compiled, stored(RECORDED_INTERACTION) + broken)
    page = pages.root(compiled.plan.fetches[0].path)
    pages.put(compiled.plan.fetches[0].path, Page(page.order, page.documents[:1], True, False))
    assert compiled.native is not None
    assert compiled.native(pages, 1_000) == "not UTF-8"


def test_what_is_recorded_without_an_id_of_a_search_request_is_judged_too() -> None:
    compiled = prepared.compiled(_INTERACTIONS, {})
    for value in ("tttt", ["tttt"], {"value": "tttt"}):
        request = {**RECORDED_REQUEST, "queries": value, "filters": value}
        plain = stored({**RECORDED_INTERACTION, "search_request_id": None, "search_request": request})
        assert isinstance(_answer(compiled, plain), bytes)
        assert _answer(compiled, plain.replace(b"tttt", b"\xff" * 4)) == "not UTF-8"


def test_documents_that_nobody_is_joined_to_are_judged_too() -> None:
    compiled = prepared.compiled(_JOINED, {})
    broken = stored({**RECORDED_INTERACTION, "user_id": "uuuu"}).replace(b"uuuu", b"\xff" * 4)
    pages = _pages(compiled, stored({**RECORDED_INTERACTION, "search_request_id": "x"}))
    path = compiled.plan.fetches[0].selections["SearchRequest"].nested[0].path
    order = time_order(INTERACTION, descending=True)
    documents = undecoded_documents(stored(RECORDED_INTERACTION), broken)
    pages.put_nested(
        path, {"x": Page(order, documents[:1], True, False, 3), "y": Page(order, documents[1:], True, False, 3)}
    )
    assert compiled.native is not None
    assert compiled.native(pages, 1_000_000) == "not UTF-8"


def test_an_answer_that_may_not_be_is_left_to_python() -> None:
    compiled, raw = prepared.compiled(_INTERACTIONS, {}), stored(RECORDED_INTERACTION)
    assert compiled.native is not None
    whole = compiled.native(_pages(compiled, raw), 1_000_000)
    assert isinstance(whole, bytes)
    assert compiled.native(_pages(compiled, raw), len(whole)) == whole
    assert compiled.native(_pages(compiled, raw), len(whole) - 1) == "too large"


def test_floats_are_spelled_as_orjson_spells_them() -> None:
    compiled, chance = prepared.compiled("{ interactions { nodes { metadata score } } }", {}), random.Random(0)
    numbers = [struct.unpack("<d", chance.randbytes(8))[0] for _ in range(20_000)]
    numbers += [chance.uniform(-1, 1) * 10.0 ** chance.randint(-30, 30) for _ in range(20_000)]
    numbers += [float(10**power) for power in range(25)] + [10.0**-power for power in range(25)]
    finite = [number for number in numbers if number - number == 0]
    answer = _answer(compiled, stored({"metadata": finite, "score": 5}))
    assert isinstance(answer, bytes)
    assert answer == b'{"interactions":{"nodes":[{"metadata":' + orjson.dumps(finite) + b',"score":5.0}]}}'


def test_operations_that_it_has_nothing_for_are_left_to_python() -> None:
    for query in (
        "{ searchRequests { nodes { text } } }",
        "{ interactions { nodes { featureId } stats { __typename } } }",
        "{ interactions { nodes { session { searchRequests { stats { __typename } } } } } }",
        '{ node(id: "a") { ... on Percolator { where } } }',
        '{ node(id: "a") { ... on SearchRequest { text } } }',
        '{ user(userId: "a") { sessions { nodes { sessionId } } } }',
        "{ interactions { nodes { featureId } } viewer { organization { name } } }",
        "{ interactions { nodes { featureId } } __schema { queryType { name } } }",
    ):
        assert prepared.compiled(query, {}).native is None


def _trusted(query: str) -> CompiledOperation:
    """Of a document that may be beyond the limits."""
    preparation = DocumentPreparation(build(), introspection=True)
    return preparation.compiled(preparation.trusted(query).operation(None), ())


def test_fields_without_end_are_left_to_python() -> None:
    fields = " ".join(f"t{number}: interactionType" for number in range(300))
    assert _trusted(f"{{ interactions {{ nodes {{ {fields} }} }} }}").native is not None
    views = " ".join(f"f{number}: feature {{ ...F }}" for number in range(300))
    query = f"{{ interactions {{ nodes {{ {views} }} }} }} fragment F on Feature {{ a: featureId b: featureId }}"
    assert _trusted(query).native is None
