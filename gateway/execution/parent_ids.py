"""What parents are joined on: ids that fetched documents have, decoded or not."""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any, TypeAlias

from gateway.compiler.native_backend import undecoded_joins
from gateway.model.documents import TYPE_FIELD
from gateway.model.undecoded_documents import Undecoded, UndecodedDocument, UndecodedDocuments
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
    """Those of documents of which some aren't decoded; None where they have to be for that."""
    read: dict[tuple[str, str], Sequence[str]] = {}
    for name, selection in parent.selections.items():
        if selection.nested:
            of_type = parents if len(parent.selections) == 1 else [one for one in parents if _type_name(one) == name]
            for fetch in selection.nested:
                ids = _ids_at(of_type, fetch.key)
                if ids is None:
                    return None
                read[name, fetch.key] = ids
    return lambda name, path: read[name, path]


def are_decoded(parents: Sequence[Parents]) -> bool:
    return not any(isinstance(documents, Undecoded) for documents in parents)


def _type_name(parents: Parents) -> Any:
    """The type of what was fetched among such of several."""
    if isinstance(parents, UndecodedDocument):
        return parents.type_name
    assert not isinstance(parents, UndecodedDocuments), "pages are of one type"
    return parents[TYPE_FIELD]


def _ids_at(parents: Sequence[Parents], path: str) -> list[str] | None:
    ids = dict[str, None]()
    for is_undecoded, alike in groupby(parents, lambda parents: isinstance(parents, Undecoded)):
        documents: list[Any] = list(alike)
        of_alike = undecoded_joins.ids_at(documents, path) if is_undecoded else ids_at(documents, path)
        if of_alike is None:
            return None
        ids |= dict.fromkeys(of_alike)
    return list(ids)
