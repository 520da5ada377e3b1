"""The interactions that were recorded since a time, in the order in which the database stored them: by its change
stream, page by page, as exports tell them."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import orjson
from bson import Timestamp

from gateway.context import Context, Namespace
from gateway.errors import ReadTooLarge
from gateway.execution.admission import AdmittedOperation
from gateway.execution.asked_operations import Asking, OperationFailed
from gateway.execution.export_pages import ExportPage, ExportPlace
from gateway.execution.export_rows import exported_line
from gateway.execution.fetching import Fetcher
from gateway.execution.operation_runner import OperationRunner
from gateway.execution.response_builder import ResponseBuilder
from gateway.live.subscriptions import SubscriptionEvents
from gateway.model.exported_documents import Part
from gateway.model.kinds import INTERACTION
from gateway.plan.usage import UsageLimits
from gateway.preparation.graphql_request import GraphQLRequest
from gateway.scheduling.rate_limiter import RateLimiter
from gateway.store.change_stream import InsertEvent, InsertStream, InsertWatch
from gateway.store.client import Database

_PAGE = 100
# Where nothing came for as long, all that had been recorded has come.
_QUIET_LOOKS = 2


class RecordedInteractions:
    """The reader of what was recorded since a time; it asks the subscription of the graph. ``text``: its document."""

    def __init__(
        self,
        database: Database,
        operations: OperationRunner,
        responses: ResponseBuilder,
        fetcher: Fetcher,
        rate_limiter: RateLimiter,
        text: str,
        *,
        usage_limits: UsageLimits,
    ) -> None:
        self._database = database
        self._watch = InsertWatch(database, INTERACTION)
        self._operations = operations
        self._responses = responses
        self._fetcher = fetcher
        self._rate_limiter = rate_limiter
        self._text = text
        self._usage_limits = usage_limits

    async def now(self) -> tuple[int, int]:
        """The database's time, as a place has it. Raises `Unavailable`."""
        now = await self._watch.now()
        return now.time, now.inc

    async def pages(
        self, where: Any, context: Context, asking: Asking, since: tuple[int, int], *, follows: bool
    ) -> AsyncIterator[ExportPage]:
        """What was recorded since then, up to now or, where this ``follows``, for as long as it is asked.

        Raises `OperationFailed` for a ``where`` that is wrong, and `Unavailable` where the database doesn't know any
        longer what happened since.
        """
        events = await self._events(where, context, asking)
        until = None if follows else await self._watch.now()
        stream = InsertStream(self._database, INTERACTION, Timestamp(*since))
        inserted: list[InsertEvent] = []
        quiet = 0
        try:
            while until is None or quiet < _QUIET_LOOKS:
                event = await stream.next()
                if event is not None and until is not None and event.at > until:
                    break
                if event is not None and event.namespace_id == context.namespace.id:
                    inserted.append(event)
                if inserted and (event is None or len(inserted) >= _PAGE):
                    yield await _page(events, inserted, context.namespace)
                    inserted = []
                quiet = quiet + 1 if event is None and not stream.is_cut_off else 0
            if inserted:
                yield await _page(events, inserted, context.namespace)
        finally:
            await stream.close()

    async def _events(self, where: Any, context: Context, asking: Asking) -> SubscriptionEvents:
        request = GraphQLRequest(self._text, {} if where is None else {"where": where})
        admitted = await self._operations.admit(request, context, asking.operation(), asking.left)
        if not isinstance(admitted, AdmittedOperation):
            raise OperationFailed(orjson.loads(admitted.body)["errors"], admitted.refusal)
        return SubscriptionEvents(
            admitted.without_text,
            self._responses,
            self._fetcher,
            self._rate_limiter,
            cost_limit=_PAGE,
            usage_limits=self._usage_limits,
        )


async def _page(events: SubscriptionEvents, inserted: Sequence[InsertEvent], namespace: Namespace) -> ExportPage:
    nodes = [orjson.loads(answer)["data"] for answer in await _answers(events, inserted)]
    recorded = [data["interactionRecorded"] for data in nodes if data is not None]
    rows = [exported_line(Part.INTERACTIONS, node) for node in recorded if node is not None]
    last = inserted[-1].at
    place = ExportPlace(Part.RECORDED, None, (last.time, last.inc), namespace.id)
    return ExportPage(Part.RECORDED, rows, len(nodes) - len(rows), place)


async def _answers(events: SubscriptionEvents, inserted: Sequence[InsertEvent]) -> Sequence[bytes]:
    try:
        return [answer for _, answer in await events.answers(inserted)]
    except ReadTooLarge:
        if len(inserted) == 1:
            raise
    half = len(inserted) // 2
    return [*await _answers(events, inserted[:half]), *await _answers(events, inserted[half:])]
