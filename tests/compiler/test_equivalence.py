"""Whatever is selected of whatever is stored: the compiled functions answer what graphql-core answers, or nothing.

``make equivalence EXAMPLES=100000`` goes on for longer, elsewhere each time, on all processors.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from multiprocessing import get_context
from typing import Any
from uuid import UUID

import pytest
from bson import Binary, DatetimeMS, DBRef
from graphql import (
    ExecutionResult,
    GraphQLInterfaceType,
    GraphQLObjectType,
    VariableValues,
    execute_sync,
    get_named_type,
    get_variable_values,
    is_composite_type,
    is_introspection_type,
)
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from gateway.app.worker import freeze_garbage_collector
from gateway.compiler.shaping import Shaper
from gateway.errors.formatting import Phase, formatted_errors
from gateway.execution.answers import encode
from gateway.limits.validation_bounds import MAX_ERRORS
from gateway.plan.fetched_pages import Pages
from gateway.plan.operation_plan import Field
from gateway.preparation.bound_operations import CompiledOperation
from gateway.preparation.prepared_documents import DocumentPreparation, PreparedDocument
from gateway.schema.graph import build
from gateway.schema.readings import Embedded, reading_of
from gateway.schema.stored_readings import StoredReading
from tests.generators.operations import FEATURES, ROOT_FIELDS, TARGETS, Operation, operations
from tests.generators.pages import Documents
from tests.generators.stored_documents import MISSING, ODDITIES
from tests.harness.decoded import by_itself, decoded_for_answers, stored
from tests.harness.default_graph import EXECUTABLE
from tests.harness.undecoded import decoded, undecoded

EXAMPLES = int(os.environ.get("EXAMPLES") or 0)
_IN_CI = 2_000
_EACH = 50
# Operations over the same documents.
_TOGETHER = 4
# Examples after which a longer search tells how far it is.
_STEP = 400
# How often rare fields are looked for again.
_FURTHER = 16

# The executor may succeed where `@skip` or `@include` is given null, because it never gets there: whether it does
# depends on the documents, which a plan doesn't know.
_JUSTIFIED = {"null condition"}
_NATIVE = "shaped natively"
_OUTCOMES = {"shaped", "executed: errors", "executed: null condition"}
_IN_PAGES = {"an error in place of what is fetched", "an error in place of an item", "a bad argument", "nothing found"}
# The back ends by name, each as what gives its function for an operation that has a program.
_BACK_ENDS: Mapping[str, Callable[[CompiledOperation], Shaper | None]] = {"Python": lambda compiled: compiled.shape}
# Where nothing is beyond them.
_MOST_BYTES = 100_000_000
_FEATURES = {
    *ODDITIES,
    *FEATURES,
    *_IN_PAGES,
    *_OUTCOMES,
    "several roots",
}


@dataclass
class _Tally:
    """How often what occurred in the examples, and which fields were in operations that were shaped."""

    examples: int = 0
    features: Counter[str] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)

    def add(self, other: "_Tally") -> None:
        self.examples += other.examples
        self.features += other.features
        self.fields += other.fields

    def rare(self, counted: Counter[str], expected: Iterable[str]) -> dict[str, int]:
        """What of this occurred less often than it should."""
        return {name: counted[name] for name in sorted(expected) if counted[name] < _EACH}


def _coordinates() -> Iterator[str]:
    for type_ in EXECUTABLE.type_map.values():
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType) and not is_introspection_type(type_):
            yield from (f"{type_.name}.{name}" for name in type_.fields)


def _selected(fields: Iterable[Field], type_name: str) -> Iterator[str]:
    for selected_field in fields:
        if selected_field.definition is not None:
            yield f"{type_name}.{selected_field.name}"
            for inner, selected in selected_field.selections.items():
                yield from _selected(selected, inner)


def _shaped(compiled: CompiledOperation, pages: Pages, back_end: str) -> bytes | str:
    """A back end's answer, or why it has none."""
    shape = _BACK_ENDS[back_end](compiled)
    if shape is None:
        return compiled.fallback
    try:
        return encode({"data": shape(pages)})
    except Exception as reason:
        return f"{type(reason).__name__}: {reason}"


def _executed(prepared: PreparedDocument, operation: Operation, pages: Pages) -> ExecutionResult:
    executed = execute_sync(
        EXECUTABLE,
        prepared.node,
        pages,
        variable_values=dict(operation.variables),
        operation_name=operation.name,
    )
    assert isinstance(executed, ExecutionResult)
    return executed


def _compare(prepared: PreparedDocument, operation: Operation, compiled: CompiledOperation, pages: Pages) -> str:
    """What became of an operation, by every back end and by graphql-core: one of `_OUTCOMES`."""
    executed = _executed(prepared, operation, pages)
    expected = encode({"data": executed.data})
    outcomes = set()
    for back_end in _BACK_ENDS:
        shaped = _shaped(compiled, pages, back_end)
        if isinstance(shaped, bytes):
            assert executed.errors is None, f"{back_end} shaped in spite of {executed.errors}"
            assert shaped == expected, f"{back_end} shaped {shaped!r}, executed {expected!r}"
            outcomes.add("shaped")
        else:
            assert executed.errors or shaped in _JUSTIFIED, f"{back_end} fell back needlessly: {shaped}"
            outcomes.add("executed: " + (shaped if compiled.shape is None else "errors"))
    [outcome] = outcomes
    return outcome


