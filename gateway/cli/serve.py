"""``gateway serve``: the gateway in production; and what every way of serving shares."""

import asyncio
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Any

import typer
import uvicorn
from uvicorn.config import LOGGING_CONFIG
from uvicorn.supervisors import Multiprocess

from gateway.cli.console import note
from gateway.database import open_database
from gateway.errors import Unavailable
from gateway.settings import Settings, load
from gateway.store.client import close


class _Server(uvicorn.Server):
    """Calls ``ready`` once connections are accepted."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on; else GATEWAY_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on; else GATEWAY_PORT.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that serve; else GATEWAY_WORKERS.")] = None,
) -> None:
    """Serve the gateway on the MongoDB that GATEWAY_MONGODB_URI names."""
    settings = load(Settings, host=host, port=port, workers=workers)
    # Here, where it is one line: a worker could only die of it, again and again.
    asyncio.run(_check_uri(settings))
    end_on_signals()
    with suppress(KeyboardInterrupt), listening(settings.host, settings.port) as listener:
        note(f"Serving {address(settings.host, listener)}")
        run(
            "gateway.app:from_environment",
            listener,
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


def run(
    app: Any,
    listener: socket.socket,
    *,
    log_level: str,
    factory: bool = False,
    workers: int = 1,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Serves ``app`` (with ``factory``: what the function of this name makes) until a signal ends it.

    Nothing of the server shows, idle connections don't stay for ever, and requests that are being answered have 20
    seconds to be finished. ``ready`` is called once connections are accepted; not with several ``workers``.

    Raises KeyboardInterrupt where the signal came to a single worker.
    """
    config = uvicorn.Config(
        app,
        factory=factory,
        workers=workers,
        http="httptools",
        server_header=False,
        access_log=False,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=20,
        log_level=log_level,
        log_config=_logging(log_level),
    )
    if workers > 1:
        Multiprocess(config, sockets=[listener]).run()
    else:
        _Server(config, ready).run(sockets=[listener])


def _logging(level: str) -> dict[str, Any]:
    """The server's own configuration, with the gateway's messages at the same level and in the same form."""
    gateway = {"handlers": ["default"], "level": level.upper(), "propagate": False}
    return LOGGING_CONFIG | {"loggers": LOGGING_CONFIG["loggers"] | {"gateway": gateway}}


async def _check_uri(settings: Settings) -> None:
    await close(open_database(settings).client)
