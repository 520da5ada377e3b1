"""``python -m tests.fairness``: sends one key's dearest requests, and measures what another organization notices."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import uvloop

from gateway.app.serving import end_on_signals
from gateway.demo.embedded_mongod import EmbeddedServer, start
from gateway.settings import EmbeddedSettings, load
from gateway.store.client import close, open_client
from tests.fairness import report
from tests.fairness.attack import BATCH, TRANSPORTS, fits
from tests.fairness.dearest import DearRequest, dearest_requests
from tests.fairness.hostile_data import fill
from tests.fairness.measurement import Extent, Measured, Measurement, Served
from tests.harness.gateway_process import address_of, running

_DATABASE = "fairness"
# So many that none of them runs out; of those that come back each second, which have to be more than 0 for any to be
# counted, there are few.
_GENEROUS = {"rate_limit_burst": 1_000_000_000, "rate_limit_restore": 1, "batch_limit": BATCH}
_USUAL = {"batch_limit": BATCH}


def main() -> None:
    arguments = _parser().parse_args()
    # Also when it is ended from outside, nothing that it started stays.
    end_on_signals()
    with (
        TemporaryDirectory(prefix="gateway-fairness-") as directory,
        start(Path(directory), configured=load(EmbeddedSettings).mongod, cache_gigabytes=1) as mongod,
        _serving(mongod, _GENEROUS) as generous,
        _serving(mongod, _USUAL) as usual,
    ):
        measured = uvloop.run(_measured(arguments, mongod, generous, usual))
    if arguments.json:
        arguments.json.write_text(json.dumps(measured, indent=2) + "\n")


async def _measured(
    arguments: argparse.Namespace, mongod: EmbeddedServer, generous: Served, usual: Served
) -> dict[str, object]:
    client = open_client(mongod.uri)
    try:
        _tell("Filling the database")
        organizations = await fill(client, _DATABASE)
        extent = Extent(arguments.price_seconds, arguments.seconds, arguments.connections)
        measurement = Measurement(generous, usual, mongod.pid, organizations, extent)
        _tell("Looking for the dearest requests")

        def is_wanted(name: str) -> bool:
            return not arguments.only or any(part in name for part in arguments.only)

        requests: list[DearRequest] = []
        for request in dearest_requests(organizations.targets, wanted=is_wanted):
            answered = await measurement.answered(request)
            requests += [request] if answered is None else [request, answered]
        quiet = await measurement.quiet()
        reference = await measurement.plain()
        _tell(f"A plain page: {reference.points:.0f} points, {reference.microseconds_per_point:.1f} µs each")
        rows: list[Measured] = []
        for request, transport in _pairs(requests, rows, arguments):
            rows.append(await measurement.of(request, transport))
            _tell(report.line(rows[-1], reference, quiet))
        print(report.table(rows, reference, quiet))
        return {
            "extent": asdict(extent),
            "quiet": {kind: asdict(latency) for kind, latency in quiet.items()},
            "plain_page": asdict(reference),
            "requests": [asdict(row) | {"verdict": report.verdict(row, reference, quiet)} for row in rows],
        }
    finally:
        await close(client)


def _pairs(
    requests: Sequence[DearRequest], rows: Sequence[Measured], arguments: argparse.Namespace
) -> Iterator[tuple[DearRequest, str]]:
    """What is sent over which transport: all by the first that takes it, then, over each other, of each root field the
    one that has taken the most time until then; with --cross all over all."""
    first: dict[str, str] = {}
    for request in requests:
        transports = [each for each in arguments.transports if fits(request.root.operation, request.draft.body, each)]
        if transports:
            first[request.name] = transports[0]
        for transport in transports if arguments.cross else transports[:1]:
            yield request, transport
    if arguments.cross:
        return
    took = {row.name: row.price.worker_ms + row.price.mongod_ms for row in rows}
    for transport in arguments.transports:
        dearest: dict[str, DearRequest] = {}
        for request in requests:
            operation, body = request.root.operation, request.draft.body
            if request.name in took and first[request.name] != transport and fits(operation, body, transport):
                other = dearest.get(request.root.name)
                if other is None or took[request.name] > took[other.name]:
                    dearest[request.root.name] = request
        for request in dearest.values():
            yield request, transport


@contextmanager
def _serving(mongod: EmbeddedServer, settings: dict[str, int]) -> Iterator[Served]:
    with running(mongod.uri, _DATABASE, **settings) as (process, log):
        port = urlsplit(address_of(process, log)).port
        assert port is not None, "it is part of the address"
        yield Served(process.pid, port)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fairness", description=sys.modules[__name__].__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="for which each is sent beside light requests")
    parser.add_argument("--price-seconds", type=float, default=2, help="for which each is sent alone")
    parser.add_argument("--connections", type=int, default=50, help="over which each is sent at a time")
    parser.add_argument("--transports", nargs="*", default=list(TRANSPORTS), choices=TRANSPORTS, help="the only ones")
    parser.add_argument("--only", nargs="*", default=[], help="parts of the names of the only requests to send")
    parser.add_argument("--cross", action="store_true", help="send every request over every transport")
    parser.add_argument("--json", type=Path, help="a file for all figures")
    return parser


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