def _compare_natively(
    prepared: PreparedDocument, operation: Operation, compiled: CompiledOperation, pages: Pages
) -> bool:
    """Whether the native back end has an answer of the same documents, encoded: then Python has the same of what they
    are decoded to, and so has graphql-core, without an error."""
    if compiled.native is None or (fetched := undecoded(compiled.plan, pages)) is None:
        return False
    native = compiled.native(fetched, _MOST_BYTES)
    if isinstance(native, str):
        return False
    read = decoded(fetched)
    answer = b'{"data":' + native + b"}"
    shaped = _shaped(compiled, read, "Python")
    assert shaped == answer, f"natively shaped {answer!r}, by Python {shaped!r}"
    executed = _executed(prepared, operation, read)
    assert executed.errors is None, f"natively shaped in spite of {executed.errors}"
    assert encode({"data": executed.data}) == answer
    return True


def _check(preparation: DocumentPreparation, operation: Operation, stored: Documents, tally: _Tally) -> None:
    # What is generated may be beyond the limits, which have tests of their own.
    prepared = preparation.trusted(operation.query)
    assert prepared.errors == []
    selected = prepared.operation(operation.name)
    variables = get_variable_values(EXECUTABLE, selected.node.variable_definitions or (), dict(operation.variables))
    assert isinstance(variables, VariableValues), variables
    compiled = preparation.compiled(selected, selected.condition_values(variables.coerced))
    fetched = stored.fetched(compiled.plan, variables)

    outcome = _compare(prepared, operation, compiled, fetched.pages)
    is_native = _compare_natively(prepared, operation, compiled, fetched.pages)

    tally.examples += 1
    tally.features.update({outcome, *operation.features, *fetched.features})
    tally.features[_NATIVE] += is_native
    tally.features["several roots"] += len(compiled.plan.fields) > 1
    if outcome == "shaped":
        root = EXECUTABLE.get_root_type(compiled.plan.operation)
        assert root is not None
        tally.fields.update({*_selected(compiled.plan.fields, root.name), *operation.interface_fields})


