"""Organizations, their namespaces and their keys.

Names are unique (a namespace's: within its organization), so creating is idempotent, also for two at once.
"""

import re
import secrets
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import IndexModel, ReturnDocument, WriteConcern

from gateway import secretkey
from gateway.context import Caller, Namespace, Organization, Permission
from gateway.errors import BadUserInput, Conflict
from gateway.store.audit import Action, Audit
from gateway.store.client import Collection, Database, aggregate
from gateway.store.errors import translated

ORGANIZATIONS, NAMESPACES, KEYS = "organizations", "namespaces", "keys"

INDEXES: Mapping[str, list[IndexModel]] = {
    ORGANIZATIONS: [IndexModel([("name", 1)], name="name", unique=True)],
    NAMESPACES: [IndexModel([("organization_id", 1), ("name", 1)], name="name", unique=True)],
}

# How exact "last used" is: between two marks of one key lies at least this.
_MARK_INTERVAL = timedelta(minutes=1)
_LABEL_LENGTH = 128
_NAMESPACE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ORGANIZATION_ID_PREFIX, _NAMESPACE_ID_PREFIX = "org_", "ns_"


@dataclass(frozen=True, slots=True)
class Key:
    """A stored key: who its bearer is, and when that holds. Of the secret there is only the hash."""

    caller: Caller
    digest: bytes = field(repr=False)
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    def is_valid(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def wants_mark(self, now: datetime) -> bool:
        """Whether it's time to note that the key is in use."""
        return self.last_used_at is None or now - self.last_used_at >= _MARK_INTERVAL


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key just made, with the only copy of its secret."""

    key: Key
    secret: str = field(repr=False)


class Tenancy:
    """The repository of organizations, namespaces and keys.

    What makes or ends something writes to the audit log first. ``by``: whose key asks for it; None: the command line,
    where all that has no ``by`` comes from.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._organizations: Collection = database[ORGANIZATIONS]
        self._namespaces: Collection = database[NAMESPACES]
        self._keys: Collection = database[KEYS]
        self._audit = Audit(database)

    async def create_organization(self, name: str) -> Organization:
        """The organization of this name, made where there is none.

        Raises BadUserInput unless the name is 1 to 128 printable characters, with none of them a space at either end.
        """
        _require_label(name, "organization")
        stored, _ = await _find_or_insert(self._organizations, {"name": name}, _new_id(_ORGANIZATION_ID_PREFIX))
        return _organization(stored)

    async def organization(self, name: str) -> Organization:
        """The organization of this name. Raises BadUserInput where there is none."""
        with translated():
            stored = await self._organizations.find_one({"name": name})
        if stored is None:
            raise BadUserInput(f"There is no organization {name!r}.", path=("organization",))
        return _organization(stored)

    async def organizations(self) -> list[Organization]:
        """All organizations, by name."""
        with translated():
            return [_organization(stored) async for stored in self._organizations.find().sort("name", 1)]

    async def create_namespace(
        self, organization: Organization, name: str, *, by: Caller | None = None
    ) -> tuple[Namespace, bool]:
        """The organization's namespace of this name, and whether it was made now.

        Raises BadUserInput unless the name is 1 to 64 of the characters A–Z a–z 0–9 . _ -, begins with a letter or a
        digit, and doesn't look like an id: a header that names a namespace may give either.
        """
        if not _NAMESPACE_NAME.fullmatch(name):
            raise BadUserInput(
                "A namespace's name is 1 to 64 letters, digits, '.', '_' or '-', and begins with a letter or a digit.",
                path=("namespace",),
            )
        if name.startswith(_NAMESPACE_ID_PREFIX):
            raise BadUserInput("A namespace's name can't begin with ns_: its id does.", path=("namespace",))
        existing = await self.find_namespace(organization.id, name)
        if existing is not None:
            return existing, False
        new_id = _new_id(_NAMESPACE_ID_PREFIX)
        await self._audit.add(Action.CREATE_NAMESPACE, by, organization_id=organization.id, object_id=new_id)
        identity = {"organization_id": organization.id, "name": name}
        stored, created = await _find_or_insert(self._namespaces, identity, new_id)
        return _namespace(stored), created

    async def find_namespace(self, organization_id: str, reference: str) -> Namespace | None:
        """The organization's namespace by its name or id; None where it has none, whatever other organizations have."""
        if not _NAMESPACE_NAME.fullmatch(reference):
            return None
        path = "_id" if reference.startswith(_NAMESPACE_ID_PREFIX) else "name"
        with translated():
            stored = await self._namespaces.find_one({"organization_id": organization_id, path: reference})
        return None if stored is None else _namespace(stored)

    async def existing_namespaces(self, namespace_ids: Set[str]) -> set[str]:
        """Those of the ids that a namespace has."""
        with translated():
            found = self._namespaces.find({"_id": {"$in": list(namespace_ids)}}, {"_id": 1})
            return {stored["_id"] async for stored in found}

    async def namespaces(self, organization: Organization) -> list[Namespace]:
        """The organization's namespaces, by name."""
        with translated():
            found = self._namespaces.find({"organization_id": organization.id}).sort("name", 1)
            return [_namespace(stored) async for stored in found]

    async def create_key(
        self,
        organization: Organization,
        *,
        name: str,
        permissions: frozenset[Permission],
        default_namespace_id: str | None = None,
        lifetime: timedelta | None = None,
    ) -> IssuedKey:
        """A new key; ``lifetime`` None: it doesn't expire. Raises BadUserInput for a name that isn't a label."""
        _require_label(name, "name")
        secret, parsed = secretkey.generate()
        caller = Caller(parsed.key_id, name, permissions, organization, default_namespace_id)
        now = datetime.now(UTC)
        key = Key(caller, parsed.digest, now, None if lifetime is None else now + lifetime, None, None)
        await self._audit.add(Action.CREATE_KEY, None, organization_id=organization.id, object_id=parsed.key_id)
        with translated():
            await self._keys.insert_one(_document(key))
        return IssuedKey(key, secret)

    async def find_key(self, key_id: str) -> Key | None:
        found = await self._find_keys({"_id": key_id})
        return found[0] if found else None

    async def find_keys(self, key_ids: Set[str]) -> list[Key]:
        """Those of the keys that there are."""
        return await self._find_keys({"_id": {"$in": list(key_ids)}})

    async def keys(self, organization: Organization | None = None) -> list[Key]:
        """The organization's keys, or all, the oldest first; expired and revoked ones too."""
        return await self._find_keys({} if organization is None else {"organization_id": organization.id})

    async def revoke_key(self, key_id: str) -> Key:
        """Ends a key; one that was revoked before keeps its time. Raises BadUserInput where there is no such key."""
        key = await self._existing_key(key_id)
        if key.revoked_at is not None:
            return key
        await self._audit.add(Action.REVOKE_KEY, None, organization_id=key.caller.organization.id, object_id=key_id)
        with translated():
            await self._keys.update_one(
                {"_id": key_id, "revoked_at": None}, {"$set": {"revoked_at": datetime.now(UTC)}}
            )
        return await self._existing_key(key_id)

    async def rotate_key(self, key_id: str, *, grace: timedelta) -> tuple[IssuedKey, Key]:
        """A successor with the same name, rights, default namespace and lifetime; the old key ends after ``grace``.

        Returns both. Raises BadUserInput where there is no such key, Conflict where it was revoked, has expired or
        has been rotated before.
        """
        old = await self._existing_key(key_id)
        owner = old.caller.organization
        await self._audit.add(Action.ROTATE_KEY, None, organization_id=owner.id, object_id=key_id)
        issued = await self.create_key(
            owner,
            name=old.caller.key_name,
            permissions=old.caller.permissions,
            default_namespace_id=old.caller.default_namespace_id,
            lifetime=None if old.expires_at is None else old.expires_at - old.created_at,
        )
        # The successor is stored first: a crash in between leaves a key nobody knows, not a caller without one.
        now = datetime.now(UTC)
        with translated():
            retired = await self._keys.update_one(
                {"_id": key_id, "revoked_at": None, "replaced_by": None, "$nor": [{"expires_at": {"$lte": now}}]},
                {"$set": {"replaced_by": issued.key.caller.key_id}, "$min": {"expires_at": now + grace}},
            )
            if not retired.matched_count:
                await self._keys.delete_one({"_id": issued.key.caller.key_id})
                raise Conflict(f"Key {key_id} was revoked, has expired or has been rotated before.", path=("keyId",))
        return issued, await self._existing_key(key_id)

    async def mark_used(self, key: Key, now: datetime) -> None:
        """Notes that the key is in use. A lost mark is harmless, so it isn't waited for on other servers."""
        unhurried = self._keys.with_options(write_concern=WriteConcern(w=1))
        with translated():
            await unhurried.update_one({"_id": key.caller.key_id}, {"$max": {"last_used_at": now}})

    async def _existing_key(self, key_id: str) -> Key:
        key = await self.find_key(key_id)
        if key is None:
            raise BadUserInput(f"There is no key {key_id!r}.", path=("keyId",))
        return key

    async def _find_keys(self, condition: Mapping[str, Any]) -> list[Key]:
        pipeline: list[Mapping[str, Any]] = [
            {"$match": condition},
            {"$sort": {"created_at": 1, "_id": 1}},
            {
                "$lookup": {
                    "from": ORGANIZATIONS,
                    "localField": "organization_id",
                    "foreignField": "_id",
                    "as": "organization",
                }
            },
            {"$unwind": "$organization"},
        ]
        with translated():
            return [_key(stored) async for stored in await aggregate(self._keys, pipeline)]


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


def _require_label(name: str, path: str) -> None:
    if not (0 < len(name) <= _LABEL_LENGTH and name.isprintable() and name == name.strip()):
        raise BadUserInput(
            f"A name is 1 to {_LABEL_LENGTH} printable characters, with no space at either end.", path=(path,)
        )


def _organization(stored: Mapping[str, Any]) -> Organization:
    return Organization(stored["_id"], stored["name"])


def _namespace(stored: Mapping[str, Any]) -> Namespace:
    return Namespace(stored["_id"], stored["name"], stored["organization_id"], stored["created_at"])


def _key(stored: Mapping[str, Any]) -> Key:
    return Key(
        Caller(
            key_id=stored["_id"],
            key_name=stored["name"],
            permissions=frozenset(permission for permission in Permission if permission.value in stored["permissions"]),
            organization=_organization(stored["organization"]),
            default_namespace_id=stored.get("default_namespace_id"),
        ),
        bytes(stored["digest"]),
        stored["created_at"],
        stored.get("expires_at"),
        stored.get("revoked_at"),
        stored.get("last_used_at"),
    )


def _document(key: Key) -> dict[str, Any]:
    """A new key's document. What isn't there is left out: ``$min`` would keep a null, as the least of all."""
    caller = key.caller
    given = {"default_namespace_id": caller.default_namespace_id, "expires_at": key.expires_at}
    return {
        "_id": caller.key_id,
        "digest": key.digest,
        "name": caller.key_name,
        "permissions": sorted(permission.value for permission in caller.permissions),
        "organization_id": caller.organization.id,
        "created_at": key.created_at,
    } | {name: value for name, value in given.items() if value is not None}
