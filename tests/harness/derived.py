"""What is derived of recorded documents, made at once: the same as what follows each write, whoever is first."""

from gateway.context import Namespace
from gateway.insights.item_days import item_days, merged_into_item_days
from gateway.insights.search_outcomes import merged_into_outcomes, outcomes
from gateway.insights.visits import merged_into_visits, neighbours
from gateway.model.derived_documents import DERIVED_INDEXES, ITEM_DAYS, SEARCH_OUTCOMES
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.store.client import Database, aggregate


async def derive_outcomes(database: Database, namespace: Namespace) -> None:
    """Makes the search outcomes of a namespace, with their indexes."""
    await _index(database, SEARCH_OUTCOMES)
    made = [*outcomes(namespace.id, {}), *merged_into_outcomes()]
    await aggregate(database[SEARCH_REQUEST.collection], made)
    visited = [*neighbours(namespace.id, {}), *merged_into_visits()]
    await aggregate(database[SEARCH_OUTCOMES], visited)


async def derive_item_days(database: Database, namespace: Namespace) -> None:
    """Makes the days of a namespace's items, with their indexes."""
    await _index(database, ITEM_DAYS)
    made = [*item_days(namespace.id, {}), *merged_into_item_days()]
    await aggregate(database[INTERACTION.collection], made)


async def _index(database: Database, collection: str) -> None:
    for name, keys in DERIVED_INDEXES[collection].items():
        await database[collection].create_index(list(keys), name=name)
