"""What the head of an HTTP request must be, so that every parser on its way sees the same request (RFC 9112)."""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Sequence

from gateway.errors import BadRequest, HeadersTooLarge, PayloadTooLarge
from gateway.limits import ConnectionLimits

Headers = Sequence[tuple[bytes, bytes]]

_SEPARATORS = len(b": \r\n")
_FRAMING = frozenset((b"host", b"content-length", b"transfer-encoding"))
# Less than websockets' own bounds, beyond which uvicorn neither answers nor closes.
_HANDSHAKE_LINE_BYTES, _HANDSHAKE_HEADERS = 8_000, 120


def refusal_of_head(
    line: tuple[bytes, bytes, str], headers: Headers, limits: ConnectionLimits, *, asks_for_upgrade: bool
) -> BadRequest | None:
    """`HeadersTooLarge` beyond the limits, or `BadRequest` where it isn't certain where the request ends, or for which
    host it is; None for every other. ``line``: method, address and version; ``headers``: with names in lower case, each
    as often as it was sent."""
    method, address, version = line
    if len(headers) > limits.headers:
        return HeadersTooLarge(f"A request may have at most {limits.headers:,} headers.")
    size, hosts, lengths, codings = len(address), 0, 0, 0
    length, coding = b"0", b"chunked"
    for name, value in headers:
        size += len(name) + len(value) + _SEPARATORS
        if name not in _FRAMING:
            continue
        if name == b"host":
            hosts += 1
        elif name == b"content-length":
            lengths, length = lengths + 1, value.strip(b" \t")
        else:
            codings, coding = codings + 1, value.strip(b" \t").lower()
    if size > limits.header_bytes:
        return head_too_large(limits)
    if version not in ("1.1", "1.0"):
        return BadRequest("Only HTTP/1.1 and HTTP/1.0 are spoken here.")
    if hosts > 1 or (hosts == 0 and version == "1.1"):
        return BadRequest("A request has exactly one header Host.")
    if codings and (lengths or codings > 1 or coding != b"chunked" or version == "1.0"):
        return BadRequest("The only Transfer-Encoding taken is `chunked`, without a Content-Length.")
    if lengths > 1 or not length.isdigit() or length != b"%d" % int(length):
        return BadRequest("A Content-Length is one plain decimal number.")
    if asks_for_upgrade and (method != b"GET" or codings or length != b"0"):
        return BadRequest("A request with a body can't ask for an upgrade: send it without `Upgrade`.")
    if int(length) > limits.body_bytes:
        return body_too_large(limits)
    return refusal_of_handshake(address, headers) if asks_for_upgrade else None


def refusal_of_handshake(address: bytes, headers: Headers) -> BadRequest | None:
    """Why a request for another protocol is no opening handshake of a websocket (RFC 6455, section 4.2.1); None where
    it is one, or asks for something else."""
    values = dict(headers)
    if values.get(b"upgrade", b"").lower() != b"websocket":
        return None
    lines = [len(address), *(len(name) + len(value) for name, value in headers)]
    if max(lines) > _HANDSHAKE_LINE_BYTES or len(headers) > _HANDSHAKE_HEADERS:
        return HeadersTooLarge("Address and headers are too long, or too many, for a websocket.")
    try:
        key = b64decode(values.get(b"sec-websocket-key", b"").strip(), validate=True)
    except Base64Error:
        key = b""
    if len(key) != 16 or values.get(b"sec-websocket-version", b"").strip() != b"13":
        return BadRequest("This is not a valid handshake of a websocket of version 13.")
    return None


def head_too_large(limits: ConnectionLimits) -> HeadersTooLarge:
    return HeadersTooLarge(f"Address and headers may have at most {limits.header_bytes:,} bytes.")


def body_too_large(limits: ConnectionLimits) -> PayloadTooLarge:
    return PayloadTooLarge(f"The body may have at most {limits.body_bytes:,} bytes.")
