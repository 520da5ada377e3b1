"""Commands that are sent to the primary on one of its connections, without what the driver does around each: a session,
the choice of a server, the look for what is to be repeated."""

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.asynchronous.pool import Pool
from pymongo.pool_shared import PoolState
from pymongo.read_preferences import Primary
from pymongo.server_type import SERVER_TYPE

T = TypeVar("T", bound=Mapping[str, Any])


async def primary_answer(
    database: AsyncDatabase[Any],
    command: Mapping[str, Any],
    options: CodecOptions[T],
    session: AsyncClientSession | None = None,
) -> T | None:
    """What the primary answers to a command that only reads, by the read concern of ``database``; None where it wasn't
    asked: other servers may answer as well, or there is no idle connection to a primary that is known.

    Raises the driver's errors, of its connection, which then is closed, and of the command. What follows from them for
    the server, and whether to ask again, the driver decides at what it is asked next.
    """
    pool = _idle_pool(database)
    if pool is None:
        return None
    async with pool.checkout() as connection:
        answer = await connection.command(
            database.name,
            dict(command),
            codec_options=cast(CodecOptions[Mapping[str, Any]], options),
            read_concern=database.read_concern,
            session=session,
            # Only what sessions have seen is to be told of: else each answer is looked at for the cluster's time.
            client=None if session is None else database.client,
        )
        return cast(T, answer)


def _idle_pool(database: AsyncDatabase[Any]) -> Pool | None:
    client = database.client
    # Motor's is another class. Time limits of whole operations are kept by the driver around each command.
    if not isinstance(client, AsyncMongoClient) or client.options.timeout is not None:
        return None
    topology = client._topology
    if topology is None or not isinstance(database.read_preference, Primary):
        return None
    for address, description in topology._description._server_descriptions.items():
        if description.server_type == SERVER_TYPE.RSPrimary:
            # One that was only just found may not be known by its connections yet.
            server = topology._servers.get(address)
            if server is not None and server.pool.conns and server.pool.state == PoolState.READY:
                return server.pool
    return None
