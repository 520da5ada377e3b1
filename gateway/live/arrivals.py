"""What one key's subscriptions ask about the interactions that arrive, and what that costs the key."""

from collections.abc import Callable, Iterator, Sequence

from gateway.context import Context
from gateway.execution.fetching import Prefetcher
from gateway.plan.pages import Pages
from gateway.preparation.bound_operations import Bound
from gateway.scheduling.rate_limiter import Meter
from gateway.store.change_stream import Inserted


class Arrivals:
    """A `gateway.live.broker.Question`, which ``bound`` is for one event. ``limit``: the points that may be asked for
    at once; ``answer``: an event of what was fetched for it."""

    def __init__(
        self,
        prefetcher: Prefetcher,
        meter: Meter,
        bound: Bound,
        context: Context,
        answer: Callable[[Pages], bytes],
        *,
        limit: int,
    ) -> None:
        self._prefetcher = prefetcher
        self._meter = meter
        self._bound = bound
        self._context = context
        self._answer = answer
        self.at_once = max(1, limit // bound.cost)

    async def pay(self, count: int) -> None:
        """Spends what so many events may cost. Raises `RateLimited` where the key has less left, or `Unavailable`."""
        await self._meter.spend(self._context.caller.key_id, count * self._bound.cost)

    async def answers(self, inserted: Sequence[Inserted]) -> Iterator[tuple[Inserted, bytes]]:
        """Those that the question is about, in order, each answered as it is taken; what they didn't cost is given
        back."""
        arrived = await self._prefetcher.arrived(self._bound, self._context, inserted)
        paid = len(inserted) * self._bound.cost
        self._meter.give_back(self._context.caller.key_id, paid - min(paid, max(1, arrived.points)))
        return ((one, self._answer(pages)) for one, pages in arrived.told)
