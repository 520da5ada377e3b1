"""``python -m bench``: fills a database, runs the servers beside each other and measures them in turn, with new
processes several times."""

import argparse
import json
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import uvloop

from bench import chart, report, sets
from bench.dataset import prepare
from bench.measure import Extent
from bench.operations import operations
from bench.servers import VARIANTS
from gateway.app.serving import end_on_signals
from gateway.demo.embedded_mongod import start
from gateway.settings import EmbeddedSettings, load

_HERE = Path(__file__).parent
_PACKAGES = ("graphql-core", "strawberry-graphql", "pymongo", "orjson", "uvicorn", "uvloop", "httptools", "starlette")
# Those that need nothing but what `make demo` needs.
_OURS = [name for name, variant in VARIANTS.items() if not variant.command]
# Rows above the page that is called deep, at 20 to a page.
_DEEP_RANK = 90_000


def main() -> None:
    arguments = _parser().parse_args()
    # Also when it is ended from outside, nothing that it started stays.
    end_on_signals()
    data_dir = arguments.data_dir / str(arguments.interactions)
    variants = [variant for variant in VARIANTS if variant in arguments.variants]
    revision = _revision()
    extent = Extent(
        processes=arguments.processes,
        rounds=arguments.rounds,
        seconds=arguments.seconds,
        requests=arguments.requests,
        first_seen_turns=arguments.first_seen,
        memory_requests=arguments.memory,
    )
    with start(data_dir, configured=load(EmbeddedSettings).mongod) as mongod:
        _tell(f"Preparing {arguments.interactions:,} interactions in {data_dir}")
        dataset = uvloop.run(prepare(mongod.uri, arguments.interactions, deep_rank=_DEEP_RANK))
        if arguments.profile:
            arguments.profile.mkdir(parents=True, exist_ok=True)
        begun = time.monotonic()
        chosen = [one for one in operations(dataset) if not arguments.operations or one.name in arguments.operations]
        measurement = sets.Measurement(variants, chosen, dataset, extent, arguments.profile, _tell)
        measured = [measurement.of_set(number) for number in range(extent.processes)]
        results = report.Results(sets.comparisons(chosen, measured), sets.seen(measured), measurement.memory())
        minutes = (time.monotonic() - begun) / 60
    print(report.text(results))
    _tell(f"Measured for {minutes:.1f} minutes")
    obtained = _circumstances(revision, arguments.interactions, extent, minutes, variants)
    document = {"obtained": obtained, **asdict(results)}
    if arguments.json:
        arguments.json.write_text(json.dumps(document, indent=2) + "\n")
    if arguments.chart:
        arguments.chart.write_text(chart.svg(results.comparisons))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=sys.modules[__name__].__doc__)
    parser.add_argument("--interactions", type=int, default=200_000, help="how many are generated")
    parser.add_argument("--processes", type=_positive, default=5, help="of each variant, one after the other")
    parser.add_argument("--rounds", type=_positive, default=6, help="slices of each process, operation and concurrency")
    parser.add_argument("--seconds", type=float, default=0.2, help="of a slice, at most")
    parser.add_argument("--requests", type=int, default=2_000, help="of a slice, at most")
    parser.add_argument("--memory", type=int, default=20_000, help="requests while memory is watched; 0: not")
    parser.add_argument("--first-seen", type=int, default=10, help="turns of 20 new documents; 0: not measured")
    parser.add_argument("--operations", nargs="*", default=[], help="names of the only ones to measure")
    parser.add_argument("--variants", nargs="*", default=_OURS, choices=VARIANTS, help="the only ones to run")
    parser.add_argument("--data-dir", type=Path, default=_HERE / ".data", help="where the databases are kept")
    parser.add_argument("--json", type=Path, help="a file for all figures")
    parser.add_argument("--chart", type=Path, help="a file for an SVG chart of the ratios")
    parser.add_argument("--profile", type=Path, help="a directory for cProfile's figures; what is measured then is not")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("expected 1 or more")
    return number


def _circumstances(
    revision: str | None, interactions: int, extent: Extent, minutes: float, variants: Sequence[str]
) -> dict[str, Any]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": revision,
        "interactions": interactions,
        "extent": asdict(extent),
        "minutes": round(minutes, 1),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processors": _processors(),
        "packages": {name: version(name) for name in _PACKAGES} | (_node() if "mercurius" in variants else {}),
    }


def _node() -> dict[str, str]:
    """The version of Node, and of what `mercurius` is made of."""
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    packages: dict[str, str] = json.loads((_HERE / "mercurius/package.json").read_text())["dependencies"]
    return {"node": node.removeprefix("v"), **packages}


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
