"""Makes a lone local member the writable primary of its own replica set."""

import asyncio
from typing import Any

from pymongo.errors import OperationFailure, PyMongoError

from gateway.errors import Unavailable
from gateway.store.client import Document, close, open_client

# MongoDB's error code of the same name.
_ALREADY_INITIALIZED = 23


async def make_primary(uri: str, *, replica_set: str, member: str, timeout_seconds: float) -> None:
    """Waits until the server at ``uri`` is the writable primary of ``replica_set``, whose only member it is.

    ``uri`` connects directly; ``member`` is the address ("host:port") that the set records. Where an earlier run
    recorded another, it is replaced by force: a member that doesn't find itself in its set serves nobody.

    Raises Unavailable when that takes longer than ``timeout_seconds`` or the server refuses.
    """
    client = open_client(uri)
    try:
        async with asyncio.timeout(timeout_seconds):
            admin = client["admin"]
            members = [{"_id": 0, "host": member}]
            try:
                await admin.command("replSetInitiate", {"_id": replica_set, "members": members})
            except OperationFailure as error:
                if error.code != _ALREADY_INITIALIZED:
                    raise
                config: dict[str, Any] = (await admin.command("replSetGetConfig"))["config"]
                await admin.command("replSetReconfig", {**config, "members": members}, force=True)
            hello: Document = {}
            while not hello.get("isWritablePrimary"):
                await asyncio.sleep(0.02)
                hello = await admin.command("hello")
    except (PyMongoError, TimeoutError) as error:
        raise Unavailable(f"the MongoDB server on {member} did not become a writable primary") from error
    finally:
        await close(client)
