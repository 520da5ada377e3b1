"""Writes recorded interactions and search requests; each write may be sent again."""

from collections.abc import Sequence, Set
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from bson import encode

from gateway.context import Caller, Namespace, Reach
from gateway.errors import BadUserInput, GatewayError, NotFound
from gateway.model.document_ids import id_spellings
from gateway.model.documents import (
    STUB,
    interaction_document,
    same_search_request,
)
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.model.wire import RecordedInteraction, RecordedSearchRequest
from gateway.plan.reach_filters import last_words
from gateway.plan.usage import UNLIMITED, Usage
from gateway.plan.write_commands import (
    CreateKey,
    CreateNamespace,
    CreatePercolator,
    DeleteInteraction,
    DeleteNamespace,
    DeletePercolator,
    Erase,
    LimitKey,
    Outcome,
    RecordBatch,
    Recorded,
    RecordInteractions,
    RecordSearchRequest,
    RecordSearchRequests,
    RevokeKey,
    SetRetention,
    UpdatePercolator,
    WriteCommand,
)
from gateway.store.audit import Action, Audit
from gateway.store.client import Database, Document
from gateway.store.corrections import Corrections
from gateway.store.driver_errors import translated
from gateway.store.idempotent_inserts import find_by_ids, insert
from gateway.store.jobs.job_repository import Jobs
from gateway.store.key_administration import KeyAdministration
from gateway.store.observed_commands import observed
from gateway.store.percolator_repository import Percolators
from gateway.store.recorded_requests import given_requests, request_document, stub_documents
from gateway.store.recording_outcomes import judged, judged_request, request_conflict, unfinished
from gateway.store.search_request_inserts import SearchRequestInserts
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
        self._request_inserts = SearchRequestInserts(database)
        self._corrections = Corrections(database)
        self._audit = Audit(database)
        self._jobs = Jobs(database)
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
            case RecordSearchRequest():
                [outcome] = await self._record_searches([command], usage)
                return outcome
            case RecordSearchRequests(_, recordings, replaces):
                return await self._record_searches(recordings, usage, replaces=replaces)
            case RecordBatch(searches, interactions):
                recorded = await self._record_searches(searches, usage)
                return recorded, await self._record_valid(interactions, usage)
            case DeleteInteraction(reach, interaction_id, caller):
                return await self.delete_interaction(reach, interaction_id, by=caller)
            case _:
                try:
                    return await self._administered(command)
                except (BadUserInput, NotFound) as error:
                    return error

    async def _administered(self, command: WriteCommand) -> Any:
        """As `_run`; raises `BadUserInput` and `NotFound`, which are a result."""
        match command:
            case Erase(reach, erasure, caller):
                return await self._jobs.start(reach, erasure, by=caller)
            case CreateNamespace(organization, name, caller):
                return await self._tenancy.create_namespace(organization, name, by=caller)
            case SetRetention(namespace, days, caller):
                return await self._tenancy.set_retention(namespace, days, by=caller)
            case DeleteNamespace(reach, namespace_id, name, caller):
                return await self._jobs.start_removal(caller.organization, namespace_id, name, reach, by=caller)
            case CreateKey() | RevokeKey() | LimitKey():
                return await self._keys.run(command)
            case CreatePercolator():
                return await self._percolators.create(command)
            case UpdatePercolator():
                return await self._percolators.update(command)
            case DeletePercolator():
                return await self._percolators.delete(command)

    async def _record_valid(self, command: RecordInteractions, usage: Usage) -> list[Outcome]:
        valid = [recording for recording in command.recordings if isinstance(recording, RecordedInteraction)]
        reach, makes_stubs = command.reach, command.makes_stubs
        recorded = (
            await self.record(reach.namespace, valid, command.now, usage, reach.user_id, makes_stubs=makes_stubs)
            if valid
            else []
        )
        if command.replaces and any(not (isinstance(done, Recorded) and done.created) for done in recorded):
            again = partial(self.record, reach.namespace, now=command.now, usage=usage, user_id=reach.user_id)
            recorded = await self._corrections.of_recordings(reach, valid, recorded, command.now, usage, again)
        outcomes = iter(recorded)
        return [
            recording if isinstance(recording, GatewayError) else next(outcomes) for recording in command.recordings
        ]

    async def _record_searches(
        self, recordings: Sequence[RecordSearchRequest | GatewayError], usage: Usage, *, replaces: bool = False
    ) -> list[Outcome]:
        """What became of each of the search requests, which are all for one namespace."""
        valid = [recording for recording in recordings if isinstance(recording, RecordSearchRequest)]
        if not valid:
            return [recording for recording in recordings if isinstance(recording, GatewayError)]
        reach, requests = valid[0].reach, [(recording.recording, recording.seen_at) for recording in valid]
        recorded = await self.record_search_requests(reach.namespace, requests, usage)
        if replaces:
            recorded = await self._corrections.of_search_requests(reach, valid, recorded, usage)
        outcomes = iter(recorded)
        return [recording if isinstance(recording, GatewayError) else next(outcomes) for recording in recordings]

    async def record(
        self,
        namespace: Namespace,
        recordings: Sequence[RecordedInteraction],
        now: datetime,
        usage: Usage | None = None,
        user_id: str | None = None,
        *,
        makes_stubs: bool = False,
    ) -> list[Outcome]:
        """What became of each recording, in order, as if they had been sent one after the other.

        ``now`` is when those happened that do not say; ``usage`` is the operation's, None: the command line's. A
        recording's search request is written first, and stays where its interaction is refused. Refused are:
        `Conflict`, an interaction or search request whose id is recorded with other content; `BadUserInput`, the id of
        a search request that isn't the one's of ``user_id``, who may reach no other's, or that is not recorded, unless
        this ``makes_stubs``.

        Raises `WriteTooLarge`, ahead of any write, where all together have more bytes than the operation may write, and
        `ReadTooLarge` where what is stored under their ids has more than it may read.
        """
        limited, usage = usage, usage or Usage(UNLIMITED)
        ids, requests = given_requests(namespace, recordings, now)
        known = requests | await self._named_requests(Reach(namespace, user_id), ids, requests.keys(), usage)
        if makes_stubs:
            stubs = stub_documents(namespace, recordings, ids, known, now)
            requests, known = requests | stubs, known | stubs
        expected = [
            interaction_document(namespace, recording, occurred_at=now, request=None if id is None else known.get(id))
            for recording, id in zip(recordings, ids, strict=True)
        ]
        distinct = {document["_id"]: document for document in expected}
        self._count_written([*requests.values(), *distinct.values()], limited)
        stored_requests, fresh_requests = await self._request_inserts.insert(namespace, requests, usage.compared)
        stored_requests = known | stored_requests
        new_requests = frozenset(fresh_requests)
        candidates: list[Document | GatewayError] = []
        judge = partial(
            judged_request, stored=stored_requests, fresh=fresh_requests, user_id=user_id, makes_stubs=makes_stubs
        )
        for recording, id, document in zip(recordings, ids, expected, strict=True):
            request = None if id is None else judge(recording, id)
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
        if stale := unfinished(stored_requests, candidates, ids, stored, fresh):
            await self._request_inserts.complete_copies(namespace, stale)
        return [
            candidate
            if isinstance(candidate, GatewayError)
            else judged(candidate, stored, fresh, search_request_known=id is not None and id not in new_requests)
            for candidate, id in zip(candidates, ids, strict=True)
        ]

    async def record_search_request(
        self, namespace: Namespace, recorded: RecordedSearchRequest, now: datetime, usage: Usage | None = None
    ) -> Recorded:
        """Records a search request, first seen ``now`` where it is new; ``usage``: as of `record`.

        Raises `Conflict` where its id is recorded with other content, and what `record` does.
        """
        [outcome] = await self.record_search_requests(namespace, [(recorded, now)], usage)
        if isinstance(outcome, GatewayError):
            raise outcome
        return outcome

    async def record_search_requests(
        self,
        namespace: Namespace,
        recordings: Sequence[tuple[RecordedSearchRequest, datetime]],
        usage: Usage | None = None,
    ) -> list[Outcome]:
        """What became of each search request, in order, as if they had been sent one after the other; the time is when
        it is first seen where it is new. `Conflict`: its id is recorded with other content. Raises what `record` does.
        """
        candidates = [request_document(namespace, recorded, seen_at) for recorded, seen_at in recordings]
        documents: dict[UUID, Document] = {}
        for candidate in candidates:
            documents.setdefault(candidate["_id"], candidate)
        self._count_written([*documents.values()], usage)
        compared = (usage or Usage(UNLIMITED)).compared
        stored, fresh = await self._request_inserts.insert(namespace, documents, compared)
        if stale := [id for id, document in stored.items() if STUB in document]:
            await self._request_inserts.complete_copies(namespace, stale)
        outcomes: list[Outcome] = []
        for (recorded, _), candidate in zip(recordings, candidates, strict=True):
            document = stored[candidate["_id"]]
            if is_new := candidate["_id"] in fresh:
                fresh.remove(candidate["_id"])
            # What is known of it by now is not less than a stub says.
            if is_new or recorded.is_stub or same_search_request(document, recorded):
                outcomes.append(Recorded(document, created=is_new))
            else:
                outcomes.append(request_conflict("search_request_id"))
        return outcomes

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
            # Other programs may have stored it under another `_id`, as a number or an ObjectId, and more than once.
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

    def _count_written(self, documents: Sequence[Document], usage: Usage | None) -> None:
        if usage is None:
            return
        options = self._interactions.codec_options
        with translated():
            usage.written(len(encode(document, codec_options=options)) for document in documents)
