"""Corrections: what was recorded is replaced by what is recorded under the same id, and what was copied of it follows.

A correction may be sent again: what was interrupted is done then, also where nothing is left to replace but copies.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from pymongo import ReplaceOne

from gateway.context import Reach
from gateway.errors import Conflict, GatewayError
from gateway.model.document_ids import document_id, search_request_id_of
from gateway.model.documents import (
    derived_fields,
    effective_session_id,
    interaction_document,
)
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.model.wire import RecordedInteraction
from gateway.plan.reach_filters import last_words
from gateway.plan.usage import Usage
from gateway.plan.write_commands import Outcome, Recorded, RecordSearchRequest
from gateway.store.client import Database, Document
from gateway.store.driver_errors import translated
from gateway.store.idempotent_inserts import find_by_ids
from gateway.store.recorded_requests import request_document
from gateway.store.search_request_copies import SearchRequestCopies


class Corrections:
    """The repository of interactions and search requests, as far as they are replaced. Methods reach what ``reach`` has
    and nothing else, and raise `Unavailable`, `ReadTooLarge`."""

    def __init__(self, database: Database) -> None:
        self._interactions = database[INTERACTION.collection]
        self._search_requests = database[SEARCH_REQUEST.collection]
        self._copies = SearchRequestCopies(database)

    async def of_search_requests(
        self, reach: Reach, recordings: Sequence[RecordSearchRequest], outcomes: Sequence[Outcome], usage: Usage
    ) -> list[Outcome]:
        """What became of search requests, in order, as if they had been sent one after the other, where ``outcomes``
        are those of recording them without replacing any."""
        if all(isinstance(outcome, Recorded) and outcome.created for outcome in outcomes):
            return [*outcomes]
        documents = [
            request_document(reach.namespace, recording.recording, recording.seen_at) for recording in recordings
        ]
        dated = {
            document["_id"] for document, recording in zip(documents, recordings, strict=True) if recording.is_dated
        }
        by_id = {document["_id"]: document for document in documents}
        stored = await self._replace_requests(reach, by_id, dated, usage)
        return [
            Recorded(stored[document["_id"]], created=False, replaced=True)
            if isinstance(outcome, GatewayError) and document["_id"] in stored
            else outcome
            for document, outcome in zip(documents, outcomes, strict=True)
        ]

    async def of_recordings(
        self,
        reach: Reach,
        recordings: Sequence[RecordedInteraction],
        outcomes: Sequence[Outcome],
        now: datetime,
        usage: Usage,
        record: Callable[[Sequence[RecordedInteraction]], Awaitable[Sequence[Outcome]]],
    ) -> list[Outcome]:
        """As `of_search_requests`, of interactions, with the search requests that are given with them. ``record``:
        records without replacing any."""
        corrected = list(outcomes)
        await self._replace_given_requests(reach, recordings, now, usage)
        refused = [number for number, outcome in enumerate(corrected) if isinstance(outcome, Conflict)]
        # Some were in conflict by their search requests alone.
        recorded = await record([recordings[number] for number in refused])
        for number, outcome in zip(refused, recorded, strict=True):
            corrected[number] = outcome
            if isinstance(outcome, Recorded) and not outcome.created:
                # It has other content by its search request, which it has by now.
                corrected[number] = replace(outcome, replaced=True)
        refused = [number for number in refused if isinstance(corrected[number], Conflict)]
        replaced = await self._replace_interactions(reach, [recordings[number] for number in refused], usage)
        for number, replacement in zip(refused, replaced, strict=True):
            corrected[number] = replacement or corrected[number]
        return corrected

    async def _replace_given_requests(
        self, reach: Reach, recordings: Sequence[RecordedInteraction], now: datetime, usage: Usage
    ) -> None:
        """Replaces the search requests that are given with interactions."""
        given = [
            request_document(
                reach.namespace, recording.search_request, recording.occurred_at or now, recording.raw.get("session_id")
            )
            for recording in recordings
            if recording.search_request is not None
        ]
        if given:
            await self._replace_requests(reach, {document["_id"]: document for document in given}, set(), usage)

    async def _replace_interactions(
        self, reach: Reach, recordings: Sequence[RecordedInteraction], usage: Usage
    ) -> list[Recorded | None]:
        """What became of interactions that are recorded with other content, in order; None where there is none in
        reach, or its search request isn't."""
        namespace = reach.namespace
        own_ids = [document_id(namespace.id, "interaction", recording.interaction_id) for recording in recordings]
        request_ids = [_request_id(reach, recording) for recording in recordings]
        named = list({id for id in request_ids if id is not None})
        last = last_words(reach, INTERACTION)
        with translated():
            stored = await find_by_ids(self._interactions, last, own_ids, usage.compared)
            within = last_words(reach, SEARCH_REQUEST)
            requests = await find_by_ids(self._search_requests, within, named, usage.read) if named else {}
        replacements: list[ReplaceOne[Document]] = []
        corrected: list[Recorded | None] = []
        for recording, own_id, request_id in zip(recordings, own_ids, request_ids, strict=True):
            request = None if request_id is None else requests.get(request_id)
            if own_id not in stored or (request_id is not None and request is None):
                corrected.append(None)
                continue
            # A time that isn't said stays.
            at = stored[own_id]["occurred_at"]
            document = interaction_document(namespace, recording, occurred_at=at, request=request)
            replacements.append(ReplaceOne({"_id": own_id, **last}, document))
            corrected.append(Recorded(document, created=False, replaced=True))
        if replacements:
            with translated():
                await self._interactions.bulk_write(replacements, ordered=True)
        return corrected

    async def _replace_requests(
        self,
        reach: Reach,
        documents: Mapping[UUID, Document],
        dated: set[UUID],
        usage: Usage,
    ) -> dict[UUID, Document]:
        """What is stored under the ids of ``documents`` by now, as far as it is in reach; ``dated``: whose time is
        another as well. The copies that interactions have follow, whosever those are."""
        last = last_words(reach, SEARCH_REQUEST)
        with translated():
            stored = await find_by_ids(self._search_requests, last, list(documents), usage.compared)
            replaced = {
                id: _in_place_of(document, stored[id], is_dated=id in dated)
                for id, document in documents.items()
                if id in stored
            }
            if not replaced:
                return {}
            await self._search_requests.bulk_write(
                [ReplaceOne({"_id": id, **last}, document) for id, document in replaced.items()], ordered=False
            )
        await self._copies.renew(reach.namespace, list(replaced.values()), {"search_request": {"$exists": True}})
        return replaced


def _request_id(reach: Reach, recording: RecordedInteraction) -> UUID | None:
    """The ``_id`` of an interaction's search request, None where it has none."""
    id = recording.search_request_id
    if recording.search_request is not None:
        session_id = recording.search_request.session_id or recording.raw.get("session_id")
        raw = recording.search_request.raw
        id = recording.search_request.id or search_request_id_of(reach.namespace.id, raw, session_id)
    return None if id is None else document_id(reach.namespace.id, "search_request", id)


def _in_place_of(document: Document, stored: Mapping[str, Any], *, is_dated: bool) -> Document:
    """A search request as it replaces what is stored: with its time, and its session where that was known by the
    interaction that it came with, unless it says others."""
    replacement = dict(document)
    if not is_dated and "first_seen_at" in stored:
        replacement["first_seen_at"] = stored["first_seen_at"]
    if effective_session_id(replacement) is None and stored.get("session_id") is not None:
        replacement["session_id"] = stored["session_id"]
        replacement |= derived_fields(replacement)
    # Last, so that nothing recorded can replace it.
    return {**replacement, "namespace_id": replacement.pop("namespace_id")}
