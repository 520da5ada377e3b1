"""A database full enough that a wrong index shows: made by the gateway's own functions, inserted in bulk."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from gateway.context import Namespace
from gateway.model.documents import interaction_document, search_request_document
from gateway.model.wire import validate_interaction, validate_search_request
from gateway.store.client import Database, Document

START = datetime(2024, 5, 1, tzinfo=UTC)
# Where a quarter of all documents are.
BUSY = START + timedelta(hours=1)
# Interactions reach this far: one in a second, but for those in the busy millisecond.
_BATCH = 5_000


def time_of(number: int) -> datetime:
    return BUSY if number % 4 == 1 else START + timedelta(seconds=number)


@cache
def search_request(namespace: Namespace, number: int) -> Document:
    """Half of them are of one session, user, collection and text, which they spell in either case."""
    brand = "Nike" if number % 2 else f"b{number % 100}"
    text = f"query {number % 500}" if number % 2 == 0 else "running shoes" if number % 4 == 1 else "Running Shoes"
    wire: dict[str, Any] = {
        "search_request_id": f"r{number}",
        "queries": [{"vector_index": "text", "value": text, "type": "text"}],
        "collections": ["shop", "sale"] if number % 2 else ["books", f"c{number % 100}"],
        "filters": {"AND": [{"key": "brand", "value": brand}, {"key": f"k{number % 100}", "value": 1}]},
        "session_id": "s1" if number % 2 else f"s{number % 500}",
        "user_id": "u1" if number % 2 else f"u{number % 500}",
    }
    return search_request_document(
        namespace, f"r{number}", validate_search_request(wire), first_seen_at=time_of(number)
    )


def interaction(namespace: Namespace, number: int) -> Document:
    """Half of them are of one feature, one session and one user; of the positions two in three are null or missing."""
    request = search_request(namespace, number % 1000)
    wire: dict[str, Any] = {
        "interaction_id": f"i{number}",
        "feature_id": "p1" if number % 2 else f"p{number % 500}",
        "interaction_type": ["view", "click"] if number % 7 == 0 else "view" if number % 3 else "purchase",
        "session_id": "s1" if number % 2 else f"s{number % 500}",
        "user_id": "u1" if number % 2 else f"u{number % 500}",
        "search_request": request["search_request"],
        **({"position": None if number % 3 else number % 20} if number % 9 else {}),
        "metadata": {"device": "ios" if number % 2 else "web"},
    }
    return interaction_document(namespace, validate_interaction(wire), occurred_at=time_of(number), request=request)


async def fill(database: Database, namespace: Namespace, *, interactions: int, search_requests: int) -> None:
    for batch in _batches(interaction(namespace, number) for number in range(interactions)):
        await database["interactions"].insert_many(batch, ordered=False)
    for batch in _batches(search_request(namespace, number) for number in range(search_requests)):
        await database["search_requests"].insert_many(batch, ordered=False)


def _batches(documents: Iterator[Document]) -> Iterator[list[Document]]:
    batch: list[Document] = []
    for document in documents:
        batch.append(document)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
