"""Matches of percolators and derived documents follow what is written: by one owner among all workers of all gateways.

change stream → changes → matches, and keys that were touched → derived documents → how far it is, noted

What is noted is behind what is done, never ahead of it: whoever goes on does some of it again, which changes nothing.
Where it isn't known what was written, everything is made again, in small steps between those that follow.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from bson import Timestamp

from gateway.errors import GatewayError, Unavailable
from gateway.insights.derived_keys import Key
from gateway.live.pending_keys import PendingKeys
from gateway.live.percolation import Percolation
from gateway.model.kinds import INTERACTION
from gateway.model.percolators import KEPT_MATCHES
from gateway.scheduling.cancellation import cancel, completed
from gateway.store.change_stream import InsertWatch
from gateway.store.client import Database
from gateway.store.derivation import Derivation
from gateway.store.derivation_state import DerivationState, RebuildProgress
from gateway.store.derivation_walk import STAGES, Walk, following
from gateway.store.lease import LeaseLost
from gateway.store.written_keys import HistoryLost, WrittenKeys

_LOG = logging.getLogger(__name__)

_LOOK_SECONDS = 2.0
"""Between two looks for a lease that nobody has, and between two times that the own one is renewed."""

_WAIT_MS = 1_000
_GATHER_MS = 150
_BATCH = 1_000
_IDLE_SAVES_SECONDS = 2.0
_RELEASE_SECONDS = 2.0


class Follower:
    """One of those who may own the derivation. ``kept_matches``: as of `Percolation`."""

    def __init__(self, database: Database, kept_matches: int = KEPT_MATCHES) -> None:
        self._database = database
        self._kept_matches = kept_matches
        self._state = DerivationState(database)
        self._derivation = Derivation(database)
        self._walk = Walk(database)
        self._failing = False

    async def run(self) -> None:
        """Follows for as long as this is the owner, and waits to be until then; ends only by being cancelled."""
        while True:
            try:
                if await self._state.take():
                    await self._own(None, lambda _: None)
            except LeaseLost:
                pass
            except GatewayError as error:
                if not self._failing:
                    _LOG.warning("Insights can't follow what is written at the moment: %s", error.message)
                self._failing = True
            except Exception:
                # Others depend on it: better late than never again.
                _LOG.exception("Insights can't follow what is written at the moment")
            await asyncio.sleep(_LOOK_SECONDS)

    async def catch_up(self, progress: Callable[[int], None] = lambda _: None) -> bool:
        """Derives all that was written until now; false where another process owns that, which then does it.

        ``progress`` is called with how many documents were read of what has to be made again, where there is such.
        Raises `GatewayError`.
        """
        if not await self._state.take():
            return False
        try:
            await self._own(await _now(self._database), progress)
        except LeaseLost:
            return False
        return True

    async def ask_for_rebuild(self) -> None:
        """Has everything made again by the owner, whoever that is now or next: `catch_up`, for one."""
        await self._state.ask_for_rebuild(STAGES[0])

    async def _own(self, until: Timestamp | None, progress: Callable[[int], None]) -> None:
        """Follows as the owner: until the lease is lost, or all is derived that was written ``until`` then."""
        work = asyncio.create_task(self._follow_on(until, progress))
        renewal = asyncio.create_task(self._renew())
        try:
            await asyncio.wait({work, renewal}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                renewal.result()
            work.result()
        finally:
            await completed(asyncio.create_task(self._end([work, renewal])))

    async def _end(self, tasks: Sequence["asyncio.Task[None]"]) -> None:
        await cancel(tasks)
        for task in tasks:
            # What was raised meanwhile is nobody's.
            _ = task.cancelled() or task.exception()
        # Else the lease ends by itself.
        with suppress(GatewayError, TimeoutError):
            async with asyncio.timeout(_RELEASE_SECONDS):
                await self._state.release()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if not await self._state.take():
                raise LeaseLost

    async def _follow_on(self, until: Timestamp | None, progress: Callable[[int], None]) -> None:
        while True:
            # Anew: what was changed while another was the owner, an earlier one hasn't seen.
            percolation = Percolation(self._database, self._kept_matches)
            following = _Following(self._database, self._state, self._derivation, self._walk, percolation)
            try:
                await following.begin()
                self._failing = False
                await following.run(until, progress)
            except HistoryLost:
                _LOG.warning(
                    "What was written meanwhile isn't known: everything is derived again, and nothing matched."
                )
                await self._state.forget()
            else:
                return
            finally:
                await following.close()


class _Following:
    """The owner's work, from where the last one left off."""

    def __init__(
        self, database: Database, state: DerivationState, derivation: Derivation, walk: Walk, percolation: Percolation
    ) -> None:
        self._database = database
        self._state = state
        self._derivation = derivation
        self._walk = walk
        self._percolation = percolation
        self._pending = PendingKeys()
        self._rebuild: RebuildProgress | None = None
        self._stream: WrittenKeys | None = None
        self._saved_at = self._looked_at = 0.0

    async def begin(self) -> None:
        known = await self._state.read()
        self._pending = PendingKeys(known.waiting)
        self._rebuild = known.rebuild
        if known.token is None or known.is_outdated:
            # From before the first document of the rebuild is read; what is known to have been written meanwhile is
            # matched all the same.
            now = await _now(self._database)
            if known.is_outdated:
                now = await self._percolation.beginning(now)
            await self._state.begin_rebuild(STAGES[0])
            self._rebuild = RebuildProgress(STAGES[0])
            self._stream = WrittenKeys(self._database, known.token, now)
        else:
            self._stream = WrittenKeys(self._database, known.token)

    async def close(self) -> None:
        if self._stream is not None:
            await self._stream.close()

    async def run(self, until: Timestamp | None, progress: Callable[[int], None]) -> None:
        """With ``until``, what is dear doesn't wait either."""
        assert self._stream is not None, "it was begun"
        while True:
            hurries = until is not None or self._rebuild is not None or len(self._pending) > 0
            # A short wait where something else is to be done: what waits may be due soon.
            wait_ms = (100 if self._rebuild is None and until is None else 1) if hurries else _WAIT_MS
            written = await self._stream.read(wait_ms, 0 if until is not None else _GATHER_MS)
            await self._percolation.take(written.changes, written.until)
            self._derivation.since = written.until
            self._pending.add(written.keys)
            did_something = await self._derive_due(wait=until is None)
            now = asyncio.get_running_loop().time()
            if did_something or written.keys or written.changes or now - self._saved_at >= _IDLE_SAVES_SECONDS:
                await self._state.save(written.token, written.until, self._pending)
                self._saved_at = now
            if self._rebuild is None and now - self._looked_at >= _LOOK_SECONDS:
                # Somebody may have asked for one.
                self._rebuild = (await self._state.read()).rebuild
                self._looked_at = now
            if self._rebuild is not None:
                await self._rebuild_further(progress)
            elif until is not None and written.until >= until and not self._pending:
                return

    async def _derive_due(self, *, wait: bool) -> bool:
        """Whether there was anything to derive."""
        derived = False
        while due := self._pending.take(_BATCH, wait=wait):
            derived = True
            try:
                await self._derive(due)
            except Unavailable:
                raise
            except GatewayError:
                # What one namespace's documents can't be made of must not hold up all others.
                for key, shrinks in due.items():
                    await self._derive_alone(key, shrinks)
        return derived

    async def _derive_alone(self, key: Key, shrinks: bool) -> None:
        try:
            await self._derive({key: shrinks})
        except Unavailable:
            raise
        except GatewayError:
            _LOG.exception("Nothing can be derived for a %s of %s.", type(key).__name__, key.namespace_id)

    async def _derive(self, keys: Mapping[Key, bool]) -> None:
        visits, costs = await self._derivation.derive(keys)
        self._pending.note(costs)
        self._pending.add(dict.fromkeys(visits, False))

    async def _rebuild_further(self, progress: Callable[[int], None]) -> None:
        assert self._rebuild is not None, "there is a rebuild"
        chunk = await self._walk.chunk(self._rebuild.stage, self._rebuild.after)
        # Visits have a stage of their own, behind all of their searches.
        keys: dict[Key, Any] = dict.fromkeys(chunk.keys, True)
        await self._derivation.derive(keys)
        self._rebuild = following(self._rebuild, chunk)
        await self._state.save_rebuild(self._rebuild)
        if self._rebuild is not None:
            progress(self._rebuild.done)


async def _now(database: Database) -> Timestamp:
    return await InsertWatch(database, INTERACTION).now()
