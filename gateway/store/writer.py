"""Writes recorded interactions and search requests; each write may be sent again."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import not_
from typing import Any
from uuid import UUID

from pymongo.errors import BulkWriteError
from tenacity import retry, retry_if_result, stop_after_attempt, wait_exponential

from gateway.context import Caller, Namespace
from gateway.errors import BadUserInput, Conflict, GatewayError, Unavailable
from gateway.model.document_ids import document_id, search_request_id_of
from gateway.model.documents import (
    interaction_document,
    same_interaction,
    same_search_request,
    search_request_document,
)
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.model.wire import RecordedInteraction, RecordedSearchRequest
from gateway.plan.write_commands import (
    CreateNamespace,
    DeleteInteraction,
    Outcome,
    Recorded,
    RecordInteractions,
    RecordSearchRequest,
    WriteCommand,
)
from gateway.store.audit import Action, Audit
from gateway.store.client import Collection, Database, Document
from gateway.store.driver_errors import duplicates, translated
from gateway.store.tenancy import Tenancy


class Writer:
    """The runner of write commands: the repository of interactions and search requests, as far as they are written.

    Every method takes the namespace that it writes to, and reaches no other.

    All raise `Unavailable` where the database does not acknowledge in time; what was sent can be sent again.
    """

    def __init__(self, database: Database) -> None:
        self._interactions = database[INTERACTION.collection]
        self._search_requests = database[SEARCH_REQUEST.collection]
        self._audit = Audit(database)
        self._tenancy = Tenancy(database)

    async def run(self, command: WriteCommand) -> Any:
        """What the command says that it gives."""
        match command:
            case RecordInteractions():
                return await self._record_valid(command)
            case RecordSearchRequest(namespace, recording, seen_at):
                try:
                    return await self.record_search_request(namespace, recording, seen_at)
                except Conflict as error:
                    return error
            case DeleteInteraction(namespace, interaction_id, caller):
                return await self.delete_interaction(namespace, interaction_id, by=caller)
            case CreateNamespace(organization, name, caller):
                try:
                    return await self._tenancy.create_namespace(organization, name, by=caller)
                except BadUserInput as error:
                    return error

    async def _record_valid(self, command: RecordInteractions) -> list[Outcome]:
        valid = [recording for recording in command.recordings if isinstance(recording, RecordedInteraction)]
        outcomes = iter(await self.record(command.namespace, valid, command.now) if valid else [])
        return [
            recording if isinstance(recording, GatewayError) else next(outcomes) for recording in command.recordings
        ]

    async def record(
        self, namespace: Namespace, recordings: Sequence[RecordedInteraction], now: datetime
    ) -> list[Outcome]:
        """What became of each recording, in order, as if they had been sent one after the other.

        ``now`` is when those happened that do not say. A recording's search request is written first, and stays where
        its interaction is refused. Refused are: `Conflict`, an interaction or search request whose id is recorded with
        other content; `BadUserInput`, the id of a search request that is not recorded.
        """
        requests, new_requests = await self._requests(namespace, recordings, now)
        candidates = [
            request
            if isinstance(request, GatewayError)
            else interaction_document(namespace, recording, occurred_at=now, request=request)
            for recording, request in zip(recordings, requests, strict=True)
        ]
        documents: dict[UUID, Document] = {}
        for candidate in candidates:
            if not isinstance(candidate, GatewayError):
                documents.setdefault(candidate["_id"], candidate)
        stored, fresh = await _insert(self._interactions, namespace, documents)
        return [
            candidate
            if isinstance(candidate, GatewayError)
            else _judged(candidate, stored, fresh, search_request_known=_is_known(request, new_requests))
            for candidate, request in zip(candidates, requests, strict=True)
        ]

    async def record_search_request(
        self, namespace: Namespace, recorded: RecordedSearchRequest, now: datetime
    ) -> Recorded:
        """Records a search request, first seen ``now`` where it is new.

        Raises `Conflict` where its id is recorded with other content.
        """
        id = search_request_id_of(namespace.id, recorded.raw)
        candidate = search_request_document(namespace, id, recorded, first_seen_at=now)
        stored, fresh = await _insert(self._search_requests, namespace, {candidate["_id"]: candidate})
        document = stored[candidate["_id"]]
        if not fresh and not same_search_request(document, recorded):
            raise _request_conflict("search_request_id")
        return Recorded(document, created=bool(fresh))

    async def delete_interaction(self, namespace: Namespace, interaction_id: str, *, by: Caller | None = None) -> bool:
        """Whether there was such an interaction; its search request is kept. ``by`` None: the command line."""
        await self._audit.add(
            Action.DELETE_INTERACTION,
            by,
            organization_id=namespace.organization_id,
            namespace_id=namespace.id,
            object_id=interaction_id,
        )
        with translated():
            # Other programs may have stored it under another `_id`, and more than once.
            result = await self._interactions.delete_many(
                {"interaction_id": {"$eq": interaction_id}, "namespace_id": namespace.id}
            )
        return result.deleted_count > 0

    async def _requests(
        self, namespace: Namespace, recordings: Sequence[RecordedInteraction], now: datetime
    ) -> tuple[list[Document | GatewayError | None], frozenset[UUID]]:
        """The stored search request of each recording, after writing those that are new; None where it has none. Beside
        them the ids of those that are new."""
        ids: list[UUID | None] = []
        documents: dict[UUID, Document] = {}
        for recording in recordings:
            request, request_id = recording.search_request, recording.search_request_id
            if request is not None:
                request_id = search_request_id_of(namespace.id, request.raw, recording.raw.get("session_id"))
            id = None if request_id is None else document_id(namespace.id, "search_request", request_id)
            ids.append(id)
            if request is not None and request_id is not None and id not in documents:
                document = search_request_document(
                    namespace,
                    request_id,
                    request,
                    first_seen_at=recording.occurred_at or now,
                    session_id=recording.raw.get("session_id"),
                )
                documents[document["_id"]] = document
        stored, fresh = await _insert(self._search_requests, namespace, documents, {id for id in ids if id})
        new = frozenset(fresh)
        requests = [
            None if id is None else _judged_request(recording, id, stored, fresh)
            for recording, id in zip(recordings, ids, strict=True)
        ]
        return requests, new


def _is_known(request: Document | GatewayError | None, new: frozenset[UUID]) -> bool:
    """Whether a search request, if it is one, is none of the new."""
    return isinstance(request, dict) and request["_id"] not in new


def _judged(
    candidate: Document, stored: Mapping[UUID, Document], fresh: set[UUID], *, search_request_known: bool
) -> Outcome:
    """The outcome for an interaction; the first that comes with a fresh id made its document, and takes the id out."""
    id = candidate["_id"]
    if id in fresh:
        fresh.remove(id)
        return Recorded(stored[id], created=True, search_request_known=search_request_known)
    if same_interaction(stored[id], candidate):
        return Recorded(stored[id], created=False)
    return Conflict("An interaction with this id is recorded with other content.", path=("interaction_id",))


def _judged_request(
    recording: RecordedInteraction, id: UUID, stored: Mapping[UUID, Document], fresh: set[UUID]
) -> Document | GatewayError:
    """The stored search request for a recording; while its id is fresh, none of the recordings before had made it."""
    if recording.search_request is None:
        if id in fresh or id not in stored:
            return BadUserInput("No search request with this id is recorded.", path=("search_request_id",))
    elif id in fresh:
        fresh.remove(id)
    elif not same_search_request(stored[id], recording.search_request):
        return _request_conflict("search_request", "search_request_id")
    return stored[id]


def _request_conflict(*path: str) -> Conflict:
    return Conflict("A search request with this id is recorded with other content.", path=path)


async def _insert(
    collection: Collection, namespace: Namespace, documents: Mapping[UUID, Document], wanted: Iterable[UUID] = ()
) -> tuple[dict[UUID, Document], set[UUID]]:
    """What is stored under the ids of ``documents``, after inserting those that are new, and under the ``wanted`` ids
    that exist; and the ids that are fresh: inserted by this call."""
    insertion = _Insertion(collection, namespace, documents, wanted)
    # Once is nearly always enough.
    if not await insertion.attempt() and not await insertion.attempt_again():
        raise Unavailable("Another writer is recording the same; try again.")
    return insertion.stored, insertion.fresh


class _Insertion:
    """The documents that one call inserts into a collection, or finds there.

    ``stored``: what is stored under their ids, and under the wanted ones that exist. ``fresh``: the ids of those that
    this inserted.
    """

    def __init__(
        self,
        collection: Collection,
        namespace: Namespace,
        documents: Mapping[UUID, Document],
        wanted: Iterable[UUID],
    ) -> None:
        self.stored: dict[UUID, Document] = {}
        self.fresh: set[UUID] = set()
        self._collection = collection
        self._namespace = namespace
        self._missing = dict(documents)
        self._wanted = frozenset(wanted)

    async def attempt(self) -> bool:
        """Whether all documents are stored and read. What another writer inserted may not be readable yet."""
        with translated():
            existing = await _insert_new(self._collection, list(self._missing.values())) if self._missing else set()
            inserted = {id: document for id, document in self._missing.items() if id not in existing}
            self.stored |= inserted
            self.fresh |= inserted.keys()
            if sought := existing.union(self._wanted) - self.stored.keys():
                cursor = self._collection.find({"_id": {"$in": list(sought)}, "namespace_id": self._namespace.id})
                self.stored |= {document["_id"]: document async for document in cursor}
        self._missing = {id: self._missing[id] for id in existing if id not in self.stored}
        return not self._missing

    # Before a majority has what another writer inserted, it can't be read: milliseconds as a rule. 2.3 seconds in all.
    @retry(
        retry=retry_if_result(not_),
        wait=wait_exponential(multiplier=0.01, max=1),
        stop=stop_after_attempt(9),
        retry_error_callback=lambda _state: False,
    )
    async def attempt_again(self) -> bool:
        return await self.attempt()


async def _insert_new(collection: Collection, documents: list[Document]) -> set[UUID]:
    """Inserts the documents whose ids are not stored, and gives the ids that are."""
    try:
        await collection.insert_many(documents, ordered=False)
    except BulkWriteError as error:
        return {documents[position]["_id"] for position in duplicates(error)}
    return set()
