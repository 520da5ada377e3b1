"""An organization's keys: what callers authenticate with."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import IndexModel, UpdateOne, WriteConcern

from gateway.context import Caller, KeyBounds, Organization, Permission, Rate
from gateway.errors import BadUserInput, Conflict
from gateway.model import secret_keys
from gateway.model.secret_keys import MAX_KEYS
from gateway.model.wire import in_milliseconds
from gateway.store.audit import Action, Audit
from gateway.store.client import Collection, Database, aggregate
from gateway.store.driver_errors import translated, translated_look_up
from gateway.store.key_documents import is_key
from gateway.store.tenancy import LOOK_UP_TIME_LIMIT_MS, ORGANIZATIONS, organization_of, require_label

KEYS = "keys"
INDEXES: Mapping[str, list[IndexModel]] = {
    KEYS: [
        IndexModel([("organization_id", 1), ("created_at", -1), ("_id", -1)], name="organization"),
        IndexModel([("origins", 1)], name="origins", partialFilterExpression={"origins": {"$exists": True}}),
    ]
}
_UNBOUND = KeyBounds()

_LONGEST_ID = 64

# How exact "last used" is: between two marks of one key lies at least this.
_MARK_INTERVAL = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Key:
    """A stored key: who its bearer is, and when that holds. Of the secret there is only the hash."""

    caller: Caller
    digest: bytes = field(repr=False)
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    replaced_by: str | None = None
    points_spent: int = 0

    def is_valid(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    @property
    def bounds(self) -> KeyBounds:
        return KeyBounds(self.caller.origins, self.caller.namespaces is not None, self.caller.rate)

    def is_mark_due(self, now: datetime) -> bool:
        """Whether it's time to note that the key is in use."""
        return self.last_used_at is None or now - self.last_used_at >= _MARK_INTERVAL


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key just made, with the only copy of its secret."""

    key: Key
    secret: str = field(repr=False)


class Keys:
    """The repository of keys: apart from organizations and namespaces, so that no mutation reaches what ends a key.

    What makes, ends or limits one writes to the audit log first. ``by``: who asks for it, of whose organization alone
    the key may be; None: somebody at the command line.
    """

    def __init__(self, database: Database) -> None:
        self._keys: Collection = database[KEYS]
        self._audit = Audit(database)

    async def create(
        self,
        organization: Organization,
        *,
        name: str,
        permissions: frozenset[Permission],
        default_namespace_id: str | None = None,
        lifetime: timedelta | None = None,
        bounds: KeyBounds = _UNBOUND,
        by: Caller | None = None,
    ) -> IssuedKey:
        """A new key; ``lifetime`` None: it doesn't expire.

        Raises BadUserInput for a name that isn't a label, where one that is confined has no default namespace, and
        where the organization has as many keys as a client may make.
        """
        require_label(name)
        if bounds.confined and default_namespace_id is None:
            raise BadUserInput("A key that may name one namespace only needs a default one.", path=("confined",))
        if by is not None:
            await self._require_few(organization)
        secret, parsed = secret_keys.generate()
        # As it is stored.
        now = in_milliseconds(datetime.now(UTC))
        expires_at = None if lifetime is None else now + lifetime
        caller = Caller(
            parsed.key_id,
            name,
            permissions,
            organization,
            default_namespace_id,
            expires_at=expires_at,
            namespaces=_namespaces(default_namespace_id, confined=bounds.confined),
            rate=bounds.rate,
            origins=bounds.origins,
        )
        key = Key(caller, parsed.digest, now, expires_at, None, None)
        await self._audit.add(Action.CREATE_KEY, by, organization_id=organization.id, object_id=parsed.key_id)
        with translated():
            await self._keys.insert_one(_document(key))
        return IssuedKey(key, secret)

    async def find(self, key_id: str) -> Key | None:
        """The key with this id; None where there is none."""
        keys = await self._matching({"_id": key_id}, maxTimeMS=LOOK_UP_TIME_LIMIT_MS)
        return keys[0] if keys else None

    async def existing(self, key_ids: Set[str]) -> list[Key]:
        """Those of the keys that there are, the oldest first."""
        return await self._matching({"_id": {"$in": list(key_ids)}}, maxTimeMS=LOOK_UP_TIME_LIMIT_MS)

    async def oldest_first(self, organization: Organization | None = None) -> list[Key]:
        """The organization's keys, or all, the oldest first; expired and revoked ones too."""
        return await self._matching({} if organization is None else {"organization_id": organization.id})

    async def origins(self) -> Set[str]:
        """The origins of pages that any valid key is bound to."""
        bound = {
            "origins": {"$exists": True},
            "revoked_at": None,
            "$nor": [{"expires_at": {"$lte": datetime.now(UTC)}}],
        }
        with translated_look_up():
            found = self._keys.find(bound, {"origins": 1}, max_time_ms=LOOK_UP_TIME_LIMIT_MS)
            return {origin async for stored in found for origin in stored["origins"]}

    async def revoke(self, key_id: str, *, by: Caller | None = None) -> Key:
        """Ends a key; one that was revoked before keeps its time. Raises BadUserInput where there is no such key."""
        key = await self._required(key_id, by)
        if key.revoked_at is not None:
            return key
        await self._audit.add(Action.REVOKE_KEY, by, organization_id=key.caller.organization.id, object_id=key_id)
        with translated():
            await self._keys.update_one(
                {"_id": key_id, "revoked_at": None}, {"$set": {"revoked_at": datetime.now(UTC)}}
            )
        return await self._required(key_id)

    async def limit(self, key_id: str, rate: Rate | None, *, by: Caller | None = None) -> Key:
        """Gives a key a rate limit of its own, None: everybody's. Raises BadUserInput where there is no such key."""
        key = await self._required(key_id, by)
        await self._audit.add(Action.LIMIT_KEY, by, organization_id=key.caller.organization.id, object_id=key_id)
        change = {"$unset": {"rate": ""}} if rate is None else {"$set": {"rate": _stored_rate(rate)}}
        with translated():
            await self._keys.update_one({"_id": key_id}, change)
        return await self._required(key_id, by)

    async def rotate(self, key_id: str, *, grace: timedelta) -> tuple[IssuedKey, Key]:
        """A successor with the same name, rights, default namespace and lifetime; the old key ends after ``grace``.

        Returns both. Raises BadUserInput where there is no such key, Conflict where it was revoked, has expired or
        has been rotated before.
        """
        old = await self._required(key_id)
        owner = old.caller.organization
        await self._audit.add(Action.ROTATE_KEY, None, organization_id=owner.id, object_id=key_id)
        issued = await self.create(
            owner,
            name=old.caller.name,
            permissions=old.caller.permissions,
            default_namespace_id=old.caller.default_namespace_id,
            lifetime=None if old.expires_at is None else old.expires_at - old.created_at,
            bounds=old.bounds,
        )
        # The successor is stored first: a crash in between leaves a key nobody knows, not a caller without one.
        now = datetime.now(UTC)
        with translated():
            retired = await self._keys.update_one(
                {"_id": key_id, "revoked_at": None, "replaced_by": None, "$nor": [{"expires_at": {"$lte": now}}]},
                {"$set": {"replaced_by": issued.key.caller.id}, "$min": {"expires_at": now + grace}},
            )
            if not retired.matched_count:
                await self._keys.delete_one({"_id": issued.key.caller.id})
                raise Conflict(f"Key {key_id} was revoked, has expired or has been rotated before.")
        return issued, await self._required(key_id)

    async def mark_used(self, key: Key, now: datetime) -> None:
        """Notes that the key is in use. A lost mark is harmless, so it isn't waited for on other servers."""
        own_write = self._keys.with_options(write_concern=WriteConcern(w=1))
        with translated():
            await own_write.update_one({"_id": key.caller.id}, {"$max": {"last_used_at": now}})

    async def add_spent(self, points: Mapping[str, int]) -> None:
        """Adds points that keys spent, by their ids. A lost count is harmless, so it isn't waited for elsewhere."""
        changes = [UpdateOne({"_id": key_id}, {"$inc": {"points_spent": spent}}) for key_id, spent in points.items()]
        if changes:
            own_write = self._keys.with_options(write_concern=WriteConcern(w=1))
            with translated():
                await own_write.bulk_write(changes, ordered=False)

    async def _required(self, key_id: str, by: Caller | None = None) -> Key:
        key = await self.find(key_id)
        if key is None or (by is not None and key.caller.organization.id != by.organization.id):
            raise BadUserInput(f"There is no key {key_id[:_LONGEST_ID]!r}.", path=("key_id",))
        return key

    async def _require_few(self, organization: Organization) -> None:
        valid = {"organization_id": organization.id, "revoked_at": None}
        with translated():
            if await self._keys.count_documents(valid, limit=MAX_KEYS) >= MAX_KEYS:
                raise BadUserInput(f"An organization may have at most {MAX_KEYS:,} keys that aren't revoked.")

    async def _matching(self, condition: Mapping[str, Any], **options: Any) -> list[Key]:
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
        with translated_look_up():
            cursor = await aggregate(self._keys, pipeline, **options)
            found = [stored async for stored in cursor]
        return [_key(stored) for stored in found if is_key(stored)]


