"""Which pages may connect: browsers name a page's origin, and don't themselves keep it from opening websockets."""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers

_PORTS = {"http": 80, "https": 443}


def is_allowed_origin(headers: Headers, origins: Collection[str], own_origin: str | None = None) -> bool:
    """Whether the page that connects is the gateway's own or one of ``origins``, of which "*" is all; what is no
    browser names no origin.

    ``own_origin`` None: the gateway's own page is of the host that the handshake names.
    """
    match headers.getlist("origin"), headers.getlist("host"):
        case [], _:
            return True
        case [origin], hosts:
            if "*" in origins or origin in origins:
                return True
            if own_origin is not None:
                return origin.lower() == own_origin
            return [_host(origin.lower())] == [host.lower() for host in hosts]
    return False


def _host(origin: str) -> str | None:
    """The Host header of requests to this origin."""
    try:
        parts = urlsplit(origin)
        is_default_port = parts.port == _PORTS.get(parts.scheme)
    except ValueError:
        return None
    return parts.netloc.rpartition(":")[0] if is_default_port else parts.netloc
