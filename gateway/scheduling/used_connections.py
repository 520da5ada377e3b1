"""How many connections each organization uses at a time, so that none takes all of a worker's."""

from gateway.errors import TooManyConnections


class UsedConnections:
    """The connections that organizations use in this process, up to ``most`` each.

    They are requests under way, until their answers are sent, event streams among them, and websockets; not those that
    are kept alive between requests.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._counts: dict[str, int] = {}

    def begin(self, organization_id: str) -> None:
        """Counts one more, which has to `end`. Raises `TooManyConnections` where there are as many as there may be."""
        count = self._counts.get(organization_id, 0)
        if count >= self._most:
            raise TooManyConnections(f"An organization may use at most {self._most:,} connections at a time.")
        self._counts[organization_id] = count + 1

    def end(self, organization_id: str) -> None:
        count = self._counts[organization_id] - 1
        if count:
            self._counts[organization_id] = count
        else:
            del self._counts[organization_id]
