"""What became of search requests, as it is derived of them (`gateway.model.derived_documents`): looked up by their ids,
or joined to documents that name one, to be filtered by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from gateway.context import Namespace
from gateway.insights.stored_values import id_text
from gateway.model.derived_documents import SEARCH_OUTCOMES

Document: TypeAlias = Mapping[str, Any]

OUTCOME: Final = "search_outcome"
"""Where a document that is filtered by its search request's outcome has that, as long as it is filtered."""

OUTCOME_INDEX: Final = "id"


@dataclass(frozen=True, slots=True)
class OutcomeScan:
    """The outcomes of the search requests with these ids."""

    namespace: Namespace
    search_request_ids: Sequence[str]

    @property
    def collection(self) -> str:
        return SEARCH_OUTCOMES

    @property
    def filters(self) -> list[Document]:
        # The last key: nothing ahead of it can replace it.
        return [{"search_request_id": {"$in": list(self.search_request_ids)}, "namespace_id": self.namespace.id}]


def outcome_stages(namespace: Namespace, filters: Sequence[Document]) -> list[Document]:
    """The stages that keep the documents whose search request has an outcome that matches: an empty one, where nothing
    is derived yet, or where they name no search request. They keep the order."""
    if not filters:
        return []
    return [
        # Ids that others store as numbers or ObjectIds, too. Null would find what has no id either; none is false.
        {"$set": {OUTCOME: {"$ifNull": [id_text("$search_request_id"), False]}}},
        {
            "$lookup": {
                "from": SEARCH_OUTCOMES,
                "localField": OUTCOME,
                "foreignField": "search_request_id",
                "pipeline": [
                    {"$match": {"namespace_id": namespace.id}},
                    # Other programs may have stored one id twice: the latest counts, as it does where it is looked up.
                    {"$sort": {"first_seen_at": -1, "_id": -1}},
                    {"$limit": 1},
                ],
                "as": OUTCOME,
            }
        },
        {"$match": {"$and": list(filters)}},
        {"$unset": OUTCOME},
    ]
