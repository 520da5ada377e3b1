"""The origins of pages that keys are bound to: what answers a browser's preflight, which carries no key."""

import asyncio
import time
from collections.abc import Set
from contextlib import suppress

from gateway.errors import GatewayError
from gateway.store.keys import Keys

# MongoDB's own time limit, of which a server that hangs says nothing.
_MAX_SECONDS = 2.0


class KeyOrigins:
    """The origins that valid keys name, as they were at most ``cache_seconds`` ago; one for each event loop.

    They are looked up together, one command at a time, however many origins are asked for: made-up ones cost nothing.
    """

    def __init__(self, keys: Keys, *, cache_seconds: float) -> None:
        self._keys = keys
        self._cache_seconds = cache_seconds
        self._origins: Set[str] = frozenset()
        self._until = 0.0
        self._look_up: asyncio.Task[None] | None = None

    async def has(self, origin: str) -> bool:
        """Whether some key names this origin; by what was known before, where the database doesn't answer."""
        if time.monotonic() >= self._until:
            if self._look_up is None:
                self._look_up = asyncio.create_task(self._renew())
            await asyncio.shield(self._look_up)
        return origin in self._origins

    def had(self, origin: str) -> bool:
        """Whether some key named this origin when that was looked up last."""
        return origin in self._origins

    async def _renew(self) -> None:
        until = time.monotonic() + self._cache_seconds
        try:
            # Whatever is asked for meanwhile is refused likewise: whether a page can read that is of no account.
            with suppress(GatewayError, TimeoutError):
                async with asyncio.timeout(_MAX_SECONDS):
                    self._origins = await self._keys.origins()
        finally:
            # Not before: who comes meanwhile waits as well.
            self._look_up, self._until = None, until
