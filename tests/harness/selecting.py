"""Asks a database that doesn't answer, while many give up: ``python selecting.py``; 1 where the driver is left unable
to ever answer anything. A process of its own, which a driver without its lock would not let end."""

import asyncio
import os
import random
from contextlib import suppress

from pymongo.errors import ServerSelectionTimeoutError

from gateway.store.client import Client, open_client

_ASKING = 1_000
_OVER_SECONDS = 1.5
# The driver looks again every half a second: many of those who give up do so as it does.
_PATIENCE_SECONDS = 1.0
_SELECTION_MS = 2_000


async def _ask(client: Client, begin: float, seconds: float | None) -> None:
    await asyncio.sleep(begin)
    with suppress(TimeoutError, ServerSelectionTimeoutError):
        async with asyncio.timeout(seconds):
            await client.admin.command("ping")


async def _main() -> int:
    client = open_client("mongodb://127.0.0.1:1/?replicaSet=none", server_selection_timeout_ms=_SELECTION_MS)
    begins = random.Random(1)
    asking = [
        asyncio.create_task(_ask(client, begins.uniform(0, _OVER_SECONDS), _PATIENCE_SECONDS if number % 2 else None))
        for number in range(_ASKING)
    ]
    done, waiting = await asyncio.wait(asking, timeout=60)
    errors = [error for task in done if (error := task.exception())]
    print(f"{len(waiting)} of {_ASKING} were never answered, {len(errors)} with {errors[:1]}", flush=True)
    os._exit(1 if waiting or errors else 0)


if __name__ == "__main__":
    asyncio.run(_main())
