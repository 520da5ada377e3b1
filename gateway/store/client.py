"""Opens the MongoDB client and bridges what PyMongo's asyncio API and Motor do differently.

The rest of the store is written against what both offer and typed as PyMongo. Only what stands here differs: in
PyMongo ``aggregate()``, ``watch()`` and ``close()`` are coroutines, in Motor plain calls; ``start_session()`` is one in
Motor only.
"""

import inspect
import warnings
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Literal, TypeAlias, TypeVar, cast

from bson import Timestamp
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import AsyncMongoClient
from pymongo.asynchronous.change_stream import AsyncChangeStream
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.command_cursor import AsyncCommandCursor
from pymongo.asynchronous.cursor import AsyncRawBatchCursor
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ConfigurationError, InvalidURI
from pymongo.read_preferences import Nearest, PrimaryPreferred, Secondary, SecondaryPreferred

from gateway.store.driver_errors import translated
from gateway.store.driver_monitoring import Listener
from gateway.store.pymongo_adapter.mends import buffered, patch_condition_wait, patch_replies, patch_uuids
from gateway.store.pymongo_adapter.message_protocol import patch_connections

Driver: TypeAlias = Literal["pymongo", "motor"]
ReadMode: TypeAlias = Literal["primary", "primaryPreferred", "secondary", "secondaryPreferred", "nearest"]
Document: TypeAlias = dict[str, Any]
Client: TypeAlias = AsyncMongoClient[Document]
Database: TypeAlias = AsyncDatabase[Document]
Collection: TypeAlias = AsyncCollection[Document]
RawDatabase: TypeAlias = AsyncDatabase[RawBSONDocument]
RawCodecOptions: TypeAlias = CodecOptions[RawBSONDocument]
RawBatchCursor: TypeAlias = AsyncRawBatchCursor[Any]
CommandCursor: TypeAlias = AsyncCommandCursor[RawBSONDocument]
ChangeStream: TypeAlias = AsyncChangeStream[RawBSONDocument]
ClientSession: TypeAlias = AsyncClientSession

T = TypeVar("T", bound=Mapping[str, Any])

_MODES = {
    "primaryPreferred": PrimaryPreferred,
    "secondary": Secondary,
    "secondaryPreferred": SecondaryPreferred,
    "nearest": Nearest,
}
# The driver's spelling of no bound.
_ANY_STALENESS = -1


def open_client(
    uri: str,
    *,
    driver: Driver = "pymongo",
    max_pool_size: int = 50,
    heartbeat_ms: int = 2_000,
    connect_timeout_ms: int = 3_000,
    server_selection_timeout_ms: int = 5_000,
    pool_wait_timeout_ms: int = 5_000,
    write_timeout_ms: int = 10_000,
    socket_timeout_ms: int = 20_000,
    listeners: Sequence[Listener] = (),
) -> Client:
    """The client of one process and event loop; it connects at the first operation.

    What is given here wins over the same option in ``uri``; replica set, credentials and TLS are the URI's.
    Writes are acknowledged by a majority's journals and reads see only such writes, so that nothing a caller was
    shown is rolled back by a failover.

    ``driver``: PyMongo's asyncio API, or Motor, which then stands behind the same type.
    ``max_pool_size``: connections per server. The others are milliseconds: between looks at each server, to connect, to
    find a primary, to get a connection from the pool, for a majority to acknowledge a write, and without an answer on a
    connection. A server that hangs is given up, with what it was asked, after the first two together. ``listeners``:
    of the driver's commands and connections.

    Raises ValueError, in one line without any part of ``uri`` (it may hold a password), where that is no MongoDB URI
    or has an option that the driver does not know.
    """
    patch_condition_wait()
    patch_connections()
    patch_replies()
    patch_uuids()
    options: dict[str, Any] = {
        "appname": "search-interactions-gateway",
        "tz_aware": True,
        "uuidRepresentation": "standard",
        # A date outside Python's years spoils its own field, not the page it is read with.
        "datetime_conversion": "DATETIME_AUTO",
        # MongoDB doesn't look whether texts are UTF-8: of one that isn't, U+FFFD stands for what is wrong.
        "unicode_decode_error_handler": "replace",
        "w": "majority",
        "journal": True,
        "wTimeoutMS": write_timeout_ms,
        "readConcernLevel": "majority",
        "readPreference": "primary",
        "retryReads": True,
        "retryWrites": True,
        "maxPoolSize": max_pool_size,
        "heartbeatFrequencyMS": heartbeat_ms,
        "connectTimeoutMS": connect_timeout_ms,
        "serverSelectionTimeoutMS": server_selection_timeout_ms,
        "waitQueueTimeoutMS": pool_wait_timeout_ms,
        "socketTimeoutMS": socket_timeout_ms,
        "event_listeners": list(listeners),
    }
    try:
        with warnings.catch_warnings():
            # The driver warns of an option it does not know, or whose value it refuses, and goes on without it.
            warnings.simplefilter("error", UserWarning)
            return _motor_client(uri, options) if driver == "motor" else AsyncMongoClient(uri, **options)
    except (InvalidURI, ConfigurationError, ValueError, UserWarning):
        raise ValueError(
            "not a MongoDB URI: expected mongodb://host[:port][,…]/[?options] or mongodb+srv://host/[?options], with "
            "options as MongoDB documents them, and reserved characters of user name and password percent-encoded"
        ) from None


