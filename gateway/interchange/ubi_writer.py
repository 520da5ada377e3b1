"""Exports as OpenSearch User Behavior Insights (UBI) in the ``_bulk`` format: search requests as ``ubi_queries``,
interactions as ``ubi_events``, which OpenSearch and an import read."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from gateway.interchange.searches_ahead import SearchesAhead
from gateway.interchange.ubi_actions import Feature, action_of
from gateway.model.documents import Document
from gateway.model.exported_documents import ExportedLine, Part, Row
from gateway.model.query_texts import text_as_typed

# What a search request's own names in UBI are, or is told in another place.
_TOLD_OF_SEARCH: Final = frozenset({"search_request_id", "user_id", "session_id", "ubi"})
_TOLD_OF_EVENT: Final = frozenset(
    {
        "interaction_id",
        "feature_id",
        "interaction_type",
        "search_request",
        "search_request_id",
        "position",
        "session_id",
        "user_id",
        "metadata",
        "occurred_at",
    }
)
# An import of UBI keeps what has no field of its own under these names.
_OF_UBI: Final = ("event_attributes", "action_name", "message", "message_type", "query_id", "user_query")


class UbiWriter:
    """The writer of one export as UBI's bulk format."""

    def __init__(self, *, brings_searches: bool = False) -> None:
        self._order = SearchesAhead(tells=brings_searches)

    def begin(self) -> bytes:
        return b""

    def page(self, rows: Sequence[Row]) -> bytes:
        lines: list[bytes] = []
        for line in self._order.lines(rows):
            if line.part is Part.SEARCHES:
                index, id, document = "ubi_queries", line.content.get("search_request_id"), query_row(line.content)
            else:
                index, id, document = "ubi_events", line.content.get("interaction_id"), event_row(line)
            target = {"_index": index} if id is None else {"_index": index, "_id": str(id)}
            lines += [orjson.dumps({"index": target}), orjson.dumps(document)]
        return b"\n".join([*lines, b""]) if lines else b""

    def end(self) -> bytes:
        return b""


def query_row(line: Mapping[str, Any]) -> Document:
    """The query row of a search request's line."""
    request = _object(line.get("search_request"))
    attributes = {name: value for name, value in request.items() if name not in _TOLD_OF_SEARCH}
    row: Document = dict(_object(request.get("ubi")))
    row |= _present(
        query_id=line.get("search_request_id"),
        user_query=text_as_typed(request.get("queries")) or None,
        application=_application(request),
        client_id=request.get("user_id"),
        session_id=request.get("session_id", line.get("session_id")),
        timestamp=row.get("timestamp", line.get("first_seen_at")),
    )
    row["query_attributes"] = {**_object(row.get("query_attributes")), "search_request": attributes}
    return row


def event_row(exported: ExportedLine) -> Document:
    """The event of an interaction's line. What UBI has no name for is in its attributes."""
    line, search = exported.content, exported.search or {}
    request, types = _object(line.get("search_request") or search.get("search_request")), line.get("interaction_type")
    names = types if isinstance(types, list) else [types]
    metadata = _object(line.get("metadata"))
    # What came from UBI goes back into its place.
    is_ubi = any(name in metadata for name in _OF_UBI)
    row: Document = dict(metadata) if is_ubi else {}
    attributes: Document = dict(_object(row.get("event_attributes")))
    item = dict(_object(attributes.get("object")))
    name, feature_id = row.get("action_name") or next(iter(names), None), line.get("feature_id")
    match action_of(name).feature:
        case Feature.ITEM:
            item.setdefault("object_id", feature_id)
            text = text_as_typed(request.get("queries")) or None
        case Feature.FACET:
            item.setdefault("description", feature_id)
            text = text_as_typed(request.get("queries")) or None
        case Feature.QUERY:
            text = feature_id
    if item:
        attributes["object"] = item
    if line.get("position") is not None:
        attributes.setdefault("position", {"ordinal": line["position"]})
    others = {name: value for name, value in line.items() if name not in _TOLD_OF_EVENT}
    attributes |= _present(
        interaction_id=line.get("interaction_id"),
        interaction_types=names if len(names) > 1 else None,
        metadata=metadata if metadata and not is_ubi else None,
        interaction=others or None,
    )
    return row | _present(
        action_name=name,
        query_id=request.get("search_request_id") or line.get("search_request_id"),
        user_query=row.get("user_query", text),
        application=row.get("application", _application(request)),
        client_id=line.get("user_id"),
        session_id=line.get("session_id"),
        timestamp=line.get("occurred_at"),
        event_attributes=attributes,
    )


def _application(request: Mapping[str, Any]) -> Any:
    collections = request.get("collections")
    return collections[0] if isinstance(collections, list) and collections else None


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _present(**fields: Any) -> Document:
    return {name: value for name, value in fields.items() if value is not None}
