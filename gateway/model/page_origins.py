"""Origins of pages, as browsers name them in the header Origin (RFC 6454, section 6.2)."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from gateway.errors import BadUserInput

MAX_ORIGINS = 50
"""Of one key."""

_LONGEST = 300
_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\]")


def page_origins(texts: Iterable[str]) -> frozenset[str]:
    """The origins that these spell. Raises `BadUserInput` for what is none, and where there are none or too many."""
    origins = frozenset(map(_origin, texts))
    if not 0 < len(origins) <= MAX_ORIGINS:
        raise BadUserInput(f"A key that is bound to origins has 1 to {MAX_ORIGINS} of them.", path=("origins",))
    return origins


def _origin(text: str) -> str:
    """As browsers write it: in lower case, without the port that goes without saying."""
    try:
        parts = urlsplit(text.lower())
        port = parts.port
    except ValueError:
        raise _no_origin(text) from None
    host = parts.netloc.rpartition(":")[0] if port is not None else parts.netloc
    is_whole = parts.path in ("", "/") and not (parts.query or parts.fragment)
    # Line breaks and tabs `urlsplit` removes.
    is_whole = is_whole and text.isprintable() and len(text) <= _LONGEST
    if parts.scheme not in _PORTS or not is_whole or not _HOST.fullmatch(host):
        raise _no_origin(text)
    return f"{parts.scheme}://{host}" + ("" if port in (None, _PORTS[parts.scheme]) else f":{port}")


def _no_origin(text: str) -> BadUserInput:
    return BadUserInput(
        f"{text[:_LONGEST]!r} is no origin such as https://shop.example or http://localhost:3000: a scheme, a host "
        "(as in an address bar's punycode), a port if it isn't the usual one, and nothing else.",
        path=("origins",),
    )
