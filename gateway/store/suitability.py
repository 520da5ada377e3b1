"""Whether a MongoDB suits the gateway: looked at once, when it starts."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo.errors import ConfigurationError, ConnectionFailure, OperationFailure

from gateway.model.indexes import INDEXES
from gateway.store.client import Client, Database

# MongoDB's error codes of the same names.
_UNAUTHORIZED = 13
_AUTHENTICATION_FAILED = 18

# Earlier ones have no pre-images in change streams; the oldest that still gets fixes.
_OLDEST, _SUPPORTED = 6, 7
_EXPECTED_VERSION = f"expected {_SUPPORTED} or later"
# On what is recorded. On the other collections some may be kept from it, such as changing the audit log.
_NEEDED_ACTIONS = ("find", "insert", "update", "remove", "createIndex", "changeStream")
_RECORDED = sorted({index.kind.collection for index in INDEXES})
_CLOCKS_APART = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A trait of a MongoDB that the gateway doesn't want. ``text``: it, and what to do about it, in one line.
    ``is_fatal``: with it nothing can work."""

    text: str
    is_fatal: bool


_UNINITIATED = Obstacle("MongoDB's replica set isn't initiated yet: it takes rs.initiate() once", is_fatal=False)


async def obstacles(database: Database, *, timeout_seconds: float) -> Sequence[Obstacle]:
    """All that is found; nothing where the database doesn't answer in time, which may pass.

    The client's time to select a server is shorter than ``timeout_seconds``; its driver is PyMongo's own.
    """
    try:
        async with asyncio.timeout(timeout_seconds):
            return await _found(database)
    except (ConnectionFailure, TimeoutError):
        return _of_unreachable(database.client)
    except ConfigurationError as error:
        # As the driver also says of names that can't be resolved.
        if "wire version" not in str(error):
            return []
        return [Obstacle(f"this version of MongoDB is not supported: {_EXPECTED_VERSION}", is_fatal=True)]
    except OperationFailure as error:
        if error.code == _AUTHENTICATION_FAILED:
            refusal = "MongoDB refuses the user or the password: expected those of one of its users, and authSource="
            return [Obstacle(f"{refusal} with the database that knows it, which is admin otherwise", is_fatal=True)]
        if error.code == _UNAUTHORIZED:
            refusal = "MongoDB asks for a user and a password: expected mongodb://user:password@…"
            return [Obstacle(refusal, is_fatal=True)]
        raise


async def _found(database: Database) -> Sequence[Obstacle]:
    admin = database.client["admin"]
    before = datetime.now(UTC)
    # By itself a command decodes as the driver's defaults say: times without a zone.
    hello = await admin.command("hello", codec_options=admin.codec_options)
    after = datetime.now(UTC)
    if hello.get("isreplicaset"):
        # What is connected to directly answers as a standalone does, but for this.
        return [_UNINITIATED]
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        text = (
            "MongoDB is a standalone server, which has neither transactions nor change streams: expected a replica set "
            "or a sharded cluster; one server will do, started with --replSet rs0 and told rs.initiate() once"
        )
        return [Obstacle(text, is_fatal=True)]
    missing = await _missing_rights(database)
    version = (await admin.command("buildInfo"))["versionArray"]
    found = (missing, version_obstacle(version), clock_obstacle(hello["localTime"], before, after))
    return [obstacle for obstacle in found if obstacle is not None]


def _of_unreachable(client: Client) -> Sequence[Obstacle]:
    servers = client.topology_description.server_descriptions().values()
    if not servers:
        text = "no server there is of the replica set of this name: a standalone isn't, nor is a member of another set"
        return [Obstacle(text, is_fatal=True)]
    if any(server.server_type_name == "RSGhost" for server in servers):
        return [_UNINITIATED]
    return []


async def _missing_rights(database: Database) -> Obstacle | None:
    status = (await database.client["admin"].command("connectionStatus", showPrivileges=True))["authInfo"]
    if not status["authenticatedUsers"]:
        # Where it asks nobody for a password that is fine; else it says so.
        await database[_RECORDED[0]].find_one({}, {"_id": 1})
        return None
    privileges = status["authenticatedUserPrivileges"]
    missing = [
        action
        for action in _NEEDED_ACTIONS
        if not all(_is_granted(action, database.name, name, privileges) for name in _RECORDED)
    ]
    if not missing:
        return None
    text = (
        f"MongoDB doesn't let this user {', '.join(missing)} in the database {database.name}: expected one with the "
        f'role readWrite, which db.grantRolesToUser("…", [{{role: "readWrite", db: "{database.name}"}}]) gives'
    )
    return Obstacle(text, is_fatal=True)


def _is_granted(action: str, database: str, collection: str, privileges: Sequence[Mapping[str, Any]]) -> bool:
    for privilege in privileges:
        resource = privilege["resource"]
        # An empty name stands for every one.
        is_here = resource.get("db") in ("", database) and resource.get("collection") in ("", collection)
        if action in privilege["actions"] and (is_here or resource.get("anyResource")):
            return True
    return False


def version_obstacle(version: Sequence[int]) -> Obstacle | None:
    """``version``: its numbers, from the greatest."""
    spelled = ".".join(str(number) for number in version[:3])
    if version[0] < _OLDEST:
        return Obstacle(f"MongoDB {spelled} is too old: {_EXPECTED_VERSION}", is_fatal=True)
    if version[0] < _SUPPORTED:
        text = f"MongoDB {spelled} is past its end of life and gets no more fixes: {_EXPECTED_VERSION}"
        return Obstacle(text, is_fatal=False)
    return None


def clock_obstacle(server_time: datetime, before: datetime, after: datetime) -> Obstacle | None:
    """``server_time``: MongoDB's, at some time between two of this machine's."""
    ahead = max(server_time - after, timedelta()) or min(server_time - before, timedelta())
    if abs(ahead) <= _CLOCKS_APART:
        return None
    apart = f"{abs(ahead).total_seconds():,.0f} s {'ahead of' if ahead > timedelta() else 'behind'}"
    text = (
        f"MongoDB's clock is {apart} this machine's: expected both to be set by NTP; "
        "keys expire by this one, and rates and leases are counted by MongoDB's"
    )
    return Obstacle(text, is_fatal=False)
