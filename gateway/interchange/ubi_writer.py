"""Exports as OpenSearch User Behavior Insights (UBI) in the ``_bulk`` format: search requests as ``ubi_queries``,
interactions as ``ubi_events``, which OpenSearch and an import read."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from gateway.errors import BadUserInput
from gateway.interchange.searches_ahead import SearchesAhead
from gateway.interchange.ubi_actions import Feature, action_of
from gateway.interchange.ubi_exported_events import FROM_UBI, ID, UNTOLD, may_return, told_by
from gateway.interchange.ubi_exported_queries import ATTRIBUTES, added, returning
from gateway.interchange.ubi_fields import position_of
from gateway.model.documents import Document
from gateway.model.exported_documents import ExportedLine, Part, Row
from gateway.model.query_texts import text_as_typed


class UbiWriter:
    """The writer of one export as UBI's bulk format."""

    def __init__(self, *, brings_searches: bool = False) -> None:
        self._order = SearchesAhead(tells=brings_searches)

    def begin(self) -> bytes:
        return b""

    def page(self, rows: Sequence[Row]) -> bytes:
        lines: list[bytes] = []
        for line in (line.readable for line in self._order.lines(rows)):
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
    own_session, session_beside = request.get("session_id"), line.get("session_id")
    returned = returning(request, has_session_beside=own_session is None and session_beside is not None)
    row: Document = dict(returned)
    told = _present(
        query_id=line.get("search_request_id"),
        user_query=text_as_typed(request.get("queries")) or None,
        application=_application(request),
        session_id=session_beside if own_session is None else own_session,
        timestamp=line.get("first_seen_at"),
        **_user(returned, request.get("user_id")),
    )
    row |= {name: value for name, value in told.items() if name not in row}
    first_seen_at = line.get("first_seen_at") if row.get("timestamp") != line.get("first_seen_at") else None
    attributes = added(line.get("search_request"), returned, first_seen_at)
    return {**row, ATTRIBUTES: {**_object(row.get(ATTRIBUTES)), **attributes}}


def event_row(exported: ExportedLine) -> Document:
    """The event of an interaction's line. What UBI has no name for is in its attributes."""
    line, metadata = exported.content, _object(exported.content.get("metadata"))
    is_from_ubi = may_return(metadata)
    row = _fields_of_event(exported, metadata if is_from_ubi else {})
    told = _told_by(row, is_from_ubi=is_from_ubi)
    if is_from_ubi and (told is None or told.keys() - line.keys()):
        # It couldn't be read, or would be read with more than was recorded.
        row = _fields_of_event(exported, {})
        told = _told_by(row, is_from_ubi=False)
    told = told or {}
    # A whole search request has a row of its own.
    has_row = isinstance(line.get("search_request"), dict)
    apart = {"interaction_id", "search_request", "search_request_id"} if has_row else {"interaction_id"}
    others = {name: value for name, value in line.items() if name not in apart}
    untold = {name: value for name, value in others.items() if name not in told or told[name] != value}
    beside = _present(
        **{
            ID: line.get("interaction_id"),
            UNTOLD: untold,
            FROM_UBI: ("metadata" in told and "metadata" not in untold) or None,
        }
    )
    return {**row, "event_attributes": {**_object(row.get("event_attributes")), **beside}}


def _fields_of_event(exported: ExportedLine, own: Mapping[str, Any]) -> Document:
    """An interaction in UBI's own fields; ``own``: its metadata, where they came from UBI and go back into their
    place."""
    line, search = exported.content, exported.search or {}
    request, types = _object(line.get("search_request") or search.get("search_request")), line.get("interaction_type")
    row: Document = dict(own)
    attributes: Document = dict(_object(row.pop("event_attributes", None)))
    item = dict(_object(attributes.get("object")))
    name = row.get("action_name") or (next(iter(types), None) if isinstance(types, list) else types)
    feature_id, text = line.get("feature_id"), text_as_typed(request.get("queries")) or None
    match action_of(name).feature:
        case Feature.ITEM:
            item.setdefault("object_id", feature_id)
        case Feature.FACET:
            item.setdefault("description", feature_id)
        case Feature.QUERY:
            text = feature_id
    if item:
        attributes["object"] = item
    if line.get("position") != position_of(row)[0]:
        attributes["position"] = {"ordinal": line.get("position")}
    return row | _present(
        action_name=name,
        query_id=request.get("search_request_id") or line.get("search_request_id"),
        user_query=row.get("user_query", text),
        application=row.get("application", _application(request)),
        session_id=line.get("session_id"),
        timestamp=line.get("occurred_at"),
        event_attributes=attributes or None,
        **_user(own, line.get("user_id")),
    )


def _told_by(row: Mapping[str, Any], *, is_from_ubi: bool) -> Mapping[str, Any] | None:
    """What UBI's own fields say; None where an import would refuse them: of metadata that never were an event's, and
    of what another program stored."""
    try:
        return told_by(row, is_from_ubi=is_from_ubi)
    except BadUserInput:
        return None


def _user(own: Mapping[str, Any], user_id: Any) -> Document:
    """The user by the name under which a document from UBI has them."""
    return {"client_id" if own.get("client_id", user_id) == user_id else "user_id": user_id}


def _application(request: Mapping[str, Any]) -> Any:
    collections = request.get("collections")
    return collections[0] if isinstance(collections, list) and collections else None


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _present(**fields: Any) -> Document:
    return {name: value for name, value in fields.items() if value is not None}
