"""``gateway serve``: the gateway in production."""

import asyncio
from contextlib import suppress
from typing import Annotated

import typer

from gateway.app.database import database_warnings, for_queries, open_database
from gateway.app.metrics_exposition import exposed_metrics
from gateway.app.serving import end_on_signals, graph_url, open_listener, run
from gateway.app.token_verification import token_policy
from gateway.app.tracing import check_traces
from gateway.app.trusted_documents import check_documents
from gateway.cli.console import note, warn
from gateway.settings import Settings, load, misspelt_variables
from gateway.store.client import close
from gateway.transport.server.public_url import parse_public_url


def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on; else GATEWAY_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on; else GATEWAY_PORT.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that serve; else GATEWAY_WORKERS.")] = None,
) -> None:
    """Serve the gateway on the MongoDB that GATEWAY_MONGODB_URI names."""
    # Before what may be missing only because it is misspelt.
    warn(*misspelt_variables())
    settings = load(Settings, host=host, port=port, workers=workers)
    # Here, where it is one line: a worker could only die of it, again and again.
    asyncio.run(_check_database(settings))
    check_documents(settings)
    token_policy(settings)
    check_traces(settings)
    end_on_signals()
    with (
        suppress(KeyboardInterrupt),
        exposed_metrics(settings.metrics_address),
        open_listener(settings.host, settings.port) as listener,
    ):
        warn(*asyncio.run(database_warnings(settings)))
        note(f"Serving {graph_url(settings.host, listener)}")
        if settings.public_url is not None:
            note(f"Clients reach it at {parse_public_url(settings.public_url).graph}")
        run(
            "gateway.app.worker:from_environment",
            listener,
            limits=settings.connection_limits,
            factory=True,
            workers=settings.workers,
            log_level=settings.log_level,
            log_format=settings.log_format,
        )


async def _check_database(settings: Settings) -> None:
    database = open_database(settings)
    await close(database.client)
    for_queries(database, settings)
