"""Who asks, and for which namespace: from the two headers of a request to its Context.

What was looked up is used again for seconds only, so that revoking a key works everywhere within that time; expiry is
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
from gateway.store.keys import Key, Keys
from gateway.store.tenancy import Tenancy

_CACHED = 10_000
_UNKNOWN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Found:
    """A key as it was stored, usable until a moment of the monotonic clock."""

    key: Key
    until: float


class Authenticator:
    """Authenticates callers and resolves their namespaces; one for each event loop.

    ``cache_seconds``: for how long a key or namespace is used without being looked up again, counted from before the
    look-up; thus also the time in which a revocation takes effect.
    """

    def __init__(self, keys: Keys, tenancy: Tenancy, *, cache_seconds: float) -> None:
        self._keys = keys
        self._tenancy = tenancy
        self._lookups = KeyLoader(keys)
        self._cache_seconds = cache_seconds
        self._known: TLRUCache[str, _Found] = TLRUCache(
            _CACHED, ttu=lambda _key_id, found, _now: found.until, timer=time.monotonic
        )
        # Apart from the good ones, so that made-up keys can't push those out.
        self._unknown: TTLCache[str, bool] = TTLCache(_CACHED, ttl=min(_UNKNOWN_SECONDS, cache_seconds))
        self._namespaces: TTLCache[tuple[str, str], Namespace] = TTLCache(_CACHED, ttl=cache_seconds)

    async def context(self, authorization: str | None, namespace_header: str | None) -> Context:
        """What both headers say together; raises what ``authenticate`` and ``resolve`` do."""
        caller = await self.authenticate(authorization)
        return Context(caller, await self.resolve(caller, namespace_header))

    async def authenticate(self, authorization: str | None) -> Caller:
        """The bearer of the key in an Authorization header (None: absent).

        Raises Unauthenticated, alike for a missing, malformed, unknown, expired or revoked key.
        """
        scheme, _, credentials = (authorization or "").partition(" ")
        presented = secret_keys.parse(credentials) if scheme.lower() == "bearer" else None
        found = None if presented is None else await self._find(presented.key_id)
        now = datetime.now(UTC)
        if presented is None or found is None or not presented.matches(found.key.digest) or not found.key.is_valid(now):
            raise _unauthenticated()
        if found.key.wants_mark(now):
            # Cached first: requests that arrive meanwhile have nothing to mark.
            self._known[presented.key_id] = replace(found, key=replace(found.key, last_used_at=now))
            with suppress(GatewayError):  # What can't be marked can be read all the same.
                await self._keys.mark_used(found.key, now)
        return found.key.caller

    async def resolve(self, caller: Caller, namespace_header: str | None) -> Namespace:
        """The namespace that an X-Namespace header names, by name or id; the key's default where it is absent (None).

        Raises NamespaceRequired where there is neither, and NamespaceNotFound, alike for a malformed name and for one
        that is nobody's or another organization's.
        """
        reference = caller.default_namespace_id if namespace_header is None else namespace_header
        if reference is None:
            raise NamespaceRequired("This key has no default namespace: name one in the header X-Namespace.")
        place = (caller.organization.id, reference)
        namespace = self._namespaces.get(place)
        if namespace is None:
            namespace = await self._tenancy.find_namespace(*place)
            if namespace is None:
                raise _no_namespace()
            self._namespaces[place] = namespace
        return namespace

    async def revoked(self, contexts: Collection[Context]) -> dict[Context, GatewayError]:
        """Those of the contexts that no request would be given any longer, each with why; nothing cached is used."""
        if not contexts:
            return {}
        existing = await self._keys.existing({one.caller.key_id for one in contexts})
        keys = {key.caller.key_id: key for key in existing}
        namespaces = await self._tenancy.existing_namespaces({one.namespace.id for one in contexts})
        now = datetime.now(UTC)
        found: dict[Context, GatewayError] = {}
        for context in contexts:
            key = keys.get(context.caller.key_id)
            if key is None or not key.is_valid(now):
                self._known.pop(context.caller.key_id, None)
                found[context] = _unauthenticated()
            elif context.namespace.id not in namespaces:
                for reference in (context.namespace.name, context.namespace.id):
                    self._namespaces.pop((context.caller.organization.id, reference), None)
                found[context] = _no_namespace()
        return found

    async def _find(self, key_id: str) -> _Found | None:
        found = self._known.get(key_id)
        if found is not None or key_id in self._unknown:
            return found
        until = time.monotonic() + self._cache_seconds
        key = await self._lookups.find(key_id)
        if key is None:
            self._unknown[key_id] = True
            return None
        self._known[key_id] = found = _Found(key, until)
        return found


def _unauthenticated() -> Unauthenticated:
    return Unauthenticated("A valid key is required, as in: Authorization: Bearer sk_…")


def _no_namespace() -> NamespaceNotFound:
    return NamespaceNotFound("This key's organization has no such namespace.")


def require(caller: Caller, permission: Permission) -> None:
    """Raises Forbidden unless the caller has this permission; none of them includes another."""
    if permission not in caller.permissions:
        raise Forbidden(f"This key lacks the permission {permission.name}.")
