"""Whether the process lives, and whether it can serve."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.transport.exchange.security_headers import with_security_headers

LIVE_PATH, READY_PATH = "/livez", "/readyz"
# Of the original service, whose clients ask it whether it is there.
ORIGINAL_PATH = "/healthcheck"
HEALTH_PATHS = frozenset(path.encode() for path in (LIVE_PATH, READY_PATH, ORIGINAL_PATH))

Check: TypeAlias = Callable[[], Awaitable[str | None]]
"""What is wrong with something, in a sentence for everybody; None where nothing is."""


class Health:
    """The addresses that orchestrators ask; they need no key. ``checks``: what has to be right for it to serve.
    ``notes``: what is told to people, and keeps nobody from serving."""

    def __init__(self, checks: Mapping[str, Check], notes: Mapping[str, Callable[[], str | None]]) -> None:
        self._checks = checks
        self._notes = notes

    async def live(self, _request: Request) -> Response:
        """The process answers at all."""
        return _response({"status": "OK"})

    async def ready(self, _request: Request) -> Response:
        """503 while anything is wrong, which is said under its name."""
        problems = await asyncio.gather(*(check() for check in self._checks.values()))
        checks = {name: problem or "OK" for name, problem in zip(self._checks, problems, strict=True)}
        notes = {name: text for name, note in self._notes.items() if (text := note()) is not None}
        told = {"checks": checks, **({"notes": notes} if notes else {})}
        if any(problems):
            return _response({"status": "UNAVAILABLE", **told}, 503)
        return _response({"status": "OK", **told})


def _response(body: Mapping[str, object], status: int = 200) -> Response:
    return with_security_headers(JSONResponse(body, status, {"Cache-Control": "no-store"}))
