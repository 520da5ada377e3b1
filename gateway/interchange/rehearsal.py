"""What stands in for the store where nothing is to be recorded."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar

from gateway.context import Namespace
from gateway.model.document_ids import search_request_id_of
from gateway.model.wire import RecordedInteraction, RecordedSearchRequest
from gateway.plan.write_commands import Outcome, Recorded


class Rehearsal:
    """A recorder that takes everything for new, and keeps none of it: it can't tell what is recorded already, or
    differs from that.

    ``NAMESPACE``: in the place of one that would be made.
    """

    NAMESPACE: ClassVar = Namespace("ns_", "", "org_", datetime(1970, 1, 1, tzinfo=UTC))

    async def record(
        self, namespace: Namespace, recordings: Sequence[RecordedInteraction], now: datetime, *, makes_stubs: bool
    ) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for recording in recordings:
            id, request = recording.search_request_id, recording.search_request
            if request is not None:
                id = _id(namespace, request, recording.raw.get("session_id"))
            outcomes.append(Recorded({} if id is None else {"search_request_id": id}, created=True))
        return outcomes

    async def record_search_requests(
        self, namespace: Namespace, recordings: Sequence[tuple[RecordedSearchRequest, datetime]]
    ) -> list[Outcome]:
        ids = [_id(namespace, recorded) for recorded, _ in recordings]
        return [Recorded({"search_request_id": id}, created=True) for id in ids]


def _id(namespace: Namespace, request: RecordedSearchRequest, session_id: str | None = None) -> str:
    return request.id or search_request_id_of(namespace.id, request.raw, request.session_id or session_id)
