"""What parents are joined on: ids that fetched documents have, decoded or not."""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any, TypeAlias

from gateway.compiler.native_backend import undecoded_joins
from gateway.model.documents import TYPE_FIELD
from gateway.model.undecoded_documents import UndecodedDocuments
from gateway.plan.fetched_pages import Parents, ids_at
from gateway.plan.operation_plan import Fetch

ParentIds: TypeAlias = Callable[[str, str], Sequence[str]]
"""What the documents of a type have at a path."""


def decoded_ids(parent: Fetch, documents: Sequence[Any]) -> ParentIds:
    """Those of decoded documents; where such of several types were fetched, each names its own."""
    if len(parent.selections) == 1:
        return lambda _, path: ids_at(documents, path)
    return lambda name, path: ids_at([document for document in documents if document[TYPE_FIELD] == name], path)


def undecoded_ids(parent: Fetch, parents: Sequence[Parents]) -> ParentIds | None:
    """Those of documents of one type of which some aren't decoded; None where they have to be for that."""
    [selection] = parent.selections.values()
    ids = {fetch.key: _ids_at(parents, fetch.key) for fetch in selection.nested}
    read = {path: of_path for path, of_path in ids.items() if of_path is not None}
    return None if len(read) < len(ids) else lambda _, path: read[path]


def are_decoded(parents: Sequence[Parents]) -> bool:
    return not any(isinstance(documents, UndecodedDocuments) for documents in parents)


def _ids_at(parents: Sequence[Parents], path: str) -> list[str] | None:
    ids = dict[str, None]()
    for is_undecoded, alike in groupby(parents, lambda parents: isinstance(parents, UndecodedDocuments)):
        documents: list[Any] = list(alike)
        of_alike = undecoded_joins.ids_at(documents, path) if is_undecoded else ids_at(documents, path)
        if of_alike is None:
            return None
        ids |= dict.fromkeys(of_alike)
    return list(ids)
