"""What is stored ahead of the measurement: the hostile organization's contents, and an ordinary one's."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import Timestamp

from gateway.context import Namespace, Organization, Permission
from gateway.demo.data import interactions
from gateway.model.document_ids import document_id
from gateway.model.documents import interaction_document, search_request_document
from gateway.model.jobs import COUNTS, JOB, JobKind, JobState
from gateway.model.kinds import INTERACTION, SEARCH_REQUEST
from gateway.model.percolators import PERCOLATOR
from gateway.model.wire import validate_interaction, validate_search_request
from gateway.store.client import Client, Database, Document
from gateway.store.index_creation import create_indexes
from gateway.store.keys import Keys
from gateway.store.tenancy import Tenancy
from tests.fairness.targets import KEPT_JOB, KEPT_PERCOLATOR, LARGE, LONG, RICH, Targets

_START = datetime(2024, 5, 1, tzinfo=UTC)
_ORDINARY = 1_000
_NAMESPACES = 50
_WRITTEN = "written"
_BATCH_BYTES = 8_000_000


@dataclass(frozen=True, slots=True)
class Organizations:
    """The two organizations in a database, each with its namespace."""

    database: Database
    hostile: Organization
    hostile_namespace: Namespace
    ordinary_key: str

    @property
    def targets(self) -> Targets:
        return Targets(self.hostile_namespace.id)

    async def hostile_key(self) -> str:
        """A new key of the hostile organization, which has spent nothing."""
        return await _key(self.database, self.hostile, self.hostile_namespace)

    async def clear(self) -> None:
        """Deletes what the dearest requests have written."""
        here = {"namespace_id": self.hostile_namespace.id}
        await self.database[INTERACTION.collection].delete_many({**here, "feature_id": _WRITTEN})
        stored = [*self.targets.ids("searchRequestId", 1 + RICH), "long"]
        await self.database[SEARCH_REQUEST.collection].delete_many({**here, "search_request_id": {"$nin": stored}})
        created = {**here, "percolator_id": {"$ne": KEPT_PERCOLATOR}}
        await self.database[PERCOLATOR.collection].delete_many(created)
        await self.database["namespaces"].delete_many({"name": {"$regex": r"^n\d{8}$"}})


async def fill(client: Client, name: str) -> Organizations:
    """Makes both organizations, and all that they have stored, in a database of this name."""
    database = client[name]
    await create_indexes(database)
    tenancy = Tenancy(database)
    hostile, ordinary = [await tenancy.create_organization(each) for each in ("hostile", "ordinary")]
    hostile_namespace, _ = await tenancy.create_namespace(hostile, "shop")
    for number in range(_NAMESPACES):
        await tenancy.create_namespace(hostile, f"stored{number}")
    namespace, _ = await tenancy.create_namespace(ordinary, "shop")
    await _insert(database, _hostile(hostile_namespace))
    await _insert(database, _plain(namespace))
    return Organizations(database, hostile, hostile_namespace, await _key(database, ordinary, namespace))


async def _key(database: Database, owner: Organization, namespace: Namespace) -> str:
    keys = Keys(database)
    issued = await keys.create(
        owner, name="fairness", permissions=frozenset(Permission), default_namespace_id=namespace.id
    )
    return issued.secret


def _hostile(namespace: Namespace) -> Iterator[tuple[str, Document]]:
    """Documents with their collections: long ones first, then large ones, and the rich ones as the latest."""
    yield PERCOLATOR.collection, _percolator(namespace)
    yield JOB.collection, _job(namespace)
    groups = (("long", LONG), ("large", LARGE), ("rich", RICH))
    numbers = [(group, number) for group, count in groups for number in range(count)]
    request: Document | None = None
    for second, (group, number) in enumerate(numbers):
        if number == 0 or group == "rich":
            id = f"rich{number}" if group == "rich" else group
            recorded = validate_search_request({**_REQUESTS[group], "search_request_id": id, "session_id": group})
            at = _START + timedelta(seconds=second)
            request = search_request_document(namespace, id, recorded, first_seen_at=at)
            yield SEARCH_REQUEST.collection, request
        assert request is not None
        wire = {
            "interaction_id": f"{group}{number}",
            "feature_id": group,
            "interaction_type": "view",
            "session_id": group,
            "user_id": group,
            "metadata": _METADATA[group],
            "search_request": request["search_request"],
        }
        at = _START + timedelta(seconds=second)
        document = interaction_document(namespace, validate_interaction(wire), occurred_at=at, request=request)
        yield INTERACTION.collection, document


def _percolator(namespace: Namespace) -> Document:
    return {
        "_id": document_id(namespace.id, "percolator", KEPT_PERCOLATOR),
        "percolator_id": KEPT_PERCOLATOR,
        "name": "Kept",
        "where": '{"featureId": {"eq": "written"}}',
        "enabled": True,
        "has_equality": True,
        "revision": 1,
        "created_at": _START,
        "since": Timestamp(0, 0),  # The database puts its own time here.
        "namespace_id": namespace.id,
    }


def _job(namespace: Namespace) -> Document:
    return {
        "_id": document_id(namespace.id, "job", KEPT_JOB),
        "job_id": KEPT_JOB,
        "kind": JobKind.DELETE_INTERACTIONS.value,
        "state": JobState.DONE.value,
        **dict.fromkeys(("created_at", "started_at", "ended_at"), datetime.now(UTC)),
        **dict.fromkeys(("done", "total", *COUNTS), 0),
        "namespace_id": namespace.id,
    }


def _plain(namespace: Namespace) -> Iterator[tuple[str, Document]]:
    for raw in interactions(_ORDINARY, seed=1, namespace="shop"):
        recorded = validate_interaction(raw)
        assert recorded.occurred_at is not None, "generated interactions have a time"
        document = interaction_document(namespace, recorded, occurred_at=recorded.occurred_at, request=None)
        yield INTERACTION.collection, document


def _tree(nodes: int) -> Any:
    """Twenty groups, each within the one before, with all conditions in the innermost."""
    tree: Any = {"OR": [{"key": f"k{n % 50}", "operator": "IN", "value": ["a", n]} for n in range(nodes - 20)]}
    for _ in range(19):
        tree = {"AND": [tree]}
    return tree


def _request(value_bytes: int, nodes: int) -> dict[str, Any]:
    query = {"vector_index": "text", "value": "a" * value_bytes, "type": "text"}
    return {"queries": [query], "collections": ["products"], "filters": _tree(nodes)}


_REQUESTS = {"long": _request(100, 30), "large": _request(900_000, 480), "rich": _request(2_000, 480)}
_METADATA: dict[str, Any] = {
    "long": {"note": "a" * 10_000},
    "large": {"note": "a" * 10_000},
    "rich": {"note": "a" * 10_000, "numbers": [{"n": number} for number in range(5_000)]},
}


async def _insert(database: Database, documents: Iterator[tuple[str, Document]]) -> None:
    """Inserts documents in batches of about the same bytes: the large ones are nearly as long as a message may be."""
    batch: dict[str, list[Document]] = {}
    bytes_ = 0
    for collection, document in documents:
        batch.setdefault(collection, []).append(document)
        bytes_ += len(repr(document))
        if bytes_ > _BATCH_BYTES:
            await _send(database, batch)
            batch, bytes_ = {}, 0
    await _send(database, batch)


async def _send(database: Database, batch: dict[str, list[Document]]) -> None:
    for collection, documents in batch.items():
        await database[collection].insert_many(documents, ordered=False)
