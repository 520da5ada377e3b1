"""``gateway serve``: the gateway in production; and what every way of serving shares."""

import asyncio
import signal
import socket
from contextlib import suppress
from typing import Annotated

import typer

from gateway.app.application import check_documents
from gateway.app.database import open_database
from gateway.app.serving import run
from gateway.cli.console import note
from gateway.errors import Unavailable
from gateway.settings import Settings, load
from gateway.store.client import close


def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on; else GATEWAY_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on; else GATEWAY_PORT.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that serve; else GATEWAY_WORKERS.")] = None,
) -> None:
    """Serve the gateway on the MongoDB that GATEWAY_MONGODB_URI names."""
    settings = load(Settings, host=host, port=port, workers=workers)
    # Here, where it is one line: a worker could only die of it, again and again.
    asyncio.run(_check_uri(settings))
    check_documents(settings)
    end_on_signals()
    with suppress(KeyboardInterrupt), listening(settings.host, settings.port) as listener:
        note(f"Serving {address(settings.host, listener)}")
        run(
            "gateway.app.application:from_environment",
            listener,
            limits=settings.connection_limits,
            factory=True,
            workers=settings.workers,
            log_level=settings.log_level,
        )


def end_on_signals() -> None:
    """Makes SIGTERM end this process as Ctrl-C does: through every clean-up, in an event loop by cancelling.

    A shell's background jobs ignore Ctrl-C's signal, and so would ignore SIGTERM.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda _signal, _frame: signal.raise_signal(signal.SIGINT))


def listening(host: str, port: int) -> socket.socket:
    """The listening socket, bound before anything is set up; raises `Unavailable` where it can't be."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        # Python adds in brackets what the message names already.
        reason = str(error.strerror).partition(" (")[0]
        raise Unavailable(f"can't listen on {host}:{port}: {reason}") from None


def address(host: str, listener: socket.socket) -> str:
    """Where the graph is served, for people and programs to read."""
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{listener.getsockname()[1]}/graphql"


async def _check_uri(settings: Settings) -> None:
    await close(open_database(settings).client)
