"""Requests that are sent to gateways one after the other, as a proxy passes them on, with what became of each."""

import itertools
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx

from tests.harness.waiting import PATIENCE, eventually

QUERY = {"query": "{ viewer { organization { name } } }"}


@dataclass
class SteadyLoad:
    """Clients, each with connections of its own that are kept alive.

    A request whose connection is refused was not sent: it goes to the next of the ``addresses``, as from a proxy. With
    one address it has failed. ``failures``: each as a line; ``answered``: how many were answered as they should.
    """

    addresses: Sequence[str]
    key: str
    answered: int = 0
    failures: list[str] = field(default_factory=list)
    _is_ending: bool = False
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self, clients: int = 3) -> "SteadyLoad":
        self._threads = [threading.Thread(target=self._send, args=(number,)) for number in range(clients)]
        for thread in self._threads:
            thread.start()
        return self

    def goes_on(self, requests: int = 50) -> None:
        """Returns once that many more were answered."""
        wanted = self.answered + requests
        eventually(lambda: self.answered >= wanted or len(self.failures) > requests)
        assert self.answered >= wanted, self.failures[:3]

    def stop(self) -> None:
        self._is_ending = True
        for thread in self._threads:
            thread.join(PATIENCE)

    def _send(self, number: int) -> None:
        targets = itertools.islice(itertools.cycle(self.addresses), number, None)
        with httpx.Client(headers={"Authorization": f"Bearer {self.key}"}, timeout=PATIENCE) as client:
            while not self._is_ending:
                self._ask(client, [next(targets) for _ in self.addresses])
                # What is tried are restarts, on a machine that does other things as well.
                time.sleep(0.02)

    def _ask(self, client: httpx.Client, targets: Sequence[str]) -> None:
        failure = ""
        for target in targets:
            try:
                response = client.post(f"{target}/graphql", json=QUERY)
            except httpx.ConnectError as error:
                failure = f"{target}: {error!r}"
                continue
            except httpx.TransportError as error:
                failure = f"{target}: {error!r}"
                break
            if response.status_code == 200 and "errors" not in response.json():
                self.answered += 1
                return
            failure = f"{target}: {response.status_code} {response.text}"
            break
        self.failures.append(failure)
