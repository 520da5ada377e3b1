"""What was latest used of values that don't change, bounded in number and weighed."""

from collections.abc import Hashable
from math import inf
from operator import attrgetter
from typing import Any, Protocol, TypeVar

from cachetools import LRUCache


class Weighed(Protocol):
    @property
    def weight(self) -> int:
        """About how many bytes it takes up."""


K = TypeVar("K", bound=Hashable)
W = TypeVar("W", bound=Weighed)


class WeightedLru(LRUCache[K, W]):
    """The latest used of values that don't change, up to ``most``."""

    def __init__(self, most: int) -> None:
        super().__init__(inf, getsizeof=attrgetter("weight"))
        self._most = most

    @property
    def weight(self) -> int:
        """What they weigh together."""
        # To look at each would be a use of it.
        return int(self.currsize)

    def __setitem__(self, key: K, value: W, *given: Any) -> None:
        super().__setitem__(key, value, *given)
        if len(self) > self._most:
            self.popitem()
