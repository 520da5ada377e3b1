"""Bodies and addresses read at the cost of their key: what takes long in its turn, what is refused by its size."""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import TypeVar

from starlette.requests import ClientDisconnect

from gateway.context import Context
from gateway.errors import BadRequest, BadUserInput, GatewayError, UnsupportedMediaType
from gateway.scheduling.cpu_gate import LONG_BYTES
from gateway.scheduling.paid_work import PaidWork
from gateway.scheduling.rate_limiter import refusal_points
from gateway.transport.exchange.exchange import Exchange
from gateway.transport.exchange.negotiation import JSON

T = TypeVar("T")

# What is wrong with a request, beside what its key may do.
_REFUSALS = (BadRequest, BadUserInput)


class PaidReading:
    """The reading of what exchanges bring. To read a long body is ``paid_work``; what is refused is paid for by its
    size."""

    def __init__(self, paid_work: PaidWork) -> None:
        self._paid_work = paid_work

    async def body(self, exchange: Exchange, context: Context, *, of_any_type: bool = False) -> bytes:
        """The bytes of a body of JSON; raises `UnsupportedMediaType` where it is sent as another type, unless that may
        be any, and what `Exchange.body` does."""
        try:
            if not of_any_type:
                require_json(exchange.header("content-type"))
            return await exchange.body()
        except _REFUSALS:
            await self._paid_work.charge_refusal(context.caller, exchange.received_bytes)
            raise
        except ClientDisconnect:
            self._paid_work.charge(context.caller, refusal_points(exchange.received_bytes))
            raise

    async def read(self, read: Callable[[], T], size: int, exchange: Exchange, context: Context) -> tuple[T, float]:
        """What is read from so many bytes, once its turn came where they are many, and the seconds until that; raises
        what ``read`` and `PaidWork.run` do."""
        caller, paid = context.caller, 0
        try:
            if size <= LONG_BYTES:
                return read(), 0.0
            done = await self._paid_work.run(partial(_outcome, read), caller, size, exchange.left)
            paid = done.points
            if isinstance(done.outcome, GatewayError):
                raise done.outcome
            return done.outcome, done.waited
        except _REFUSALS:
            await self._paid_work.charge_refusal(caller, size, paid=paid)
            raise


def _outcome(read: Callable[[], T]) -> T | BadRequest | BadUserInput:
    try:
        return read()
    except _REFUSALS as error:
        return error


@lru_cache(maxsize=256)
def require_json(content_type: str | None) -> None:
    """Raises `UnsupportedMediaType` unless a body so described is ``application/json`` in UTF-8."""
    media, *parameters = (part.strip().lower() for part in (content_type or "").split(";"))
    if media != JSON:
        raise UnsupportedMediaType(f"The body must be sent as {JSON}.")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in ("utf-8", "utf8"):
            raise UnsupportedMediaType("The body must be encoded in UTF-8.")
