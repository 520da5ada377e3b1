"""The fields that are derived from recorded content: checked, and derived again where they are wrong."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pymongo import UpdateOne

from gateway.model.document_ids import document_id, search_request_id_of
from gateway.model.documents import DERIVED_FIELDS, derived_fields
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST, Kind
from gateway.store.client import Collection, Database, Document
from gateway.store.driver_errors import translated

_KINDS = (INTERACTION, SEARCH_REQUEST)
_BATCH = 500
READ: Final = (
    "namespace_id",
    "interaction_id",
    "session_id",
    "search_request",
    "search_request_id",
    "shadowed",
    *DERIVED_FIELDS,
)


@dataclass(frozen=True, slots=True)
class Report:
    """Counts of documents that were checked.

    ``wrong``: a derived field or the identity is not what the content gives; ``rebuilt``: of
    these, how many had derived fields set right. An identity (``_id``, ``search_request_id``) is never changed, for
    clients and other documents refer to it.
    """

    checked: int = 0
    wrong: int = 0
    rebuilt: int = 0


Progress = Callable[[Report], None]


async def check(database: Database, progress: Progress | None = None) -> Report:
    """Reads every document of every namespace; ``progress`` is called after each batch. Raises `Unavailable`."""
    return await _run(database, progress, write=False)


async def rebuild(database: Database, progress: Progress | None = None) -> Report:
    """Like `check`, and sets the derived fields that are wrong."""
    return await _run(database, progress, write=True)


async def total(database: Database) -> int:
    """How many documents there are to read, by the collections' own count, which may be a little off."""
    with translated():
        return sum([await database[kind.collection].estimated_document_count() for kind in _KINDS])


async def _run(database: Database, progress: Progress | None, *, write: bool) -> Report:
    report = Report()
    with translated():
        for kind in _KINDS:
            collection = database[kind.collection]
            async for documents in _batches(collection):
                corrections = [correction(document) for document in documents]
                wrong = sum(
                    bool(update) or not _has_identity(kind, document)
                    for document, update in zip(documents, corrections, strict=True)
                )
                updates = [update for update in corrections if update] if write else []
                if updates:
                    await collection.bulk_write(updates, ordered=False)
                report = Report(report.checked + len(documents), report.wrong + wrong, report.rebuilt + len(updates))
                if progress:
                    progress(report)
    return report


async def _batches(collection: Collection) -> AsyncIterator[list[Document]]:
    batch: list[Document] = []
    async for document in collection.find({}, dict.fromkeys(READ, 1), batch_size=_BATCH):
        batch.append(document)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def correction(document: Document) -> UpdateOne | None:
    """What sets the derived fields of a document right, of which `READ` has to be read; None where they are."""
    fields = derived_fields(document)
    changed = {name: value for name, value in fields.items() if document.get(name) != value}
    surplus = [name for name in DERIVED_FIELDS if name in document and name not in fields]
    if not changed and not surplus:
        return None
    update: dict[str, Any] = {"$set": changed} if changed else {}
    if surplus:
        update["$unset"] = dict.fromkeys(surplus, "")
    namespace_id = document.get("namespace_id")
    # What has the key of a sharded collection is looked for on one shard.
    shard = {"namespace_id": namespace_id} if isinstance(namespace_id, str) else {}
    return UpdateOne({"_id": document["_id"], **shard}, update)


def _has_identity(kind: Kind, document: Document) -> bool:
    namespace_id, id = document.get("namespace_id"), document.get(kind.id_path)
    if not (isinstance(namespace_id, str) and isinstance(id, str)):
        return False
    request = document.get("search_request")
    if kind is SEARCH_REQUEST:
        # An id derived with the session of an interaction cannot be derived again from the request alone.
        recorded_id = request.get("search_request_id") if isinstance(request, Mapping) else None
        return document["_id"] == document_id(namespace_id, "search_request", id) and recorded_id in (None, id)
    shadowed = document.get("shadowed") or {}
    request_id = shadowed.get("search_request_id")
    if request_id is None and isinstance(request, Mapping):
        request_id = search_request_id_of(namespace_id, request, document.get("session_id"))
    return (
        document["_id"] == document_id(namespace_id, "interaction", id)
        and document.get("search_request_id") == request_id
    )
