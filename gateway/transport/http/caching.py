"""How long an answer may be used again, and whether a client has it already (RFC 9110 and 9111)."""

import re
from hashlib import blake2b

_TAG = re.compile(r'(?:W/)?"[^"]*"')


def cache_control(seconds: int, *, public: bool) -> bytes:
    """The Cache-Control of an answer that may be kept, by its reader or by everybody (``public``) on the way."""
    return b"%s, max-age=%d, must-revalidate" % (b"public" if public else b"private", seconds)


def entity_tag(body: bytes) -> bytes:
    # Weak: the same data is the same answer, in whatever content coding.
    return b'W/"%s"' % blake2b(body, digest_size=16).hexdigest().encode()


def names_tag(if_none_match: str, tag: bytes) -> bool:
    """Whether an If-None-Match header, empty where there was none, names this tag; compared weakly."""
    return if_none_match.strip() == "*" or _opaque(tag.decode()) in map(_opaque, _TAG.findall(if_none_match))


def _opaque(tag: str) -> str:
    return tag.removeprefix("W/")
