"""Lines in the graph's camelCase, as mutations take interactions and queries answer them, in the REST wire shape."""

from functools import cache
from typing import Any, Final

from gateway.interchange.field_mapping import graph_name
from gateway.model.wire.declared_fields import declared_fields
from gateway.model.wire.fields import Interaction, SearchRequest, WireObject

_BRANCHES: Final = {"and": "AND", "or": "OR", "nor": "NOR", "caseSensitive": "case_sensitive"}
# Which, of an answer, the line says otherwise.
_TYPENAME: Final = "__typename"
# In each of these words two of the wire's are joined; a line of the wire shape has none of them.
_SIGNS: Final = ("featureId", "interactionType", "interactionTypes", "interactionId", "searchRequest")
_WIRE_SIGNS: Final = ("feature_id", "interaction_type", "interaction_id", "search_request")


def is_of_graph(content: dict[str, Any]) -> bool:
    """Whether a line is spelled as the graph does, which no line of the wire shape is."""
    for sign in _SIGNS:
        if sign in content:
            return not any(name in content for name in _WIRE_SIGNS)
    return False


def as_wire(content: dict[str, Any]) -> dict[str, Any]:
    """A line in the wire shape. Keys that the graph doesn't have are kept as they are."""
    wire: dict[str, Any] = _renamed(content, Interaction)
    types = wire.pop("interactionTypes", None)
    if isinstance(types, list) and len(types) > 1:
        wire["interaction_type"] = types
    elif types and "interaction_type" not in wire:
        wire["interaction_type"] = types[0] if isinstance(types, list) else types
    if "firstSeenAt" in wire:
        wire["first_seen_at"] = wire.pop("firstSeenAt")
    request = wire.get("search_request")
    if isinstance(request, dict):
        wire["search_request"] = _request(request)
    return wire


def _request(content: dict[str, Any]) -> dict[str, Any]:
    request: dict[str, Any] = _renamed(content, SearchRequest)
    text = request.pop("text", None)
    if "queries" not in request and isinstance(text, str):
        request["queries"] = [{"vector_index": "keyword", "value": text, "type": "text"}] if text else []
    if request.get("filters") is not None:
        request["filters"] = _tree(request["filters"])
    if isinstance(queries := request.get("queries"), list):
        for query in queries:
            if isinstance(query, dict) and query.get("filters") is not None:
                query["filters"] = _tree(query["filters"])
    return request


def _renamed(value: Any, model: type[WireObject]) -> Any:
    """An object with the fields of ``model`` under their wire names, without what says only of which type it is."""
    if not isinstance(value, dict):
        return value
    wire_names, inner = _names(model)
    renamed: dict[str, Any] = {}
    for key, item in value.items():
        if key == _TYPENAME:
            continue
        name: Any = wire_names.get(key, key)
        # What is within a search request is renamed with it, once that is told from a line's other parts.
        if (model_of_item := inner.get(name)) is not None and model_of_item is not SearchRequest:
            item = (
                [_renamed(element, model_of_item) for element in item]
                if isinstance(item, list)
                else _renamed(item, model_of_item)
            )
        renamed[name] = item
    return renamed


@cache
def _names(model: type[WireObject]) -> tuple[dict[str, str], dict[str, type[WireObject]]]:
    """The wire names by the graph's, and the wire objects that fields hold."""
    fields = declared_fields(model).values()
    names = {graph_name(field): field.wire_name for field in fields}
    return names, {field.wire_name: field.model for field in fields if field.model is not None}


def _tree(node: Any) -> Any:
    """A filter tree, of which the graph's inputs wrap each node in what it is."""
    if isinstance(node, list):
        return [_tree(item) for item in node]
    if not isinstance(node, dict):
        return node
    if len(node) == 1:
        [(wrapper, inner)] = node.items()
        if wrapper in ("condition", "group") and isinstance(inner, dict):
            return _tree(inner)
    if "key" in node:
        return {name: value for name, value in node.items() if name != _TYPENAME}
    return {
        _BRANCHES.get(name, name): _tree(value) if name in ("and", "or", "nor") else value
        for name, value in node.items()
        if name != _TYPENAME
    }
