"""Which pages may connect: browsers name a page's origin, and don't themselves keep it from opening websockets."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers

from gateway.transport.exchange.allowed_origins import AllowedOrigins

_PORTS = {"http": 80, "https": 443}


async def is_allowed_origin(headers: Headers, origins: AllowedOrigins, own_origin: str | None = None) -> bool:
    """Whether the page that connects is the gateway's own or one of ``origins``; what is no browser names no origin.

    ``own_origin`` None: the gateway's own page is of the host that the handshake names.
    """
    match headers.getlist("origin"):
        case []:
            return True
        case [origin]:
            return _is_own(origin.lower(), headers.getlist("host"), own_origin) or await origins.has(origin)
    return False


def _is_own(origin: str, hosts: list[str], own_origin: str | None) -> bool:
    if own_origin is not None:
        return origin == own_origin
    return [_host(origin)] == [host.lower() for host in hosts]


def _host(origin: str) -> str | None:
    """The Host header of requests to this origin."""
    try:
        parts = urlsplit(origin)
        is_default_port = parts.port == _PORTS.get(parts.scheme)
    except ValueError:
        return None
    return parts.netloc.rpartition(":")[0] if is_default_port else parts.netloc
