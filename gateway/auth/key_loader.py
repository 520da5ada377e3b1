"""Keys that are looked up together: made-up ones, however many come at once, take the database few commands.

While some commands are under way, whoever comes is gathered for the next one: nobody waits for many, whether there is
such a key or not.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.errors import Unavailable
from gateway.store.keys import Key, Keys

_AT_ONCE = 4
_MOST_TOGETHER = 500
# They take milliseconds; where none ends for so long, the database is in trouble.
_LONGEST_WAIT_SECONDS = 1.0


@dataclass(slots=True)
class _Gathering:
    """``found``: of those that are looked up with each other."""

    key_ids: set[str] = field(default_factory=set)
    found: "asyncio.Task[Mapping[str, Key]] | None" = None


class KeyLoader:
    """One for each event loop."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._free = asyncio.Semaphore(_AT_ONCE)
        self._gathering: _Gathering | None = None

    async def find(self, key_id: str) -> Key | None:
        """The key with this id; raises `Unavailable` where the database doesn't answer."""
        gathering = self._gathering
        if gathering is None or gathering.found is None or len(gathering.key_ids) >= _MOST_TOGETHER:
            gathering = self._gathering = _Gathering()
            gathering.found = asyncio.create_task(self._look_up(gathering))
            # Where everybody who waited for it has gone, its failure is nobody's.
            gathering.found.add_done_callback(lambda done: done.cancelled() or done.exception())
        gathering.key_ids.add(key_id)
        return (await asyncio.shield(gathering.found)).get(key_id)

    async def _look_up(self, gathering: _Gathering) -> Mapping[str, Key]:
        try:
            async with asyncio.timeout(_LONGEST_WAIT_SECONDS):
                await self._free.acquire()
        except TimeoutError:
            raise Unavailable("The database takes too long; try again.") from None
        finally:
            if self._gathering is gathering:
                self._gathering = None
        try:
            found = await self._keys.existing(gathering.key_ids)
        finally:
            self._free.release()
        return {key.caller.key_id: key for key in found}
