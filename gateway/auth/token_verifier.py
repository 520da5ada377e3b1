"""Tokens that another system signed: JSON Web Tokens, verified by their issuer's public keys.

A token's header is believed in nothing but which of the known keys it was signed with, and by which of the allowed
algorithms: a key in it, or an address of one, is not looked at.
"""

import json
import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from cachetools import TLRUCache, TTLCache
from joserfc import jws
from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError, MissingClaimError, UnsupportedAlgorithmError
from joserfc.jwt import JWTClaimsRegistry

from gateway.auth.issuer_keys import IssuerKeys
from gateway.auth.token_policy import TokenPolicy, TokenSubject, WrongClaim
from gateway.context import Caller, CallerKind, Organization
from gateway.store.tenancy import Tenancy

_LOG = logging.getLogger(__name__)
_MAX_CHARACTERS = 8_192
_MAX_HEADER_BYTES = 4_096
_CACHE_SIZE = 10_000
_TYPES = ("jwt", "at+jwt", "application/at+jwt")


class TokenRefused(Exception):
    """A token that nobody is let in by; its text is for the log, and holds nothing of the token."""


@dataclass(frozen=True, slots=True)
class _VerifiedToken:
    caller: Caller
    until: float


class TokenVerifier:
    """The verification of tokens, and the look-up of their organizations; one for each event loop.

    ``cache_seconds``: for how long a token is taken without being verified again; its expiry is checked at each use.
    """

    def __init__(self, policy: TokenPolicy, keys: IssuerKeys, tenancy: Tenancy, *, cache_seconds: float) -> None:
        self._policy = policy
        self._keys = keys
        self._tenancy = tenancy
        self._cache_seconds = cache_seconds
        # Headers that are not known are to be ignored (RFC 7515, section 4); critical ones are refused all the same.
        self._signatures = jws.JWSRegistry(algorithms=policy.algorithms, strict_check_header=False)
        self._signatures.max_header_length = _MAX_HEADER_BYTES
        self._claims = JWTClaimsRegistry(
            leeway=policy.leeway_seconds,
            iss={"essential": True, "value": policy.issuer},
            aud={"essential": True, "values": list(policy.audiences)},
            exp={"essential": True},
            sub={"essential": True},
        )
        # By their hashes: the secrets themselves are kept nowhere.
        self._verified: TLRUCache[bytes, _VerifiedToken] = TLRUCache(
            _CACHE_SIZE, ttu=lambda _digest, verified, _now: verified.until, timer=time.monotonic
        )
        self._organizations: TTLCache[str, Organization] = TTLCache(_CACHE_SIZE, ttl=cache_seconds)

    async def caller(self, token: str) -> Caller:
        """The bearer of a token. Raises `TokenRefused`, and `Unavailable` where nothing can be verified."""
        if len(token) > _MAX_CHARACTERS or not token.isascii():
            raise self._refused("it is no token")
        digest = sha256(token.encode("ascii")).digest()
        verified = self._verified.get(digest)
        if verified is None:
            until = time.monotonic() + self._cache_seconds
            verified = _VerifiedToken(await self._bearer(token), until)
            self._verified[digest] = verified
        if is_expired(verified.caller, datetime.now(UTC)):
            raise self._refused("it has expired")
        return verified.caller

    async def _bearer(self, token: str) -> Caller:
        try:
            claims = await self._verified_claims(token)
            self._claims.validate(claims)
            subject = self._policy.subject(claims)
        except WrongClaim as error:
            raise self._refused(str(error)) from None
        # Whatever a forged token is made of: the library names most of it, and JSON the rest.
        except (JoseError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
            raise self._refused(_reason(error)) from None
        organization = await self._organization(subject.organization)
        if organization is None:
            raise self._refused("there is no such organization")
        return _caller(subject, organization)

    async def _verified_claims(self, token: str) -> dict[str, Any]:
        """The claims of a token whose signature is valid."""
        signature = jws.extract_compact(token.encode("ascii"), registry=self._signatures)
        header = signature.headers()
        key_id, type_ = header.get("kid"), header.get("typ", "JWT")
        # The algorithm, before any key is looked for: what is never taken has nothing fetched.
        self._signatures.check_header(header)
        self._signatures.get_alg(header["alg"])
        if not isinstance(key_id, str | None) or not isinstance(type_, str) or type_.lower() not in _TYPES:
            raise self._refused("its `typ` or `kid` is no token's")
        keys = await self._keys.find(key_id)
        # One id may stand for keys of several algorithms.
        suitable = [key for key in keys if key.alg in (None, header["alg"])]
        if not suitable:
            raise self._refused("the issuer has no key of its `kid` and algorithm")
        if not jws.validate_compact(signature, suitable[0], registry=self._signatures):
            raise self._refused("it isn't signed by the key of its `kid`")
        claims = json.loads(signature.payload)
        if not isinstance(claims, dict):
            raise TypeError
        return claims

    async def _organization(self, reference: str) -> Organization | None:
        organization = self._organizations.get(reference)
        if organization is None:
            organization = await self._tenancy.find_organization(reference)
            if organization is not None:
                self._organizations[reference] = organization
        return organization

    @staticmethod
    def _refused(reason: str) -> TokenRefused:
        _LOG.debug("A token was refused: %s", reason)
        return TokenRefused(reason)


def _reason(error: Exception) -> str:
    """Why a token isn't taken, without anything that it says."""
    match error:
        case ExpiredTokenError():
            return "it has expired"
        # They name claims that the gateway asks for, and quote no value.
        case MissingClaimError() | InvalidClaimError():
            return error.description
        case UnsupportedAlgorithmError():
            return "its algorithm isn't one of GATEWAY_JWT_ALGORITHMS"
    return type(error).__name__


def is_expired(caller: Caller, now: datetime) -> bool:
    """Whether a caller was let in by a token that has expired."""
    return caller.kind is CallerKind.TOKEN and caller.expires_at is not None and now >= caller.expires_at


def _caller(subject: TokenSubject, organization: Organization) -> Caller:
    named = subject.namespaces
    return Caller(
        id=subject.id,
        name=subject.name,
        permissions=subject.permissions,
        organization=organization,
        # The only one that it may name goes without saying.
        default_namespace_id=next(iter(named)) if named is not None and len(named) == 1 else None,
        kind=CallerKind.TOKEN,
        expires_at=subject.expires_at,
        namespaces=named,
        user_id=subject.user_id,
    )
