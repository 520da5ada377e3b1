"""What is remembered of keys that come again and again: the latest values, and which keys came once."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LatestUsed(Generic[K, V]):
    """The latest used values, up to ``most``."""

    __slots__ = ("_most", "_values")

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[K, V] = OrderedDict()

    def use(self, key: K) -> V | None:
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def keep(self, key: K, value: V) -> V | None:
        """Keeps a value; gives the one that goes for it."""
        replaced = self._values.pop(key, None)
        self._values[key] = value
        return self._values.popitem(last=False)[1] if len(self._values) > self._most else replaced

    def drop(self, key: K) -> None:
        del self._values[key]

    def items(self) -> list[tuple[K, V]]:
        return list(self._values.items())


class SeenOnce:
    """The hashes of the latest keys that came once, up to ``most``: most never come again."""

    __slots__ = ("_hashes", "_most")

    def __init__(self, most: int) -> None:
        self._most = most
        self._hashes: dict[int, None] = {}

    def again(self, key: Hashable) -> bool:
        """Whether the key has come before; if so, it is forgotten here."""
        if (hashed := hash(key)) in self._hashes:
            del self._hashes[hashed]
            return True
        self._hashes[hashed] = None
        if len(self._hashes) > self._most:
            del self._hashes[next(iter(self._hashes))]
        return False
