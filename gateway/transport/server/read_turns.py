"""Turns: however much many clients send at once, what else there is to do waits for milliseconds only."""

import asyncio
from time import perf_counter
from typing import Protocol

_TURN_SECONDS = 0.002


class Reader(Protocol):
    def read_on(self) -> bool:
        """Reads a little of what has arrived; whether there is more to read now."""


class Turns:
    """Lets the readers of one event loop read on, each a little and one after the other: together for two
    milliseconds, or until one has something to do. Then everybody else has a turn."""

    def __init__(self) -> None:
        self._waiting: dict[Reader, None] = {}
        self._begun = False
        self._over = False

    def ask(self, reader: Reader) -> None:
        """Gives the reader a turn, soon."""
        self._waiting[reader] = None
        if not self._begun:
            self._begun = True
            asyncio.get_running_loop().call_soon(self._run)

    def end(self) -> None:
        """Ends the present turn: something was read that somebody has to work on."""
        self._over = True

    def _run(self) -> None:
        self._over = False
        end = perf_counter() + _TURN_SECONDS
        while self._waiting and not self._over and perf_counter() < end:
            reader = next(iter(self._waiting))
            del self._waiting[reader]
            if reader.read_on():
                self._waiting[reader] = None
        self._begun = bool(self._waiting)
        if self._begun:
            asyncio.get_running_loop().call_soon(self._run)


class Backlog:
    """What has arrived and isn't read yet; slices of it have ``slice_bytes``."""

    def __init__(self, slice_bytes: int) -> None:
        self._slice_bytes = slice_bytes
        self._left = memoryview(b"")

    def __bool__(self) -> bool:
        return bool(self._left)

    def add(self, data: bytes) -> None:
        self._left = memoryview(bytes(self._left) + data) if self._left else memoryview(data)

    def slice(self) -> bytes:
        """The next slice, which is read then."""
        taken = bytes(self._left[: self._slice_bytes])
        if len(taken) < len(self._left):
            self._left = self._left[self._slice_bytes :]
        else:
            # An empty view would keep all that has arrived.
            self.clear()
        return taken

    def clear(self) -> None:
        self._left = memoryview(b"")
