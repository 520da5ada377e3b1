"""Runs a command's work on the database that the settings name."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from gateway.app.database import open_database
from gateway.settings import Settings, load
from gateway.store.client import Database, close

T = TypeVar("T")


def run(work: Callable[[Database], Awaitable[T]], settings: Settings | None = None) -> T:
    """What ``work`` gives, in an event loop of its own; the client is closed behind it.

    ``settings`` None: the environment's. Raises SettingsError, and what ``work`` raises.
    """
    return asyncio.run(_run(work, settings or load(Settings)))


async def _run(work: Callable[[Database], Awaitable[T]], settings: Settings) -> T:
    database = open_database(settings)
    try:
        return await work(database)
    finally:
        await close(database.client)
