"""Whether the process lives, and whether it can serve."""

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.errors import GatewayError
from gateway.store.client import Database, ping

# A primary that hangs is to be noticed within two seconds, by whoever asks once a second.
_PATIENCE_SECONDS = 1.0


class Health:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def live(self, _request: Request) -> Response:
        """The original endpoint's answer: the process answers at all."""
        return JSONResponse({"status": "OK"})

    async def ready(self, _request: Request) -> Response:
        """503 while the database doesn't answer."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await ping(self._database)
        except (GatewayError, TimeoutError):
            return JSONResponse({"status": "UNAVAILABLE"}, 503)
        return JSONResponse({"status": "OK"})
