"""What parents are joined on: ids that fetched documents have, decoded or not."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from gateway.compiler.native_backend import undecoded_joins
from gateway.model.documents import TYPE_FIELD
from gateway.model.undecoded_documents import UndecodedDocuments
from gateway.plan.commands import Document
from gateway.plan.fetched_pages import ids_at
from gateway.plan.operation_plan import Fetch

ParentIds: TypeAlias = Callable[[str, str], Sequence[str]]
"""What the documents of a type have at a path."""


def decoded_ids(parent: Fetch, documents: Sequence[Document]) -> ParentIds:
    """Those of decoded documents; where such of several types were fetched, each names its own."""
    if len(parent.selections) == 1:
        return lambda _, path: ids_at(documents, path)
    return lambda name, path: ids_at([document for document in documents if document[TYPE_FIELD] == name], path)


def undecoded_ids(parent: Fetch, documents: Sequence[UndecodedDocuments]) -> ParentIds | None:
    """Those of undecoded documents, all of one type; None where they have to be decoded for that."""
    [selection] = parent.selections.values()
    ids = {fetch.key: undecoded_joins.ids_at(documents, fetch.key) for fetch in selection.nested}
    read = {path: of_path for path, of_path in ids.items() if of_path is not None}
    return None if len(read) < len(ids) else lambda _, path: read[path]
