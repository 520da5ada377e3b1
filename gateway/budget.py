"""What a key may still spend, in points."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil


@dataclass(frozen=True, slots=True)
class Rate:
    """``burst``: points in a full bucket; ``restore``: points that come back each second."""

    burst: int
    restore: int

    @property
    def seconds_to_fill(self) -> float:
        return self.burst / self.restore


@dataclass(frozen=True, slots=True)
class Budget:
    """A key's bucket at one moment; ``full_in``: seconds until everything has come back."""

    rate: Rate
    full_in: float

    @property
    def remaining(self) -> int:
        return max(0, int(self.rate.burst - self.full_in * self.rate.restore))

    @property
    def reset_seconds(self) -> int:
        return ceil(self.full_in)

    @property
    def reset_at(self) -> datetime:
        return datetime.fromtimestamp(time.time() + self.full_in, UTC)

    def seconds_until(self, points: int) -> int:
        """Whole seconds until so many points are there, or all that there may be; at least 1."""
        missing = min(points, self.rate.burst) - (self.rate.burst - self.full_in * self.rate.restore)
        return max(1, ceil(missing / self.rate.restore))

    def with_back(self, points: int) -> "Budget":
        return Budget(self.rate, max(0.0, self.full_in - points / self.rate.restore))


@dataclass(frozen=True, slots=True)
class Spent:
    """The points that an operation might have cost, and did, and the budget after it."""

    requested: int
    actual: int
    budget: Budget

    @property
    def told(self) -> Mapping[str, int]:
        return {
            "requested": self.requested,
            "actual": self.actual,
            "remaining": self.budget.remaining,
            "restoreRate": self.budget.rate.restore,
        }
