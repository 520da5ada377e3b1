"""How the application is served: uvicorn's configuration, what it logs, and one or several processes of it."""

import signal
import socket
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import uvicorn

from gateway.app.renewable_server import RenewableServer
from gateway.app.worker_processes import ReadyServer, Workers
from gateway.errors import Unavailable
from gateway.limits import ConnectionLimits
from gateway.observability.log_lines import LogFormat, configuration
from gateway.transport.server.connection_capacity import ConnectionCapacity
from gateway.transport.server.uvicorn_adapter import HttpProtocol, WebSocketProtocol
from gateway.transport.websocket.messages import MAX_MESSAGE_BYTES

# Whoever takes nothing of what it was sent for so long is cut off by the kernel; event streams and websockets, which
# get an error first, need 50 seconds for it.
_KERNEL_UNREAD_SECONDS = 60


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
        raise Unavailable(f"can't listen on {host}:{port}: {listening_refusal(error)}") from None


def listening_refusal(error: OSError) -> str:
    """Why an address can't be listened on, without what Python adds in brackets: the message names it already."""
    return str(error.strerror).partition(" (")[0]


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
    """Serves ``app`` (with ``factory``: what the function of this name makes) until a signal ends it; with ``factory``
    SIGHUP has new processes take over.

    Requests that are being answered have 20 seconds to be finished. ``ready`` is called once connections are accepted;
    not with several ``workers``.

    Raises KeyboardInterrupt where the signal came to a single worker, and SystemExit where the application can't start.
    """
    set_user_timeout(listener, _KERNEL_UNREAD_SECONDS)
    configured = partial(
        Configuration, app, limits, factory=factory, workers=workers, log_level=log_level, log_format=log_format
    )
    if workers > 1:
        Workers(configured(), listener).run()
    elif factory:
        RenewableServer(configured(), configured(), listener, ready).serve_and_hand_over()
    else:
        ReadyServer(configured(), ready).run(sockets=[listener])


def set_user_timeout(listener: socket.socket, seconds: float) -> None:
    """Has the kernel cut off whoever takes nothing, for so long, of what it was sent; on Linux only."""
    if sys.platform == "linux":
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1_000))
