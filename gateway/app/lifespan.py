"""The application's start and end: beside the service indexes are created and what is written is followed; all that is
open is closed."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from starlette.routing import BaseRoute

from gateway.app.services import Services
from gateway.observability.metrics_catalogue import LOOP_LAG, STREAM_LAG
from gateway.scheduling.cancellation import cancel
from gateway.store.client import close
from gateway.store.jobs.job_runner import JobRunner
from gateway.transport.exchange.allowed_origins import AllowedOrigins
from gateway.transport.server.closing_replies import ClosingReplies
from gateway.transport.server.request_observation import RefusalObservation
from gateway.transport.server.uvicorn_adapter import ENDING, REFUSAL_REPLY, REFUSED

_LOG = logging.getLogger(__name__)
_INDEXING_SECONDS = 5.0


@asynccontextmanager
async def lifespan(
    services: Services, routes: Sequence[BaseRoute], origins: AllowedOrigins
) -> AsyncIterator[dict[str, Callable[..., Any]]]:
    """Around the time in which the services are used, at ``routes`` and by pages of ``origins``; its value is the state
    that the server is told."""
    indexing = asyncio.create_task(services.index_creation.run())
    # Long enough for a new database, or one that is ready; a large one is indexed beside the service.
    await asyncio.wait([indexing], timeout=_INDEXING_SECONDS)
    gauges = {LOOP_LAG: lambda: services.event_loop_lag.seconds, STREAM_LAG: lambda: services.broker.lag_seconds}
    beside = (
        _look_for_migrations(services, indexing),
        services.event_loop_lag.run(),
        services.observation.sample(gauges),
    )
    tasks = [indexing, *map(asyncio.create_task, beside)]
    if services.spent_points is not None:
        tasks.append(asyncio.create_task(services.spent_points.run()))
    if services.follower is not None:
        tasks.append(asyncio.create_task(services.follower.run()))
    if services.job_runner is not None:
        tasks.append(asyncio.create_task(_work_on_jobs(services.job_runner, indexing)))

    async def end() -> None:
        _LOG.info("Shutting down")
        await services.connections.close()

    try:
        yield {
            ENDING: end,
            REFUSED: RefusalObservation(services.observer),
            REFUSAL_REPLY: ClosingReplies(routes, origins),
        }
    finally:
        await services.connections.close()
        await services.broker.close()
        await cancel(tasks)
        await close(services.killing_client)
        await close(services.database.client)
        await services.observation.close()
        counts = [f"{how} {times:,}" for how, times in services.responses.answered.most_common()]
        _LOG.info("How operations were answered: %s", ", ".join(counts) or "none was")
        if natively := services.responses.natively.most_common():
            _LOG.info(
                "Of those that may be shaped natively: %s", ", ".join(f"{how} {times:,}" for how, times in natively)
            )


async def _look_for_migrations(services: Services, indexing: "asyncio.Task[None]") -> None:
    # A new database is noted then to have none.
    await asyncio.wait([indexing])
    await services.pending_migrations.run()


async def _work_on_jobs(runner: JobRunner, indexing: "asyncio.Task[None]") -> None:
    # They walk through indexes.
    await asyncio.wait([indexing])
    await runner.run()
