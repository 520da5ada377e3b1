"""``gateway serve``: the gateway in production."""

from typing import Annotated, Any

import typer
import uvicorn

from gateway.settings import Settings, load

# Shared by every way of serving: nothing of the server shows, and idle connections don't stay for ever.
UVICORN: dict[str, Any] = {
    "http": "httptools",
    "server_header": False,
    "access_log": False,
    "timeout_keep_alive": 15,
    "timeout_graceful_shutdown": 20,
}


def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on; else GATEWAY_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on; else GATEWAY_PORT.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that serve; else GATEWAY_WORKERS.")] = None,
) -> None:
    """Serve the gateway on the MongoDB that GATEWAY_MONGODB_URI names."""
    settings = load(Settings, host=host, port=port, workers=workers)
    uvicorn.run(
        "gateway.app:from_environment",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        log_level=settings.log_level,
        **UVICORN,
    )
