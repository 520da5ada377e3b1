"""API keys: ``sk_`` + 12 characters that identify the key + 22 random ones + 6 of checksum, all base62.

The 22 characters carry 131 random bits, so one SHA-256 is all that storing needs: a slow, salted hash protects
secrets that people choose, and this one can't be guessed. The checksum (CRC-32 of all before it) lets a mistyped or
truncated key be refused without a look-up; the prefix lets secret scanners find a leaked one.
"""

import hashlib
import hmac
import re
import secrets
import string
import zlib
from dataclasses import dataclass, field

_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_PREFIX = "sk_"
_ID_LENGTH, _RANDOM_LENGTH, _CHECKSUM_LENGTH = 12, 22, 6
MAX_KEYS = 1_000
"""Of an organization, that clients may make: the command line makes more."""
_KEY = re.compile(rf"{_PREFIX}[0-9A-Za-z]{{{_ID_LENGTH + _RANDOM_LENGTH + _CHECKSUM_LENGTH}}}")


@dataclass(frozen=True, slots=True)
class ParsedKey:
    """A well-formed key as presented: which one it says it is, and the hash that proves it."""

    key_id: str
    digest: bytes = field(repr=False)

    def matches(self, stored: bytes) -> bool:
        """Whether the stored hash is this key's, in constant time."""
        return hmac.compare_digest(self.digest, stored)


def generate() -> tuple[str, ParsedKey]:
    """A new secret, to be shown once, and what may be kept of it."""
    body = _PREFIX + "".join(secrets.choice(_BASE62) for _ in range(_ID_LENGTH + _RANDOM_LENGTH))
    secret = body + _checksum(body)
    return secret, _parsed(secret)


def parse(secret: str) -> ParsedKey | None:
    """The key that ``secret`` spells, or None where it is malformed or mistyped."""
    if not _KEY.fullmatch(secret) or secret[-_CHECKSUM_LENGTH:] != _checksum(secret[:-_CHECKSUM_LENGTH]):
        return None
    return _parsed(secret)


def _parsed(secret: str) -> ParsedKey:
    key_id = "key_" + secret[len(_PREFIX) : len(_PREFIX) + _ID_LENGTH]
    return ParsedKey(key_id, hashlib.sha256(secret.encode("ascii")).digest())


def _checksum(body: str) -> str:
    remainder, characters = zlib.crc32(body.encode("ascii")), ""
    for _ in range(_CHECKSUM_LENGTH):
        remainder, digit = divmod(remainder, len(_BASE62))
        characters = _BASE62[digit] + characters
    return characters
