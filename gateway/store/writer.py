"""Writes recorded interactions and search requests; each write may be sent again."""

from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from typing import Any
from uuid import UUID

from bson import encode

from gateway.context import Caller, Namespace, Reach
from gateway.errors import BadUserInput, Conflict, GatewayError, NotFound
from gateway.model.document_ids import document_id, id_spellings, search_request_id_of
from gateway.model.documents import (
    interaction_document,
    same_interaction,
    same_search_request,
    search_request_document,
)
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.model.wire import RecordedInteraction, RecordedSearchRequest
from gateway.plan.reach_filters import is_of, last_words
from gateway.plan.usage import UNLIMITED, Usage
from gateway.plan.write_commands import (
    CreateKey,
    CreateNamespace,
    CreatePercolator,
    DeleteInteraction,
    DeletePercolator,
    LimitKey,
    Outcome,
    Recorded,
    RecordInteractions,
    RecordSearchRequest,
    RevokeKey,
    UpdatePercolator,
    WriteCommand,
)
from gateway.store.audit import Action, Audit
from gateway.store.client import Database, Document
from gateway.store.driver_errors import translated
from gateway.store.idempotent_inserts import find_by_ids, insert
from gateway.store.key_administration import KeyAdministration
from gateway.store.observed_commands import observed
from gateway.store.percolator_repository import Percolators
from gateway.store.tenancy import Tenancy


