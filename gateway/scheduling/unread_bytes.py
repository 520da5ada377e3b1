"""What waits for clients to read it, answers and events alike: how many bytes of each key."""

from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakValueDictionary

from gateway.errors import AnswersUnread


class UnreadBytes:
    """The bytes that wait for the clients of one key to read them; ``limit``: up to how many."""

    __slots__ = ("__weakref__", "_limit", "waiting")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.waiting = 0

    def fits(self, size: int) -> bool:
        """Whether so many more may wait."""
        return self.waiting + size <= self._limit

    def add(self, size: int) -> None:
        """Counts bytes that wait from now on."""
        self.waiting += size

    def remove(self, size: int) -> None:
        """Counts bytes that were read, or dropped."""
        self.waiting -= size

    @contextmanager
    def held(self, size: int) -> Iterator[None]:
        """An answer of so many bytes, for as long as this is entered. Raises `AnswersUnread` where it doesn't fit."""
        if not self.fits(size):
            raise AnswersUnread(
                f"More than {self._limit:,} bytes would wait for the clients of this key to read them: the operation "
                "was run, and its answer is dropped."
            )
        self.add(size)
        try:
            yield
        finally:
            self.remove(size)


class UnreadBytesByCaller:
    """The unread bytes of all keys that have any; ``limit``: of each key."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        # Who has something waiting holds its key's.
        self._of_keys: WeakValueDictionary[str, UnreadBytes] = WeakValueDictionary()

    def of(self, caller_id: str) -> UnreadBytes:
        """Those of one key, to be kept for as long as any of them wait."""
        unread = self._of_keys.get(caller_id)
        if unread is None:
            unread = self._of_keys[caller_id] = UnreadBytes(self._limit)
        return unread
