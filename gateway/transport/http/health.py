"""Whether the process lives, and whether it can serve."""

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.errors import GatewayError
from gateway.store.client import Database, ping
from gateway.transport.exchange.security_headers import with_security_headers

LIVE_PATH, READY_PATH = "/healthcheck", "/readyz"
HEALTH_PATHS = frozenset(path.encode() for path in (LIVE_PATH, READY_PATH))

# A primary that hangs is to be noticed within two seconds, by whoever asks once a second.
_TIMEOUT_SECONDS = 1.0


class Health:
    """The two addresses that an orchestrator asks; neither needs a key."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def live(self, _request: Request) -> Response:
        """The original endpoint's answer: the process answers at all."""
        return _status("OK")

    async def ready(self, _request: Request) -> Response:
        """503 while the database doesn't answer."""
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                await ping(self._database)
        except (GatewayError, TimeoutError):
            return _status("UNAVAILABLE", 503)
        return _status("OK")


def _status(word: str, code: int = 200) -> Response:
    return with_security_headers(JSONResponse({"status": word}, code))
