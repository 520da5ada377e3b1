"""Events of Algolia's Insights API as interactions in the REST wire shape: each object, or each filter, is one.

The mapping is told of in docs/collectors.md. What has no place in it is left out.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import unquote

from gateway.errors import BadUserInput
from gateway.interchange.algolia_fields import Fields
from gateway.interchange.content_ids import BatchIds
from gateway.model.wire import format_instant
from gateway.model.wire.fields import MAX_ID

MAX_EVENTS: Final = 1_000
MAX_OBJECTS: Final = 20
MAX_FILTERS: Final = 10
MAX_AGE: Final = timedelta(days=4)
# Clocks of visitors are wrong more often than events are from the future.
MAX_AHEAD: Final = timedelta(days=1)

TYPES: Final[Mapping[tuple[str, str | None], str]] = {
    ("view", None): "view",
    ("click", None): "click",
    ("conversion", None): "conversion",
    ("conversion", "addToCart"): "add_to_cart",
    ("conversion", "purchase"): "purchase",
}
"""What is recorded of an event about objects, by ``eventType`` and ``eventSubtype``."""

FILTER_TYPE: Final = "filter_toggle"
EVENT_TYPES = tuple(dict.fromkeys(event_type for event_type, _ in TYPES))
_SUBTYPES = tuple(subtype for _, subtype in TYPES if subtype is not None)


def interactions(body: Any, received_at: datetime) -> list[dict[str, Any]]:
    """The interactions that the body of a request tells of, each with an id made of its event.

    Raises `BadUserInput`, with its path in the body, for the first that isn't as Algolia documents it: then no event of
    the body counts.
    """
    events = Fields(body, ()).listed("events", most=MAX_EVENTS)
    ids = BatchIds(received_at)
    return [
        wire
        for index, event in enumerate(events)
        for wire in _interactions(Fields(event, ("events", index)), received_at, ids)
    ]


def _interactions(event: Fields, received_at: datetime, ids: BatchIds) -> Sequence[dict[str, Any]]:
    shared = _of_event(event, received_at)
    if event.has("objectIDs") and event.has("filters"):
        raise event.error("filters", "an event has either objectIDs or filters")
    of_filters = event.has("filters")
    recorded = list(_of_filters(event, shared) if of_filters else _of_objects(event, shared))
    id = ids.identify(event.content, has_time="occurred_at" in shared)
    return [{"interaction_id": f"{id}.{index}", **wire} for index, wire in enumerate(recorded)]


def _of_event(event: Fields, received_at: datetime) -> dict[str, Any]:
    """What all interactions of an event have, with their metadata."""
    # What was done is asked for first: nothing else of an unknown event can be judged.
    event.one_of("eventType", EVENT_TYPES)
    metadata: dict[str, Any] = {"eventName": event.text("eventName"), "index": event.text("index")}
    if (currency := event.optional_text("currency")) is not None:
        metadata["currency"] = currency
    if (value := event.number("value")) is not None:
        metadata["value"] = value
    shared: dict[str, Any] = {"user_id": _user(event), "metadata": metadata}
    if (query_id := event.optional_text("queryID")) is not None:
        shared["search_request"] = _search(query_id, metadata)
    if (timestamp := event.integer("timestamp")) is not None:
        shared["occurred_at"] = _time(event, timestamp, received_at)
    return shared


def _user(event: Fields) -> str:
    authenticated, anonymous = event.token("authenticatedUserToken"), event.token("userToken")
    user = authenticated or anonymous
    if user is None:
        raise event.error("userToken", "is required")
    return user


def _time(event: Fields, timestamp: int, received_at: datetime) -> str:
    since_then = received_at.timestamp() * 1_000 - timestamp
    if since_then > MAX_AGE / timedelta(milliseconds=1):
        raise event.error("timestamp", f"is more than {MAX_AGE.days} days ago; it is in milliseconds")
    if since_then < -(MAX_AHEAD / timedelta(milliseconds=1)):
        raise event.error("timestamp", "is more than a day ahead")
    return format_instant(datetime.fromtimestamp(timestamp // 1_000, UTC) + timedelta(milliseconds=timestamp % 1_000))


def _search(query_id: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {"search_request_id": query_id, "collections": [metadata["index"]]}


def _of_objects(event: Fields, shared: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
    kind = (event.content["eventType"], event.optional_one_of("eventSubtype", _SUBTYPES))
    if kind not in TYPES:
        raise event.error("eventSubtype", "is of conversions only")
    objects = event.texts("objectIDs", most=MAX_OBJECTS)
    positions = event.beside("positions", objects)
    data = event.beside("objectData", objects)
    recorded = []
    for index, object_id in enumerate(objects):
        wire = {**shared, "feature_id": object_id, "interaction_type": TYPES[kind]}
        if positions is not None:
            wire["position"] = event.position("positions", index)
        if data is not None:
            _add_data(wire, Fields(data[index], (*event.path, "objectData", index)), queried=event.has("queryID"))
        recorded.append(wire)
    return recorded


def _add_data(wire: dict[str, Any], data: Fields, *, queried: bool) -> None:
    found = {name: data.number(name) for name in ("price", "discount")} | {"quantity": data.integer("quantity")}
    wire["metadata"] = wire["metadata"] | {name: value for name, value in found.items() if value is not None}
    query_id = data.optional_text("queryID")
    if query_id is not None and not queried:
        wire["search_request"] = _search(query_id, wire["metadata"])


def _of_filters(event: Fields, shared: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
    recorded = []
    for index, encoded in enumerate(event.texts("filters", most=MAX_FILTERS, longest=4 * MAX_ID)):
        try:
            filter = unquote(encoded, errors="strict")
        except UnicodeDecodeError:
            raise BadUserInput("is not percent-encoded UTF-8", path=(*event.path, "filters", index)) from None
        facet, colon, value = filter.partition(":")
        if not colon or not 1 <= len(facet) <= MAX_ID:
            raise BadUserInput("should be attribute:value", path=(*event.path, "filters", index))
        metadata = shared["metadata"] | {
            "eventType": event.content["eventType"],
            "filter": {"key": facet, "value": value},
        }
        recorded.append({**shared, "feature_id": facet, "interaction_type": FILTER_TYPE, "metadata": metadata})
    return recorded
