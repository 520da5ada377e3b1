"""The search requests that recordings give or name, as the documents that are stored of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.context import Namespace
from gateway.model.document_ids import document_id, search_request_id_of
from gateway.model.documents import STUB, Document, search_request_document, stub_document
from gateway.model.wire import RecordedInteraction, RecordedSearchRequest


def given_requests(
    namespace: Namespace, recordings: Sequence[RecordedInteraction], now: datetime
) -> tuple[list[UUID | None], dict[UUID, Document]]:
    """The id of each recording's search request, None where it has none, and the documents of those that are given, of
    each the first."""
    ids: list[UUID | None] = []
    documents: dict[UUID, Document] = {}
    # Of requests that are one object, as an import has those of one content.
    id_of: dict[tuple[int, str | None], UUID] = {}
    for recording in recordings:
        request, request_id = recording.search_request, recording.search_request_id
        if request is None:
            ids.append(None if request_id is None else document_id(namespace.id, "search_request", request_id))
            continue
        session_id = recording.raw.get("session_id")
        same = (id(request), session_id)
        if same not in id_of:
            document = request_document(namespace, request, recording.occurred_at or now, session_id)
            documents.setdefault(document["_id"], document)
            id_of[same] = document["_id"]
        ids.append(id_of[same])
    return ids, documents


def stub_documents(
    namespace: Namespace,
    recordings: Sequence[RecordedInteraction],
    ids: Sequence[UUID | None],
    known: Mapping[UUID, Document],
    now: datetime,
) -> dict[UUID, Document]:
    """The stubs of the search requests that are named and not known, of each for its first interaction."""
    stubs: dict[UUID, Document] = {}
    for recording, id in zip(recordings, ids, strict=True):
        awaited = recording.awaited_search_request
        if id is not None and awaited is not None and id not in known and id not in stubs:
            stubs[id] = stub_document(namespace, awaited, first_seen_at=recording.occurred_at or now)
    return stubs


def request_document(
    namespace: Namespace, recorded: RecordedSearchRequest, first_seen_at: datetime, session_id: Any = None
) -> Document:
    """``session_id``: that of the interaction which it came with, where it isn't said beside it."""
    session_id = recorded.session_id or session_id
    id = recorded.id or search_request_id_of(namespace.id, recorded.raw, session_id)
    document = search_request_document(namespace, id, recorded, first_seen_at=first_seen_at, session_id=session_id)
    return {**document, STUB: True, "namespace_id": namespace.id} if recorded.is_stub else document
