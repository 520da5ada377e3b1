"""The address at which Prometheus reads the metrics of all worker processes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gateway.app.serving import listening_refusal
from gateway.errors import Unavailable

# Where the library's processes put what they count; it is read as the library is imported.
_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"


@contextmanager
def exposed_metrics(address: str | None) -> Iterator[None]:
    """Exposes the metrics of this process and of those that it starts, at ``http://{address}/metrics``, for as long as
    this is entered; None: nothing is exposed.

    To be entered before any of them counts. Raises `Unavailable` where the address can't be listened on.
    """
    if address is None:
        yield
        return
    with TemporaryDirectory(prefix="gateway-metrics-") as directory:
        os.environ[_DIRECTORY] = directory
        # Not before.
        from prometheus_client import CollectorRegistry, start_http_server

        registry = CollectorRegistry()
        registry.register(_collector(Path(directory)))
        host, _, port = address.rpartition(":")
        try:
            server, thread = start_http_server(int(port), host.strip("[]"), registry)
        except OSError as error:
            raise Unavailable(f"can't expose metrics on {address}: {listening_refusal(error)}") from None
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
            del os.environ[_DIRECTORY]


def _collector(directory: Path) -> Any:
    """What collects the metrics of all processes, gauges of those that live."""
    from prometheus_client import multiprocess

    class Workers(multiprocess.MultiProcessCollector):
        """The metrics of all processes that count in the directory."""

        def collect(self) -> Any:
            for file in directory.glob("gauge_live*.db"):
                pid = int(file.stem.rpartition("_")[2])
                if not _is_alive(pid):
                    multiprocess.mark_process_dead(pid, str(directory))  # type: ignore[no-untyped-call]
            return super().collect()  # type: ignore[no-untyped-call]

    return Workers(None, str(directory))  # type: ignore[no-untyped-call]


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
