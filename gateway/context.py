"""Who asks, in which namespace, and what they may still spend: values only."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from math import ceil


class Permission(Enum):
    """What a caller may do; the values are the stored and the command line's spelling."""

    READ = "read"
    RECORD = "record"
    WRITE = "write"
    ADMIN = "admin"


@cache
def with_included(permissions: frozenset[Permission]) -> frozenset[Permission]:
    """The permissions and those that they include: WRITE includes RECORD, and else none another."""
    return permissions | {Permission.RECORD} if Permission.WRITE in permissions else permissions


@dataclass(frozen=True, slots=True)
class Organization:
    """The owner of namespaces and keys."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Namespace:
    """A tenant's partition: every stored document belongs to exactly one. ``retention_days``: after how many what is
    recorded in it is erased; None: never."""

    id: str
    name: str
    organization_id: str
    created_at: datetime
    retention_days: int | None = None


NO_NAMESPACE = Namespace("", "", "", datetime.min.replace(tzinfo=UTC))
"""Stands where a request names none, and its caller has none by default; no document is in it."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What somebody may read and write: the documents of a namespace, or those of them that are one user's."""

    namespace: Namespace
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate limit. ``burst``: points in a full bucket; ``restore``: points that come back each second."""

    burst: int
    restore: int

    @property
    def seconds_to_fill(self) -> float:
        return self.burst / self.restore

    def within(self, most: "Rate") -> "Rate":
        """The same, but for what is more than another allows."""
        return Rate(min(self.burst, most.burst), min(self.restore, most.restore))


@dataclass(frozen=True, slots=True)
class KeyBounds:
    """The reach of a key within its organization, and what it may spend.

    ``origins``: of the pages that alone may use it, None: whoever has it. ``confined``: whether it may name no
    namespace but its default one. ``rate``: its own rate limit, None: everybody's.
    """

    origins: frozenset[str] | None = None
    confined: bool = False
    rate: Rate | None = None


class CallerKind(Enum):
    """What a caller proves to be one by; the values are the stored spelling."""

    KEY = "key"
    TOKEN = "token"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the bearer of one valid key, or the subject of a token.

    ``id``: of the key, or made of the token's issuer and subject. Limits, the audit log and what is observed know
    callers by it. ``name``: a label for people, which is no secret. ``expires_at``: None where it doesn't expire.
    ``namespaces``: those that it may name, each by its name or id; None: all of its organization. ``user_id``: whose
    interactions and search requests alone it may read and write; None: everybody's. ``rate``: its own rate limit, None:
    everybody's. ``origins``: of the pages that alone may use it; None: whoever has it may.
    """

    id: str
    name: str
    permissions: frozenset[Permission]
    organization: Organization
    default_namespace_id: str | None
    kind: CallerKind = CallerKind.KEY
    expires_at: datetime | None = None
    namespaces: frozenset[str] | None = None
    user_id: str | None = None
    rate: Rate | None = None
    origins: frozenset[str] | None = None

    def may(self, permission: Permission) -> bool:
        """Whether it has this permission, or one that includes it."""
        return permission in with_included(self.permissions)

    def may_come_from(self, origin: str | None) -> bool:
        """Whether it may be used by a page of this origin; None: by what names none, as programs do."""
        return self.origins is None or origin in self.origins

    def may_enter(self, namespace: Namespace) -> bool:
        """Whether it may name this namespace of its organization."""
        return self.namespaces is None or not self.namespaces.isdisjoint((namespace.id, namespace.name))


@dataclass(frozen=True, slots=True)
class Budget:
    """A caller's bucket at one moment; ``full_in``: seconds until everything has come back."""

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
        """Whole seconds until ``points`` are there, or a full bucket where that has fewer; at least 1."""
        missing = min(points, self.rate.burst) - (self.rate.burst - self.full_in * self.rate.restore)
        return max(1, ceil(missing / self.rate.restore))

    def refunded(self, points: int) -> "Budget":
        """The budget once ``points`` are given back."""
        return Budget(self.rate, max(0.0, self.full_in - points / self.rate.restore))


@dataclass(frozen=True, slots=True)
class Context:
    """Who asks, and in which namespace, which may be `NO_NAMESPACE`; ``budget``: what the caller has left, where that
    is known and limited."""

    caller: Caller
    namespace: Namespace
    budget: Budget | None = None

    @property
    def reach(self) -> Reach:
        """What every command is made for: nothing beyond it is read or written."""
        return Reach(self.namespace, self.caller.user_id)


@dataclass(frozen=True, slots=True)
class OperationCost:
    """The points that an operation might have cost, and did, and the budget after it."""

    requested: int
    actual: int
    budget: Budget

    @property
    def extension(self) -> Mapping[str, int]:
        """The cost as an answer tells it, in ``extensions``."""
        return {
            "requested": self.requested,
            "actual": self.actual,
            "remaining": self.budget.remaining,
            "restoreRate": self.budget.rate.restore,
        }
