"""How a connection ends whose client may not have read all that it was sent."""

import asyncio

# A closed connection's client has so long to read what it was sent, and what it still sends is discarded: cut at once,
# the last word could be lost with it.
LINGER_SECONDS = 2.0


class Parting:
    """Waits for the client of one connection, and then cuts it: closed only, it would wait for ever."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._unsent_bytes = 0
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, seconds: float) -> None:
        """Cuts the connection unless the client has read some of what it was sent, each so many seconds."""
        self.stop()
        self._unsent_bytes = self._transport.get_write_buffer_size()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._judge, seconds)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _judge(self, seconds: float) -> None:
        if 0 < self._transport.get_write_buffer_size() < self._unsent_bytes:
            self.begin(seconds)
        else:
            self._transport.abort()
