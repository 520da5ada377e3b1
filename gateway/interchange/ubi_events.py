"""UBI events as interactions in the REST wire shape, with everything that the events hold."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from gateway.errors import BadUserInput
from gateway.interchange.times import logged_time
from gateway.interchange.ubi_actions import Action, Feature, action_of
from gateway.interchange.ubi_fields import (
    OBJECT_ID_PATH,
    SESSION_PATHS,
    USER_PATHS,
    Path,
    at,
    facet_of,
    found_nothing,
    position_of,
    text_at,
    without,
    words_of,
)
from gateway.interchange.ubi_queries import Search
from gateway.interchange.vocabulary import Vocabulary, spelled
from gateway.model.wire.fields import MAX_ID, MAX_NAME

ALL_FEATURES: Final = "*"
"""The feature of a search for nothing in particular, as OpenSearch spells such a query."""


def interaction(event: Mapping[str, Any], search: Search, *, line: int, first_position: int = 0) -> dict[str, Any]:
    """The interaction of an event, without an id; whatever has no field of its own is its metadata.

    ``search`` is what the file says of the event's query, ``line`` the event's own, ``first_position`` what its
    producer counts positions from: where that isn't 0, the metadata keeps what it wrote. Raises `BadUserInput`, with
    its path in the event, for a timestamp or an object's id that can't be read: nothing else is recorded in its place.
    """
    action = action_of(event.get("action_name"))
    repeats = search.first_searched is not None and search.first_searched != line
    interaction_type = _interaction_type(event, action, repeats=repeats)
    feature_id = _feature_id(event, action, search)
    wire: dict[str, Any] = {"feature_id": feature_id, "interaction_type": interaction_type}
    repeated: list[Path] = []
    if interaction_type is not None and interaction_type == text_at(event, ("action_name",)):
        repeated.append(("action_name",))
    if feature_id == text_at(event, OBJECT_ID_PATH):
        repeated.append(OBJECT_ID_PATH)
    if search.wire is not None:
        wire["search_request"] = search.wire
        repeated += _repeated_by(search.wire, event)
    position, path = position_of(event)
    if position is not None and position >= first_position:
        wire["position"] = position - first_position
        if not first_position:
            repeated.append(path)
    for name, paths in (("session_id", SESSION_PATHS), ("user_id", USER_PATHS)):
        if (id := text_at(event, *paths)) is not None:
            wire[name] = id
            repeated += [path for path in paths if text_at(event, path) == id]
    if event.get("timestamp") is not None:
        wire["occurred_at"] = _logged_time(event["timestamp"])
        repeated.append(("timestamp",))
    return {**wire, "metadata": without(event, repeated)}


def _interaction_type(event: Mapping[str, Any], action: Action, *, repeats: bool) -> Any:
    if action.counts_results and found_nothing(event):
        return "zero_results"
    if action.searches and repeats:
        return "query_refinement"
    if action.interaction_type is not None:
        return action.interaction_type
    name = text_at(event, ("action_name",))
    # The rest of a long name is in the metadata, whole.
    return name[:MAX_NAME] if name else spelled(event.get("action_name"), Vocabulary.INTERACTION_TYPE, [])


def _feature_id(event: Mapping[str, Any], action: Action, search: Search) -> str:
    words = words_of(event)
    # Whole, a query's text is in the search request, and a facet's name in the metadata; an item's id isn't cut, as the
    # beginning may be another's.
    query = (words[1] if words else search.text or ALL_FEATURES)[:MAX_ID]
    match action.feature:
        case Feature.ITEM:
            return _object_id(event) or query
        case Feature.FACET:
            return (facet_of(event) or query)[:MAX_ID]
        case Feature.QUERY:
            return query


def _object_id(event: Mapping[str, Any]) -> str | None:
    object_id = text_at(event, OBJECT_ID_PATH)
    if object_id is None and not isinstance(at(event, OBJECT_ID_PATH), str | None):
        raise BadUserInput("An object's id should be a string or a number", path=OBJECT_ID_PATH)
    return object_id


def _logged_time(value: Any) -> datetime:
    try:
        return logged_time(value)
    except ValueError as error:
        raise BadUserInput(str(error), path=("timestamp",)) from error


def _repeated_by(request: Mapping[str, Any], event: Mapping[str, Any]) -> list[Path]:
    """The fields of ``event`` that its search request repeats."""
    same = {
        "query_id": request.get("search_request_id"),
        "application": next(iter(request["collections"]), None),
        "user_query": next((query.get("value") for query in request["queries"] if isinstance(query, Mapping)), None),
    }
    return [(name,) for name, value in same.items() if value is not None and text_at(event, (name,)) == value]
