"""The signals by which a terminal, or whoever runs a command, stops it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Stoppable(Protocol):
    """What can stop where nothing that was read is lost."""

    is_stopping: bool

    def stop(self) -> None: ...


@contextmanager
def stopped_by_signals(work: Stoppable) -> Iterator[None]:
    """The first signal to end stops the work, so that nothing of what was read is lost; the second ends at once."""

    def stop(_number: int, _frame: object) -> None:
        if work.is_stopping:
            raise KeyboardInterrupt
        work.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
