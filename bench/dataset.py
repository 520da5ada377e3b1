"""The database that is measured on: generated interactions, stored as the gateway stores them, and a key to read them.

The documents are made by `gateway.model.documents` and inserted without the look-ups by which the gateway makes
recording idempotent: what is measured is reading.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from gateway.context import Namespace, Permission
from gateway.demo.data import interactions
from gateway.model.document_ids import search_request_id_of
from gateway.model.documents import interaction_document, search_request_document
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST, time_order
from gateway.model.wire import validate_interaction
from gateway.plan.cursors import encode_cursor
from gateway.store.client import Database, close, open_client
from gateway.store.index_creation import IndexCreation
from gateway.store.keys import Keys
from gateway.store.tenancy import Tenancy

DATABASE = "gateway"
_SEED = 1
_BATCH = 1_000
_ELEMENTS = 500
_ORDER = time_order(INTERACTION, descending=True)
# Says how many interactions were inserted, once all were.
_LOADED = "bench"


@dataclass(frozen=True, slots=True)
class Dataset:
    """``key`` reads ``namespace``, its default; ``deep_cursors`` are those of up to 500 elements from ``deep_rank``
    on, counted from 1 in the default order; ``users`` are up to 500 whose interactions are among these."""

    uri: str
    key: str
    namespace: Namespace
    interactions: int
    deep_rank: int
    deep_cursors: Sequence[str]
    users: Sequence[str]


async def prepare(uri: str, count: int, *, deep_rank: int) -> Dataset:
    """The database with ``count`` interactions, filled where it isn't yet, and a new key.

    Where there are fewer than twice as many as ``deep_rank``, the cursors begin in the middle.
    """
    client = open_client(uri)
    try:
        if not await client[DATABASE][_LOADED].find_one({"_id": _SEED, "count": count}):
            await client.drop_database(DATABASE)
        database = client[DATABASE]
        tenancy = Tenancy(database)
        organization = await tenancy.create_organization("bench")
        namespace, _ = await tenancy.create_namespace(organization, "shop")
        if not await database[_LOADED].find_one({"_id": _SEED}):
            await _fill(database, namespace, count)
        # Behind the documents: MongoDB sorts what it makes indexes of all at once.
        await IndexCreation(database).run()
        issued = await Keys(database).create(
            organization,
            name="bench",
            permissions=frozenset({Permission.READ}),
            default_namespace_id=namespace.id,
        )
        rank = min(deep_rank, count // 2)
        found = await _from(database, namespace, rank)
        users = sorted({user for one in found if (user := one.get("user_id"))})
        return Dataset(uri, issued.secret, namespace, count, rank, [_cursor(one) for one in found], users)
    finally:
        await close(client)


async def _fill(database: Database, namespace: Namespace, count: int) -> None:
    for batch in _batches(_documents(namespace, count)):
        requests = [request for _, request in batch if request is not None]
        await database[INTERACTION.collection].insert_many([interaction for interaction, _ in batch], ordered=False)
        if requests:
            await database[SEARCH_REQUEST.collection].insert_many(requests, ordered=False)
    await database[_LOADED].insert_one({"_id": _SEED, "count": count})


def _documents(namespace: Namespace, count: int) -> Iterator[tuple[dict[str, Any], dict[str, Any] | None]]:
    """Each interaction's document, and its search request's with the first that has it."""
    request: dict[str, Any] | None = None
    for raw in interactions(count, seed=_SEED, namespace="shop"):
        recorded = validate_interaction(raw)
        assert recorded.occurred_at is not None, "generated interactions have a time"
        new = None
        if recorded.search_request is None:
            found = None
        else:
            id_ = search_request_id_of(namespace.id, recorded.search_request.raw, raw.get("session_id"))
            # Interactions of one search request follow each other.
            if request is None or request["search_request_id"] != id_:
                new = request = search_request_document(
                    namespace, id_, recorded.search_request, first_seen_at=recorded.occurred_at
                )
            found = request
        yield interaction_document(namespace, recorded, occurred_at=recorded.occurred_at, request=found), new


def _batches(
    documents: Iterator[tuple[dict[str, Any], dict[str, Any] | None]],
) -> Iterator[list[tuple[dict[str, Any], dict[str, Any] | None]]]:
    while batch := list(islice(documents, _BATCH)):
        yield batch


async def _from(database: Database, namespace: Namespace, rank: int) -> list[dict[str, Any]]:
    found = database[INTERACTION.collection].find({"namespace_id": namespace.id}, {_ORDER.path: 1, "user_id": 1})
    return await found.sort([(_ORDER.path, -1), ("_id", -1)]).hint("time").skip(rank - 1).limit(_ELEMENTS).to_list()


def _cursor(document: dict[str, Any]) -> str:
    return encode_cursor(_ORDER, document[_ORDER.path], document["_id"])
