"""Routes of addresses that are compared to their last character, and parameters that hold any text.

Starlette's patterns end with ``$``, which a line feed may follow: another address would be served as this one. Nor does
its convertor ``path`` take a line feed: of an id that ends with one it would drop that, and so mean another id. And of
an address that isn't UTF-8 the server gives U+FFFD for what can't be read, which may be in another id.
"""

from urllib.parse import unquote_to_bytes

from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import BaseRoute, Match, Route, WebSocketRoute
from starlette.types import Scope


class _Text(Convertor[str]):
    """The rest of a path, whatever it holds: ids may have slashes and line breaks."""

    regex = r"[\s\S]*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


# For routes of this module: ``{name:text}``.
register_url_convertor("text", _Text())


_REPLACED = "\ufffd"


class _ExactMatch(BaseRoute):
    """What a route of Starlette's matches, but for a line feed behind it."""

    path: str

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, matched = super().matches(scope)
        # A parameter that ends the path has taken the line feed: it is part of that.
        if match is not Match.NONE and scope["path"].endswith("\n") and not self.path.endswith("}"):
            return Match.NONE, {}
        return match, matched


def _is_utf_8(raw_path: bytes) -> bool:
    try:
        unquote_to_bytes(raw_path).decode()
    except UnicodeDecodeError:
        return False
    return True


class ExactRoute(_ExactMatch, Route):
    """An address that is asked by HTTP, in UTF-8."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, matched = super().matches(scope)
        if match is not Match.NONE and _REPLACED in scope["path"] and not _is_utf_8(scope["raw_path"]):
            return Match.NONE, {}
        return match, matched


class ExactWebSocketRoute(_ExactMatch, WebSocketRoute):
    """An address at which websockets are opened."""
