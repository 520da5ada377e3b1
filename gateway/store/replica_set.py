"""Makes a lone local member the writable primary of its own replica set, and gives its one user a password."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from pymongo.errors import OperationFailure, PyMongoError

from gateway.errors import Unavailable
from gateway.store.client import Client, Database, Document, close, open_client

# MongoDB's error codes of the same names.
_USER_NOT_FOUND = 11
_ALREADY_INITIALIZED = 23

_USER = "gateway"


@dataclass(frozen=True, slots=True)
class MemberSecrets:
    """What a member that asks for passwords is reached with: the key that the members of its set share, of letters and
    digits, and its user's password, of characters that addresses take as they are."""

    key: str = field(repr=False)
    password: str = field(repr=False)


async def make_primary(member: str, replica_set: str, *, secrets: MemberSecrets | None, timeout_seconds: float) -> str:
    """Waits until the local server at ``member`` ("host:port") is the writable primary of ``replica_set``, whose only
    member it is; the address by which clients connect.

    Where an earlier run recorded another address of the member, it is replaced by force: a member that doesn't find
    itself in its set serves nobody. ``secrets`` None: the server asks nobody for a password. Else its user gets that
    one, whoever had which before.

    Raises Unavailable when that takes longer than ``timeout_seconds`` or the server refuses.
    """
    options = "directConnection=true"
    if secrets is None:
        own = address = f"mongodb://{member}/?{options}"
    else:
        # As other members would: also where there is no user yet, or nobody knows the password.
        own = f"mongodb://__system:{secrets.key}@{member}/?{options}&authSource=local"
        address = f"mongodb://{_USER}:{secrets.password}@{member}/?{options}"
    client = open_client(own)
    try:
        async with asyncio.timeout(timeout_seconds):
            await _become_primary(client, replica_set, member)
            if secrets is not None:
                await _set_password(client["admin"], secrets.password)
    except (PyMongoError, TimeoutError) as error:
        raise Unavailable(f"the MongoDB server on {member} did not become a writable primary") from error
    finally:
        await close(client)
    return address


async def _become_primary(client: Client, replica_set: str, member: str) -> None:
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


async def _set_password(admin: Database, password: str) -> None:
    try:
        await admin.command("updateUser", _USER, pwd=password)
    except OperationFailure as error:
        if error.code != _USER_NOT_FOUND:
            raise
        await admin.command("createUser", _USER, pwd=password, roles=["root"])
