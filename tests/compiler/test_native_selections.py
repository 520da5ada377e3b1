"""Whatever is selected of whatever is stored, as far as the native back end goes: it answers what Python's functions
and graphql-core do, or nothing.

``EXAMPLES=100000 make test ARGS=tests/compiler/test_native_selections.py`` goes on for longer than the suite, and
elsewhere each time.
"""

import os
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    VariableValues,
    execute_sync,
    get_named_type,
    is_abstract_type,
    parse,
)
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from gateway.compiler.native_backend.extension import EXTENSION
from gateway.execution.answers import encode
from gateway.model import filter_trees
from gateway.model.documents import recorded_interaction
from gateway.model.exported_documents import exported_interaction, exported_search_request
from gateway.preparation.prepared_documents import DocumentPreparation
from gateway.schema.graph import build
from gateway.schema.readings import Fetched, Parameterized, Reading, reading_of
from gateway.schema.stored_readings import Computed, JsonText, TypedText
from tests.generators.pages import Documents
from tests.harness.default_graph import EXECUTABLE
from tests.harness.undecoded import decoded, undecoded

pytestmark = pytest.mark.skipif(EXTENSION is None, reason="the native extension isn't installed")

EXAMPLES = int(os.environ.get("EXAMPLES") or 0)
_DEEPEST = 6
# What the native back end has nothing for, beside what isn't fetched as it is stored.
_OTHERS = (JsonText, Parameterized, TypedText)
_TREE_VIEWS = (filter_trees.text, filter_trees.conditions, filter_trees.keys, filter_trees.depth)
_COMPUTED = (*_TREE_VIEWS, recorded_interaction, exported_interaction, exported_search_request)

Draw = Callable[[st.SearchStrategy[Any]], Any]


def _selection(draw: Draw, type_name: str, fields: set[str], depth: int = 0, *, is_one_of_several: bool = False) -> str:
    """Some of a type's fields, with what is selected of them; ``fields``: takes their coordinates.

    ``is_one_of_several``: beside it others are selected of other types, whose fields may not conflict with its.
    """
    type_ = EXECUTABLE.type_map[type_name]
    if isinstance(type_, GraphQLUnionType | GraphQLInterfaceType):
        possible = EXECUTABLE.get_possible_types(type_)
        if isinstance(type_, GraphQLInterfaceType):
            possible = draw(st.lists(st.sampled_from(possible), max_size=4, unique=True))
        members = [
            f"... on {inner.name} {_selection(draw, inner.name, fields, depth, is_one_of_several=depth == 0)}"
            for inner in possible
        ]
        return f"{{ {draw(st.sampled_from(['__typename', '__typename', 'a_type: __typename']))} {' '.join(members)} }}"
    assert isinstance(type_, GraphQLObjectType)
    names = [name for name, field in type_.fields.items() if _is_answered(reading_of(field))]
    if depth >= _DEEPEST:
        names = [name for name in names if not _has_fields(get_named_type(type_.fields[name].type))]
    parts = []
    for name in draw(st.lists(st.sampled_from(names), min_size=1, max_size=6, unique=True)):
        fields.add(f"{type_name}.{name}")
        inner = get_named_type(type_.fields[name].type)
        alias = (
            f"{type_name}_{name}: "
            if is_one_of_several
            else draw(st.sampled_from(["", "", "", f"an_alias_of_{name}: "]))
        )
        below = _selection(draw, inner.name, fields, depth + 1) if _has_fields(inner) else ""
        parts.append(f"{alias}{name} {below}")
    return f"{{ {' '.join(parts)} }}"


def _is_answered(reading: Reading) -> bool:
    match reading:
        case Fetched(source):
            return source.as_stored
        case Computed(function):
            return function in _COMPUTED
    return not isinstance(reading, _OTHERS)


def _has_fields(type_: object) -> bool:
    return isinstance(type_, GraphQLObjectType) or is_abstract_type(type_)


_PAGE = "nodes {0} edges {{ cursor node {0} }} totalCount pageInfo {{ endCursor }}"
# What stands around the selection of which type.
_ROOTS = {
    "interactions": [(f"interactions {{{{ {_PAGE} }}}}", "Interaction")],
    "search requests": [(f"searchRequests {{{{ {_PAGE} }}}}", "SearchRequest")],
    "by ids": [
        ('interaction(interactionId: "a") {}', "Interaction"),
        ('interactionsByIds(interactionIds: ["a", "b", "c"]) {}', "Interaction"),
        ('searchRequest(searchRequestId: "a") {}', "SearchRequest"),
        ('feature(featureId: "a") {}', "Feature"),
        ('features(featureIds: ["a", "b"]) {}', "Feature"),
        ('session(sessionId: "a") {}', "Session"),
        ('users(ids: ["a", "b"]) {}', "User"),
    ],
    "of several types": [
        ('node(id: "a") {}', "Node"),
        ('nodes(ids: ["a", "b", "c"]) {}', "Node"),
        ('_entities(representations: ["a", "b", "c"]) {}', "_Entity"),
    ],
}


@pytest.mark.slow
@pytest.mark.parametrize("roots", _ROOTS)
def test_all_ways_to_answer_give_the_same_bytes(roots: str) -> None:
    preparation = DocumentPreparation(build(), introspection=True)
    ways, selected, joined = Counter[str](), Counter[str](), Counter[bool]()

    # Elsewhere each time, unless it is to say the same each time.
    @seed(random.getrandbits(32) if EXAMPLES else 0)
    @settings(max_examples=EXAMPLES or 400, database=None, deadline=None)
    @given(st.data())
    def same_bytes(data: st.DataObject) -> None:
        fields: set[str] = set()
        around, type_name = data.draw(st.sampled_from(_ROOTS[roots]))
        query = f"{{ {around.format(_selection(data.draw, type_name, fields))} }}"
        compiled = preparation.compiled(preparation.trusted(query).operation(None), ())
        stored = Documents(data.draw, data.draw(st.sampled_from([False, False, True])))
        pages = stored.fetched(compiled.plan, VariableValues({}, {})).pages
        fetched = undecoded(compiled.plan, pages)
        if fetched is None or compiled.native is None:
            ways["no BSON" if fetched is None else "no program"] += 1
            return
        native = compiled.native(fetched, 100_000_000)
        if isinstance(native, str):
            ways[native] += 1
            return
        ways["native"] += 1
        selected.update(fields)
        joined.update(len(fetch.path) > 1 for fetch in compiled.plan.all_fetches)
        assert compiled.shape is not None
        read = decoded(fetched)
        assert native == encode(compiled.shape(read))
        executed = execute_sync(EXECUTABLE, parse(query), read)
        assert executed.errors is None
        assert native == encode(executed.data)

    same_bytes()
    print(ways, joined, selected.most_common()[-5:])
    assert joined[True] > 40
    # Large trees are selected in more fields than a native program may have.
    assert ways["no program"] * 10 < sum(ways.values())
    assert ways["native"] * 4 > sum(ways.values())
