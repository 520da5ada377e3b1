"""Creates the declared indexes; what is there already stays as it is, and building does not stop reads or writes."""

import logging
from collections import defaultdict

from pymongo import IndexModel
from pymongo.errors import OperationFailure
from tenacity import RetryCallState, retry, retry_if_exception_type, wait_fixed

from gateway.errors import GatewayError
from gateway.model.derived_documents import DERIVED_INDEXES
from gateway.model.indexes import INDEXES
from gateway.model.jobs import JOB_INDEXES
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.model.percolators import PERCOLATOR, PERCOLATOR_INDEXES
from gateway.store import audit, keys, tenancy, token_buckets
from gateway.store.client import Database
from gateway.store.driver_errors import transient, translated
from gateway.store.jobs import job_repository
from gateway.store.migrations.migrator import Migrator

_LOG = logging.getLogger(__name__)
_RETRY_SECONDS = 5.0


async def create_indexes(database: Database) -> None:
    """Creates every index; without the unique ones, two that are made at once may both stay. Notes of a new database
    that it has nothing to migrate.

    Raises `Unavailable` where the database doesn't answer, also where building takes longer than the client waits for
    an answer. MongoDB builds on then, and another call waits for the same.
    """
    with translated():
        for collection, models in _declared().items():
            await database[collection].create_indexes(models)
        await _keep_pre_images(database)
    await Migrator(database).note_new()


def own_collections() -> frozenset[str]:
    """The names of the gateway's collections that have indexes: all that hold what is recorded, or who may read it."""
    return frozenset(_declared())


def _declared() -> dict[str, list[IndexModel]]:
    """The indexes of each collection: those of the small ones first: some are unique, and the others may take long."""
    small = {**tenancy.INDEXES, **audit.INDEXES, **keys.INDEXES, **token_buckets.INDEXES, **job_repository.INDEXES}
    for name, indexes in DERIVED_INDEXES.items():
        small[name] = [IndexModel(list(keys), name=index) for index, keys in indexes.items()]
    by_collection: dict[str, list[IndexModel]] = defaultdict(list, {name: [*models] for name, models in small.items()})
    for index in (*PERCOLATOR_INDEXES, *JOB_INDEXES, *INDEXES):
        by_collection[index.kind.collection].append(IndexModel(list(index.keys), name=index.name))
    return by_collection


async def _keep_pre_images(database: Database) -> None:
    """Has MongoDB keep what deleted and changed documents were, for as long as its oplog goes back: derived documents
    couldn't take back what they counted."""
    names = [INTERACTION.collection, SEARCH_REQUEST.collection, PERCOLATOR.collection]
    kept = {"changeStreamPreAndPostImages": {"enabled": True}}
    # Looked at first: changing a collection waits until nobody uses it.
    for found in await (await database.list_collections(filter={"name": {"$in": names}})).to_list():
        if found["options"].get("changeStreamPreAndPostImages") == {"enabled": True}:
            names.remove(found["name"])
    for name in names:
        try:
            await database.command({"collMod": name, **kept})
        except OperationFailure as error:
            if transient(error):
                raise
            _LOG.warning(
                "The gateway may not have MongoDB keep pre-images of %s (error %s): what is deleted or changed there "
                "counts on until `gateway insights rebuild`. See docs/insights.md.",
                name,
                error.code,
            )


def _log_failure(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    _LOG.warning("Indexes can't be created yet: %s", error.message if isinstance(error, GatewayError) else error)


class IndexCreation:
    """The creation of every index beside the service, however long the database takes to come up or to build them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.is_done = False

    @retry(retry=retry_if_exception_type(GatewayError), wait=wait_fixed(_RETRY_SECONDS), before_sleep=_log_failure)
    async def run(self) -> None:
        await create_indexes(self._database)
        self.is_done = True
