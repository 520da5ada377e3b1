"""Relay's global object identification: opaque ids that name a type, a namespace and a key within it."""

from dataclasses import dataclass

from gateway.errors import BadUserInput
from gateway.plan import opaque_text

_VERSION = 1


@dataclass(frozen=True, slots=True)
class GlobalId:
    """What a global id is made of. ``type_name`` is the GraphQL type, ``scope`` the namespace (or organization) id,
    ``key`` the object's own id."""

    type_name: str
    scope: str
    key: str


def encode(type_name: str, scope: str, key: str) -> str:
    return opaque_text.encode([_VERSION, type_name, scope, key])


def decode(text: str, *path: str | int) -> GlobalId:
    """The parts of an id made by `encode`.

    Raises `BadUserInput` at ``path`` for anything else; an id of another namespace decodes, and finds nothing there.
    """
    try:
        parts = opaque_text.decode(text)
    except ValueError:
        parts = None
    match parts:
        case [_, str(type_name), str(scope), str(key)] if encode(type_name, scope, key) == text:
            return GlobalId(type_name, scope, key)
    raise BadUserInput("This is not an id that this gateway gave out.", path=path)
