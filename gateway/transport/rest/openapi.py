"""The endpoints described for programs, by OpenAPI 3.1: made of the declarations that check what is sent."""

from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from typing import Any, get_args

import orjson
from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from gateway.model.wire.declared_fields import DeclaredField, declared_fields
from gateway.model.wire.fields import INTERACTION_TYPES, QUERY_TYPES, VECTOR_INDEXES, Interaction, WireObject
from gateway.plan.paging import DEFAULT_PAGE_SIZE
from gateway.schema.enums import ComparisonOperator
from gateway.schema.stored_readings import OTHER
from gateway.transport.exchange.security_headers import with_security_headers
from gateway.transport.rest.namespace_resource import NamespaceToCreate, NamespaceToUpdate
from gateway.transport.rest.offset_pages import MAX_SKIPPED

OPENAPI_PATH = "/openapi.json"

_Schema = Mapping[str, Any]
_DESCRIPTION = "The original REST endpoints, and collectors of events for clients that sites have already."
_NAMES = {"vector_index": VECTOR_INDEXES, "type": QUERY_TYPES, "interaction_type": INTERACTION_TYPES}
_BOUNDS = {"ge": "minimum", "le": "maximum"}
_ERROR_STATUSES = ("400", "401", "403", "404", "409", "413", "415", "429", "500", "503")


class Description:
    """The page with the document; ``page_limit``: how many interactions a page may have; ``beside``: the operations of
    what else is served, by path."""

    def __init__(self, page_limit: int, beside: _Schema) -> None:
        self._page_limit = page_limit
        self._beside = beside

    @cached_property
    def _content(self) -> bytes:
        # When it is first asked for: most processes never are.
        described = document(self._page_limit)
        return orjson.dumps({**described, "paths": {**described["paths"], **self._beside}})

    async def read(self, _request: Request) -> Response:
        """The document; it needs no key."""
        headers = {"Cache-Control": "max-age=3600"}
        return with_security_headers(Response(self._content, 200, headers, "application/json"))


@cache
def document(page_limit: int) -> _Schema:
    """The description of the original endpoints."""
    interaction, namespace = _ref("Interaction"), _ref("Namespace")
    return {
        "openapi": "3.1.0",
        "info": {"title": "Search interactions", "version": "0.81", "description": _DESCRIPTION},
        "security": [{"key": []}],
        "paths": {
            "/features/search/interactions": {
                "get": _operation(
                    "listInteractions",
                    "A page of interactions, the latest first",
                    _list_of(interaction),
                    *_filters(page_limit),
                ),
                "post": _operation("createInteraction", "Records an interaction", interaction, _NAMESPACE_HEADER)
                | _body(_ref("InteractionToRecord")),
            },
            "/features/search/interactions/{interaction_id}": {
                "get": _operation("getInteraction", "An interaction", interaction, _ID, _NAMESPACE_HEADER),
                "delete": _operation("deleteInteraction", "Deletes an interaction", {}, _ID, _NAMESPACE_HEADER),
            },
            "/namespaces": {
                "get": _operation("listNamespaces", "The organization's namespaces", _list_of(namespace)),
                "post": _operation("createNamespace", "Creates a namespace", namespace)
                | _body(_ref("NamespaceToCreate")),
            },
            "/namespaces/indexes": {"get": _operation("listIndexes", "The kinds of indexes", _ref("Indexes"))},
            "/namespaces/{namespace}": {
                "get": _operation("getNamespace", "A namespace", namespace, _REFERENCE),
                "put": _operation("updateNamespace", "Takes its indexes", namespace, _REFERENCE)
                | _body(_ref("NamespaceToUpdate")),
                "delete": _operation("deleteNamespace", "Deletes a namespace with all it holds", {}, _REFERENCE),
            },
            "/healthcheck": {
                "get": {
                    "operationId": "healthcheck",
                    "summary": "Whether the service is there",
                    "security": [],
                    "responses": {"200": _answer({"type": "object", "required": ["status"]})},
                }
            },
        },
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": _schemas(),
        },
    }


