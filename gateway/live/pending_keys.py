"""The keys of what has yet to be derived, and when."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping

from cachetools import LRUCache

from gateway.insights.derived_keys import Key

# What reads ten thousand documents each time waits a second between two times: that takes it a tenth of the time.
_DOCUMENTS_PER_SECOND = 10_000
_REMEMBERED = 10_000


class PendingKeys:
    """Keys that were touched, each once; those that are dear wait in proportion to what they took the last time."""

    def __init__(self, waiting: Iterable[Key] = ()) -> None:
        # What was kept of a key that waits doesn't say whether something was taken.
        self._keys = dict.fromkeys(waiting, True)
        self._next_times: LRUCache[Key, float] = LRUCache(_REMEMBERED)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, keys: Mapping[Key, bool]) -> None:
        """With true, something may have been taken from the key."""
        for key, shrinks in keys.items():
            self._keys[key] = shrinks or self._keys.get(key, False)

    def take(self, count: int, *, wait: bool) -> dict[Key, bool]:
        """Up to so many of the keys, to be derived now; without ``wait`` also those whose time hasn't come."""
        now = asyncio.get_running_loop().time()
        due = [key for key in self._keys if not wait or self._next_times.get(key, 0.0) <= now][:count]
        return {key: self._keys.pop(key) for key in due}

    def note(self, costs: Mapping[Key, int]) -> None:
        """Notes how many documents were read for the keys that are dear."""
        now = asyncio.get_running_loop().time()
        for key, documents in costs.items():
            self._next_times[key] = now + documents / _DOCUMENTS_PER_SECOND