class Writer:
    """The runner of write commands: the repository of interactions and search requests, as far as they are written.

    Every method takes the namespace that it writes to, and reaches no other.

    All raise `Unavailable` where the database does not acknowledge in time; what was sent can be sent again.
    """

    def __init__(
        self, database: Database, percolators: Percolators | None = None, keys: KeyAdministration | None = None
    ) -> None:
        self._interactions = database[INTERACTION.collection]
        self._search_requests = database[SEARCH_REQUEST.collection]
        self._audit = Audit(database)
        self._tenancy = Tenancy(database)
        self._percolators = percolators or Percolators(database)
        self._keys = keys or KeyAdministration(database)

    async def run(self, command: WriteCommand, usage: Usage) -> Any:
        """What the command says that it gives; what it reads and writes is counted in ``usage``, its operation's.

        Raises what `record` does.
        """
        return await observed(command, usage, self._run(command, usage))

    async def _run(self, command: WriteCommand, usage: Usage) -> Any:
        match command:
            case RecordInteractions():
                return await self._record_valid(command, usage)
            case RecordSearchRequest(reach, recording, seen_at):
                try:
                    return await self.record_search_request(reach.namespace, recording, seen_at, usage)
                except Conflict as error:
                    return error
            case DeleteInteraction(reach, interaction_id, caller):
                return await self.delete_interaction(reach, interaction_id, by=caller)
            case CreateNamespace(organization, name, caller):
                try:
                    return await self._tenancy.create_namespace(organization, name, by=caller)
                except BadUserInput as error:
                    return error
            case CreateKey() | RevokeKey() | LimitKey():
                try:
                    return await self._keys.run(command)
                except BadUserInput as error:
                    return error
            case CreatePercolator() | UpdatePercolator():
                try:
                    return await self._save_percolator(command)
                except (BadUserInput, NotFound) as error:
                    return error
            case DeletePercolator():
                return await self._percolators.delete(command)

    async def _save_percolator(self, command: CreatePercolator | UpdatePercolator) -> Document:
        if isinstance(command, CreatePercolator):
            return await self._percolators.create(command)
        return await self._percolators.update(command)

    async def _record_valid(self, command: RecordInteractions, usage: Usage) -> list[Outcome]:
        valid = [recording for recording in command.recordings if isinstance(recording, RecordedInteraction)]
        reach = command.reach
        recorded = await self.record(reach.namespace, valid, command.now, usage, reach.user_id) if valid else []
        outcomes = iter(recorded)
        return [
            recording if isinstance(recording, GatewayError) else next(outcomes) for recording in command.recordings
        ]

    async def record(
        self,
        namespace: Namespace,
        recordings: Sequence[RecordedInteraction],
        now: datetime,
        usage: Usage | None = None,
        user_id: str | None = None,
    ) -> list[Outcome]:
        """What became of each recording, in order, as if they had been sent one after the other.

        ``now`` is when those happened that do not say; ``usage`` is the operation's, None: the command line's. A
        recording's search request is written first, and stays where its interaction is refused. Refused are:
        `Conflict`, an interaction or search request whose id is recorded with other content; `BadUserInput`, the id of
        a search request that is not recorded, or isn't the one's of ``user_id``, who may reach no other's.

        Raises `WriteTooLarge`, ahead of any write, where all together have more bytes than the operation may write, and
        `ReadTooLarge` where what is stored under their ids has more than it may read.
        """
        usage = usage or Usage(UNLIMITED)
        ids, requests = _given_requests(namespace, recordings, now)
        known = requests | await self._named_requests(Reach(namespace, user_id), ids, requests.keys(), usage)
        expected = [
            interaction_document(namespace, recording, occurred_at=now, request=None if id is None else known.get(id))
            for recording, id in zip(recordings, ids, strict=True)
        ]
        distinct = {document["_id"]: document for document in expected}
        self._count_written([*requests.values(), *distinct.values()], usage)
        stored_requests, fresh_requests = await insert(self._search_requests, namespace, requests, usage.compared)
        stored_requests = known | stored_requests
        new_requests = frozenset(fresh_requests)
        candidates: list[Document | GatewayError] = []
        for recording, id, document in zip(recordings, ids, expected, strict=True):
            request = None if id is None else _judged_request(recording, id, stored_requests, fresh_requests, user_id)
            if request is None or isinstance(request, GatewayError):
                candidates.append(request or document)
            elif id is not None and request is known.get(id):
                candidates.append(document)
            else:
                candidates.append(interaction_document(namespace, recording, occurred_at=now, request=request))
        documents: dict[UUID, Document] = {}
        for candidate in candidates:
            if not isinstance(candidate, GatewayError):
                documents.setdefault(candidate["_id"], candidate)
        stored, fresh = await insert(self._interactions, namespace, documents, usage.compared)
        return [
            candidate
            if isinstance(candidate, GatewayError)
            else _judged(candidate, stored, fresh, search_request_known=id is not None and id not in new_requests)
            for candidate, id in zip(candidates, ids, strict=True)
        ]

    async def record_search_request(
        self, namespace: Namespace, recorded: RecordedSearchRequest, now: datetime, usage: Usage | None = None
    ) -> Recorded:
        """Records a search request, first seen ``now`` where it is new; ``usage``: as of `record`.

        Raises `Conflict` where its id is recorded with other content, and what `record` does.
        """
        usage = usage or Usage(UNLIMITED)
        id = search_request_id_of(namespace.id, recorded.raw)
        candidate = search_request_document(namespace, id, recorded, first_seen_at=now)
        self._count_written([candidate], usage)
        stored, fresh = await insert(self._search_requests, namespace, {candidate["_id"]: candidate}, usage.compared)
        document = stored[candidate["_id"]]
        if not fresh and not same_search_request(document, recorded):
            raise _request_conflict("search_request_id")
        return Recorded(document, created=bool(fresh))

    async def delete_interaction(self, reach: Reach, interaction_id: str, *, by: Caller | None = None) -> bool:
        """Whether there was such an interaction; its search request is kept. ``by`` None: the command line."""
        namespace = reach.namespace
        await self._audit.add(
            Action.DELETE_INTERACTION,
            by,
            organization_id=namespace.organization_id,
            namespace_id=namespace.id,
            object_id=interaction_id,
        )
        with translated():
            # Other programs may have stored it under another `_id`, as a number, and more than once.
            ids = list(id_spellings([interaction_id]))
            result = await self._interactions.delete_many(
                {"interaction_id": {"$in": ids}, **last_words(reach, INTERACTION)}
            )
        return result.deleted_count > 0

    async def _named_requests(
        self, reach: Reach, ids: Sequence[UUID | None], given: Set[UUID], usage: Usage
    ) -> dict[UUID, Document]:
        """The stored search requests that are named, and not given as well."""
        named = [id for id in dict.fromkeys(ids) if id is not None and id not in given]
        if not named:
            return {}
        with translated():
            return await find_by_ids(self._search_requests, last_words(reach, SEARCH_REQUEST), named, usage.read)

    def _count_written(self, documents: Sequence[Document], usage: Usage) -> None:
        options = self._interactions.codec_options
        with translated():
            usage.written(len(encode(document, codec_options=options)) for document in documents)


def _given_requests(
    namespace: Namespace, recordings: Sequence[RecordedInteraction], now: datetime
) -> tuple[list[UUID | None], dict[UUID, Document]]:
    """The id of each recording's search request, None where it has none, and the documents of those that are given, of
    each the first."""
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
    return ids, documents


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
    recording: RecordedInteraction,
    id: UUID,
    stored: Mapping[UUID, Document],
    fresh: set[UUID],
    user_id: str | None,
) -> Document | GatewayError:
    """The stored search request for a recording; while its id is fresh, none of the recordings before had made it."""
    if recording.search_request is None:
        # It may be somebody else's, stored under an id that another recording of the batch gives as well.
        if id in fresh or id not in stored or not is_of(stored[id], SEARCH_REQUEST, user_id):
            return BadUserInput("No search request with this id is recorded.", path=("search_request_id",))
    elif id in fresh:
        fresh.remove(id)
    elif not same_search_request(stored[id], recording.search_request):
        return _request_conflict("search_request", "search_request_id")
    return stored[id]


def _request_conflict(*path: str) -> Conflict:
    return Conflict("A search request with this id is recorded with other content.", path=path)
