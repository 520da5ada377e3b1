"""A walk through a collection by its ids, of whatever type they are: each step begins where the last one ended."""

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.store.client import Collection, Document


async def next_by_id(collection: Collection, after: Any, read: Iterable[str], most: int) -> tuple[list[Document], Any]:
    """The next documents by their ids, as far as ``read`` says, and where to go on; None at the end.

    ``after`` None: the first ones. The document that was the last of a step is read once more. Raises the driver's
    errors.
    """
    projection: Mapping[str, Any] = dict.fromkeys(read, 1)
    # Whatever ids others give, of any type: a filter would find those of one.
    cursor = collection.find({}, projection).hint([("_id", 1)]).sort("_id", 1).limit(most)
    if after is not None:
        cursor = cursor.min([("_id", after)])
    documents = [document async for document in cursor]
    return documents, documents[-1]["_id"] if len(documents) == most else None
