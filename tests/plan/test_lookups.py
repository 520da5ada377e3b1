"""Objects of several types by their ids: what is found for whom."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from gateway.errors import UnreadableDocument
from gateway.model.kinds import INTERACTION
from gateway.model.undecoded_documents import UndecodedBatches
from gateway.plan.fetched_pages import Pages
from gateway.plan.sources.key_lookups import DocumentLookup
from gateway.plan.sources.lookups import BoundReferences, _Group
from gateway.plan.sources.source import Reference
from tests.harness.two_back_ends import CONTEXT, NAMESPACE


def _bound(*scopes: str) -> BoundReferences:
    references = tuple(Reference("Interaction", f"i{number}", scope) for number, scope in enumerate(scopes))
    group = _Group(DocumentLookup(INTERACTION), tuple(reference.key for reference in references), frozenset())
    return BoundReferences(references, {"Interaction": group}, many=True, required="")


def _unreadable(_: bytes) -> Iterator[Sequence[Mapping[str, Any]]]:
    raise UnreadableDocument("What is stored here can't be read: it isn't BSON.")


def test_what_is_undecoded_is_so_only_as_long_as_the_answer_has_any_of_it() -> None:
    documents = UndecodedBatches((b"",), 2, _unreadable).known_by("interaction_id", ["i0", "i1"])
    found, _ = _bound(NAMESPACE.id, "ns_foreign").value([documents], CONTEXT)
    assert (found[0].number, found[0].type_name, found[1]) == (0, "Interaction", None)
    # Those of another namespace are null, and nobody else would look at what was found for them.
    with pytest.raises(UnreadableDocument):
        _bound("ns_foreign", "ns_foreign").value([documents], CONTEXT)


def test_documents_have_their_type_once_they_are_decoded() -> None:
    documents = [{"interaction_id": "i0"}, {"interaction_id": "i1"}]
    batches = UndecodedBatches((b"",), 2, lambda _: iter([documents]))
    found, _ = _bound(NAMESPACE.id, NAMESPACE.id).value([batches.known_by("interaction_id", ["i0", "i1"])], CONTEXT)
    pages = Pages()
    pages.put(("Query.nodes",), found)
    list(pages.decoding())
    decoded, _ = _bound(NAMESPACE.id, NAMESPACE.id).value([documents], CONTEXT)
    assert pages.root(("Query.nodes",)) == decoded