def _key(stored: Mapping[str, Any]) -> Key:
    return Key(
        Caller(
            id=stored["_id"],
            name=stored["name"],
            permissions=frozenset(permission for permission in Permission if permission.value in stored["permissions"]),
            organization=organization_of(stored["organization"]),
            default_namespace_id=stored.get("default_namespace_id"),
            expires_at=stored.get("expires_at"),
            namespaces=_namespaces(stored.get("default_namespace_id"), confined=stored.get("confined", False)),
            rate=None if "rate" not in stored else Rate(stored["rate"]["burst"], stored["rate"]["restore"]),
            origins=None if "origins" not in stored else frozenset(stored["origins"]),
        ),
        bytes(stored["digest"]),
        stored["created_at"],
        stored.get("expires_at"),
        stored.get("revoked_at"),
        stored.get("last_used_at"),
        stored.get("replaced_by"),
        stored.get("points_spent", 0),
    )


def _namespaces(default_id: str | None, *, confined: bool) -> frozenset[str] | None:
    """Those that a key may name, as of `Caller`."""
    return frozenset(filter(None, (default_id,))) if confined else None


def _stored_rate(rate: Rate) -> dict[str, int]:
    return {"burst": rate.burst, "restore": rate.restore}


def _document(key: Key) -> dict[str, Any]:
    """A new key's document. What isn't there is left out: ``$min`` would keep a null, as the least of all."""
    caller = key.caller
    optional = {
        "default_namespace_id": caller.default_namespace_id,
        "expires_at": key.expires_at,
        "rate": None if caller.rate is None else _stored_rate(caller.rate),
        "confined": True if caller.namespaces is not None else None,
        "origins": None if caller.origins is None else sorted(caller.origins),
    }
    return {
        "_id": caller.id,
        "digest": key.digest,
        "name": caller.name,
        "permissions": sorted(permission.value for permission in caller.permissions),
        "organization_id": caller.organization.id,
        "created_at": key.created_at,
    } | {name: value for name, value in optional.items() if value is not None}