def _schemas() -> dict[str, _Schema]:
    schemas: dict[str, Any] = {}
    _add("InteractionToRecord", Interaction, schemas)
    # What was recorded is answered as it was: by other ways, and in other generations, it may have had other keys.
    schemas["Interaction"] = {
        "type": "object",
        "required": ["interaction_id", "feature_id", "interaction_type"],
        "properties": {"interaction_id": {"type": "string"}, "feature_id": {"type": "string"}},
    }
    operators = [member.value for member in ComparisonOperator if member.name != OTHER]
    schemas["FilterCondition"] = {
        "type": "object",
        "required": ["key"],
        "properties": {
            "key": {"type": "string", "minLength": 1},
            "operator": {"enum": [*operators, None], "default": "eq"},
            "value": {},
        },
    }
    items = {"anyOf": [{"type": "array", "items": _any(_ref("FilterTree"), _ref("FilterCondition"))}, _NULL]}
    schemas["FilterTree"] = {
        "type": "object",
        "properties": {"AND": items, "OR": items, "NOR": items, "case_sensitive": {"type": ["boolean", "null"]}},
        "not": {"required": ["key"]},
    }
    schemas["Namespace"] = {
        "type": "object",
        "required": ["namespace_id", "namespace_name", "vector_indexes", "payload_indexes"],
        "properties": {
            "namespace_id": {"type": "string"},
            "namespace_name": {"type": "string"},
            "vector_indexes": {"type": "array", "items": {"type": "string"}},
            "payload_indexes": {"type": ["array", "null"]},
        },
    }
    for model in (NamespaceToCreate, NamespaceToUpdate):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= schema.pop("$defs", {})
        schemas[model.__name__] = schema
    schemas["Indexes"] = {"type": "object", "required": ["vector_indexes", "payload_indexes"]}
    error = {"type": "object", "required": ["message", "type", "details"]}
    schemas["Error"] = {
        "type": "object",
        "required": ["success", "status", "error"],
        "properties": {"success": {"const": False}, "status": {"type": "integer"}, "error": error},
    }
    detail = {"type": "object", "required": ["loc", "msg", "type"]}
    schemas["ValidationError"] = {
        "type": "object",
        "required": ["detail"],
        "properties": {"detail": {"type": "array", "items": detail}},
    }
    return schemas


def _add(name: str, model: type[WireObject], schemas: dict[str, Any]) -> None:
    """Adds the schema of a wire object, and of those that it holds."""
    fields = declared_fields(model)
    schemas[name] = {
        "type": "object",
        "description": model.__doc__,
        "required": [key for key, field in fields.items() if field.required],
        "properties": {key: _field(key, field, schemas) for key, field in fields.items()},
    }


def _field(key: str, field: DeclaredField, schemas: dict[str, Any]) -> _Schema:
    if field.model is not None:
        if field.model.__name__ not in schemas:
            _add(field.model.__name__, field.model, schemas)
        reference = _ref(field.model.__name__)
        schema: _Schema = _list_of(reference) if field.is_list else reference
    elif key in _NAMES:
        schema = {"enum": list(_NAMES[key])}
    elif key == "filters":
        schema = _ref("FilterTree")
    elif key == "direction":
        schema = {"enum": ["asc", "desc"]}
    elif key == "occurred_at":
        schema = {"type": "string", "format": "date-time"}
    else:
        schema = TypeAdapter(field.type).json_schema() | _bounds(field.type)
    return {"description": field.description, **(schema if field.required else _any(schema, _NULL))}


def _bounds(type_: Any) -> dict[str, Any]:
    """The bounds of a number, which pydantic leaves out where something is done ahead of checking them."""
    declared = [item for part in get_args(type_)[1:] for item in getattr(part, "metadata", ())]
    bounds = [(name, getattr(item, key)) for item in declared for key, name in _BOUNDS.items() if hasattr(item, key)]
    return dict(bounds)


def _operation(id: str, summary: str, answer: _Schema, *parameters: _Schema) -> dict[str, Any]:
    responses = {"200": _answer(answer), "422": _answer(_ref("ValidationError"), "What is wrong with the request")}
    responses |= {status: _answer(_ref("Error"), "An error") for status in _ERROR_STATUSES}
    return {"operationId": id, "summary": summary, "parameters": list(parameters), "responses": responses}


def _body(schema: _Schema) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _answer(schema: _Schema, words: str = "What was asked for") -> _Schema:
    return {"description": words, "content": {"application/json": {"schema": schema}}}


def _parameter(name: str, place: str, schema: _Schema) -> _Schema:
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


def _filters(page_limit: int) -> Sequence[_Schema]:
    # Both have a maximum, but that of the page depends on its size.
    number = {"type": "integer", "minimum": 1}
    return (
        _parameter("feature_id", "query", {"type": "string"}),
        _parameter("interaction_type", "query", {"enum": list(INTERACTION_TYPES)}),
        _parameter("session_id", "query", {"type": "string"}),
        _parameter("page", "query", {**number, "maximum": MAX_SKIPPED + 1, "default": 1}),
        _parameter("page_size", "query", {**number, "maximum": page_limit, "default": DEFAULT_PAGE_SIZE}),
        _NAMESPACE_HEADER,
    )


def _ref(name: str) -> _Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _list_of(schema: _Schema) -> _Schema:
    return {"type": "array", "items": schema}


def _any(*schemas: _Schema) -> _Schema:
    return {"anyOf": list(schemas)}


_NULL: _Schema = {"type": "null"}
_NAMESPACE_HEADER = _parameter("X-Namespace", "header", {"type": "string"})
_ID = _parameter("interaction_id", "path", {"type": "string"})
_REFERENCE = _parameter("namespace", "path", {"type": "string"})
