"""Query rows of an export of UBI, which an import records as the search requests that they were.

Their attributes hold the ``search_request`` as it was recorded, but for what of it had come from UBI, which stands in
the row under the names in ``ubi_fields``; and ``first_seen_at`` where the row has another time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gateway.interchange.times import first_time
from gateway.interchange.ubi_fields import at, text_at
from gateway.model.wire.fields import MAX_ID

ATTRIBUTES: Final = "query_attributes"
_REQUEST, _UBI_FIELDS, _FIRST_SEEN_AT = "search_request", "ubi_fields", "first_seen_at"
# What a row says of any search request, whatever came from UBI.
_TOLD: Final = frozenset({"query_id", "user_query", "application"})


@dataclass(frozen=True, slots=True)
class ExportedSearch:
    """The search request of an exported row; ``id`` and ``session_id`` are said beside it, as of `SearchCandidate`."""

    wire: dict[str, Any]
    id: str | None
    session_id: str | None


def exported_search(row: Mapping[str, Any]) -> ExportedSearch | None:
    """The search request of an exported row; None for other rows, whatever attributes they have."""
    request, query_id = at(row, (ATTRIBUTES, _REQUEST)), text_at(row, ("query_id",))
    if not _is_whole(request) or query_id is None or len(query_id) > MAX_ID:
        return None
    wire, names = dict(request), at(row, (ATTRIBUTES, _UBI_FIELDS))
    names = names if isinstance(names, list) else []
    if names:
        own = {**row, ATTRIBUTES: without_added(row[ATTRIBUTES])}
        wire["ubi"] = {name: own[name] for name in names if name in own}
    session_id = None if "session_id" in names else text_at(row, ("session_id",))
    return ExportedSearch(
        wire,
        id=None if isinstance(wire.get("search_request_id"), str) else query_id,
        session_id=session_id if wire.get("session_id") is None else None,
    )


def made_at(row: Mapping[str, Any]) -> datetime | None:
    """When the search of a row was made, exported or not; raises `BadUserInput` where that can't be read."""
    if at(row, (ATTRIBUTES, _FIRST_SEEN_AT)) is not None and exported_search(row) is not None:
        return first_time(row[ATTRIBUTES], _FIRST_SEEN_AT)
    return first_time(row, "timestamp")


def returning(request: Mapping[str, Any], *, has_session_beside: bool) -> Mapping[str, Any]:
    """What of a search request came from UBI, as far as it can go back into the row."""
    ubi = request.get("ubi")
    attributes = ubi.get(ATTRIBUTES, {}) if isinstance(ubi, dict) else None
    if not isinstance(attributes, dict) or without_added(attributes) != attributes:
        return {}
    taken = _TOLD | {"session_id"} if has_session_beside else _TOLD
    return ubi if isinstance(ubi, dict) and ubi.keys().isdisjoint(taken) else {}


def added(request: Any, returned: Mapping[str, Any], first_seen_at: Any) -> dict[str, Any]:
    """The attributes that an export adds to a row, in which ``returned`` came from UBI; ``first_seen_at``: None where
    the row says the same."""
    attributes: dict[str, Any] = {}
    if isinstance(request, dict):
        is_apart = {"ubi"} if returned else set()
        attributes[_REQUEST] = {name: value for name, value in request.items() if name not in is_apart}
    if returned:
        attributes[_UBI_FIELDS] = list(returned)
    if first_seen_at is not None:
        attributes[_FIRST_SEEN_AT] = first_seen_at
    return attributes


def without_added(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """A row's attributes without those that an export adds."""
    of_export = (_REQUEST, _UBI_FIELDS, _FIRST_SEEN_AT)
    return {name: value for name, value in attributes.items() if name not in of_export}


def _is_whole(request: Any) -> bool:
    return isinstance(request, dict) and all(isinstance(request.get(name), list) for name in ("queries", "collections"))
