"""The public keys of the issuer of tokens: a JSON Web Key Set, fetched from an address or read from a file.

They are kept, and fetched again every few minutes, or when a token names a key that isn't among them: at most every ten
seconds, however many such tokens come. What can't be fetched leaves those that are known.
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any, Final
from urllib.request import HTTPRedirectHandler, Request, build_opener

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

from gateway.errors import Unavailable

_LOG = logging.getLogger(__name__)
_FRESH_SECONDS = 300.0
_PAUSE_SECONDS = 10.0
_TIME_LIMIT_SECONDS = 5.0
_MAX_BYTES = 1_000_000
_MAX_KEYS = 100
_SMALLEST_RSA_BITS = 2048
# What an asymmetric key may be of; "oct" is a shared secret.
_KEY_TYPES: Final = frozenset({"RSA", "EC", "OKP"})

PublicKey = RSAKey | ECKey | OKPKey


class IssuerKeysUnread(Exception):
    """A key set that can't be fetched, or is none."""


class IssuerKeys:
    """The keys by which tokens are verified; one for each event loop.

    ``read``: gives the key set's text, and may block. ``clock``: seconds that never go back.
    """

    def __init__(self, read: Callable[[], bytes], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._keys: Mapping[str | None, list[PublicKey]] | None = None
        self._fetched_at = 0.0
        self._tried_at: float | None = None
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, key_id: str | None) -> list[PublicKey]:
        """The keys of this id, mostly one; None: all, if there is but one, for a token that names none.

        Raises `Unavailable` where none could be fetched yet.
        """
        if self._keys is None or not self._known(key_id):
            if (fetching := self._fetch_again()) is not None:
                # Whoever asks is told in time, also where the other side sends byte by byte.
                with suppress(TimeoutError):
                    async with asyncio.timeout(_TIME_LIMIT_SECONDS):
                        await asyncio.shield(fetching)
        elif self._clock() - self._fetched_at > _FRESH_SECONDS:
            self._fetch_again()
        if self._keys is None:
            raise Unavailable("The keys of the tokens' issuer can't be fetched; try again.")
        return self._known(key_id)

    def _known(self, key_id: str | None) -> list[PublicKey]:
        keys = self._keys or {}
        if key_id is not None:
            return keys.get(key_id, [])
        return next(iter(keys.values())) if len(keys) == 1 else []

    def _fetch_again(self) -> "asyncio.Task[None] | None":
        """The fetching that is under way, or begins; None where the last one began just now."""
        now = self._clock()
        if self._fetching is None and (self._tried_at is None or now - self._tried_at >= _PAUSE_SECONDS):
            self._tried_at = now
            self._fetching = asyncio.create_task(self._fetch())
        return self._fetching

    async def _fetch(self) -> None:
        try:
            self._keys = _parsed(await asyncio.to_thread(self._read))
            self._fetched_at = self._clock()
        except Exception as error:
            kept = "none are known" if self._keys is None else "the known ones stay"
            _LOG.warning("The keys of the tokens' issuer can't be fetched, %s: %s", kept, error or type(error).__name__)
        finally:
            self._fetching = None


def reader(place: str) -> Callable[[], bytes]:
    """What reads the key set at an address, or in a file; it raises `IssuerKeysUnread`."""
    return (lambda: _fetched(place)) if place.startswith(("https://", "http://")) else (lambda: _of_file(Path(place)))


def _of_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise IssuerKeysUnread(error.strerror or "it can't be read") from None


class _NoRedirect(HTTPRedirectHandler):
    """Keys are taken from the address that was set, not from one that an answer names."""

    def redirect_request(self, *_: Any) -> Request | None:
        return None


def _fetched(url: str) -> bytes:
    try:
        request = Request(url, headers={"Accept": "application/json"})
        with build_opener(_NoRedirect).open(request, timeout=_TIME_LIMIT_SECONDS) as answer:
            content = _read(answer)
    except (OSError, HTTPException, ValueError) as error:
        raise IssuerKeysUnread(str(error)) from None
    if len(content) > _MAX_BYTES:
        raise IssuerKeysUnread(f"more than {_MAX_BYTES:,} bytes")
    return content


def _read(answer: HTTPResponse) -> bytes:
    """All of it, up to a byte more than is taken; raises `TimeoutError` where that takes too long."""
    content, until = b"", time.monotonic() + _TIME_LIMIT_SECONDS
    while len(content) <= _MAX_BYTES and (part := answer.read1(_MAX_BYTES + 1 - len(content))):
        content += part
        if time.monotonic() > until:
            raise TimeoutError("it takes too long")
    return content


def _parsed(content: bytes) -> Mapping[str | None, list[PublicKey]]:
    """By their ids; raises `IssuerKeysUnread` where there are none that could verify anything."""
    try:
        listed = json.loads(content)["keys"]
        assert isinstance(listed, list)
    except (ValueError, TypeError, KeyError, AssertionError, RecursionError):
        raise IssuerKeysUnread("no JSON Web Key Set") from None
    keys: dict[str | None, list[PublicKey]] = {}
    for stored in listed[:_MAX_KEYS]:
        key = _public_key(stored)
        if key is not None:
            keys.setdefault(stored.get("kid"), []).append(key)
    if not keys:
        raise IssuerKeysUnread("no key in it can verify signatures")
    return keys


def _public_key(stored: Any) -> PublicKey | None:
    """None for a key that isn't for signatures, isn't public, is weak, or isn't known to the library."""
    if not isinstance(stored, dict) or stored.get("kty") not in _KEY_TYPES or stored.get("use", "sig") != "sig":
        return None
    if not isinstance(stored.get("kid"), str | None):
        return None
    try:
        # A private part has no business here, and isn't looked at.
        key = JWKRegistry.import_key({name: value for name, value in stored.items() if name not in _PRIVATE})
        if isinstance(key, RSAKey) and key.public_key.key_size < _SMALLEST_RSA_BITS:
            return None
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    assert isinstance(key, RSAKey | ECKey | OKPKey), "of one of these types"
    return key


_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
