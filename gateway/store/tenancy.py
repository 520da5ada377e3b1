"""Organizations and their namespaces.

Names are unique (a namespace's: within its organization), so creating is idempotent, also for two at once.
"""

import re
import secrets
from collections.abc import Mapping, Set
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import IndexModel, ReturnDocument

from gateway.context import Caller, Namespace, Organization
from gateway.errors import BadUserInput
from gateway.store.audit import Action, Audit
from gateway.store.client import Collection, Database
from gateway.store.driver_errors import translated, translated_look_up

ORGANIZATIONS, NAMESPACES = "organizations", "namespaces"

LOOK_UP_TIME_LIMIT_MS = 2_000
"""Of a command that looks up keys or namespaces for requests."""

INDEXES: Mapping[str, list[IndexModel]] = {
    ORGANIZATIONS: [IndexModel([("name", 1)], name="name", unique=True)],
    NAMESPACES: [
        IndexModel([("organization_id", 1), ("name", 1)], name="name", unique=True),
        IndexModel([("sweep_at", 1)], name="sweep", sparse=True),
    ],
}

MAX_RETENTION_DAYS = 36_500

_LABEL_LENGTH = 128
_NAMESPACE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ORGANIZATION_ID_PREFIX, _NAMESPACE_ID_PREFIX = "org_", "ns_"


