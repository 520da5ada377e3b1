"""The loop that every import runs, where it gives up."""

import asyncio
import gc
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.context import Namespace
from gateway.errors import Unavailable
from gateway.interchange.entries import Candidate
from gateway.interchange.imports import Import
from gateway.interchange.lines import Line
from gateway.interchange.temporary_database import temporary_database
from gateway.model.wire import RecordedInteraction, RecordedSearchRequest
from gateway.plan.write_commands import Outcome

NAMESPACE = Namespace("ns_import", "import", "org_import", datetime(2025, 1, 1, tzinfo=UTC))


class Leaving:
    """A recorder whose database goes away: the first batch fails at once, those under way once they are cancelled, as
    the driver does it, some turns later and with an error of their own. ``under_way``: how many are."""

    def __init__(self, *, first_fails: bool) -> None:
        self.under_way = 0
        self.several = asyncio.Event()
        self._first_fails = first_fails

    async def record(
        self, namespace: Namespace, recordings: Sequence[RecordedInteraction], now: datetime, *, makes_stubs: bool
    ) -> list[Outcome]:
        if self._first_fails and recordings[0].interaction_id == "i0":
            await self.several.wait()
            raise Unavailable("the first")
        self.under_way += 1
        if self.under_way == 3:
            self.several.set()
        try:
            await asyncio.Event().wait()
        finally:
            for _ in range(20):
                await asyncio.sleep(0)
            self.under_way -= 1
            raise Unavailable("another")
        return []

    async def record_search_requests(
        self, namespace: Namespace, recordings: Sequence[tuple[RecordedSearchRequest, datetime]]
    ) -> list[Outcome]:
        return []


def candidates() -> Iterator[Candidate]:
    for number in range(20):
        wire = {"interaction_id": f"i{number}", "feature_id": "p1", "interaction_type": "click"}
        yield Candidate(Line(number + 1, b""), wire)


@pytest.mark.parametrize("first_fails", [True, False])
async def test_what_is_under_way_ends_and_one_error_is_told_where_an_import_gives_up(first_fails: bool) -> None:
    told: list[Mapping[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    recorder = Leaving(first_fails=first_fails)
    with temporary_database() as memory:
        running = asyncio.create_task(Import(recorder, NAMESPACE, memory, batch=1).run(candidates()))
        await recorder.several.wait()
        if not first_fails:
            running.cancel()
        await asyncio.wait([running])
    assert recorder.under_way == 0
    if first_fails:
        assert "the first" in repr(running.exception())
    else:
        assert running.cancelled()
    del running
    gc.collect()
    assert told == []
