"""The collectors' addresses as OpenAPI describes them: what clients of others send, as far as it is judged."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.interchange.algolia_events import EVENT_TYPES, MAX_EVENTS
from gateway.interchange.ubi_collected import MAX_DOCUMENTS
from gateway.transport.collect.collect_routes import EVENTS, IN_PATH, UBI_EVENTS, UBI_QUERIES, USER

_Schema = Mapping[str, Any]
_ERROR_STATUSES: Final = ("400", "401", "403", "404", "413", "422", "429", "500", "503")
_REPLY: Final[_Schema] = {
    "type": "object",
    "required": ["status", "message"],
    "properties": {"status": {"type": "integer"}, "message": {"type": "string"}},
}
_ALGOLIA_EVENTS: Final[_Schema] = {
    "type": "object",
    "required": ["events"],
    "properties": {
        "events": {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_EVENTS,
            "items": {
                "type": "object",
                "required": ["eventType", "eventName", "index"],
                "properties": {
                    "eventType": {"enum": list(EVENT_TYPES)},
                    "eventName": {"type": "string", "minLength": 1},
                    "index": {"type": "string", "minLength": 1},
                },
            },
        }
    },
}
_UBI_DOCUMENT: Final[_Schema] = {"type": "object"}
_UBI_DOCUMENTS: Final[_Schema] = {
    "oneOf": [_UBI_DOCUMENT, {"type": "array", "minItems": 1, "maxItems": MAX_DOCUMENTS, "items": _UBI_DOCUMENT}]
}


def described_collectors() -> Mapping[str, Any]:
    """The operations of each path; a key may also be given as the clients give it (docs/collectors.md)."""
    token = _in_path("token")
    in_path = [_in_path("namespace"), _in_path("key")]
    return {
        EVENTS: {
            "post": _recording("recordAlgoliaEvents", "Records events as Algolia's clients send them", _ALGOLIA_EVENTS)
        },
        USER.replace(":text", ""): {
            "delete": _operation("eraseUserToken", "Begins to erase what names a user", [token])
            | {"responses": {"204": {"description": "It is, or will be, erased"}, **_ERRORS}}
        },
        **{
            f"{prefix}{address}": {
                method: _recording(f"{method}Ubi{name}{suffix}", f"Records {words} of UBI", _UBI_DOCUMENTS, parameters)
                for method in ("post", "put")
            }
            for prefix, suffix, parameters in (("", "", []), (IN_PATH, "ByPath", in_path))
            for address, name, words in ((UBI_EVENTS, "Events", "events"), (UBI_QUERIES, "Queries", "queries"))
        },
    }


def _recording(id: str, summary: str, body: _Schema, parameters: Sequence[_Schema] = ()) -> Mapping[str, Any]:
    return _operation(id, summary, parameters) | {
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {"200": _answer("All is recorded"), **_ERRORS},
    }


def _operation(id: str, summary: str, parameters: Sequence[_Schema]) -> dict[str, Any]:
    return {"operationId": id, "summary": summary, "parameters": list(parameters)}


def _in_path(name: str) -> _Schema:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _answer(words: str) -> _Schema:
    return {"description": words, "content": {"application/json": {"schema": _REPLY}}}


_ERRORS: Final[_Schema] = {status: _answer("An error") for status in _ERROR_STATUSES}
