"""Long work in many steps, such as exports: each key has only so much under way, and others are served in between."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.context import Caller
from gateway.errors import RateLimited
from gateway.scheduling.concurrency import ConcurrencyLimit

# How long others are served behind a step, as a part of its own time, while operations of other keys are under way.
_PAUSE = 2.0
_LONGEST_PAUSE_SECONDS = 0.5
_LOOK_AGAIN_SECONDS = 0.002
# It is long: by then another may have ended.
_RETRY_SECONDS = 10


class BulkWork:
    """The long work under way in a process; ``operations``: those of everybody, for which it makes way; ``of_key``: how
    much of each key may be under way at a time."""

    def __init__(self, operations: ConcurrencyLimit, *, of_key: int) -> None:
        self._operations = operations
        self._of_key = of_key
        self._under_way: Counter[str] = Counter()

    @contextmanager
    def begun(self, caller: Caller) -> Iterator[None]:
        """Long work of a caller, for as long as this is entered. Raises `RateLimited` where as much is under way as
        may be."""
        if self._under_way[caller.id] >= self._of_key:
            raise RateLimited(
                f"At most {self._of_key:,} exports of a key may be under way at a time.", retry_after=_RETRY_SECONDS
            )
        self._under_way[caller.id] += 1
        try:
            yield
        finally:
            self._under_way[caller.id] -= 1
            if not self._under_way[caller.id]:
                del self._under_way[caller.id]

    async def pause(self, caller: Caller, seconds: float) -> None:
        """Returns once others were served behind a step that took so long; at once where nobody else asks."""
        await asyncio.sleep(0)
        for _ in range(int(min(_PAUSE * seconds, _LONGEST_PAUSE_SECONDS) / _LOOK_AGAIN_SECONDS)):
            if not self._operations.has_others_than(caller.id, {}):
                return
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
