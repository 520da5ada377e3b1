"""How the application is served: uvicorn's configuration, what it logs, and one or several processes of it."""

import multiprocessing
import signal
import socket
import sys
from collections.abc import Callable
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from typing import Any

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from gateway.errors import Unavailable
from gateway.errors.incidents import as_incident
from gateway.limits import ConnectionLimits
from gateway.observability.log_lines import LogFormat, configuration
from gateway.transport.server.connection_capacity import ConnectionCapacity
from gateway.transport.server.uvicorn_adapter import DrainingServer, HttpProtocol, WebSocketProtocol
from gateway.transport.websocket.messages import MAX_MESSAGE_BYTES

# Whoever takes nothing of what it was sent for so long is cut off by the kernel; event streams and websockets, which
# get an error first, need 50 seconds for it.
_KERNEL_UNREAD_SECONDS = 60
_CHECK_SECONDS = 0.5


class Configuration(uvicorn.Config):
    """The server's configuration, which worker processes are handed too."""

    def __init__(
        self, app: Any, limits: ConnectionLimits, *, log_level: str, log_format: LogFormat = "text", **options: Any
    ) -> None:
        super().__init__(
            app,
            http=HttpProtocol,
            ws=WebSocketProtocol,
            ws_max_size=MAX_MESSAGE_BYTES,
            # Compression would take each connection more memory than all it sends.
            ws_per_message_deflate=False,
            ws_ping_interval=20,
            ws_ping_timeout=20,
            proxy_headers=False,
            server_header=False,
            access_log=False,
            timeout_keep_alive=limits.keep_alive_seconds,
            timeout_graceful_shutdown=20,
            log_config=configuration(log_level.upper(), log_format),
            **options,
        )
        self.limits = limits
        self.capacity = ConnectionCapacity(limits.connections)


def end_on_signals() -> None:
    """Makes SIGTERM end this process as Ctrl-C does: through every clean-up, in an event loop by cancelling.

    A shell's background jobs ignore Ctrl-C's signal, and so would ignore SIGTERM.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda _signal, _frame: signal.raise_signal(signal.SIGINT))


def open_listener(host: str, port: int) -> socket.socket:
    """The listening socket, bound before anything is set up; raises `Unavailable` where it can't be."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        # Python adds in brackets what the message names already.
        reason = str(error.strerror).partition(" (")[0]
        raise Unavailable(f"can't listen on {host}:{port}: {reason}") from None


def graph_url(host: str, listener: socket.socket) -> str:
    """Where the graph is served, for people and programs to read."""
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{listener.getsockname()[1]}/graphql"


def run(
    app: Any,
    listener: socket.socket,
    *,
    limits: ConnectionLimits,
    log_level: str,
    log_format: LogFormat = "text",
    factory: bool = False,
    workers: int = 1,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Serves ``app`` (with ``factory``: what the function of this name makes) until a signal ends it.

    Requests that are being answered have 20 seconds to be finished. ``ready`` is called once connections are accepted;
    not with several ``workers``.

    Raises KeyboardInterrupt where the signal came to a single worker, and SystemExit where the application can't start.
    """
    set_user_timeout(listener, _KERNEL_UNREAD_SECONDS)
    config = Configuration(app, limits, factory=factory, workers=workers, log_level=log_level, log_format=log_format)
    if workers > 1:
        _Workers(config, listener).run()
    else:
        ReadyServer(config, ready).run(sockets=[listener])


def set_user_timeout(listener: socket.socket, seconds: float) -> None:
    """Has the kernel cut off whoever takes nothing, for so long, of what it was sent; on Linux only."""
    if sys.platform == "linux":
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1_000))


class ReadyServer(DrainingServer):
    """A server that calls ``ready`` once connections are accepted."""

    def __init__(self, config: Configuration, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


class _Workers:
    """Processes that serve the same listener; one that died is replaced, unless the application couldn't start."""

    def __init__(self, config: Configuration, listener: socket.socket) -> None:
        self._config = config
        self._listener = listener
        self._is_ending = False

    def run(self) -> None:
        for ending in (signal.SIGINT, signal.SIGTERM):
            signal.signal(ending, self._end)
        processes = [self._start() for _ in range(self._config.workers)]
        has_failed = False
        while not (self._is_ending or has_failed):
            wait([process.sentinel for process in processes], _CHECK_SECONDS)
            has_failed = any(process.exitcode == STARTUP_FAILURE for process in processes)
            if not (self._is_ending or has_failed):
                processes = [process if process.is_alive() else self._start() for process in processes]
        for process in processes:
            process.terminate()
        # Else connections would go on being made, and wait for nobody, until the last worker has ended.
        self._listener.close()
        for process in processes:
            process.join()
        if has_failed:
            raise SystemExit(STARTUP_FAILURE)

    def _end(self, *_: object) -> None:
        self._is_ending = True

    def _start(self) -> SpawnProcess:
        process = multiprocessing.get_context("spawn").Process(target=_work, args=(self._config, self._listener))
        process.start()
        return process


def _work(config: Configuration, listener: socket.socket) -> None:
    config.configure_logging()
    try:
        DrainingServer(config).run(sockets=[listener])
    except KeyboardInterrupt:
        # What ended it, raised again by uvicorn once all is closed.
        return
    except Exception as error:
        # By the log, which holds no secrets: multiprocessing would print it as it is.
        as_incident(error)
        raise SystemExit(1) from None
