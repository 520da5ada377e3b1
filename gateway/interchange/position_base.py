"""Where producers begin to count positions: here they are counted from 0, by some from 1."""

from collections.abc import Sequence
from enum import Enum


class PositionBase(Enum):
    """The number of the first position; the values are what ``--position-base`` takes."""

    ZERO = "0"
    ONE = "1"
    AUTO = "auto"


class PositionOrigins:
    """The number of the first position of each application in a file.

    By `PositionBase.AUTO` it is 1 for an application of which some position is 1 and none is 0, which takes all its
    events to be observed before the first is asked for.
    """

    def __init__(self, base: PositionBase) -> None:
        self._base = base
        self._with_zero: set[str | None] = set()
        self._with_one: set[str | None] = set()

    def observe(self, application: str | None, position: int | None) -> None:
        if position == 0:
            self._with_zero.add(application)
        elif position == 1:
            self._with_one.add(application)

    def as_state(self) -> list[list[str | None]]:
        """What was observed, as JSON, for `restore`."""
        return [list(self._with_zero), list(self._with_one)]

    def restore(self, state: Sequence[Sequence[str | None]]) -> None:
        self._with_zero, self._with_one = map(set, state)

    def origin(self, application: str | None) -> int:
        if self._base is PositionBase.AUTO:
            return int(application in self._with_one and application not in self._with_zero)
        return int(self._base is PositionBase.ONE)
