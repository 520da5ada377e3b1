"""Commands that may take long, each in a session of its own, by which MongoDB ends it where it is given up.

A connection that is closed tells MongoDB no such thing before it looks, and Motor closes none: its threads wait on. By
``killSessions`` every user may end what is their own, whatever else they may do, on a replica set and through mongos.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from bson import Timestamp

from gateway.errors import GatewayError
from gateway.scheduling.cancellation import cancel
from gateway.store.client import Client, ClientSession, Database, start_session
from gateway.store.driver_errors import translated

T = TypeVar("T")

# A command that waits for a connection isn't there yet to be killed.
_KILL_AGAIN_SECONDS = 0.5
# MongoDB may take longer than the time limit to end a command: it looks between two documents, of which one may take a
# second.
_GRACE_SECONDS = 5.0


class LongCommands:
    """The runner of commands that may take long, on the servers that ``database`` is read by; ``time_limit_ms``: of
    each on the server.

    ``killing_client``: another client of the same servers: the commands to be killed may have every connection of the
    first.
    """

    def __init__(self, database: Database, killing_client: Client | None = None, *, time_limit_ms: int) -> None:
        self._client = database.client
        # Of several servers that may be read by, any: it is tried again until the command has ended.
        self._read_preference = database.read_preference
        self._killing_client = killing_client or database.client
        self._seconds_to_end = time_limit_ms / 1_000 + _GRACE_SECONDS
        self._endings: set[asyncio.Task[None]] = set()

    async def run(
        self,
        command: Callable[[ClientSession], Coroutine[Any, Any, T]],
        begin: Callable[["asyncio.Task[T]"], None],
        since: Timestamp | None = None,
    ) -> T:
        """What the command gives in a session, which has all that was written until ``since``.

        It is told to ``begin`` as a task that is done once it has ended on the server. Whoever is cancelled meanwhile
        is so at once; the command is killed then.
        """
        with translated():
            session = await start_session(self._client, since)
        running = asyncio.create_task(command(session))
        begin(running)
        try:
            await asyncio.wait((running,))
        except asyncio.CancelledError:
            ending = asyncio.create_task(self._end(running, session))
            self._endings.add(ending)
            ending.add_done_callback(self._endings.discard)
            raise
        await session.end_session()
        try:
            return running.result()
        finally:
            # What it raised has a traceback that leads here.
            del running

    async def _end(self, running: "asyncio.Task[T]", session: ClientSession) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + self._seconds_to_end
        while not running.done() and loop.time() < until:
            with suppress(GatewayError), translated():
                await self._killing_client.admin.command(
                    "killSessions", [session.session_id], read_preference=self._read_preference
                )
            await asyncio.wait((running,), timeout=_KILL_AGAIN_SECONDS)
        await cancel([running])
        # What it raises is nobody's.
        _ = running.cancelled() or running.exception()
        # Not before: another command may get the same session then.
        await session.end_session()
