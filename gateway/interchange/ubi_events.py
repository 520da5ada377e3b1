"""UBI events as interactions in the REST wire shape, with everything that the events hold."""

from collections.abc import Mapping
from typing import Any, Final

from gateway.interchange.times import logged_time
from gateway.interchange.ubi_actions import Action, Feature, action_of
from gateway.interchange.ubi_fields import (
    OBJECT_ID_PATH,
    ORDINAL_PATH,
    SESSION_PATHS,
    Path,
    at,
    facet_of,
    found_nothing,
    text_at,
    without,
    words_of,
)
from gateway.interchange.ubi_queries import Search

ALL_FEATURES: Final = "*"
"""The feature of a search for nothing in particular, as OpenSearch spells such a query."""


def interaction(event: Mapping[str, Any], search: Search, *, line: int) -> dict[str, Any]:
    """The interaction of an event, without an id; whatever has no field of its own is its metadata.

    ``search`` is what the file says of the event's query, ``line`` the event's own. Raises ValueError, with a message
    for people, for a timestamp that can't be read.
    """
    action = action_of(event.get("action_name"))
    repeats = search.first_searched is not None and search.first_searched != line
    interaction_type = _interaction_type(event, action, repeats=repeats)
    feature_id = _feature_id(event, action, search)
    wire: dict[str, Any] = {"feature_id": feature_id, "interaction_type": interaction_type}
    repeated: list[Path] = []
    if "action_name" in event and interaction_type == event["action_name"]:
        repeated.append(("action_name",))
    if feature_id == at(event, OBJECT_ID_PATH):
        repeated.append(OBJECT_ID_PATH)
    if search.wire is not None:
        wire["search_request"] = search.wire
        repeated += _repeated_by(search.wire, event)
    ordinal = at(event, ORDINAL_PATH)
    if isinstance(ordinal, int) and not isinstance(ordinal, bool) and ordinal >= 0:
        wire["position"] = ordinal
        repeated.append(ORDINAL_PATH)
    if session_id := text_at(event, *SESSION_PATHS):
        wire["session_id"] = session_id
        repeated += [path for path in SESSION_PATHS if at(event, path) == session_id]
    if user_id := text_at(event, ("client_id",)):
        wire["user_id"] = user_id
        repeated.append(("client_id",))
    if event.get("timestamp") is not None:
        wire["occurred_at"] = logged_time(event["timestamp"])
        repeated.append(("timestamp",))
    return {**wire, "metadata": without(event, repeated)}


def _interaction_type(event: Mapping[str, Any], action: Action, *, repeats: bool) -> Any:
    if action.counts_results and found_nothing(event):
        return "zero_results"
    if action.searches and repeats:
        return "query_refinement"
    return action.interaction_type or event.get("action_name")


def _feature_id(event: Mapping[str, Any], action: Action, search: Search) -> str:
    words = words_of(event)
    query = words[1] if words else search.text or ALL_FEATURES
    match action.feature:
        case Feature.ITEM:
            return text_at(event, OBJECT_ID_PATH) or query
        case Feature.FACET:
            return facet_of(event) or query
        case Feature.QUERY:
            return query


def _repeated_by(request: Mapping[str, Any], event: Mapping[str, Any]) -> list[Path]:
    """The fields of ``event`` that its search request repeats."""
    same = {
        "query_id": request.get("search_request_id"),
        "application": next(iter(request["collections"]), None),
        "user_query": next((query["value"] for query in request["queries"]), None),
    }
    return [(name,) for name, value in same.items() if value is not None and event.get(name) == value]
