"""Percolators matched with what is recorded, by the one owner of the stream of changes.

changes, in their order → interactions of namespaces that have percolators → those whose filters may match → matches

The filters are kept compiled. They follow the changes of percolators, which stand in the same stream: each interaction
is matched with the percolators that there were when it was recorded. What is matched again, after another owner or a
restart, gives the same matches.
"""

import asyncio
import logging
import time
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bson import Timestamp

from gateway.compiler.saved_where import saved_tree
from gateway.errors import GatewayError, Unavailable
from gateway.model.document_ids import document_id, id_text
from gateway.model.kinds import INTERACTION
from gateway.model.percolators import happened
from gateway.model.wire import in_milliseconds
from gateway.plan.saved_filters import SavedFilter, SavedFilters
from gateway.store.client import Database, Document
from gateway.store.percolator_matches import PercolatorMatches
from gateway.store.recorded_changes import (
    InteractionDeleted,
    InteractionInserted,
    InteractionReplaced,
    PercolatorDeleted,
    PercolatorSaved,
    RecordedChange,
)

_LOG = logging.getLogger(__name__)

# So many are read at once: a few KB each.
_BATCH = 200
# Of all namespaces together; each takes some 10 KB.
_MAX_KEPT_FILTERS = 20_000
_MAX_KEPT_NAMESPACES = 10_000
# Others are served in between.
_TURN_SECONDS = 0.005


class Percolation:
    """The matching of one owner, for as long as it is that. ``kept_matches``: how many of each percolator stay, the
    newest, and up to a hundredth more."""

    def __init__(self, database: Database, kept_matches: int) -> None:
        self._matches = PercolatorMatches(database)
        self._kept_matches = kept_matches
        # By namespace and percolator: since the older ones were last removed.
        self._added: Counter[tuple[str, str]] = Counter()
        self._kept: OrderedDict[str, _NamespacePercolators] = OrderedDict()
        self._until = Timestamp(0, 0)

    async def beginning(self, now: Timestamp) -> Timestamp:
        """Where to begin where nobody has matched anything yet: ahead of the first percolator, else ``now``."""
        first = await self._matches.first_since()
        return now if first is None else min(first, now)

    async def take(self, changes: Sequence[RecordedChange], until: Timestamp) -> None:
        """Stores and removes the matches that follow from these changes, which are all ``until`` then.

        Raises `Unavailable`; then all of them can be given again.
        """
        self._until = until
        waiting: dict[str, list[InteractionInserted]] = defaultdict(list)
        deleted: dict[str, list[InteractionDeleted]] = defaultdict(list)
        for change in changes:
            namespace_id = change.namespace_id
            match change:
                case InteractionInserted():
                    if namespace_id in deleted:
                        await self._remove(namespace_id, deleted.pop(namespace_id))
                    waiting[namespace_id].append(change)
                case InteractionDeleted():
                    if namespace_id in waiting:
                        await self._match(namespace_id, waiting.pop(namespace_id))
                    deleted[namespace_id].append(change)
                case PercolatorSaved() | PercolatorDeleted():
                    if namespace_id in waiting:
                        await self._match(namespace_id, waiting.pop(namespace_id))
                    await self._follow(change)
        for namespace_id, inserted in waiting.items():
            await self._match(namespace_id, inserted)
        for namespace_id, removed in deleted.items():
            await self._remove(namespace_id, removed)

    async def _follow(self, change: PercolatorSaved | PercolatorDeleted) -> None:
        kept = self._kept.get(change.namespace_id)
        if isinstance(change, PercolatorSaved):
            if kept is not None:
                kept.save(change.document)
            return
        if kept is not None:
            kept.remove(change.percolator_id)
        self._added.pop((change.namespace_id, change.percolator_id), None)
        # What was matched until then, also by another owner.
        await self._matches.remove_of_percolator(change.namespace_id, change.percolator_id)

    async def _remove(self, namespace_id: str, deleted: Sequence[InteractionDeleted]) -> None:
        await self._matches.remove_of_interactions(
            namespace_id, [(change.interaction_id, change.at) for change in deleted]
        )

    async def _match(self, namespace_id: str, inserted: Sequence[InteractionInserted]) -> None:
        percolators = await self._percolators(namespace_id)
        if not len(percolators.filters):
            return
        for start in range(0, len(inserted), _BATCH):
            batch = inserted[start : start + _BATCH]
            try:
                matches = await self._matches_of(namespace_id, percolators, batch)
                await self._matches.insert(matches)
                await self._remove_unmatched(namespace_id, batch, matches)
                await self._remove_older(namespace_id, Counter(match["percolator_id"] for match in matches))
            except Unavailable:
                raise
            except GatewayError:
                # One namespace's documents must not hold up all others.
                _LOG.exception("Percolators of %s can't be matched with what was recorded.", namespace_id)

    async def _remove_unmatched(
        self, namespace_id: str, batch: Sequence[InteractionInserted], matches: Sequence[Document]
    ) -> None:
        """Removes what interactions matched before they were replaced, and don't any more."""
        matched: dict[str, list[str]] = defaultdict(list)
        for match in matches:
            matched[match["interaction_id"]].append(match["percolator_id"])
        replaced = [change for change in batch if isinstance(change, InteractionReplaced)]
        await self._matches.remove_unmatched(
            namespace_id, [(change.interaction_id, change.at, matched[change.interaction_id]) for change in replaced]
        )

    async def _remove_older(self, namespace_id: str, added: Mapping[str, int]) -> None:
        for id, count in added.items():
            self._added[namespace_id, id] += count
            if self._added[namespace_id, id] > self._kept_matches // 100:
                await self._matches.keep_newest(namespace_id, id, self._kept_matches)
                del self._added[namespace_id, id]

    async def _matches_of(
        self, namespace_id: str, percolators: "_NamespacePercolators", inserted: Sequence[InteractionInserted]
    ) -> list[Document]:
        documents = await self._matches.interactions(
            namespace_id, [change.id for change in inserted], percolators.filters.paths, self._until
        )
        by_id = {repr(document["_id"]): document for document in documents}
        matches: list[Document] = []
        began = time.monotonic()
        for change in inserted:
            document = by_id.get(repr(change.id))
            # It may be deleted by now; what has no readable id couldn't be told of.
            if document is None or (id := id_text(document.get(INTERACTION.id_path))) is None:
                continue
            matches += percolators.matches(namespace_id, id, document, change.at)
            if time.monotonic() - began > _TURN_SECONDS:
                await asyncio.sleep(0)
                began = time.monotonic()
        return matches

    async def _percolators(self, namespace_id: str) -> "_NamespacePercolators":
        kept = self._kept.get(namespace_id)
        if kept is None:
            kept = _NamespacePercolators()
            for document in await self._matches.percolators(namespace_id, self._until):
                kept.save(document)
                # Compiling takes half a millisecond each.
                await asyncio.sleep(0)
            self._kept[namespace_id] = kept
        self._kept.move_to_end(namespace_id)
        filters = sum(len(percolators.filters) for percolators in self._kept.values())
        while len(self._kept) > 1 and (filters > _MAX_KEPT_FILTERS or len(self._kept) > _MAX_KEPT_NAMESPACES):
            _, given_up = self._kept.popitem(last=False)
            filters -= len(given_up.filters)
        return kept