def _motor_client(uri: str, options: Mapping[str, Any]) -> Client:
    from motor.motor_asyncio import AsyncIOMotorClient

    return cast(Client, AsyncIOMotorClient(uri, **options))


def for_answers(database: Database) -> Database:
    """``database`` as answers are read from it: UUIDs and times are decoded no further than `gateway.model.bson_values`
    tells.

    What it is asked can't hold a `UUID` either, but what was decoded.
    """
    # To make a `UUID` of every `_id`, and to give every time a zone, takes a sixth of a find.
    options = database.codec_options.with_options(uuid_representation=UuidRepresentation.UNSPECIFIED, tz_aware=False)
    return database.with_options(codec_options=options)


def undecoded(database: Database) -> RawDatabase:
    """``database`` as its documents come: encoded, for whoever counts their bytes before they are decoded."""
    options = database.codec_options.with_options(document_class=cast(Any, RawBSONDocument))
    return cast(RawDatabase, database.with_options(codec_options=options))


def read_by(
    database: Database,
    mode: ReadMode,
    *,
    max_staleness_seconds: int | None = None,
    tags: Sequence[Mapping[str, str]] = (),
) -> Database:
    """``database`` as the servers of this read preference answer it, which may be behind the primary.

    ``max_staleness_seconds``: those that are further behind aren't asked. ``tags``: sets of tags, of which the first
    counts that any server has; none: every server.
    """
    if mode == "primary":
        return database
    staleness = _ANY_STALENESS if max_staleness_seconds is None else max_staleness_seconds
    preference = _MODES[mode](tag_sets=[dict(tag_set) for tag_set in tags] or None, max_staleness=staleness)
    return database.with_options(read_preference=preference)


async def ping(database: Database) -> None:
    """Returns once the database's server has answered; raises `Unavailable` where it doesn't."""
    with translated():
        await database.command("ping")


async def close(client: Client) -> None:
    """Closes every connection of ``client``; its cursors fail from then on."""
    closing = cast(object, client.close())
    if inspect.isawaitable(closing):
        await closing


async def aggregate(
    target: AsyncCollection[T] | AsyncDatabase[T], pipeline: Sequence[Mapping[str, Any]], **options: Any
) -> AsyncCommandCursor[T]:
    """The cursor over what ``pipeline`` gives; ``options`` are those of the driver's ``aggregate()``."""
    cursor = cast(object, target.aggregate(pipeline, **options))
    return cast(AsyncCommandCursor[T], await cursor if inspect.isawaitable(cursor) else cursor)


async def next_batch(cursor: AsyncCommandCursor[T]) -> list[T]:
    """What the next reply of the database holds, of a cursor that is ``alive``; nothing where that was the last."""
    batch = await cursor.to_list(1)
    waiting = buffered(cursor)
    return batch + await cursor.to_list(waiting) if waiting else batch


async def watch(
    collection: AsyncCollection[T], pipeline: Sequence[Mapping[str, Any]], **options: Any
) -> AsyncChangeStream[T]:
    """A change stream that is open, for the caller to close; ``options`` are those of the driver's ``watch()``."""
    stream = cast(object, collection.watch(pipeline, **options))
    if inspect.isawaitable(stream):
        return cast(AsyncChangeStream[T], await stream)
    return await cast(AbstractAsyncContextManager[AsyncChangeStream[T]], stream).__aenter__()


@asynccontextmanager
async def session(client: Client, since: Timestamp | None = None) -> AsyncIterator[ClientSession]:
    """A session whose reads have all that was written until ``since``, and then all that it has seen before.

    Without it not even reads by a majority do, once another server has become the primary.
    """
    async with await start_session(client, since) as started:
        yield started


async def start_session(client: Client, since: Timestamp | None = None) -> ClientSession:
    """As `session`, for the caller to end."""
    starting = cast(object, client.start_session(causal_consistency=True))
    started = cast(ClientSession, await starting if inspect.isawaitable(starting) else starting)
    if since is not None:
        started.advance_operation_time(since)
    return started
