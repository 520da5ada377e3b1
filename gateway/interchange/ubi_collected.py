"""Events and queries of UBI as a page sends them, each by itself: mapped as an import maps those of a file.

What a file says of a query in several places isn't together here: an event names its search by the ``query_id``, and
the query row, whenever it comes, says what was searched for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from gateway.errors import BadUserInput
from gateway.interchange.collected import BodyPath, Collected, each_alone
from gateway.interchange.content_ids import BatchIds
from gateway.interchange.times import first_time
from gateway.interchange.ubi_events import interaction
from gateway.interchange.ubi_fields import text_at
from gateway.interchange.ubi_queries import Search, lone_event, lone_query
from gateway.model.wire import check_json, format_instant
from gateway.model.wire.fields import MAX_METADATA
from gateway.model.wire.json_values import check_size
from gateway.model.wire.unfit_values import UnfitValue

MAX_DOCUMENTS: Final = 1_000


def interactions(body: Any, unfit: UnfitValue | None, received_at: datetime) -> Collected:
    """The interactions of a body of events: one, or a list. ``unfit``: what is unfit in it, if anything; that costs its
    own event alone. Raises `BadUserInput` for what is neither."""
    ids = BatchIds(received_at)
    return each_alone(_documents(body), lambda event: _interaction(event, ids), are_fit=unfit is None)


def search_requests(body: Any, unfit: UnfitValue | None) -> Collected:
    """The search requests of a body of query rows, as the graph's `JsonSearchRequestInput`; as `interactions`."""
    return each_alone(_documents(body), _search_request, are_fit=unfit is None)


def _documents(body: Any) -> Sequence[tuple[Any, BodyPath]]:
    documents = body if isinstance(body, list) else [body]
    if not 1 <= len(documents) <= MAX_DOCUMENTS:
        raise BadUserInput(f"should have 1 to {MAX_DOCUMENTS:,} entries, not {len(documents):,}")
    paths: Sequence[BodyPath] = [(index,) for index in range(len(documents))] if documents is body else [()]
    return list(zip(documents, paths, strict=True))


def _interaction(event: Mapping[str, Any], ids: BatchIds) -> dict[str, Any]:
    # No event of a page is known to be another's repetition.
    search = replace(lone_event(event), first_searched=None)
    query_id = text_at(event, ("query_id",))
    wire = interaction(event, search, line=0) if query_id is None else _naming(event, query_id, search)
    if (occurred_at := wire.get("occurred_at")) is not None:
        wire["occurred_at"] = format_instant(occurred_at)
    recorded = {"interaction_id": ids.identify(event, has_time=occurred_at is not None), **wire}
    _require_storable(recorded)
    return recorded


def _naming(event: Mapping[str, Any], query_id: str, search: Search) -> dict[str, Any]:
    """The interaction of an event with the id and the collection of its search; what else it says of that is its
    metadata."""
    said = search.wire or {}
    named: dict[str, Any] = {"search_request_id": query_id, "queries": [], "collections": said.get("collections", [])}
    wire = interaction(event, replace(search, wire=named), line=0)
    if said.get("queries") and not _fits(wire["metadata"]):
        # The text may be what is too long: as an import does, it is left to the query row, which says it as well.
        named = {**named, "queries": said["queries"]}
        wire = interaction(event, replace(search, wire=named), line=0)
    return {**wire, "search_request": {name: value for name, value in named.items() if name != "queries"}}


def _fits(metadata: Mapping[str, Any]) -> bool:
    try:
        check_json(metadata)
        check_size(metadata, MAX_METADATA)
    except BadUserInput:
        return False
    return True


def _search_request(row: Mapping[str, Any]) -> dict[str, Any]:
    wire = lone_query(row).wire
    if wire is None:
        raise BadUserInput("has neither a query_id nor a user_query")
    _require_storable(wire, "searchRequest")
    made_at = first_time(row, "timestamp")
    return (
        {"searchRequest": wire} if made_at is None else {"searchRequest": wire, "occurredAt": format_instant(made_at)}
    )


def _require_storable(wire: Mapping[str, Any], *place: str) -> None:
    """Raises `BadUserInput` for what the graph's JSON can't be: there it costs the operation, and so its whole list."""
    try:
        check_json(wire)
    except BadUserInput as error:
        raise BadUserInput(error.message, path=(*place, *error.path)) from error
