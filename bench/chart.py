"""The ratios of CPU as an SVG chart, drawn without a library."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from bench.comparison import Comparison

_WIDTH, _LABELS, _PANEL, _GAP = 1020, 180, 250, 40
_TOP, _ROW, _BAR = 84, 38, 13
_COLOURS = {1: "#8fb8de", 16: "#2f6fb0"}


@dataclass(frozen=True, slots=True)
class _Panel:
    """``goals``: the lines to stay below, or to reach, by operation."""

    title: str
    ratio: str
    left: int
    goals: dict[str, float]


_PANELS = (
    _Panel(
        "gateway ÷ hand-written (less is better)",
        "gateway/handwritten",
        _LABELS,
        {"flat": 1.15, "deep": 1.15, "paging": 1.15, "nested": 1.15, "json": 1.1},
    ),
    _Panel(
        "graphql-core ÷ gateway (more is better)",
        "executor/gateway",
        _LABELS + _PANEL + _GAP,
        {"flat": 5.0, "nested": 20.0},
    ),
    _Panel("usual Strawberry ÷ gateway", "usual/gateway", _LABELS + 2 * (_PANEL + _GAP), {}),
)


def svg(comparisons: Sequence[Comparison]) -> str:
    """Three panels of bars, one pair for each operation, with a line from the least to the greatest ratio of the sets;
    a dashed line is the goal of that operation."""
    operations = list(dict.fromkeys((one.operation, one.title) for one in comparisons))
    height = _TOP + _ROW * len(operations) + 16
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" '
        'font-size="12">',
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        _text(16, 24, "CPU of the server process per request, as ratios within one run", size=15),
        *_legend(),
    ]
    for row, (_, title) in enumerate(operations):
        parts.append(_text(_LABELS - 8, _TOP + _ROW * row + 20, title, anchor="end"))
    for panel in _PANELS:
        parts += _drawn(panel, comparisons, [name for name, _ in operations])
    return "\n".join([*parts, "</svg>"]) + "\n"


def _legend() -> list[str]:
    parts = []
    for number, (concurrency, colour) in enumerate(_COLOURS.items()):
        x = 16 + 130 * number
        parts.append(f'<rect x="{x}" y="36" width="12" height="12" fill="{colour}"/>')
        parts.append(_text(x + 18, 46, f"{concurrency} at a time"))
    parts.append(_line(276, 296, 42))
    parts.append(_text(302, 46, "least and greatest of the processes"))
    parts.append(f'<line x1="546" y1="36" x2="546" y2="48" {_DASHED}/>')
    parts.append(_text(554, 46, "goal"))
    return parts


_DASHED = 'stroke="#b03030" stroke-width="2" stroke-dasharray="4 3"'


def _drawn(panel: _Panel, comparisons: Sequence[Comparison], operations: Sequence[str]) -> list[str]:
    found = [one for one in comparisons if panel.ratio in one.ratios]
    goals = [goal for name, goal in panel.goals.items() if name in operations]
    longest = max([*(one.spread[panel.ratio][1] for one in found), *goals, 1.0])
    # Room for the number behind the longest line.
    scale = (_PANEL - 44) / longest
    bottom = _TOP + _ROW * len(operations)
    parts = [
        _text(panel.left, _TOP - 14, panel.title, weight="bold"),
        f'<line x1="{panel.left}" y1="{_TOP - 4}" x2="{panel.left}" y2="{bottom}" stroke="#555555"/>',
    ]
    for one in found:
        ratio, row = one.ratios[panel.ratio], operations.index(one.operation)
        y = _TOP + _ROW * row + 3 + list(_COLOURS).index(one.concurrency) * (_BAR + 1)
        colour = _COLOURS[one.concurrency]
        parts.append(f'<rect x="{panel.left}" y="{y}" width="{ratio * scale:.1f}" height="{_BAR}" fill="{colour}"/>')
        least, greatest = (panel.left + value * scale for value in one.spread[panel.ratio])
        parts.append(_line(least, greatest, y + _BAR / 2))
        parts.append(_text(greatest + 5, y + 11, f"{ratio:.2f}" if ratio < 10 else f"{ratio:.1f}"))
    for name, goal in panel.goals.items():
        if name in operations:
            x, y = panel.left + goal * scale, _TOP + _ROW * operations.index(name)
            parts.append(f'<line x1="{x:.1f}" y1="{y}" x2="{x:.1f}" y2="{y + _ROW - 6}" {_DASHED}/>')
    return parts


def _line(left: float, right: float, y: float) -> str:
    return f'<line x1="{left:.1f}" y1="{y:.1f}" x2="{right:.1f}" y2="{y:.1f}" stroke="#222222" stroke-width="1.5"/>'


def _text(x: float, y: float, text: str, *, anchor: str = "start", weight: str = "normal", size: int = 12) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}" font-size="{size}" '
        f'fill="#222222">{escape(text)}</text>'
    )
