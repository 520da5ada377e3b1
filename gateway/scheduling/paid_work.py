"""Work for which keys pay by the processor time that it takes: reading, validating, planning, binding."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from time import perf_counter, thread_time
from typing import Generic, TypeVar

from gateway.context import Caller
from gateway.errors import RateLimited, Unavailable
from gateway.scheduling.cpu_gate import ClientLeft, CpuGate
from gateway.scheduling.deadlines import Deadline
from gateway.scheduling.rate_limiter import REFUSED, RateLimiter, refusal_points, settle, spend_or_charge

T = TypeVar("T")

# Of a worker, for one point: a page of 20 takes some 250 µs beyond what each request does.
SECONDS_PER_POINT = 12e-6
# To open a websocket and close it again takes 0.86 ms.
CONNECTION_POINTS = 70
# Of a message of a websocket that asks nothing: a ping takes 60 µs, one of 9 KB 110 and one of 100 KB 280.
MESSAGE_POINTS = 4
BYTES_OF_MESSAGE = 4_000


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """What work came to; ``points``: what was paid for it; ``waited``: seconds until its turn."""

    outcome: T
    points: int
    waited: float


class PaidWork:
    """The runner of CPU-heavy work that waits for its turn, in the time of an operation, and that its key pays for.

    Points are taken by the size of what is worked on before the work begins, and settled by the time that it took.
    """

    def __init__(self, gate: CpuGate, rate_limiter: RateLimiter, *, time_limit_ms: int) -> None:
        self._gate = gate
        self._rate_limiter = rate_limiter
        self._time_limit_ms = time_limit_ms
        self._deadline = Deadline(time_limit_ms / 1_000)

    async def run(
        self,
        work: Callable[[], T],
        caller: Caller,
        size: int,
        left: ClientLeft | None = None,
        *,
        waited: float = 0.0,
    ) -> Done[T]:
        """Does the work on so many bytes once it is its turn; ``waited``: the seconds of its time that are gone.

        Raises `RateLimited` where the key hasn't the points, or has too much work waiting, `Unavailable` where the turn
        doesn't come in time, and what ``left`` does once the client has left.
        """
        held, paid, came, began_at = refusal_points(size), 0, perf_counter(), 0.0

        def timed() -> T:
            nonlocal paid, began_at
            began_at, began = perf_counter(), thread_time()
            try:
                return work()
            finally:
                paid = ceil((thread_time() - began) / SECONDS_PER_POINT)

        await spend_or_charge(self._rate_limiter, caller, held)
        try:
            with self._deadline.less(waited).block():
                outcome = await self._gate.run(timed, caller, left)
        except RateLimited:
            self._rate_limiter.charge(caller.id, REFUSED, caller.rate)
            raise
        except TimeoutError:
            limit = f"{self._time_limit_ms:,} ms"
            raise Unavailable(f"The request waited for longer than {limit} to be read and validated.") from None
        finally:
            settle(self._rate_limiter, caller, held, paid)
        return Done(outcome, paid, began_at - came)

    def charge(self, caller: Caller, points: int) -> None:
        """Takes points for work that was done already."""
        self._rate_limiter.charge(caller.id, points, caller.rate)

    async def charge_refusal(self, caller: Caller, size: int, *, paid: int = 0) -> None:
        """Takes what a refused request of so many bytes costs, but for what is ``paid`` already.

        Raises `RateLimited` where the key has no points left: then nothing is told of the request.
        """
        if not paid:
            await spend_or_charge(self._rate_limiter, caller, 1)
            paid = 1
        self._rate_limiter.charge(caller.id, max(0, refusal_points(size) - paid), caller.rate)


def message_points(size: int) -> int:
    """The points of a websocket's message of so many bytes that asks nothing."""
    return MESSAGE_POINTS + size // BYTES_OF_MESSAGE
