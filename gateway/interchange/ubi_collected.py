"""Events and queries of UBI as a page sends them, each by itself: mapped as an import maps those of a file.

What a file says of a query in several places isn't together here: an event names its search by the ``query_id``, and
the query row, whenever it comes, says what was searched for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from gateway.errors import BadUserInput
from gateway.interchange.content_ids import BatchIds
from gateway.interchange.times import first_time
from gateway.interchange.ubi_events import interaction
from gateway.interchange.ubi_fields import APPLICATION_PATH, text_at
from gateway.interchange.ubi_queries import Search, lone_event, lone_query
from gateway.model.wire import format_instant

MAX_DOCUMENTS: Final = 1_000


def interactions(body: Any, received_at: datetime) -> list[dict[str, Any]]:
    """The interactions of a body of events: one, or a list; raises `BadUserInput`, with its path in the body."""
    ids = BatchIds(received_at)
    return [_interaction(event, path, ids) for event, path in _documents(body)]


def search_requests(body: Any) -> list[tuple[dict[str, Any], datetime | None]]:
    """The search requests of a body of query rows, and when they were made; raises `BadUserInput` likewise."""
    return [_search_request(row, path) for row, path in _documents(body)]


_Path = tuple[str | int, ...]


def _documents(body: Any) -> Sequence[tuple[Mapping[str, Any], _Path]]:
    documents = body if isinstance(body, list) else [body]
    if not 1 <= len(documents) <= MAX_DOCUMENTS:
        raise BadUserInput(f"should have 1 to {MAX_DOCUMENTS:,} entries, not {len(documents):,}")
    paths: Sequence[_Path] = [(index,) for index in range(len(documents))] if documents is body else [()]
    for document, path in zip(documents, paths, strict=True):
        if not isinstance(document, Mapping):
            raise BadUserInput("should be an object", path=path)
    return list(zip(documents, paths, strict=True))


def _interaction(event: Mapping[str, Any], path: _Path, ids: BatchIds) -> dict[str, Any]:
    query_id, application = text_at(event, ("query_id",)), text_at(event, APPLICATION_PATH)
    search = lone_event(event)
    if query_id is not None:
        collections = [] if application is None else [application]
        search = Search({"search_request_id": query_id, "queries": [], "collections": collections}, search.text)
    # No event of a page is known to be another's repetition.
    search = replace(search, first_searched=None)
    try:
        wire = interaction(event, search, line=0)
    except BadUserInput as error:
        raise BadUserInput(error.message, path=(*path, *error.path)) from None
    if query_id is not None:
        del wire["search_request"]["queries"]
    if (occurred_at := wire.get("occurred_at")) is not None:
        wire["occurred_at"] = format_instant(occurred_at)
    return {"interaction_id": ids.identify(event, has_time=occurred_at is not None), **wire}


def _search_request(row: Mapping[str, Any], path: _Path) -> tuple[dict[str, Any], datetime | None]:
    wire = lone_query(row).wire
    if wire is None:
        raise BadUserInput("has neither a query_id nor a user_query", path=path)
    try:
        return wire, first_time(row, "timestamp")
    except BadUserInput as error:
        raise BadUserInput(error.message, path=(*path, *error.path)) from None
