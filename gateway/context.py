"""Who asks, and in which namespace: values only."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Permission(Enum):
    """What a key may do; the values are the stored and the command line's spelling."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Organization:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Namespace:
    """A tenant's partition: every stored document belongs to exactly one."""

    id: str
    name: str
    organization_id: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Caller:
    """The bearer of one valid key."""

    key_id: str
    key_name: str
    permissions: frozenset[Permission]
    organization: Organization
    default_namespace_id: str | None


@dataclass(frozen=True, slots=True)
class Context:
    caller: Caller
    namespace: Namespace