class _NamespacePercolators:
    """The percolators of one namespace that are enabled, compiled."""

    def __init__(self) -> None:
        self.filters = SavedFilters()
        self._since: dict[str, int] = {}
        self._revisions: dict[str, int] = {}

    def save(self, document: Mapping[str, Any]) -> None:
        """Takes a percolator as it is stored, in the place of what it was before."""
        id, revision = document["percolator_id"], document["revision"]
        if revision < self._revisions.get(id, 0):
            # It was read after it was changed again; that change is to come.
            return
        self.remove(id)
        self._revisions[id] = revision
        if not document["enabled"]:
            return
        try:
            self.filters.put(SavedFilter.of(id, saved_tree(document["where"])))
        except GatewayError as error:
            _LOG.warning("Percolator %s of %s: %s", id, document["namespace_id"], error.message)
            return
        self._since[id] = happened(document["since"])

    def remove(self, id: str) -> None:
        self.filters.remove(id)
        self._since.pop(id, None)
        self._revisions.pop(id, None)

    def matches(
        self, namespace_id: str, interaction_id: str, document: Mapping[str, Any], at: Timestamp
    ) -> list[Document]:
        """What is stored of those that match an interaction recorded ``at`` then."""
        time_of_recording = happened(at)
        return [
            {
                "_id": document_id(namespace_id, "percolator_match", f"{filter_.id}:{interaction_id}"),
                "percolator_id": filter_.id,
                "interaction_id": interaction_id,
                "happened": time_of_recording,
                "matched_at": in_milliseconds(datetime.now(UTC)),
                "matched": filter_.matched(document),
                "namespace_id": namespace_id,
            }
            for filter_ in self.filters.matching(document)
            if time_of_recording > self._since[filter_.id]
        ]
