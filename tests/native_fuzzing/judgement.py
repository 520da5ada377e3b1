"""What is asked of an input: natively it is answered as by Python, or not at all, for a reason."""

from functools import cache

from gateway.execution.answers import encode
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST, time_order
from gateway.plan.fetched_pages import Pages
from gateway.plan.paging import Page
from gateway.preparation.bound_operations import CompiledOperation
from tests.harness import prepared
from tests.harness.undecoded import decoded, undecoded_documents
from tests.native_fuzzing.inputs import QUERIES, Input

_MOST_BYTES = 100_000_000
# Mistakes of the program, not of what is stored.
_MISTAKES = ("panicked", "bad program", "natively")


def judge(data: bytes) -> None:
    """Raises where the native answer isn't Python's, or its reason is a mistake."""
    given = Input.of(data)
    require_right(compiled(given.query), given)


def require_right(compiled: CompiledOperation, given: Input) -> None:
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


@cache
def compiled(query: int) -> CompiledOperation:
    """The operation of this number."""
    return prepared.compiled(QUERIES[query], {})


def _pages(compiled: CompiledOperation, given: Input) -> Pages:
    [fetch] = compiled.plan.fetches
    pages = Pages()
    kind = INTERACTION if fetch.path == ("Query.interactions",) else SEARCH_REQUEST
    documents = undecoded_documents(*given.batches)
    if given.is_backwards:
        documents = documents[::-1]
    if given.has_more:
        documents = documents[:-1]
    order = time_order(kind, descending=not given.is_backwards)
    pages.put(fetch.path, Page(order, documents, given.has_more, given.is_backwards, 12))
    pages.put_bounds({path: 10 for path, _ in fetch.totals})
    return pages
