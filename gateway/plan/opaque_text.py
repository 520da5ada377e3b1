"""Texts that clients keep and send back without looking into them: JSON in URL-safe base64, without padding; what JSON
can't hold is BSON within it."""

from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping
from datetime import UTC
from typing import Any

import bson
import orjson
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.errors import BSONError

from gateway.errors import UnreadableDocument
from gateway.model.undecoded_values import require_levels

MAX_BSON_BYTES = 1_000_000
"""More than that, in base64 twice, no body of a request holds; any id or value of another program's may be so long."""

_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_PLAIN = bytes.maketrans(b"-_", b"+/")
_OPTIONS: CodecOptions[dict[str, Any]] = CodecOptions(
    # Times beyond Python's years too, as they are read.
    tz_aware=True,
    tzinfo=UTC,
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
)
_UTC = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z


def encode(parts: list[Any]) -> str:
    """The text of parts that JSON, extended by times in UTC, can hold; a time without a zone is one."""
    # The standard library's URL-safe function makes twice as many copies, and pages hold dozens of these.
    return b2a_base64(orjson.dumps(parts, option=_UTC), newline=False).translate(_URL_SAFE, b"=").decode()


def decode(text: str) -> Any:
    """What was encoded, with times as strings; raises ValueError for what was not."""
    padded = text.encode().translate(_PLAIN) + b"=" * (-len(text) % 4)
    return orjson.loads(a2b_base64(padded, strict_mode=True))


def encode_bson(document: Mapping[str, Any]) -> str:
    """What stands in the place of values that JSON has no kind for; raises `UnreadableDocument` for what is too
    long."""
    try:
        content = bson.encode(document, codec_options=_OPTIONS)
    except (BSONError, OverflowError):
        content = b""
    return encode_bytes(content)


def decode_bson(text: str) -> dict[str, Any]:
    """What was so encoded; raises ValueError, or the driver's `BSONError`, for what was not."""
    document = bson.decode(decode_bytes(text), _OPTIONS)
    require_levels(document)
    return document


def encode_bytes(content: bytes) -> str:
    """Bytes in the place of a value; raises `UnreadableDocument` for too many, and for none."""
    if not 0 < len(content) <= MAX_BSON_BYTES:
        raise UnreadableDocument("What is stored here is too long for a cursor.")
    return b2a_base64(content, newline=False).decode()


def decode_bytes(text: str) -> bytes:
    """What was so encoded; raises ValueError for what was not."""
    content = a2b_base64(text.encode(), strict_mode=True)
    if len(content) > MAX_BSON_BYTES:
        raise ValueError(text[:100])
    return content
