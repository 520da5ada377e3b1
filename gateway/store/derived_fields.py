"""The fields that are derived from recorded content: checked, and derived again where they are wrong."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from pymongo import UpdateOne

from gateway.model.bson_values import is_text
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.store.client import Collection, Database, Document
from gateway.store.document_faults import READ, TIMES, DerivedChanges, WrongDocument, derived_changes, wrong_document
from gateway.store.driver_errors import translated

_KINDS = (INTERACTION, SEARCH_REQUEST)
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Report:
    """Counts of documents that were checked.

    ``wrong``: those with a fault (see `gateway.store.document_faults`); ``rebuilt``: of these, how many had derived
    fields set right. An identity (``_id``, ``search_request_id``) is never changed, for clients and other documents
    refer to it.
    """

    checked: int = 0
    wrong: int = 0
    rebuilt: int = 0


Progress = Callable[[Report], None]
Told = Callable[[WrongDocument], None]


async def check(database: Database, progress: Progress | None = None, told: Told | None = None) -> Report:
    """Reads every document of every namespace; ``progress`` is called after each batch, ``told`` for each document that
    is wrong. Raises `Unavailable`."""
    return await _run(database, progress, told, write=False)


async def rebuild(database: Database, progress: Progress | None = None, told: Told | None = None) -> Report:
    """Like `check`, and sets the derived fields that are wrong."""
    return await _run(database, progress, told, write=True)


async def total(database: Database) -> int:
    """How many documents there are to read, by the collections' own count, which may be a little off."""
    with translated():
        return sum([await database[kind.collection].estimated_document_count() for kind in _KINDS])


async def _run(database: Database, progress: Progress | None, told: Told | None, *, write: bool) -> Report:
    report = Report()
    with translated():
        for kind in _KINDS:
            collection = database[kind.collection]
            async for documents in _batches(collection):
                changes = [(document, derived_changes(document)) for document in documents]
                wrong = [fault for document, change in changes if (fault := wrong_document(kind, document, change))]
                updates = [_update(document, change) for document, change in changes if change] if write else []
                if updates:
                    await collection.bulk_write(updates, ordered=False)
                report = Report(
                    report.checked + len(documents), report.wrong + len(wrong), report.rebuilt + len(updates)
                )
                if told:
                    for document in wrong:
                        told(document)
                if progress:
                    progress(report)
    return report


async def _batches(collection: Collection) -> AsyncIterator[list[Document]]:
    batch: list[Document] = []
    async for document in collection.find({}, dict.fromkeys((*READ, *TIMES), 1), batch_size=_BATCH):
        batch.append(document)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def correction(document: Document) -> UpdateOne | None:
    """What sets the derived fields of a document right, of which `READ` has to be read; None where they are."""
    changes = derived_changes(document)
    return _update(document, changes) if changes else None


def _update(document: Document, changes: DerivedChanges) -> UpdateOne:
    update: dict[str, Any] = {"$set": dict(changes.set)} if changes.set else {}
    if changes.unset:
        update["$unset"] = dict.fromkeys(changes.unset, "")
    namespace_id = document.get("namespace_id")
    # What has the key of a sharded collection is looked for on one shard.
    shard = {"namespace_id": namespace_id} if is_text(namespace_id) else {}
    return UpdateOne({"_id": document["_id"], **shard}, update)