class Tenancy:
    """The repository of organizations and namespaces.

    What makes a namespace writes to the audit log first. ``by``: whose key asks for it; None: the command line.
    """

    def __init__(self, database: Database) -> None:
        self._organizations: Collection = database[ORGANIZATIONS]
        self._namespaces: Collection = database[NAMESPACES]
        self._audit = Audit(database)

    async def create_organization(self, name: str) -> Organization:
        """The organization of this name, made where there is none.

        Raises BadUserInput unless the name is 1 to 128 printable characters, with none of them a space at either end.
        """
        require_label(name)
        stored, _ = await _find_or_insert(self._organizations, {"name": name}, _new_id(_ORGANIZATION_ID_PREFIX))
        return organization_of(stored)

    async def organization(self, name: str) -> Organization:
        """The organization of this name. Raises BadUserInput where there is none."""
        with translated():
            stored = await self._organizations.find_one({"name": name})
        if stored is None:
            raise BadUserInput(f"There is no organization {name!r}.")
        return organization_of(stored)

    async def find_organization(self, reference: str) -> Organization | None:
        """The organization by its name or id; None where there is none."""
        path = "_id" if reference.startswith(_ORGANIZATION_ID_PREFIX) else "name"
        with translated_look_up():
            stored = await self._organizations.find_one({path: reference}, max_time_ms=LOOK_UP_TIME_LIMIT_MS)
        return None if stored is None else organization_of(stored)

    async def organizations(self, named: str | None = None) -> list[Organization]:
        """All organizations, by name, or the one ``named`` so. Raises BadUserInput where there is none."""
        if named is not None:
            return [await self.organization(named)]
        with translated():
            return [organization_of(stored) async for stored in self._organizations.find().sort("name", 1)]

    async def create_namespace(
        self, organization: Organization, name: str, *, by: Caller | None = None
    ) -> tuple[Namespace, bool]:
        """The organization's namespace of this name, and whether it was made now.

        Raises BadUserInput unless the name is 1 to 64 of the characters A–Z a–z 0–9 . _ -, begins with a letter or a
        digit, and doesn't look like an id: a header that names a namespace may give either.
        """
        if not _NAMESPACE_NAME.fullmatch(name):
            raise BadUserInput(
                "A namespace's name is 1 to 64 letters, digits, '.', '_' or '-', and begins with a letter or a digit."
            )
        if name.startswith(_NAMESPACE_ID_PREFIX):
            raise BadUserInput("A namespace's name can't begin with ns_: its id does.")
        existing = await self.find_namespace(organization.id, name)
        if existing is not None:
            return existing, False
        new_id = _new_id(_NAMESPACE_ID_PREFIX)
        await self._audit.add(Action.CREATE_NAMESPACE, by, organization_id=organization.id, object_id=new_id)
        identity = {"organization_id": organization.id, "name": name}
        stored, created = await _find_or_insert(self._namespaces, identity, new_id)
        return namespace_of(stored), created

    async def find_namespace(self, organization_id: str, reference: str) -> Namespace | None:
        """The organization's namespace by its name or id; None where it has none, whatever other organizations have."""
        if not _NAMESPACE_NAME.fullmatch(reference):
            return None
        path = "_id" if reference.startswith(_NAMESPACE_ID_PREFIX) else "name"
        identity = {"organization_id": organization_id, path: reference}
        with translated_look_up():
            stored = await self._namespaces.find_one(identity, max_time_ms=LOOK_UP_TIME_LIMIT_MS)
        return None if stored is None else namespace_of(stored)

    async def set_retention(self, namespace: Namespace, days: int | None, *, by: Caller | None = None) -> Namespace:
        """Has what is recorded in a namespace erased after so many days; None: never. It is looked for from now on.

        Raises BadUserInput for fewer than 1 or more than 36,500, and where the namespace is gone.
        """
        if days is not None and not 1 <= days <= MAX_RETENTION_DAYS:
            raise BadUserInput(
                f"A retention is 1 to {MAX_RETENTION_DAYS:,} days, not {days:,}.", path=("retention_days",)
            )
        await self._audit.add(
            Action.SET_RETENTION,
            by,
            organization_id=namespace.organization_id,
            namespace_id=namespace.id,
            object_id=namespace.id,
        )
        kept: Mapping[str, Any] = {"$unset": {"retention_days": "", "sweep_at": ""}}
        if days is not None:
            kept = {"$set": {"retention_days": days, "sweep_at": datetime.now(UTC)}}
        identity = {"_id": namespace.id, "organization_id": namespace.organization_id}
        with translated():
            stored: Any = await self._namespaces.find_one_and_update(
                identity, kept, return_document=ReturnDocument.AFTER
            )
        if stored is None:
            raise BadUserInput("This namespace is gone.")
        return namespace_of(stored)

    async def close_namespace(self, namespace: Namespace) -> None:
        """Has nobody enter a namespace any more, whatever is in it yet. Its name is free from now on."""
        with translated():
            await self._namespaces.delete_one({"_id": namespace.id, "organization_id": namespace.organization_id})

    async def take_due_retention(self, every: timedelta) -> Namespace | None:
        """A namespace of which is due what its retention erases; it is so again after a while. None where none is."""
        now = datetime.now(UTC)
        with translated():
            stored: Any = await self._namespaces.find_one_and_update(
                {"sweep_at": {"$lte": now}},
                {"$set": {"sweep_at": now + every}},
                sort=[("sweep_at", 1)],
                return_document=ReturnDocument.AFTER,
            )
        return None if stored is None else namespace_of(stored)

    async def existing_namespaces(self, namespace_ids: Set[str]) -> set[str]:
        """Those of the ids that a namespace has."""
        ids = {"_id": {"$in": list(namespace_ids)}}
        with translated_look_up():
            cursor = self._namespaces.find(ids, {"_id": 1}, max_time_ms=LOOK_UP_TIME_LIMIT_MS)
            return {stored["_id"] async for stored in cursor}

    async def namespaces(self, organization: Organization) -> list[Namespace]:
        """The organization's namespaces, by name."""
        with translated():
            cursor = self._namespaces.find({"organization_id": organization.id}).sort("name", 1)
            return [namespace_of(stored) async for stored in cursor]


def _new_id(prefix: str) -> str:
    return prefix + secrets.token_hex(12)


async def _find_or_insert(
    collection: Collection, identity: Mapping[str, str], new_id: str
) -> tuple[Mapping[str, Any], bool]:
    """The document with this unique identity, and whether it was inserted now, under the new id."""
    with translated():
        stored: Any = await collection.find_one_and_update(
            identity,
            {"$setOnInsert": {"_id": new_id, "created_at": datetime.now(UTC)}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
    return stored, stored["_id"] == new_id


def require_label(name: str) -> None:
    """Raises BadUserInput unless the name is 1 to 128 printable characters, with no space at either end."""
    if not (0 < len(name) <= _LABEL_LENGTH and name.isprintable() and name == name.strip()):
        raise BadUserInput(
            f"A name is 1 to {_LABEL_LENGTH} printable characters, with no space at either end.", path=("name",)
        )


def organization_of(stored: Mapping[str, Any]) -> Organization:
    """The organization that a document of its collection holds."""
    return Organization(stored["_id"], stored["name"])


def namespace_of(stored: Mapping[str, Any]) -> Namespace:
    """The namespace that a document of its collection holds."""
    return Namespace(
        stored["_id"], stored["name"], stored["organization_id"], stored["created_at"], stored.get("retention_days")
    )
