"""By how much the event loop is late: all that it runs waits for so long."""

import asyncio
import math

_INTERVAL_SECONDS = 0.1
_SMOOTHING_SECONDS = 2.0


class EventLoopLag:
    """Measures how late the event loop wakes whoever sleeps in it. ``seconds``: averaged over about the last two, so
    that a single long turn, such as a large answer, counts for little and turns that keep being long for all they are.
    """

    def __init__(self) -> None:
        self.seconds = 0.0

    async def run(self) -> None:
        """Measures for as long as it isn't cancelled."""
        loop = asyncio.get_running_loop()
        woken = loop.time()
        while True:
            await asyncio.sleep(_INTERVAL_SECONDS)
            elapsed = loop.time() - woken
            woken += elapsed
            late = max(0.0, elapsed - _INTERVAL_SECONDS)
            # By the time that the measurement stands for, however few there are of a loop that is late.
            self.seconds += (late - self.seconds) * (1 - math.exp(-elapsed / _SMOOTHING_SECONDS))
