"""Who asks, and for which namespace: from the two headers of a request to its Context.

A looked-up key is used again for seconds only, so that revoking it works everywhere within that time; expiry is
checked at each use. Whatever is wrong with a key, the answer is the same.
"""

import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from cachetools import TLRUCache, TTLCache

from gateway.auth.key_loader import KeyLoader
from gateway.context import Caller, Context, Namespace, Permission
from gateway.errors import Forbidden, GatewayError, NamespaceNotFound, NamespaceRequired, Unauthenticated
from gateway.model import secret_keys
from gateway.scheduling.rate_limiter import REFUSED, NoRateLimit, RateLimiter, spend_or_charge
from gateway.store.keys import Key, Keys
from gateway.store.tenancy import Tenancy

_CACHE_SIZE = 10_000
_UNKNOWN_KEY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _CachedKey:
    """A key as it was stored, and the moment of the monotonic clock until which it may be used."""

    key: Key
    until: float


class Authenticator:
    """The authentication of callers and the look-up of their namespaces; one for each event loop.

    ``cache_seconds``: for how long a key or namespace is used without being looked up again, counted from before the
    look-up; thus also the time in which a revocation takes effect.
    """

    def __init__(
        self, keys: Keys, tenancy: Tenancy, rate_limiter: RateLimiter | None = None, *, cache_seconds: float
    ) -> None:
        self._keys = keys
        self._tenancy = tenancy
        self._rate_limiter = rate_limiter or NoRateLimit()
        self._key_loader = KeyLoader(keys)
        self._cache_seconds = cache_seconds
        self._cached_keys: TLRUCache[str, _CachedKey] = TLRUCache(
            _CACHE_SIZE, ttu=lambda _key_id, cached, _now: cached.until, timer=time.monotonic
        )
        # Apart from the good ones, so that made-up keys can't push those out.
        self._unknown_key_ids: TTLCache[str, bool] = TTLCache(_CACHE_SIZE, ttl=min(_UNKNOWN_KEY_SECONDS, cache_seconds))
        self._cached_namespaces: TTLCache[tuple[str, str], Namespace] = TTLCache(_CACHE_SIZE, ttl=cache_seconds)

    async def context(self, authorization: str | None, namespace_header: str | None) -> Context:
        """The context that both headers name; raises what ``authenticate`` and ``resolve`` do, and
        `RateLimited` where the key has no points left to be refused."""
        caller = await self.authenticate(authorization)
        try:
            return Context(caller, await self.resolve(caller, namespace_header))
        except (NamespaceNotFound, NamespaceRequired):
            # Paid for as every refusal of a request whose key is known.
            await spend_or_charge(self._rate_limiter, caller.id, REFUSED)
            raise

    async def authenticate(self, authorization: str | None) -> Caller:
        """The bearer of the key in an Authorization header (None: absent).

        Raises Unauthenticated, alike for a missing, malformed, unknown, expired or revoked key.
        """
        # One space or more (RFC 9110, section 11.4).
        scheme, _, credentials = (authorization or "").partition(" ")
        presented = secret_keys.parse(credentials.lstrip(" ")) if scheme.lower() == "bearer" else None
        cached = None if presented is None else await self._find(presented.key_id)
        now = datetime.now(UTC)
        if (
            presented is None
            or cached is None
            or not presented.matches(cached.key.digest)
            or not cached.key.is_valid(now)
        ):
            raise _unauthenticated()
        if cached.key.is_mark_due(now):
            # Cached first: requests that arrive meanwhile have nothing to mark.
            self._cached_keys[presented.key_id] = replace(cached, key=replace(cached.key, last_used_at=now))
            with suppress(GatewayError):  # What can't be marked can be read all the same.
                await self._keys.mark_used(cached.key, now)
        return cached.key.caller

    async def resolve(self, caller: Caller, namespace_header: str | None) -> Namespace:
        """The namespace that an X-Namespace header names, by name or id; the key's default where it is absent (None)
        or empty.

        Raises NamespaceRequired where there is neither, and NamespaceNotFound, alike for a malformed name and for one
        that is nobody's or another organization's.
        """
        reference = namespace_header or caller.default_namespace_id
        if reference is None:
            raise NamespaceRequired("This key has no default namespace: name one in the header X-Namespace.")
        owned_reference = (caller.organization.id, reference)
        namespace = self._cached_namespaces.get(owned_reference)
        if namespace is None:
            namespace = await self._tenancy.find_namespace(*owned_reference)
            if namespace is None:
                raise _no_namespace()
            self._cached_namespaces[owned_reference] = namespace
        return namespace

    async def revoked(self, contexts: Collection[Context]) -> dict[Context, GatewayError]:
        """Those of the contexts that no request would be given any longer, each with why; nothing cached is used."""
        if not contexts:
            return {}
        existing = await self._keys.existing({context.caller.id for context in contexts})
        keys = {key.caller.id: key for key in existing}
        namespace_ids = await self._tenancy.existing_namespaces({context.namespace.id for context in contexts})
        now = datetime.now(UTC)
        errors: dict[Context, GatewayError] = {}
        for context in contexts:
            key = keys.get(context.caller.id)
            if key is None or not key.is_valid(now):
                self._cached_keys.pop(context.caller.id, None)
                errors[context] = _unauthenticated()
            elif context.namespace.id not in namespace_ids:
                for reference in (context.namespace.name, context.namespace.id):
                    self._cached_namespaces.pop((context.caller.organization.id, reference), None)
                errors[context] = _no_namespace()
        return errors

    async def _find(self, key_id: str) -> _CachedKey | None:
        cached = self._cached_keys.get(key_id)
        if cached is not None or key_id in self._unknown_key_ids:
            return cached
        until = time.monotonic() + self._cache_seconds
        key = await self._key_loader.find(key_id)
        if key is None:
            self._unknown_key_ids[key_id] = True
            return None
        self._cached_keys[key_id] = cached = _CachedKey(key, until)
        return cached


def _unauthenticated() -> Unauthenticated:
    return Unauthenticated("A valid key is required, as in: Authorization: Bearer sk_…")


def _no_namespace() -> NamespaceNotFound:
    return NamespaceNotFound("This key's organization has no such namespace.")


def require_permission(caller: Caller, permission: Permission) -> None:
    """Raises Forbidden unless the caller has this permission; none of them includes another."""
    if permission not in caller.permissions:
        raise Forbidden(f"This key lacks the permission {permission.name}.")
