"""What is derived of recorded documents, made at once: the same as what follows each write, whoever is first."""

from gateway.context import Namespace
from gateway.insights.search_outcomes import merged_into_outcomes, outcomes
from gateway.insights.visits import merged_into_visits, neighbours
from gateway.model.derived_documents import DERIVED_INDEXES, SEARCH_OUTCOMES
from gateway.model.kinds import SEARCH_REQUEST
from gateway.store.client import Database, aggregate


async def derive_outcomes(database: Database, namespace: Namespace) -> None:
    """Makes the search outcomes of a namespace, with their indexes."""
    for name, keys in DERIVED_INDEXES[SEARCH_OUTCOMES].items():
        await database[SEARCH_OUTCOMES].create_index(list(keys), name=name)
    made = [*outcomes(namespace.id, {}), *merged_into_outcomes()]
    await aggregate(database[SEARCH_REQUEST.collection], made)
    visited = [*neighbours(namespace.id, {}), *merged_into_visits()]
    await aggregate(database[SEARCH_OUTCOMES], visited)
