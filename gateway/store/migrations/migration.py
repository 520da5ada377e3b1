"""What a migration is: a change of stored documents that is made in steps."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from gateway.store.client import Database

Place = Mapping[str, Any]
"""Where a migration goes on, as it is stored; what it holds is the migration's own."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step that was made. ``place``: where the next one begins, None at the end; ``read``, ``changed``: documents."""

    place: Place | None
    read: int
    changed: int


class Migration(ABC):
    """A change of what older versions stored, beside the service: every step may be made again, and changes nothing
    then. Versions before it read what it leaves behind.

    ``number``: of its place among all, for good; ``title``: what holds once it is done.
    """

    number: ClassVar[int]
    title: ClassVar[str]

    @abstractmethod
    async def total(self, database: Database) -> int:
        """About how many documents it reads; raises `Unavailable`."""

    @abstractmethod
    async def step(self, database: Database, place: Place | None, *, write: bool) -> Step:
        """The step that begins there, None: the first one; without ``write`` it tells what it would change. Raises
        `GatewayError`."""
