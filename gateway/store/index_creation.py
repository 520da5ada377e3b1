"""Creates the declared indexes; what is there already stays as it is, and building does not stop reads or writes."""

from collections import defaultdict

from pymongo import IndexModel

from gateway.model.indexes import INDEXES
from gateway.store import audit, tenancy, token_buckets
from gateway.store.client import Database
from gateway.store.error_translation import translated


async def create_indexes(database: Database) -> None:
    """Creates every index; without the unique ones, two that are made at once may both stay.

    Raises `Unavailable` where the database doesn't answer, also where building takes longer than the client waits for
    an answer. MongoDB builds on then, and another call waits for the same.
    """
    # Those of the small collections first: some are unique, and the others may take long.
    small = {**tenancy.INDEXES, **audit.INDEXES, **token_buckets.INDEXES}
    by_collection: dict[str, list[IndexModel]] = defaultdict(list, small)
    for index in INDEXES:
        by_collection[index.kind.collection].append(IndexModel(list(index.keys), name=index.name))
    with translated():
        for collection, models in by_collection.items():
            await database[collection].create_indexes(models)
