"""What is erased together: interactions with their matches, search requests with what was copied and derived of them.

What statistics add up follows by itself, from what is deleted (`gateway.live.follower`). What names a user, or a
search, is deleted here as well: so it is gone as the job ends, whoever follows.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import UpdateMany

from gateway.context import Reach
from gateway.model.derived_documents import SEARCH_OUTCOMES
from gateway.model.document_ids import first_session_id, id_spellings, id_text
from gateway.model.documents import COPIED_FIELDS, shadowed_fields
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.model.percolators import PERCOLATOR_MATCH
from gateway.plan.reach_filters import last_words
from gateway.store.client import Database, Document, aggregate
from gateway.store.driver_errors import translated
from gateway.store.jobs.stored_documents import StoredDocuments

MOST_COPIES = 1_000
"""So many interactions lose their copies at once."""

READ = {INTERACTION.id_path: 1, SEARCH_REQUEST.id_path: 1, "session_id": 1, "shadowed.search_request_id": 1}
"""The projection of the documents that `ErasedDocuments` takes."""


class ErasedDocuments:
    """The deletion of documents of one reach, and of what follows from them. Methods may be called again after an
    error, and raise `GatewayError`."""

    def __init__(self, database: Database, reach: Reach) -> None:
        self._stored = StoredDocuments(database)
        self._interactions = database[INTERACTION.collection]
        self._requests = database[SEARCH_REQUEST.collection]
        self._outcomes = database[SEARCH_OUTCOMES]
        self._matches = database[PERCOLATOR_MATCH.collection]
        self._reach = reach
        self._namespace = {"namespace_id": reach.namespace.id}

    async def delete_interactions(self, documents: Sequence[Document]) -> int:
        """How many were deleted of these, as `READ`."""
        await self._delete_matches(documents)
        these = self._stored.same(documents)
        with translated():
            result = await self._interactions.delete_many({**these, **last_words(self._reach, INTERACTION)})
        return result.deleted_count

    async def delete_requests(self, documents: Sequence[Document]) -> tuple[int | None, int]:
        """How many of these search requests, as `READ`, were deleted, and how many interactions have lost their copies;
        None for the former where more of those were left: then the same have to be given again."""
        changed = await self._forget_copies_of(documents)
        if changed >= MOST_COPIES:
            return None, changed
        return await self.delete_uncopied_requests(documents), changed

    async def delete_uncopied_requests(self, documents: Sequence[Document]) -> int:
        """As `delete_requests`, of search requests that no interactions which stay have copies of."""
        these = self._stored.same(documents)
        with translated():
            result = await self._requests.delete_many({**these, **last_words(self._reach, SEARCH_REQUEST)})
            # An outcome has the id of its search request.
            await self._outcomes.delete_many({**these, **self._namespace})
        return result.deleted_count

    async def forget_copies(self, documents: Sequence[Document]) -> int:
        """How many of these interactions, as `READ`, have lost the copy of their search request. Those that named it by
        its id still do."""
        last = last_words(self._reach, INTERACTION)
        by_names: dict[tuple[str, ...], list[Any]] = defaultdict(list)
        for document in documents:
            by_names[_forgotten(document)].append(document["_id"])
        changes = [
            # Of each document all at once: what has no copy isn't looked for again.
            UpdateMany({**self._stored.with_ids(ids), **last}, {"$unset": dict.fromkeys(names, "")})
            for names, ids in by_names.items()
        ]
        with translated():
            result = await self._interactions.bulk_write(changes, ordered=False)
        return result.modified_count

    async def searches_led_here_alone(self, documents: Sequence[Document], own: Mapping[str, Any]) -> list[Document]:
        """The search requests, as `READ`, of these interactions that name no user, and led to no interactions but those
        that ``own`` matches."""
        ids = {id for document in documents if (id := id_text(document.get(SEARCH_REQUEST.id_path))) is not None}
        spellings = list(id_spellings(sorted(ids)))
        unnamed = {SEARCH_REQUEST.id_path: {"$in": spellings}, SEARCH_REQUEST.user_path: None, **self._namespace}
        others: list[Mapping[str, Any]] = [
            {"$match": {SEARCH_REQUEST.id_path: {"$in": spellings}, "$nor": [dict(own)], **self._namespace}},
            {"$group": {"_id": f"${SEARCH_REQUEST.id_path}"}},
        ]
        with translated():
            requests = await self._stored.found(SEARCH_REQUEST.collection, unnamed, READ)
            if not requests:
                return []
            rows = await (await aggregate(self._interactions, others, hint="search_request")).to_list()
        of_others = {id_text(row["_id"]) for row in rows}
        return [document for document in requests if id_text(document[SEARCH_REQUEST.id_path]) not in of_others]

    async def _delete_matches(self, documents: Sequence[Document]) -> None:
        own_ids = [id for document in documents if (id := id_text(document.get(INTERACTION.id_path))) is not None]
        with translated():
            await self._matches.delete_many({"interaction_id": {"$in": own_ids}, **self._namespace})

    async def _forget_copies_of(self, requests: Sequence[Document]) -> int:
        ids = [id for document in requests if (id := id_text(document.get(SEARCH_REQUEST.id_path))) is not None]
        copies = {
            SEARCH_REQUEST.id_path: {"$in": list(id_spellings(ids))},
            "search_request": {"$exists": True},
            **last_words(self._reach, INTERACTION),
        }
        with translated():
            documents = await self._stored.found(
                INTERACTION.collection, copies, READ, hint="search_request", limit=MOST_COPIES
            )
        return await self.forget_copies(documents) if documents else 0


def _forgotten(interaction: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields that an interaction loses with its copy of a search request."""
    names = list(COPIED_FIELDS)
    if shadowed_fields(interaction).get(SEARCH_REQUEST.id_path) is None:
        # It came with the search request, of which the id is a part, or a hash.
        names.append(SEARCH_REQUEST.id_path)
    if first_session_id(interaction.get("session_id")) is None:
        names.append("effective_session_id")
    return tuple(names)
