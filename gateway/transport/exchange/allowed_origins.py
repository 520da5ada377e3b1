"""Which origins' pages may call the gateway from a browser, over HTTP and by websockets."""

from collections.abc import Collection

from gateway.auth.key_origins import KeyOrigins

EVERY = "*"


class AllowedOrigins:
    """The origins that the gateway was ``configured`` with, of which "*" is every one, and those that keys name.

    Which of them may use which key is decided where the caller is known.
    """

    def __init__(self, configured: Collection[str], of_keys: KeyOrigins) -> None:
        self._configured = frozenset(configured)
        self._of_keys = of_keys

    @property
    def are_all(self) -> bool:
        return EVERY in self._configured

    @property
    def are_listed(self) -> bool:
        """Whether the configuration lists some, and not every one: by origin differs then what any key is answered.

        Those of keys aren't meant: with such a key a request without an origin is refused, and no cache keeps that.
        """
        return bool(self._configured) and not self.are_all

    async def has(self, origin: str) -> bool:
        """Whether pages of this origin may call."""
        return self.are_all or origin in self._configured or await self._of_keys.has(origin)

    def had(self, origin: str) -> bool:
        """The same as far as it is known, where there is no time to look: ahead of its request a page has asked."""
        return self.are_all or origin in self._configured or self._of_keys.had(origin)
