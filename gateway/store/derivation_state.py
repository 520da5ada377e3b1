"""Who derives, and how far it is: one document that all workers of all gateways share.

    {"_id": "derivation", "owner": "…", "until": datetime, "definition": 2, "token": {…}, "derived_until": Timestamp,
     "waiting": [["search", "ns_…", "r1"], …], "rebuild": {"stage": "searches", "after": …, "done": 4000}}

The owner holds a lease, by MongoDB's clock. Everything is derived that was written until ``derived_until``, but for the
keys that are ``waiting`` and, while there is a ``rebuild``, what that has not come to. ``token`` goes on from there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bson import Timestamp
from pymongo.errors import DuplicateKeyError

from gateway.insights.derived_keys import Key, key_of, stored_key
from gateway.model.derived_documents import DEFINITION, DERIVATION_ID, DERIVATION_STATES
from gateway.store.client import Database, Document, aggregate
from gateway.store.driver_errors import translated
from gateway.store.lease import Lease

LEASE_SECONDS = 7.0
"""How long a lease lasts that isn't renewed: whoever looks every two seconds takes over within ten."""


@dataclass(frozen=True, slots=True)
class RebuildProgress:
    """The place that a rebuild has come to. ``after``: the key behind which a stage goes on; None: from its start.
    ``done``: documents that were read, over all stages."""

    stage: str
    after: Any = None
    done: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """What is derived. ``token`` None: nothing is known of what was written. ``is_outdated``: it follows another
    definition, or none yet."""

    token: Mapping[str, Any] | None = None
    is_outdated: bool = True
    derived_until: Timestamp | None = None
    waiting: tuple[Key, ...] = ()
    rebuild: RebuildProgress | None = None
    is_owned: bool = False


class DerivationState:
    """The document, as one of those sees it who may own it. Methods raise `Unavailable`."""

    def __init__(self, database: Database) -> None:
        self._states = database[DERIVATION_STATES]
        self._lease = Lease(self._states, DERIVATION_ID)

    async def take(self) -> bool:
        """Whether this owns the derivation for `LEASE_SECONDS` from now: as before, or as nobody does."""
        return await self._lease.take(LEASE_SECONDS)

    async def release(self) -> None:
        await self._lease.release()

    async def read(self) -> Progress:
        """What is derived, by whomever."""
        pipeline: list[Document] = [
            {"$match": {"_id": DERIVATION_ID}},
            {"$set": {"is_owned": {"$gt": ["$until", "$$NOW"]}}},
        ]
        with translated():
            stored = await (await aggregate(self._states, pipeline)).to_list()
        return _progress(stored[0]) if stored else Progress()

    async def save(self, token: Mapping[str, Any], derived_until: Timestamp, waiting: Iterable[Key]) -> None:
        """Notes that all is derived that was written until then, but for what is ``waiting``. Raises `LeaseLost`."""
        keys = [stored_key(key) for key in waiting]
        await self._lease.update({"$set": {"token": token, "derived_until": derived_until, "waiting": keys}})

    async def begin_rebuild(self, stage: str) -> None:
        """As the owner: has everything made again from this stage on."""
        await self._lease.update(
            {
                "$set": {"rebuild": _stored(RebuildProgress(stage)), "definition": DEFINITION},
                "$unset": {"token": "", "waiting": ""},
            }
        )

    async def save_rebuild(self, progress: RebuildProgress | None) -> None:
        """As the owner; None: it is done."""
        if progress is None:
            await self._lease.update({"$unset": {"rebuild": ""}})
        else:
            await self._lease.update({"$set": {"rebuild": _stored(progress)}})

    async def forget(self) -> None:
        """As the owner: nothing is known of what was written."""
        await self._lease.update({"$unset": {"token": ""}})

    async def ask_for_rebuild(self, stage: str) -> None:
        """Has whoever owns the derivation, now or next, make everything again; a rebuild under way goes on instead."""
        rebuild = {"rebuild": _stored(RebuildProgress(stage))}
        with translated():
            try:
                await self._states.update_one(
                    {"_id": DERIVATION_ID, "rebuild": {"$exists": False}}, {"$set": rebuild}, upsert=True
                )
            except DuplicateKeyError:
                # There is one under way.
                return


def _stored(progress: RebuildProgress) -> Document:
    return {"stage": progress.stage, "after": progress.after, "done": progress.done}


def _progress(stored: Document) -> Progress:
    token, rebuild = stored.get("token"), stored.get("rebuild")
    return Progress(
        token=token,
        is_outdated=stored.get("definition") != DEFINITION,
        derived_until=stored.get("derived_until"),
        waiting=tuple(key_of(key) for key in stored.get("waiting", ())),
        rebuild=None if rebuild is None else RebuildProgress(**rebuild),
        is_owned=stored["is_owned"],
    )
