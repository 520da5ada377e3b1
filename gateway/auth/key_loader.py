"""Keys that are looked up together: made-up ones, however many come at once, take the database few commands.

While some commands are under way, the ids of further look-ups are gathered for the next command: nobody waits for many
of them, whether there is such a key or not.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.errors import Unavailable
from gateway.store.keys import Key, Keys

_COMMANDS_AT_ONCE = 4
_MAX_BATCH = 500
# They take milliseconds; where none ends for so long, the database is in trouble.
_MAX_WAIT_SECONDS = 1.0
# MongoDB's own time limit is 2 s, of which a server that hangs says nothing.
_MAX_COMMAND_SECONDS = 5.0


@dataclass(slots=True)
class _Batch:
    """The ids that one command looks up, and ``keys``: the task that gives those of them which exist, by id."""

    key_ids: set[str] = field(default_factory=set)
    keys: "asyncio.Task[Mapping[str, Key]] | None" = None


class KeyLoader:
    """A batching loader of keys; one for each event loop."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._commands = asyncio.Semaphore(_COMMANDS_AT_ONCE)
        self._next_batch: _Batch | None = None

    async def find(self, key_id: str) -> Key | None:
        """The key with this id; raises `Unavailable` where the database doesn't answer."""
        batch = self._next_batch
        if batch is None or batch.keys is None or len(batch.key_ids) >= _MAX_BATCH:
            batch = self._next_batch = _Batch()
            batch.keys = asyncio.create_task(self._look_up(batch))
            # Where everybody who waited for it has gone, its failure is nobody's.
            batch.keys.add_done_callback(lambda task: task.cancelled() or task.exception())
        batch.key_ids.add(key_id)
        return (await asyncio.shield(batch.keys)).get(key_id)

    async def _look_up(self, batch: _Batch) -> Mapping[str, Key]:
        try:
            async with asyncio.timeout(_MAX_WAIT_SECONDS):
                await self._commands.acquire()
        except TimeoutError:
            raise _too_long() from None
        finally:
            if self._next_batch is batch:
                self._next_batch = None
        try:
            async with asyncio.timeout(_MAX_COMMAND_SECONDS):
                keys = await self._keys.existing(batch.key_ids)
        except TimeoutError:
            raise _too_long() from None
        finally:
            self._commands.release()
        return {key.caller.id: key for key in keys}


def _too_long() -> Unavailable:
    return Unavailable("The database takes too long; try again.")
