"""What was measured, as a Markdown table with a verdict for each dear request."""

from collections.abc import Mapping, Sequence

from tests.fairness.measurement import Measured, Price, statuses
from tests.fairness.neighbour import KINDS, Latency

# Others' light requests keep within both: as much slower than when it is quiet, and so long for the slowest.
SLOWER = 10
SLOWEST_MS = 100
# Points follow processors' time within this factor of a plain page's.
FACTOR = 3

_HEAD = (
    "dearest request",
    "sent by",
    "bytes",
    "points",
    "worker ms",
    "mongod ms",
    "µs a point",
    "worker MB",
    *(f"{kind} ms" for kind in KINDS),
    "its answers",
    "what falls out",
)


def verdict(measured: Measured, reference: Price, quiet: Mapping[str, Latency]) -> Sequence[str]:
    """What is beyond its bound; empty where nothing is."""
    found = []
    ratio = measured.price.microseconds_per_point / reference.microseconds_per_point
    if ratio > FACTOR:
        found.append(f"costs {ratio:.1f} × what is paid")
    elif ratio < 1 / FACTOR:
        found.append(f"paid {1 / ratio:.1f} × what it costs")
    for kind, latency in measured.beside.items():
        if latency.median_ms > SLOWER * quiet[kind].median_ms:
            found.append(f"{kind} {latency.median_ms / quiet[kind].median_ms:.0f} × slower")
        if latency.slowest_ms > SLOWEST_MS:
            found.append(f"{kind} up to {latency.slowest_ms:,.0f} ms")
    if measured.failed:
        found.append(f"{measured.failed} light requests failed")
    if measured.lost:
        found.append(f"{measured.lost} of its own unanswered")
    return found


def table(measured: Sequence[Measured], reference: Price, quiet: Mapping[str, Latency]) -> str:
    """A row for each dear request; of the light requests beside it the median and the slowest."""
    rows = [_HEAD, ("---", "---", *["---:"] * (len(_HEAD) - 4), "---", "---")]
    light = [_latency(quiet[kind]) for kind in KINDS]
    rows.append(("nothing; a plain page of 20", "post", "", *_price(reference), "", *light, "", ""))
    for each in measured:
        light = [_latency(each.beside[kind]) for kind in KINDS]
        sent = (each.name, each.transport, f"{each.bytes_sent:,}", *_price(each.price), f"{each.worker_megabytes:,.0f}")
        became = ", ".join(statuses(each.answers))
        rows.append((*sent, *light, became, "; ".join(verdict(each, reference, quiet))))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def line(measured: Measured, reference: Price, quiet: Mapping[str, Latency]) -> str:
    """One dear request in short, as it was measured."""
    found = "; ".join(verdict(measured, reference, quiet)) or "keeps"
    price = measured.price
    return (
        f"{measured.name} by {measured.transport}: {price.points:,.0f} points, {price.worker_ms:.1f} + "
        f"{price.mongod_ms:.1f} ms; {', '.join(statuses(measured.answers))}; {found}"
    )


def _price(price: Price) -> Sequence[str]:
    return (
        f"{price.points:,.0f}",
        f"{price.worker_ms:,.1f}",
        f"{price.mongod_ms:,.1f}",
        f"{price.microseconds_per_point:,.1f}",
    )


def _latency(latency: Latency) -> str:
    return f"{latency.median_ms:,.1f} / {latency.slowest_ms:,.0f}"
