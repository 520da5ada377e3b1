"""What the slices of several sets of processes say together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from bench.measure import Slice, Slices
from bench.operations import Operation

_PAIRS = (
    ("gateway", "handwritten"),
    ("gateway", "python"),
    ("gateway", "ordinary"),
    ("executor", "gateway"),
    ("usual", "gateway"),
    ("gateway", "mercurius"),
)


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one variant, operation and concurrency; medians over the slices, percentiles over all requests.

    CPU is the server process's: seconds per 1,000 requests, so milliseconds per request too.
    """

    requests: int
    requests_per_second: float
    p50_ms: float
    p99_ms: float
    cpu_seconds_per_1000: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """``ratios``: of CPU, medians over the sets; ``spread``: the least and the greatest of the sets'."""

    operation: str
    title: str
    concurrency: int
    answer_bytes: int
    figures: Mapping[str, Figures]
    ratios: Mapping[str, float]
    spread: Mapping[str, tuple[float, float]]


def compared(operation: Operation, concurrency: int, answer_bytes: int, sets: Sequence[Slices]) -> Comparison:
    variants = list(sets[0])
    found = {
        f"{above}/{below}": [_ratio(one[above], one[below]) for one in sets]
        for above, below in _PAIRS
        if above in variants and below in variants
    }
    return Comparison(
        operation.name,
        operation.title,
        concurrency,
        answer_bytes,
        {variant: _figures([one for slices in sets for one in slices[variant]]) for variant in variants},
        {pair: median(ratios) for pair, ratios in found.items()},
        {pair: (min(ratios), max(ratios)) for pair, ratios in found.items()},
    )


def _ratio(above: Sequence[Slice], below: Sequence[Slice]) -> float:
    """The median over the rounds of one set of what two slices of the same round say."""
    pairs = zip(above, below, strict=True)
    return median(one.cpu_milliseconds_per_request / other.cpu_milliseconds_per_request for one, other in pairs)


def _figures(slices: Sequence[Slice]) -> Figures:
    latencies = [seconds * 1_000 for one in slices for seconds in one.run.latencies]
    percentiles = quantiles(latencies, n=100, method="inclusive") if len(latencies) > 1 else latencies * 99
    return Figures(
        requests=len(latencies),
        requests_per_second=median(one.run.requests / one.run.seconds for one in slices),
        p50_ms=percentiles[49],
        p99_ms=percentiles[98],
        cpu_seconds_per_1000=median(one.cpu_milliseconds_per_request for one in slices),
    )
