"""Percolators as they are stored: created, changed and deleted within the bounds of their namespace."""

from datetime import UTC, datetime
from typing import Any

from bson import Timestamp

from gateway.context import Namespace
from gateway.errors import BadUserInput, NotFound
from gateway.model.document_ids import document_id
from gateway.model.percolators import (
    MAX_PERCOLATORS,
    MAX_WITHOUT_EQUALITY,
    PERCOLATOR,
    PERCOLATOR_MATCH,
    new_percolator_id,
)
from gateway.model.wire import in_milliseconds
from gateway.plan.write_commands import CreatePercolator, DeletePercolator, UpdatePercolator
from gateway.store.audit import Action, Audit
from gateway.store.client import Database, Document
from gateway.store.driver_errors import translated

# The database puts its own time in the place of this one.
_NOW = Timestamp(0, 0)


class Percolators:
    """The repository of percolators. ``most``: how many a namespace may have; ``without_equality``: how many of those
    may be tried on everything.

    Every method reaches one namespace and no other. All raise `Unavailable`.
    """

    def __init__(
        self, database: Database, *, most: int = MAX_PERCOLATORS, without_equality: int = MAX_WITHOUT_EQUALITY
    ) -> None:
        self._percolators = database[PERCOLATOR.collection]
        self._matches = database[PERCOLATOR_MATCH.collection]
        self._audit = Audit(database)
        self._most = most
        self._without_equality = without_equality

    async def create(self, command: CreatePercolator) -> Document:
        """The stored percolator. Raises `BadUserInput` where the namespace has as many as it may."""
        namespace, where = command.namespace, command.where
        await self._check_room(namespace, 1, has_equality=where.has_equality)
        id = new_percolator_id()
        document: Document = {
            "_id": document_id(namespace.id, "percolator", id),
            "percolator_id": id,
            "name": command.name,
            "where": where.text,
            "enabled": command.enabled,
            "has_equality": where.has_equality,
            "revision": 1,
            "created_at": in_milliseconds(datetime.now(UTC)),
            "since": _NOW,
            "namespace_id": namespace.id,
        }
        with translated():
            await self._percolators.insert_one(document)
        try:
            # Others may have been created meanwhile: then there is room for none of those that look too late.
            await self._check_room(namespace, 0, has_equality=where.has_equality)
        except BadUserInput:
            with translated():
                await self._percolators.delete_one({"_id": document["_id"], "namespace_id": namespace.id})
            raise
        return document

    async def update(self, command: UpdatePercolator) -> Document:
        """The percolator as it is stored from now on. Raises `NotFound`, and `BadUserInput` as `create` does."""
        namespace, where = command.namespace, command.where
        while True:
            stored = await self._stored(command)
            changed = dict(stored)
            if command.name is not None:
                changed["name"] = command.name
            if where is not None:
                if stored["has_equality"] and not where.has_equality:
                    await self._check_room(namespace, 1, has_equality=False, is_new=False)
                changed |= {"where": where.text, "has_equality": where.has_equality}
            if command.enabled is not None:
                changed["enabled"] = command.enabled
                if command.enabled and not stored["enabled"]:
                    changed["since"] = _NOW
            if changed == stored:
                return stored
            changed["revision"] = stored["revision"] + 1
            # Whole: who follows the changes has each percolator as it was at its time.
            identity = {"_id": stored["_id"], "revision": stored["revision"], "namespace_id": namespace.id}
            with translated():
                result = await self._percolators.replace_one(identity, changed)
            if result.matched_count:
                return changed

    async def delete(self, command: DeletePercolator) -> bool:
        """Whether there was such a percolator, which is deleted with its matches."""
        namespace, id = command.namespace, command.percolator_id
        await self._audit.add(
            Action.DELETE_PERCOLATOR,
            command.caller,
            organization_id=namespace.organization_id,
            namespace_id=namespace.id,
            object_id=id,
        )
        identity = {"percolator_id": id, "namespace_id": namespace.id}
        with translated():
            result = await self._percolators.delete_one(identity)
            # Whoever follows does so again, behind the last match.
            await self._matches.delete_many(identity)
        return bool(result.deleted_count)

    async def _stored(self, command: UpdatePercolator) -> Document:
        identity = {"percolator_id": command.percolator_id, "namespace_id": command.namespace.id}
        with translated():
            stored: Any = await self._percolators.find_one(identity)
        if stored is None:
            raise NotFound("There is no such percolator here.", path=("percolatorId",))
        return dict(stored)

    async def _check_room(self, namespace: Namespace, more: int, *, has_equality: bool, is_new: bool = True) -> None:
        """Raises `BadUserInput` where the namespace would have too many with so many ``more``."""
        if is_new and await self._count({}, namespace, self._most + 1) + more > self._most:
            raise BadUserInput(f"A namespace may have at most {self._most:,} percolators.")
        if has_equality:
            return
        without = {"has_equality": False}
        if await self._count(without, namespace, self._without_equality + 1) + more > self._without_equality:
            raise BadUserInput(
                f"A namespace may have at most {self._without_equality:,} percolators that demand no value: each of "
                'them is tried on all that is recorded. Let the filter demand one, such as `featureId: {eq: "p1"}`.',
                path=("where",),
            )

    async def _count(self, condition: Document, namespace: Namespace, limit: int) -> int:
        with translated():
            return await self._percolators.count_documents({**condition, "namespace_id": namespace.id}, limit=limit)
