"""What is asked of an input: natively it is answered as by Python, or not at all, for a reason."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from bson.errors import BSONError

from gateway.compiler.native_backend import undecoded_joins
from gateway.context import Namespace, Reach
from gateway.execution.answers import encode
from gateway.model.kinds import INTERACTION
from gateway.model.undecoded_documents import UndecodedDocuments
from gateway.plan import fetched_pages
from gateway.plan.commands import Scan
from gateway.plan.fetched_pages import Pages
from gateway.plan.joins import Join
from gateway.preparation.bound_operations import CompiledOperation
from tests.harness import prepared
from tests.harness.exported_rows import same_rows
from tests.harness.undecoded import decoded, pages_of, undecoded_documents
from tests.native_fuzzing.inputs import EXPORTS, IDS, QUERIES, ROWS, Input

_MOST_BYTES = 100_000_000
# Mistakes of the program, not of what is stored.
_MISTAKES = ("panicked", "bad program", "natively")
_REACH = Reach(Namespace("ns", "own", "org", datetime(2024, 5, 1, tzinfo=UTC)))
_JOIN = Join(Scan(_REACH, INTERACTION, intervals=({}, {})), "path", (), {}, (), 2)


def judge(data: bytes) -> None:
    """Raises where the native answer isn't Python's, or its reason is a mistake."""
    given = Input.of(data)
    if given.judged == ROWS:
        _require_rows(given)
    elif given.judged == IDS:
        _require_ids(given)
    else:
        require_answer(compiled(given.judged), given)


def require_answer(compiled: CompiledOperation, given: Input) -> None:
    assert compiled.native is not None
    pages = _pages(compiled, given)
    native = compiled.native(pages, _MOST_BYTES)
    if isinstance(native, str):
        assert not native.endswith(_MISTAKES), native
        return
    assert compiled.native(pages, len(native)) == native
    assert compiled.native(pages, len(native) - 1) == "too large"
    assert compiled.shape is not None
    assert native == encode(compiled.shape(decoded(pages)))
    if part := EXPORTS.get(given.judged):
        same_rows(part, b'{"data":' + native + b"}")


@cache
def compiled(query: int) -> CompiledOperation:
    """The operation of this number."""
    return prepared.compiled(QUERIES[query], {})


def _pages(compiled: CompiledOperation, given: Input) -> Pages:
    def documents() -> UndecodedDocuments:
        found = undecoded_documents(*given.batches)
        if given.is_backwards:
            found = found[::-1]
        return found[:-1] if given.has_more else found

    return pages_of(compiled.plan, documents, has_more=given.has_more, is_backwards=given.is_backwards)


def _require_rows(given: Input) -> None:
    documents = undecoded_documents(*given.batches)
    cut = undecoded_joins.joined(documents.whole, _JOIN.limit)
    if cut is None:
        return
    try:
        by_key: Mapping[str, Sequence[Any]] = {key: of_key.decoded() for key, of_key in cut.items()}
        python = _JOIN.result(documents.decoded())
    except BSONError:
        # They are cut without a look at what is within, and are no answer until they were judged or decoded.
        return
    # As text: a number that is none is unlike itself.
    assert repr(dict(by_key)) == repr(dict(python)), (by_key, python)


def _require_ids(given: Input) -> None:
    documents = undecoded_documents(*given.batches)
    ids = undecoded_joins.ids_at([documents], "feature_id")
    if ids is None:
        return
    try:
        decoded = documents.decoded()
    except BSONError:
        return
    assert ids == fetched_pages.ids_at(decoded, "feature_id")
