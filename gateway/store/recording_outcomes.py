"""What became of recordings, as if they had been sent one after the other."""

from collections.abc import Mapping, Sequence, Set
from uuid import UUID

from gateway.errors import BadUserInput, Conflict, GatewayError
from gateway.model.documents import STUB, Document, copies_stub, is_stub, same_interaction, same_search_request
from gateway.model.kinds import SEARCH_REQUEST
from gateway.model.wire import RecordedInteraction
from gateway.plan.reach_filters import is_of
from gateway.plan.write_commands import Outcome, Recorded


def judged(
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


def judged_request(
    recording: RecordedInteraction,
    id: UUID,
    stored: Mapping[UUID, Document],
    fresh: set[UUID],
    user_id: str | None,
    *,
    makes_stubs: bool,
) -> Document | GatewayError:
    """The stored search request for a recording; while its id is fresh, none of the recordings before had made it."""
    if recording.search_request is None:
        # It may be somebody else's, stored under an id that another recording of the batch gives as well.
        may_be_named = id in stored and (is_of(stored[id], SEARCH_REQUEST, user_id) or is_stub(stored[id]))
        # What was a stub was there before.
        was_known = makes_stubs or id not in fresh or (id in stored and STUB in stored[id])
        if not (may_be_named and was_known):
            return BadUserInput("No search request with this id is recorded.", path=("search_request_id",))
    elif id in fresh:
        fresh.remove(id)
    elif not same_search_request(stored[id], recording.search_request):
        return request_conflict("search_request", "search_request_id")
    return stored[id]


def unfinished(
    requests: Mapping[UUID, Document],
    candidates: Sequence[Document | GatewayError],
    ids: Sequence[UUID | None],
    stored: Mapping[UUID, Document],
    fresh: Set[UUID],
) -> set[UUID]:
    """The search requests of which interactions may have the copy of a stub that was completed; ``ids``: those of the
    candidates' search requests, ``stored``: the interactions."""
    # Copied by somebody who then was interrupted.
    interrupted = {
        id
        for candidate, id in zip(candidates, ids, strict=True)
        if id is not None
        and not isinstance(candidate, GatewayError)
        and candidate["_id"] not in fresh
        and copies_stub(stored[candidate["_id"]])
    }
    return interrupted | {id for id, request in requests.items() if STUB in request}


def request_conflict(*path: str) -> Conflict:
    return Conflict("A search request with this id is recorded with other content.", path=path)
