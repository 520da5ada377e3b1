"""A request's head, which has bounds and says in one way only where the request ends, or is refused."""

from base64 import b64decode
from collections.abc import Sequence

from gateway.errors import BadRequest, GatewayError, HeadersTooLarge, PayloadTooLarge
from gateway.limits import ConnectionLimits

Header = tuple[bytes, bytes]
Headers = Sequence[Header]

NAMES = frozenset((b"host", b"content-length", b"transfer-encoding"))


class Head:
    """The head of one message as it arrives, within its connection's limits; ``refusal``: what it was refused with, as
    the parser swallows what is raised while it reads.

    One serves all messages of a connection, one after the other.
    """

    def __init__(self, limits: ConnectionLimits) -> None:
        self._limits = limits
        self._bytes = self._lines = 0
        self._framing: list[Header] = []
        self.arriving = False
        self.refusal: GatewayError | None = None

    def begin(self) -> None:
        self._bytes = self._lines = 0
        self._framing.clear()
        self.arriving = True
        self.refusal = None

    def count(self, size: int, lines: int = 0) -> None:
        """Counts what has arrived of the address, the headers, and the trailers, which come once the head is complete.

        Raises HeadersTooLarge where it is too much.
        """
        self._bytes += size
        if self._bytes > self._limits.header_bytes:
            self.refusal = head_too_large(self._limits)
            raise self.refusal
        self._lines += lines
        if self._lines > self._limits.headers:
            self.refusal = HeadersTooLarge(f"A request may have at most {self._limits.headers:,} headers.")
            raise self.refusal

    def add(self, header: Header) -> None:
        """``header``: one of these `NAMES`, in lower case; the others say nothing of where the message ends."""
        self._framing.append(header)

    def complete(self, *, version: str, method: bytes, upgrade: bool) -> None:
        """Raises BadRequest where the request could be read in two ways, PayloadTooLarge where its body is announced as
        such."""
        try:
            length = require_one(self._framing, version=version, method=method, upgrade=upgrade)
        except BadRequest as refusal:
            self.refusal = refusal
            raise
        if length > self._limits.body_bytes:
            self.refusal = body_too_large(self._limits)
            raise self.refusal
        self.arriving = False


def head_too_large(limits: ConnectionLimits) -> HeadersTooLarge:
    return HeadersTooLarge(f"Address and headers may have at most {limits.header_bytes:,} bytes.")


def body_too_large(limits: ConnectionLimits) -> PayloadTooLarge:
    return PayloadTooLarge(f"The body may have at most {limits.body_bytes:,} bytes.")


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
