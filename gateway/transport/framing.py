"""How a request's head says where the request ends: in one way only, or it is refused."""

from base64 import b64decode
from collections.abc import Sequence

from gateway.errors import BadRequest

Headers = Sequence[tuple[bytes, bytes]]

NAMES = frozenset((b"host", b"content-length", b"transfer-encoding"))


def require_one(headers: Headers, *, version: str, method: bytes, upgrade: bool) -> int:
    """The length of the body as it is announced, 0 where it isn't; ``headers``: those of these `NAMES`.

    Raises BadRequest where another parser might see another request, or another end of it.
    """
    hosts, lengths, codings = (
        [value for given, value in headers if given == name]
        for name in (b"host", b"content-length", b"transfer-encoding")
    )
    if version not in ("1.0", "1.1"):
        raise BadRequest("Only HTTP/1.1 and HTTP/1.0 are spoken here.")
    if method == b"CONNECT":
        raise BadRequest("This is no proxy.")
    if len(hosts) != 1 and not (version == "1.0" and not hosts):
        raise BadRequest("A request has exactly one header Host.")
    if codings and (lengths or version == "1.0" or [coding.lower() for coding in codings] != [b"chunked"]):
        raise BadRequest("The only Transfer-Encoding taken is `chunked`, without a Content-Length.")
    if lengths and (len(lengths) > 1 or lengths[0].strip(b" \t") != b"%d" % int(lengths[0])):
        raise BadRequest("A Content-Length is one plain decimal number.")
    length = int(lengths[0]) if lengths else 0
    if upgrade and (method != b"GET" or codings or length > 0):
        raise BadRequest("A request with a body can't ask for an upgrade: send it without `Upgrade`.")
    return length


def is_handshake(headers: Headers) -> bool:
    """Whether a client's opening handshake is one (RFC 6455, section 4.2.1): the library behind tells its own words."""
    keys = [value for name, value in headers if name == b"sec-websocket-key"]
    versions = [value.strip() for name, value in headers if name == b"sec-websocket-version"]
    try:
        return versions == [b"13"] and [len(b64decode(key.strip(), validate=True)) for key in keys] == [16]
    except ValueError:
        return False
