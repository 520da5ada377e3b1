"""The server below the application: its limits, how it ends, and one or several processes of it."""

import asyncio
import logging
import select
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn
from uvicorn.config import LOGGING_CONFIG
from uvicorn.supervisors import Multiprocess, multiprocess

from gateway.limits import ConnectionLimits
from gateway.transport.server.http_protocol import Protocol
from gateway.transport.server.read_turns import Turns
from gateway.transport.server.websocket_protocol import SocketProtocol

# What the application's lifespan may yield under this name is called, and awaited, as soon as the server is to end.
ENDING = "ending"
# In which all workers have taken notice that they are to end.
_ALIKE_SECONDS = 0.5
Ending = Callable[[], Awaitable[None]]


class Configuration(uvicorn.Config):
    """The server's configuration, which worker processes are handed too."""

    def __init__(self, app: Any, limits: ConnectionLimits, *, log_level: str, **given: Any) -> None:
        super().__init__(
            app,
            http=Protocol,
            ws=SocketProtocol,
            # Compression would take each connection more memory than all it says.
            ws_per_message_deflate=False,
            ws_ping_interval=20,
            ws_ping_timeout=20,
            server_header=False,
            access_log=False,
            timeout_keep_alive=limits.keep_alive_seconds,
            timeout_graceful_shutdown=20,
            limit_concurrency=limits.connections,
            log_level=log_level,
            log_config=_logging(log_level),
            **given,
        )
        self.limits = limits

    def load(self) -> None:
        # In the process that serves: each has an event loop of its own.
        self.turns = Turns()
        super().load()


class Server(uvicorn.Server):
    """Calls ``ready`` once connections are accepted; ends without failing a request that has been sent."""

    config: Configuration

    def __init__(self, config: Configuration, ready: Callable[[], None] = lambda: None) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """New connections are refused from now on. For a moment, those that are kept alive may still send a request,
        which is answered with ``Connection: close``."""
        state = self.lifespan.state
        for listener in sockets or ():
            await _accepted(listener)
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()
        if self.config.workers > 1:
            # Who was told to connect again might reach another worker just as it closes.
            await asyncio.sleep(_ALIKE_SECONDS)
        state["draining"] = True
        if ENDING in state:
            await state[ENDING]()
        await asyncio.sleep(self.config.limits.drain_seconds)
        await super().shutdown(sockets)


async def _accepted(listener: socket.socket) -> None:
    """Waits until no connection waits: those would be reset, and with them what has been sent on them."""
    waiting = select.poll()
    waiting.register(listener, select.POLLIN)
    while waiting.poll(0):  # noqa: ASYNC110  # the kernel tells of it in no other way
        await asyncio.sleep(0)


class _Workers(Multiprocess):
    def terminate_all(self) -> None:
        super().terminate_all()
        # Else connections would go on being made, and wait for nobody, until the last worker has ended.
        for listener in self.sockets:
            listener.close()


# A worker makes its server by this name. Set on import, so in the workers too: their configuration comes from here.
multiprocess.Server = Server  # type: ignore[attr-defined,assignment]


def run(
    app: Any,
    listener: socket.socket,
    *,
    limits: ConnectionLimits,
    log_level: str,
    factory: bool = False,
    workers: int = 1,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Serves ``app`` (with ``factory``: what the function of this name makes) until a signal ends it.

    Nothing of the server shows, and requests that are being answered have 20 seconds to be finished. ``ready`` is
    called once connections are accepted; not with several ``workers``.

    Raises KeyboardInterrupt where the signal came to a single worker.
    """
    config = Configuration(app, limits, factory=factory, workers=workers, log_level=log_level)
    if workers > 1:
        _Workers(config, sockets=[listener]).run()
    else:
        Server(config, ready).run(sockets=[listener])


def _logging(level: str) -> dict[str, Any]:
    """The server's own configuration, with the gateway's messages at the same level and in the same form."""
    gateway = {"handlers": ["default"], "level": level.upper(), "propagate": False}
    server = LOGGING_CONFIG["loggers"]["uvicorn.error"] | {"filters": ["handshakes"]}
    return LOGGING_CONFIG | {
        "filters": {"handshakes": {"()": _WithoutHandshakes}},
        "loggers": LOGGING_CONFIG["loggers"] | {"uvicorn.error": server, "gateway": gateway},
    }


class _WithoutHandshakes(logging.Filter):
    """Requests aren't logged, so neither are websockets: their addresses are as long as a client likes."""

    def filter(self, record: logging.LogRecord) -> bool:
        said = str(record.msg)
        return '"WebSocket %s"' not in said and not said.startswith(("connection ", "HTTP response sent"))
