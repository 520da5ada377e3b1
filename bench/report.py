"""The figures as text for people."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.comparison import Comparison
from bench.first_seen import FirstSeen
from bench.measure import CONCURRENCIES, Memory


@dataclass(frozen=True, slots=True)
class Results:
    """``memory`` is None where it wasn't measured."""

    comparisons: Sequence[Comparison]
    first_seen: Sequence[FirstSeen]
    memory: Memory | None


def text(results: Results) -> str:
    """A table of all comparisons, what first sight costs and how memory grew; then the README's table."""
    lines = [
        f"{'operation':28} {'at once':>7} {'variant':>12} {'requests/s':>10} {'p50 ms':>8} {'p99 ms':>8} "
        f"{'CPU s/1,000':>11}  CPU ratio"
    ]
    for one in results.comparisons:
        for variant, figures in one.figures.items():
            ratio = next((f"{_told(one, pair)} × {pair.partition('/')[2]}" for pair in _of(one, variant)), "")
            lines.append(
                f"{one.title:28} {one.concurrency:7} {variant:>12} {figures.requests_per_second:10.1f} "
                f"{figures.p50_ms:8.2f} {figures.p99_ms:8.2f} {figures.cpu_seconds_per_1000:11.3f}  {ratio}"
            )
    for seen in results.first_seen:
        least, greatest = seen.beyond_spread_ms
        lines.append(
            f"first seen, {seen.operation}: {seen.first_seen_ms:.2f} ms of CPU, known {seen.known_ms:.2f}; parse and "
            f"validate {seen.parse_and_validate_ms:.2f}; beyond these {seen.beyond_ms:.2f} ({least:.2f} to "
            f"{greatest:.2f})"
        )
    if results.memory is not None:
        lines.append("resident MB: " + ", ".join(f"{size:.1f} ({sent:,})" for sent, size in results.memory.samples))
    return "\n".join([*lines, "", *_markdown(results.comparisons)])


def line(comparison: Comparison) -> str:
    """One comparison in short: CPU seconds per 1,000 requests of each variant, and the ratios."""
    costs = ", ".join(f"{variant} {one.cpu_seconds_per_1000:.3f}" for variant, one in comparison.figures.items())
    ratios = ", ".join(f"{name} {value:.2f}" for name, value in comparison.ratios.items())
    return f"  {costs}; {ratios}"


def _markdown(comparisons: Sequence[Comparison]) -> list[str]:
    """What the gateway costs beside the hand-written handlers, as a Markdown table; nothing without any."""
    columns = [
        (pair, concurrency)
        for pair in ("gateway/handwritten", "gateway/ordinary")
        if any(pair in one.ratios for one in comparisons)
        for concurrency in CONCURRENCIES
    ]
    if not columns:
        return []
    told = {(one.operation, pair, one.concurrency): _told(one, pair) for one in comparisons for pair in one.ratios}
    heads = [f"÷ {pair.partition('/')[2]}, {concurrency} at a time" for pair, concurrency in columns]
    return [
        f"| server CPU, gateway … | {' | '.join(heads)} |",
        "|---|" + "---:|" * len(columns),
        *(
            f"| `{operation}` | " + " | ".join(told.get((operation, *column), "") for column in columns) + " |"
            for operation in dict.fromkeys(one.operation for one in comparisons)
        ),
    ]


def _of(comparison: Comparison, variant: str) -> list[str]:
    return [pair for pair in comparison.ratios if pair.startswith(variant)]


def _told(comparison: Comparison, pair: str) -> str:
    least, greatest = comparison.spread[pair]
    return f"{comparison.ratios[pair]:.2f} ({least:.2f}–{greatest:.2f})"
