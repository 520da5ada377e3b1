"""What was administered or deleted, and by whom: a collection to which entries are only ever added.

An entry is acknowledged before its action is begun, so that nothing is done without one. It records an attempt: whether
that succeeded, was refused or was interrupted afterwards it doesn't hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any
from uuid import uuid4

from pymongo import IndexModel

from gateway.context import Caller, CallerKind
from gateway.store.client import Collection, Database
from gateway.store.driver_errors import translated

AUDIT = "audit"

INDEXES: Mapping[str, list[IndexModel]] = {
    AUDIT: [
        IndexModel([("organization_id", 1), ("at", -1)], name="organization"),
        IndexModel([("at", -1)], name="time"),
    ]
}

_COMMAND_LINE = "command line"
_ID_OF = {CallerKind.KEY: "key_id", CallerKind.TOKEN: "token_id"}
# No id that anything has is longer; a client may name anything, and entries stay.
_LONGEST_ID = 512


class Action(Enum):
    """What the log records; the values are the stored spelling, and that of the command line."""

    CREATE_NAMESPACE = "namespace.create"
    CREATE_KEY = "key.create"
    REVOKE_KEY = "key.revoke"
    ROTATE_KEY = "key.rotate"
    LIMIT_KEY = "key.limit"
    DELETE_INTERACTION = "interaction.delete"
    DELETE_PERCOLATOR = "percolator.delete"
    SET_RETENTION = "namespace.retention"
    DELETE_NAMESPACE = "namespace.delete"
    ERASE_USER = "user.erase"
    ERASE_SESSION = "session.erase"
    ERASE_SEARCH_REQUEST = "search_request.erase"
    ERASE_INTERACTIONS = "interactions.erase"


@dataclass(frozen=True, slots=True)
class Actor:
    """The caller that asked for it, with the name that it had."""

    kind: CallerKind
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One attempt that was recorded.

    ``actor`` None: somebody at the command line. ``object_id``: of what was to be made, changed or deleted, as its own
    kind names it. ``namespace_id``: where that was, if in a namespace.
    """

    at: datetime
    action: str
    actor: Actor | None
    organization_id: str
    namespace_id: str | None
    object_id: str


class Audit:
    """The repository of the audit log's entries."""

    def __init__(self, database: Database) -> None:
        self._entries: Collection = database[AUDIT]

    async def add(
        self,
        action: Action,
        caller: Caller | None,
        *,
        organization_id: str,
        object_id: str,
        namespace_id: str | None = None,
    ) -> None:
        """Adds an entry, ahead of its action; ``caller`` None: somebody at the command line.

        Raises `Unavailable` where it isn't acknowledged: then nothing may be done.
        """
        entry = {
            "_id": uuid4(),
            "at": datetime.now(UTC),
            "action": action.value,
            "actor": _COMMAND_LINE if caller is None else {_ID_OF[caller.kind]: caller.id, "name": caller.name},
            "organization_id": organization_id,
            **({} if namespace_id is None else {"namespace_id": namespace_id}),
            "object_id": object_id[:_LONGEST_ID],
        }
        with translated():
            await self._entries.insert_one(entry)

    async def latest(self, limit: int, organization_id: str | None = None) -> list[Entry]:
        """At most ``limit`` (1 or more) entries of an organization, or of all, the newest first."""
        condition = {} if organization_id is None else {"organization_id": organization_id}
        with translated():
            cursor = self._entries.find(condition).sort("at", -1).limit(limit)
            return [_entry(stored) async for stored in cursor]


def _entry(stored: Mapping[str, Any]) -> Entry:
    return Entry(
        at=stored["at"],
        action=stored["action"],
        actor=_actor(stored["actor"]),
        organization_id=stored["organization_id"],
        namespace_id=stored.get("namespace_id"),
        object_id=stored["object_id"],
    )


def _actor(stored: Any) -> Actor | None:
    if stored == _COMMAND_LINE:
        return None
    [kind] = [kind for kind, name in _ID_OF.items() if name in stored]
    return Actor(kind, stored[_ID_OF[kind]], stored["name"])
