"""``python -m bench``: fills a database, runs the servers beside each other and measures them in turn."""

import argparse
import json
import platform
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import uvloop

from bench import agreement, chart, measure, report
from bench.dataset import Dataset, prepare
from bench.operations import operations
from bench.servers import VARIANTS, Server, serving
from gateway.cli.serve import end_on_signals
from gateway.embedded import start
from gateway.settings import EmbeddedSettings, load

_HERE = Path(__file__).parent
_PACKAGES = ("graphql-core", "strawberry-graphql", "pymongo", "orjson", "uvicorn", "uvloop", "httptools", "starlette")
# Rows above the page that is called deep, at 20 to a page.
_DEEP_RANK = 90_000


def main() -> None:
    arguments = _parser().parse_args()
    # Also when it is ended from outside, nothing that it started stays.
    end_on_signals()
    data_dir = arguments.data_dir / str(arguments.interactions)
    variants = [variant for variant in VARIANTS if variant in arguments.variants]
    revision = _revision()
    with start(data_dir, configured=load(EmbeddedSettings).mongod) as mongod, ExitStack() as stack:
        _tell(f"Preparing {arguments.interactions:,} interactions in {data_dir}")
        dataset = uvloop.run(prepare(mongod.uri, arguments.interactions, deep_rank=_DEEP_RANK))
        if arguments.profile:
            arguments.profile.mkdir(parents=True, exist_ok=True)
        servers = [
            stack.enter_context(
                serving(variant, mongod.uri, profile=arguments.profile and arguments.profile / f"{variant}.prof")
            )
            for variant in variants
        ]
        extent = measure.Extent(
            arguments.rounds, arguments.seconds, arguments.requests, arguments.memory, arguments.first_seen
        )
        results = uvloop.run(_measure(servers, dataset, extent, arguments.operations))
    print(report.text(results))
    document = {"obtained": _circumstances(revision, arguments.interactions, extent), **asdict(results)}
    if arguments.json:
        arguments.json.write_text(json.dumps(document, indent=2) + "\n")
    if arguments.chart:
        arguments.chart.write_text(chart.svg(results.comparisons))


async def _measure(
    servers: Sequence[Server], dataset: Dataset, extent: measure.Extent, names: Sequence[str]
) -> report.Results:
    chosen = [operation for operation in operations(dataset) if not names or operation.name in names]
    sizes = await agreement.check(servers, chosen, dataset)
    comparisons = []
    for operation in chosen:
        for concurrency in measure.CONCURRENCIES:
            _tell(f"{operation.title}, concurrency {concurrency}")
            comparisons.append(
                await measure.compare(servers, operation, concurrency, dataset, extent, sizes[operation.name])
            )
            _tell(report.line(comparisons[-1]))
    gateways = [server for server in servers if server.variant == "gateway"]
    seen, memory = [], None
    for gateway in gateways:
        # First, while the documents that are known are only these.
        if extent.memory_requests:
            _tell(f"memory over {extent.memory_requests:,} requests")
            memory = await measure.memory(gateway, chosen, dataset, extent)
        if extent.first_seen_requests:
            for operation in chosen:
                if operation.name in ("flat", "nested"):
                    _tell(f"{operation.title}, documents seen for the first time")
                    seen.append(await measure.first_seen(gateway, operation, dataset, extent))
    return report.Results(comparisons, seen, memory)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=sys.modules[__name__].__doc__)
    parser.add_argument("--interactions", type=int, default=200_000, help="how many are generated")
    parser.add_argument("--rounds", type=int, default=7, help="slices of each variant, operation and concurrency")
    parser.add_argument("--seconds", type=float, default=1.0, help="of a slice, at most")
    parser.add_argument("--requests", type=int, default=2_000, help="of a slice, at most")
    parser.add_argument("--memory", type=int, default=20_000, help="requests while memory is watched; 0: not")
    parser.add_argument("--first-seen", type=int, default=60, help="new documents of a slice; 0: not measured")
    parser.add_argument("--operations", nargs="*", default=[], help="names of the only ones to measure")
    parser.add_argument("--variants", nargs="*", default=list(VARIANTS), choices=VARIANTS, help="the only ones to run")
    parser.add_argument("--data-dir", type=Path, default=_HERE / ".data", help="where the databases are kept")
    parser.add_argument("--json", type=Path, help="a file for all figures")
    parser.add_argument("--chart", type=Path, help="a file for an SVG chart of the ratios")
    parser.add_argument("--profile", type=Path, help="a directory for cProfile's figures; what is measured then is not")
    return parser


def _circumstances(revision: str | None, interactions: int, extent: measure.Extent) -> dict[str, Any]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": revision,
        "interactions": interactions,
        "extent": asdict(extent),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processors": _processors(),
        "packages": {name: version(name) for name in _PACKAGES},
    }


def _revision() -> str | None:
    """The commit that was measured, with "-dirty" where the tree differs from it; None outside a repository."""
    command = ["git", "-C", str(_HERE), "describe", "--always", "--dirty", "--exclude", "*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def _processors() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(models)} × {models[0]}" if models else platform.processor()


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
