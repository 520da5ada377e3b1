"""Relay's global object identification: opaque ids that name a type, a namespace and a key within it."""

import base64
import binascii
from dataclasses import dataclass

import orjson

from gateway.errors import BadUserInput

_VERSION = 1


@dataclass(frozen=True, slots=True)
class GlobalId:
    """``type_name`` is the GraphQL type, ``scope`` the namespace (or organization) id, ``key`` the object's own id."""

    type_name: str
    scope: str
    key: str


def encode(type_name: str, scope: str, key: str) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([_VERSION, type_name, scope, key])).rstrip(b"=").decode()


def decode(text: str, *path: str | int) -> GlobalId:
    """The parts of an id made by `encode`.

    Raises `BadUserInput` at ``path`` for anything else; an id of another namespace decodes, and finds nothing there.
    """
    try:
        parts = orjson.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        parts = None
    match parts:
        case [1, str(type_name), str(scope), str(key)] if encode(type_name, scope, key) == text:
            return GlobalId(type_name, scope, key)
    raise BadUserInput("This is not an id that this gateway gave out.", path=path)
