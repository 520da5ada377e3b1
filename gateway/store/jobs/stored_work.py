"""What a job has to do and how far it is, as its document holds both."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bson import Binary, decode, encode

from gateway.model.jobs import JobKind
from gateway.plan.erasures import Erasure, Sweep, SweepAction, index_of
from gateway.store.client import Collection, Document
from gateway.store.jobs.stored_documents import IndexKey


@dataclass(frozen=True, slots=True)
class Place:
    """The place where a job goes on. ``round``: how often it has been through all of its sweeps; ``sweep``: which one
    it is at; ``value``: at which of its values; ``after``: the key of its index that was looked at last, None: none
    was. ``found``: whether anything was erased in this round."""

    round: int = 0
    sweep: int = 0
    value: int = 0
    after: IndexKey | None = None
    found: bool = False

    def stored(self) -> Document:
        after = list(self.after) if isinstance(self.after, tuple) else self.after
        return {"round": self.round, "sweep": self.sweep, "value": self.value, "after": after, "found": self.found}

    @classmethod
    def of(cls, stored: Mapping[str, Any] | None) -> "Place":
        if stored is None:
            return cls()
        after = stored["after"]
        return replace(cls(**{**stored, "after": None}), after=tuple(after) if isinstance(after, list) else after)


def stored_work(erasure: Erasure, user_id: str | None, collection: Collection) -> Document:
    """``user_id``: whose documents alone it may reach; ``collection``: by whose options documents are encoded."""
    options = collection.codec_options

    def stored(sweep: Sweep) -> Document:
        return {
            "collection": sweep.index.kind.collection,
            "index": sweep.index.name,
            "values": None if sweep.values is None else list(sweep.values),
            # Encoded: names of operators are none that documents should have.
            "where": Binary(encode({"all": list(sweep.where)}, codec_options=options)),
            "start": sweep.start,
            "action": sweep.action.value,
            "with_searches": sweep.with_searches,
        }

    return {"sweeps": [stored(sweep) for sweep in erasure.sweeps], "again": erasure.again, "user_id": user_id}


def erasure_of(kind: JobKind, work: Mapping[str, Any], collection: Collection) -> Erasure:
    options = collection.codec_options

    def sweep(stored: Mapping[str, Any]) -> Sweep:
        return Sweep(
            index_of(stored["collection"], stored["index"]),
            None if stored["values"] is None else tuple(stored["values"]),
            tuple(decode(stored["where"], codec_options=options)["all"]),
            stored["start"],
            SweepAction(stored["action"]),
            stored["with_searches"],
        )

    return Erasure(kind, [sweep(stored) for stored in work["sweeps"]], work["again"])
