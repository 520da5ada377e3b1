"""What ``gateway import`` prints of what became of every line."""

from collections.abc import Mapping
from typing import Any

from gateway.cli.console import print_line
from gateway.cli.import_order import Order

_SHOWN = 20


def as_json_object(order: Order) -> dict[str, Any]:
    """The report in the names of docs/import.md."""
    report = order.report
    files = [
        {
            "file": source.file,
            "format": group.format.value,
            "lines": report.read[source.file],
            "recorded": report.used[source.file],
        }
        for group in order.groups
        for source in group.sources
    ]
    return {**report.as_json(), "files": files, "dryRun": order.is_dry, "interrupted": order.is_interrupted}


def print_outcome(order: Order) -> None:
    """The report for people."""
    report = order.report.as_json()
    skipped = sum(report["skipped"].values())
    recorded = "would be imported" if order.is_dry else "imported"
    print_line(
        f"{report['lines']:,} lines: {report['imported']:,} interactions {recorded}, {report['existing']:,} there "
        f"already, {skipped:,} lines skipped; {report['searchRequests']:,} search requests."
    )
    print_reasons(report)
    several = len(order.sources) > 1
    for line in report["skippedLines"][:_SHOWN]:
        place = f"{line['file']}, line {line['line']}" if several else f"line {line['line']}"
        print_line(f"  {': '.join(filter(None, (place, '.'.join(line['path']), line['message'])))}")
    if skipped > _SHOWN:
        print_line(f"  … and {skipped - _SHOWN:,} more; --rejects FILE writes all of them.")


def print_reasons(report: Mapping[str, Any]) -> None:
    """How often what was skipped, and why, and which names are unknown."""
    for reason, count in report["skipped"].items():
        print_line(f"  {count:,} × {reason}")
    for kind, names in report["unknown"].items():
        for name, count in sorted(names.items(), key=lambda item: -item[1]):
            print_line(f"  {count:,} × {_KINDS[kind]} {name!r}, which the contract doesn't know: it reads as OTHER")


_KINDS: Mapping[str, str] = {
    "interactionTypes": "interaction type",
    "vectorIndexes": "vector index",
    "queryTypes": "query type",
    "operators": "operator",
}
