"""Who asks, and for which namespace: from the headers of a request to its Context.

A caller proves to be one by a key, or by a token of another issuer where the settings name one. A looked-up key is used
again for seconds only, so that revoking it works everywhere within that time; expiry is checked at each use. Whatever
is wrong with a key or a token, the answer is the same.
"""

import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from cachetools import TLRUCache, TTLCache

from gateway.auth.key_loader import KeyLoader
from gateway.auth.token_verifier import TokenRefused, TokenVerifier, is_expired
from gateway.context import NO_NAMESPACE, Caller, CallerKind, Context, Namespace, Permission
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
        self,
        keys: Keys,
        tenancy: Tenancy,
        rate_limiter: RateLimiter | None = None,
        tokens: TokenVerifier | None = None,
        *,
        cache_seconds: float,
    ) -> None:
        self._keys = keys
        self._tenancy = tenancy
        self._rate_limiter = rate_limiter or NoRateLimit()
        self._tokens = tokens
        self._key_loader = KeyLoader(keys)
        self._cache_seconds = cache_seconds
        self._cached_keys: TLRUCache[str, _CachedKey] = TLRUCache(
            _CACHE_SIZE, ttu=lambda _key_id, cached, _now: cached.until, timer=time.monotonic
        )
        # Apart from the good ones, so that made-up keys can't push those out.
        self._unknown_key_ids: TTLCache[str, bool] = TTLCache(_CACHE_SIZE, ttl=min(_UNKNOWN_KEY_SECONDS, cache_seconds))
        self._cached_namespaces: TTLCache[tuple[str, str], Namespace] = TTLCache(_CACHE_SIZE, ttl=cache_seconds)

    async def context(
        self,
        authorization: str | None,
        namespace_header: str | None,
        origin: str | None = None,
        *,
        refused: Callable[[Context], None] = lambda context: None,
    ) -> Context:
        """The context that the headers name, or one without a namespace; ``origin``: of the page that asks, as its
        browser says. Raises what ``authenticate`` and ``resolve`` do, `Forbidden` where the caller is used by another
        page than its own, and `RateLimited` where it has no points left to be refused.

        ``refused``: is told who asks where that is known all the same.
        """
        caller = await self.authenticate(authorization)
        if not caller.may_come_from(origin):
            refused(Context(caller, NO_NAMESPACE))
            await spend_or_charge(self._rate_limiter, caller, REFUSED)
            raise Forbidden(f"This {caller.kind.value} may be used by pages of its origins only.")
        try:
            return Context(caller, await self.resolve(caller, namespace_header))
        except NamespaceRequired:
            return Context(caller, NO_NAMESPACE)
        except NamespaceNotFound:
            refused(Context(caller, NO_NAMESPACE))
            # Paid for as every refusal of a request whose key is known.
            await spend_or_charge(self._rate_limiter, caller, REFUSED)
            raise

    async def authenticate(self, authorization: str | None) -> Caller:
        """The bearer of the key or token in an Authorization header (None: absent).

        Raises Unauthenticated, alike for a missing, malformed, unknown, expired or revoked one, and `Unavailable`.
        """
        # One space or more (RFC 9110, section 11.4).
        scheme, _, credentials = (authorization or "").partition(" ")
        credentials, is_bearer = credentials.lstrip(" "), scheme.lower() == "bearer"
        presented = secret_keys.parse(credentials) if is_bearer else None
        if presented is None and is_bearer and self._tokens is not None:
            return await self._bearer(self._tokens, credentials)
        cached = None if presented is None else await self._find(presented.key_id)
        now = datetime.now(UTC)
        if (
            presented is None
            or cached is None
            or not presented.matches(cached.key.digest)
            or not cached.key.is_valid(now)
        ):
            raise self._unauthenticated()
        if cached.key.is_mark_due(now):
            # Cached first: requests that arrive meanwhile have nothing to mark.
            self._cached_keys[presented.key_id] = replace(cached, key=replace(cached.key, last_used_at=now))
            with suppress(GatewayError):  # What can't be marked can be read all the same.
                await self._keys.mark_used(cached.key, now)
        return cached.key.caller

    async def _bearer(self, tokens: TokenVerifier, credentials: str) -> Caller:
        try:
            return await tokens.caller(credentials)
        except TokenRefused:
            raise self._unauthenticated() from None

    async def resolve(self, caller: Caller, namespace_header: str | None) -> Namespace:
        """The namespace that an X-Namespace header names, by name or id; the key's default where it is absent (None)
        or empty.

        Raises NamespaceRequired where there is neither, and NamespaceNotFound, alike for a malformed name and for one
        that is nobody's, another organization's, or none that a token may name.
        """
        reference = namespace_header or caller.default_namespace_id
        if reference is None:
            raise NamespaceRequired(f"This {caller.kind.value} has no default namespace: name one in X-Namespace.")
        owned_reference = (caller.organization.id, reference)
        namespace = self._cached_namespaces.get(owned_reference)
        if namespace is None:
            namespace = await self._tenancy.find_namespace(*owned_reference)
            if namespace is None:
                raise _no_namespace()
            self._cached_namespaces[owned_reference] = namespace
        if not caller.may_enter(namespace):
            raise _no_namespace()
        return namespace

    async def revoked(self, contexts: Collection[Context]) -> dict[Context, GatewayError]:
        """Those of the contexts that no request would be given any longer, each with why; nothing cached is used."""
        if not contexts:
            return {}
        of_keys = {context.caller.id for context in contexts if context.caller.kind is CallerKind.KEY}
        existing = await self._keys.existing(of_keys) if of_keys else []
        keys = {key.caller.id: key for key in existing}
        namespace_ids = await self._tenancy.existing_namespaces({context.namespace.id for context in contexts})
        now = datetime.now(UTC)
        errors: dict[Context, GatewayError] = {}
        for context in contexts:
            if not self._is_valid(context.caller, keys, now):
                self._cached_keys.pop(context.caller.id, None)
                errors[context] = self._unauthenticated()
            elif context.namespace is not NO_NAMESPACE and context.namespace.id not in namespace_ids:
                for reference in (context.namespace.name, context.namespace.id):
                    self._cached_namespaces.pop((context.caller.organization.id, reference), None)
                errors[context] = _no_namespace()
        return errors

    @staticmethod
    def _is_valid(caller: Caller, keys: Mapping[str, Key], now: datetime) -> bool:
        """Whether a caller still is one; ``keys``: those that are stored, by their ids."""
        if caller.kind is CallerKind.TOKEN:
            return not is_expired(caller, now)
        key = keys.get(caller.id)
        return key is not None and key.is_valid(now)

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

    def _unauthenticated(self) -> Unauthenticated:
        required = "A valid key is" if self._tokens is None else "A valid key or token is"
        return Unauthenticated(f"{required} required, as in: Authorization: Bearer sk_…")


def _no_namespace() -> NamespaceNotFound:
    return NamespaceNotFound("This key's organization has no such namespace.")


def require_permission(caller: Caller, permission: Permission) -> None:
    """Raises Forbidden unless the caller has this permission."""
    if not caller.may(permission):
        raise Forbidden(f"This {caller.kind.value} lacks the permission {permission.name}.")
