"""Pictures for reports, as SVG that the standard library draws: lines, chains, and texts side by side.

```python
from petri.charts import line_chart
from petri.report import figure

figure(line_chart("drift", "Drift along the chain", {"to the original": [0.1, 0.3]}))
```

The colours are those of all reports, light and dark. Each picture has a title and a description for screen
readers.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from statistics import median

__all__ = ["chain_chart", "changed_words", "line_chart", "strip_chart"]

WIDTH, HEIGHT = 720, 340
LEFT, RIGHT, TOP, BOTTOM = 64, 20, 20, 62
NODES_IN_A_ROW = 11
STEP, RADIUS, ROW = 66, 20, 92
#: How many numbers stand below a line chart at most, and how far apart its series stand in the legend.
MAX_TICKS, LEGEND_STEP = 20, 190

STRIP_WIDTH, STRIP_LEFT, STRIP = 560, 90, 40

Point = tuple[float, float]
Scale = Callable[[float], float]


def line_chart(
    name: str,
    title: str,
    series: Mapping[str, Sequence[float]],
    *,
    across: str = "",
    up: str = "",
    top: float = 1.0,
    description: str = "",
) -> str:
    """Plot series of numbers against their places, 1, 2, 3 and so on.

    Args:
        name: A name that no other picture of the report has.
        title: The title, for screen readers.
        series: Up to three series, by what they are called; all numbers lie between 0 and `top`.
        across: What the horizontal axis means.
        up: What the vertical axis means.
        top: The number at the upper end of the vertical axis.
        description: The description for screen readers.

    Returns:
        The picture's SVG.

    """
    places = max((len(values) for values in series.values()), default=0)

    def x(place: float) -> float:
        return LEFT + (place - 1) * (WIDTH - LEFT - RIGHT) / max(places - 1, 1)

    def y(value: float) -> float:
        return TOP + (1 - value / top) * (HEIGHT - TOP - BOTTOM)

    parts = (
        _opening(name, (WIDTH, HEIGHT), title, description) + _axes(places, top, x, y) + _titles(across, up)
    )
    for number, values in enumerate(series.values(), 1):
        parts += _line(number, [(x(place), y(value)) for place, value in enumerate(values, start=1)])
    return "\n".join([*parts, *_legend(series), "</svg>"])


def chain_chart(
    name: str,
    title: str,
    labels: Sequence[str],
    notes: Sequence[str],
    shades: Sequence[float],
    description: str = "",
) -> str:
    """Draw a chain as circles with arrows between them, in rows.

    Args:
        name: A name that no other picture of the report has.
        title: The title, for screen readers.
        labels: What stands in each circle.
        notes: What stands below each.
        shades: How strongly each is coloured, from 0 to 1.
        description: The description for screen readers.

    Returns:
        The picture's SVG.

    """
    rows = -(-len(labels) // NODES_IN_A_ROW)
    parts = _opening(name, (NODES_IN_A_ROW * STEP, rows * ROW), title, description)
    for index, (label, note, shade) in enumerate(zip(labels, notes, shades, strict=True)):
        parts += [_link(index)] if index else []
        parts.append(_circle(index, label, note, shade))
    return "\n".join([*parts, "</svg>"])


def strip_chart(name: str, title: str, rows: Mapping[str, Sequence[float]], truth: float) -> str:
    """Draw positive numbers as dots on a logarithmic scale, a strip for each row, with medians and the truth.

    Args:
        name: A name that no other picture of the report has.
        title: The title, for screen readers.
        rows: The numbers of each row, by what it is called.
        truth: The true number, as a tall line.

    Returns:
        The picture's SVG.

    """
    logs = [math.log(number) for numbers in rows.values() for number in numbers] + [math.log(truth)]
    low, high = min(logs) - 0.1, max(logs) + 0.1

    def x(number: float) -> float:
        return STRIP_LEFT + (STRIP_WIDTH - STRIP_LEFT - 10) * (math.log(number) - low) / (high - low)

    height = 30 + STRIP * len(rows)
    said = ", ".join(f"{row}: median {median(numbers):.0f}" for row, numbers in rows.items())
    parts = _opening(name, (STRIP_WIDTH, height), title, f"{said}; truth {truth:.0f}.")
    parts.append(f'<path class="truth" d="M{x(truth):.1f} 18V{height - 10}"/>')
    parts.append(f'<text x="{x(truth):.1f}" y="13">{truth:.0f}</text>')
    for index, (row, numbers) in enumerate(rows.items()):
        y = 40 + STRIP * index
        parts.append(f'<text class="legend" x="0" y="{y + 5}">{escape(row)}</text>')
        parts.append(f'<path class="median" d="M{x(median(numbers)):.1f} {y - 12}v24"/>')
        parts += [f'<circle class="dot" cx="{x(number):.1f}" cy="{y}" r="6"/>' for number in numbers]
    return "\n".join([*parts, "</svg>"])


def changed_words(before: str, after: str) -> tuple[str, str]:
    """Return two texts as HTML, with the words marked that went and the words that came.

    Args:
        before: The earlier text.
        after: The later text.

    Returns:
        The earlier text with `<del>`, and the later one with `<ins>`; everything else in them is escaped.

    Example:
        >>> changed_words("a <b> c", "a d c")
        ('a <del>&lt;b&gt;</del> c', 'a <ins>d</ins> c')

    """
    old, new = re.split(r"(\s+)", before), re.split(r"(\s+)", after)
    lost, came = [], []
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for kind, from1, to1, from2, to2 in matcher.get_opcodes():
        gone, come = escape("".join(old[from1:to1])), escape("".join(new[from2:to2]))
        lost.append(gone if kind == "equal" or not gone else f"<del>{gone}</del>")
        came.append(come if kind == "equal" or not come else f"<ins>{come}</ins>")
    return "".join(lost), "".join(came)


def _opening(name: str, size: tuple[int, int], title: str, description: str) -> list[str]:
    """Begin a picture that a screen reader can name and describe."""
    names, box = f"{name}-title {name}-desc", f"0 0 {size[0]} {size[1]}"
    return [
        f'<svg class="chart" role="img" aria-labelledby="{names}" viewBox="{box}">',
        f'<title id="{name}-title">{escape(title)}</title>',
        f'<desc id="{name}-desc">{escape(description)}</desc>',
    ]


# A chain


def _at(index: int) -> tuple[int, int]:
    return index % NODES_IN_A_ROW * STEP + STEP // 2, index // NODES_IN_A_ROW * ROW + RADIUS + 8


def _link(index: int) -> str:
    (x1, y1), (x2, y2) = _at(index - 1), _at(index)
    if y1 == y2:
        return f'<path class="link" d="M{x1 + RADIUS} {y1} L{x2 - RADIUS - 2} {y2} m-6 -5 l6 5 l-6 5"/>'
    # From the end of one row to the beginning of the next.
    bend = y2 - RADIUS - 10
    return f'<path class="link" d="M{x1} {y1 + RADIUS} V{bend} H{x2} V{y2 - RADIUS - 2}"/>'


def _circle(index: int, label: str, note: str, shade: float) -> str:
    x, y = _at(index)
    return (
        f'<circle class="node" cx="{x}" cy="{y}" r="{RADIUS}"/>'
        f'<circle class="far" cx="{x}" cy="{y}" r="{RADIUS}" fill-opacity="{0.75 * shade:.2f}"/>'
        f'<text class="label" x="{x}" y="{y + 5}">{escape(label)}</text>'
        f'<text class="small" x="{x}" y="{y + RADIUS + 16}">{escape(note)}</text>'
    )


# Lines


def _axes(places: int, top: float, x: Scale, y: Scale) -> list[str]:
    lines = []
    for tenth in range(0, 11, 2):
        height = y(top * tenth / 10)
        lines.append(f'<path class="grid" d="M{LEFT} {height:.1f}H{WIDTH - RIGHT}"/>')
        lines.append(
            f'<text class="tick end" x="{LEFT - 8}" y="{height + 4:.1f}">{top * tenth / 10:.1f}</text>'
        )
    every = max(1, -(-places // MAX_TICKS))
    return lines + [
        f'<text class="tick" x="{x(place):.1f}" y="{HEIGHT - BOTTOM + 18}">{place}</text>'
        for place in range(1, places + 1, every)
    ]


def _titles(across: str, up: str) -> list[str]:
    middle, down = LEFT + (WIDTH - LEFT - RIGHT) / 2, TOP + (HEIGHT - TOP - BOTTOM) / 2
    turned = f'transform="translate(18 {down}) rotate(-90)"'
    return [
        f'<text class="axis" x="{middle}" y="{HEIGHT - 24}">{escape(across)}</text>',
        f'<text class="axis" {turned}>{escape(up)}</text>',
    ]


def _line(number: int, points: Sequence[Point]) -> list[str]:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return [
        f'<polyline class="series s{number}" points="{path}"/>',
        *(_mark(number, *point) for point in points),
    ]


def _mark(number: int, x: float, y: float) -> str:
    """Draw circles for the first series and squares for others: they differ without their colours too."""
    if number == 1:
        return f'<circle class="mark s{number}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'
    return f'<rect class="mark s{number}" x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8"/>'


def _legend(names: Mapping[str, object]) -> list[str]:
    lines = []
    for number, name in enumerate(names, 1):
        x, y = LEFT + LEGEND_STEP * (number - 1), HEIGHT - 8
        lines.append(f'<path class="series s{number}" d="M{x} {y - 4}h28"/>{_mark(number, x + 14, y - 4)}')
        lines.append(f'<text class="legend" x="{x + 36}" y="{y}">{escape(name)}</text>')
    return lines