@dataclass(frozen=True)
class _Search:
    """So many examples of operations that lead to a target."""

    target: str
    examples: int
    seed: int

    def __call__(self) -> _Tally:
        tally = _Tally()

        @seed(self.seed)
        @settings(
            max_examples=self.examples // _TOGETHER + 1,
            database=None,
            # In a process of its own no profile is loaded.
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(st.data())
        def same_bytes(data: st.DataObject) -> None:
            stored = Documents(data.draw, odd=data.draw(st.sampled_from([False, True, False, True, False])))
            for _ in range(_TOGETHER):
                _check(_preparation(), data.draw(operations(self.target)), stored, tally)

        try:
            same_bytes()
        except BaseException as error:
            error.add_note(f"Found by {self}")
            raise
        return tally


@cache
def _preparation() -> DocumentPreparation:
    return DocumentPreparation(build(), introspection=True)


def _settled() -> None:
    """In a process that does nothing but search."""
    _preparation()
    freeze_garbage_collector()


@contextmanager
def _searching() -> Iterator[Callable[[Iterable[_Search]], Iterator[_Tally]]]:
    """What makes searches, in their order: one after the other here, or a longer run on all processors."""
    if not EXAMPLES:
        yield partial(map, _Search.__call__)
        return
    with ProcessPoolExecutor(mp_context=get_context("spawn"), initializer=_settled) as pool:
        yield partial(pool.map, _Search.__call__)


def _rounds(tally: _Tally) -> Iterator[list[_Search]]:
    """All targets alike; then what others led to only now and then is led to on purpose."""
    # Elsewhere each time, unless it is to say the same each time.
    chance = random.Random(None if EXAMPLES else 0)
    yield _searches(chance, TARGETS, (EXAMPLES or _IN_CI) // len(TARGETS) + 1)
    for _ in range(_FURTHER):
        rare = {_target(name) for name in tally.rare(tally.fields, _coordinates())}
        further = sorted(rare) or (TARGETS[::2] if tally.rare(tally.features, _FEATURES) else ())
        yield _searches(chance, further, _IN_CI // len(TARGETS))


def _searches(chance: random.Random, targets: Sequence[str], each: int) -> list[_Search]:
    return [
        _Search(target, min(_STEP, each - begun), chance.getrandbits(32))
        for begun in range(0, each, _STEP)
        for target in targets
    ]


@pytest.mark.slow
def test_both_ways_to_answer_give_the_same_bytes() -> None:
    tally, begun = _Tally(), time.monotonic()
    with _searching() as tallies:
        for searches in _rounds(tally):
            for tallied in tallies(searches):
                tally.add(tallied)
                if EXAMPLES:
                    print(_progress(tally, time.monotonic() - begun), flush=True)
    print(figures(tally))
    assert tally.examples >= (EXAMPLES or _IN_CI)
    assert tally.rare(tally.features, _FEATURES) == {}
    assert tally.rare(tally.fields, _coordinates()) == {}


def _target(coordinate: str) -> str:
    return coordinate if coordinate in ROOT_FIELDS else coordinate.split(".")[0]


def _progress(tally: _Tally, seconds: float) -> str:
    rate = tally.examples / seconds
    return f"{tally.examples:>9,} examples, {tally.features['shaped']:,} shaped; {seconds:,.0f} s, {rate:,.0f}/s"


def _leaves(type_name: str, text: str, above: str = "") -> Iterator[tuple[str, str]]:
    """An operation for each single value of a document, with the value's path; a list on the way is a step "0".

    ``text`` is the operation around the type's selections.
    """
    type_ = EXECUTABLE.type_map[type_name]
    assert isinstance(type_, GraphQLObjectType)
    for name, definition in type_.fields.items():
        match reading_of(definition):
            case StoredReading(paths=(path,)) if path:
                below = " { __typename text flat { key operator value } }" if is_composite_type(definition.type) else ""
                yield text.replace("…", name + below), above + path
            case Embedded(path, many):
                inner = get_named_type(definition.type).name
                yield from _leaves(inner, text.replace("…", f"{name} {{ … }}"), f"{above}{path}.{'0.' * many}")


_LEAVES = [
    *_leaves("Interaction", '{ interaction(interactionId: "a") { … } }'),
    *_leaves("SearchRequest", '{ searchRequest(searchRequestId: "a") { … } }'),
]


def _around(value: Any, path: str) -> Any:
    """A document with this value at a path."""
    document = value
    for step in reversed(path.split(".")):
        document = {} if document is MISSING else [document] if step == "0" else {step: document}
    return document


@pytest.mark.parametrize(("query", "path"), _LEAVES)
def test_whatever_is_stored_in_the_place_of_a_value(query: str, path: str) -> None:
    preparation = _preparation()
    prepared = preparation.document(query)
    compiled = preparation.compiled(prepared.operation(None), ())
    operation = Operation(query, {}, None, frozenset(), frozenset())

    @seed(0)
    @settings(max_examples=200, database=None)
    @given(st.one_of(*ODDITIES.values()))
    def same_bytes(value: Any) -> None:
        pages = Pages()
        pages.put(compiled.plan.fetches[0].path, _around(value, path))
        _compare(prepared, operation, compiled, pages)

    same_bytes()


# Where what the driver decodes by itself differs from what it decodes for answers, alone and among others.
_DECODED: list[Any] = [
    UUID(int=7),
    [UUID(int=7), Binary(bytes(16), 3), "x"],
    datetime(2024, 5, 1, 12, 0, 0, 1_000, UTC),
    [datetime(999, 5, 1, tzinfo=UTC), DatetimeMS(2**60)],
    DBRef("c", UUID(int=7), None, {"at": datetime(2024, 5, 1, tzinfo=UTC)}),
    {"a": [UUID(int=7), {"b": datetime(2024, 5, 1, tzinfo=UTC)}]},
    {"AND": [{"key": "k", "operator": "in", "value": [UUID(int=7), datetime(2024, 5, 1, tzinfo=UTC)]}]},
    {"AND": [{"key": UUID(int=7), "value": 1}], "case_sensitive": UUID(int=7)},
    {"AND": [{"key": "k", "operator": datetime(2024, 5, 1, tzinfo=UTC)}], "OR": [UUID(int=7)]},
    {"AND": UUID(int=7)},
]


@pytest.mark.parametrize(("query", "path"), _LEAVES)
def test_an_answer_is_the_same_however_its_document_was_decoded(query: str, path: str) -> None:
    preparation = _preparation()
    prepared = preparation.document(query)
    compiled = preparation.compiled(prepared.operation(None), ())
    operation = Operation(query, {}, None, frozenset(), frozenset())
    for value in _DECODED:
        raw, answers = stored(_around(value, path)), []
        for document in (decoded_for_answers(raw), by_itself(raw)):
            pages = Pages()
            pages.put(compiled.plan.fetches[0].path, document)
            _compare(prepared, operation, compiled, pages)
            executed = _executed(prepared, operation, pages)
            errors = formatted_errors(executed.errors or (), Phase.EXECUTION, most=MAX_ERRORS)
            answers.append(encode({"data": executed.data, "errors": errors}))
        assert answers[0] == answers[1]


def figures(tally: _Tally) -> str:
    counted: list[tuple[str, Any]] = [("examples", tally.examples), *tally.features.most_common()]
    rarest = min(tally.fields.items(), key=lambda counted: counted[1])
    counted.append((f"the rarest field, {rarest[0]}", rarest[1]))
    return "\n".join(f"{count:>9,}  {name}" for name, count in counted)
