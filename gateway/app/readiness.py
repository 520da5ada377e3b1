"""What a process needs to answer requests, each by a name, for `/readyz`: what is wrong with it, or None."""

import asyncio
from collections.abc import Mapping

from gateway.app.services import Services
from gateway.errors import GatewayError
from gateway.store.client import ping
from gateway.transport.http.health import Check

# A primary that hangs is to be noticed within two seconds, by whoever asks once a second.
_DATABASE_SECONDS = 1.0


def readiness_checks(services: Services, *, lag_limit_ms: int) -> Mapping[str, Check]:
    """``lag_limit_ms``: by how much the event loop may be late."""

    async def database() -> str | None:
        try:
            async with asyncio.timeout(_DATABASE_SECONDS):
                await ping(services.database)
        except (GatewayError, TimeoutError):
            return "The primary doesn't answer."
        return None

    async def indexes() -> str | None:
        return None if services.index_creation.is_done else "They are being created; the log says what keeps it up."

    async def change_stream() -> str | None:
        return "It broke off, and can't be opened again yet." if services.broker.is_cut_off else None

    async def event_loop() -> str | None:
        late_ms = services.event_loop_lag.seconds * 1_000
        if late_ms <= lag_limit_ms:
            return None
        return f"It is {late_ms:,.0f} ms late; GATEWAY_EVENT_LOOP_LAG_LIMIT_MS allows {lag_limit_ms:,}."

    return {"database": database, "indexes": indexes, "changeStream": change_stream, "eventLoop": event_loop}
