"""The copies that interactions have of search requests, made anew as those are completed or replaced.

They are so batch by batch, however many there are: no command lasts longer than one batch takes. What is interrupted is
done by doing all of it again; copies that are right by then aren't written.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from pymongo import UpdateMany
from pymongo.read_concern import ReadConcern

from gateway.context import Namespace
from gateway.model.documents import Document, copied_fields, effective_session_id
from gateway.model.kinds import INTERACTION
from gateway.store.client import Collection, Database
from gateway.store.driver_errors import translated

_BATCH: Final = 1_000

# As `gateway.model.document_ids.first_session_id` reads it.
_HAS_OWN_SESSION: Final = {
    "$or": [
        {"$and": [{"$eq": [{"$type": "$session_id"}, "string"]}, {"$ne": ["$session_id", ""]}]},
        {"$isNumber": "$session_id"},
        {"$eq": [{"$type": "$session_id"}, "objectId"]},
    ]
}


class SearchRequestCopies:
    """The repository of interactions, as far as they have copies of search requests. Methods raise `Unavailable`."""

    def __init__(self, database: Database) -> None:
        self._interactions = database[INTERACTION.collection]
        # As an update finds them: also what no majority has yet.
        self._latest: Collection = self._interactions.with_options(read_concern=ReadConcern("local"))

    async def renew(self, namespace: Namespace, requests: Sequence[Document], among: Mapping[str, Any]) -> None:
        """Gives the interactions of these search requests that ``among`` matches the copies that they would have, had
        they come later."""
        stages = {request["search_request_id"]: [_stage(request)] for request in requests}
        within = {**among, "namespace_id": namespace.id}
        with translated():
            async for interactions in self._batches({**within, "search_request_id": {"$in": list(stages)}}):
                by_request: dict[str, list[Any]] = defaultdict(list)
                for interaction in interactions:
                    by_request[interaction["search_request_id"]].append(interaction["_id"])
                updates = [
                    UpdateMany({"_id": {"$in": ids}, **within, "search_request_id": id}, stages[id], hint="_id_")
                    for id, ids in by_request.items()
                ]
                await self._interactions.bulk_write(updates, ordered=False)

    async def _batches(self, found: Mapping[str, Any]) -> AsyncIterator[list[Document]]:
        # By the index of search requests, in which nothing moves that is written here. Not by a hint: an error where a
        # large database isn't indexed yet.
        cursor = self._latest.find(found, {"search_request_id": 1}, batch_size=_BATCH)
        batch: list[Document] = []
        async for interaction in cursor:
            batch.append(interaction)
            if len(batch) == _BATCH:
                yield batch
                batch = []
        if batch:
            yield batch


def _stage(request: Mapping[str, Any]) -> Document:
    """The stage that gives an interaction the copy."""
    copy = {**copied_fields(request), "search_request": request["search_request"]}
    # Whatever was recorded may look like an expression.
    fields: Document = {name: {"$literal": value} for name, value in copy.items()}
    session = effective_session_id({"search_request": request["search_request"]})
    of_request: Any = "$$REMOVE" if session is None else {"$literal": session}
    fields["effective_session_id"] = {"$cond": [_HAS_OWN_SESSION, "$effective_session_id", of_request]}
    return {"$set": fields}
