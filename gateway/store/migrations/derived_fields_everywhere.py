"""Recorded documents of versions that derived less of them: before a search's text was normalised, for one."""

from collections.abc import Sequence

from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.store.client import Database
from gateway.store.derived_fields import correction, total
from gateway.store.document_faults import READ
from gateway.store.driver_errors import translated
from gateway.store.keyset import next_by_id
from gateway.store.migrations.migration import Migration, Place, Step

_COLLECTIONS: Sequence[str] = (INTERACTION.collection, SEARCH_REQUEST.collection)
# The documents of a step.
BATCH = 500


class DerivedFieldsEverywhere(Migration):
    """The derived fields of all that was recorded: else nothing finds it by a text or by a condition. What follows
    from changed documents, such as statistics, is derived again by the gateway that follows what is written."""

    number = 1
    title = "Recorded documents have all fields that are derived of them"

    async def total(self, database: Database) -> int:
        return await total(database)

    async def step(self, database: Database, place: Place | None, *, write: bool) -> Step:
        collection = _COLLECTIONS[0] if place is None else place["collection"]
        after = None if place is None else place["after"]
        with translated():
            documents, behind = await next_by_id(database[collection], after, ("_id", *READ), BATCH)
            updates = [update for document in documents if (update := correction(document)) is not None]
            if updates and write:
                await database[collection].bulk_write(updates, ordered=False)
        following: Place | None = {"collection": collection, "after": behind}
        if behind is None:
            left = _COLLECTIONS[_COLLECTIONS.index(collection) + 1 :]
            following = {"collection": left[0], "after": None} if left else None
        return Step(following, len(documents), len(updates))
