"""The report's pictures as SVG, drawn by the standard library alone: the chain, and the drift along it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from .drift import Chain

WIDTH, HEIGHT = 720, 340
LEFT, RIGHT, TOP, BOTTOM = 64, 20, 20, 62
NODES_IN_A_ROW = 11
STEP, RADIUS, ROW = 66, 20, 92


def chain_figure(chain: Chain, name: str) -> str:
    """Draw the source and the people behind it, darker the further their text is from the original."""
    count = len(chain.retellings) + 1
    rows = -(-count // NODES_IN_A_ROW)
    width, height = NODES_IN_A_ROW * STEP, rows * ROW
    said = ", ".join(f"place {one.place}: {one.to_original:.2f}" for one in chain.retellings)
    described = f"A source and a circle for each person, in order. Drift from the original: {said}."
    parts = _opening(name, width, height, "The chain of retellings", described)
    for index in range(count):
        parts += [_link(index)] if index else []
        parts.append(_circle(index, chain))
    return "\n".join([*parts, "</svg>"])


def _opening(name: str, width: int, height: int, title: str, described: str) -> list[str]:
    """Begin a picture that a screen reader can name and describe."""
    return [
        f'<svg role="img" aria-labelledby="{name}-title {name}-desc" viewBox="0 0 {width} {height}">',
        f'<title id="{name}-title">{escape(title)}</title>',
        f'<desc id="{name}-desc">{escape(described)}</desc>',
    ]


def _at(index: int) -> tuple[int, int]:
    return index % NODES_IN_A_ROW * STEP + STEP // 2, index // NODES_IN_A_ROW * ROW + RADIUS + 8


def _link(index: int) -> str:
    (x1, y1), (x2, y2) = _at(index - 1), _at(index)
    if y1 == y2:
        return _arrow(x1 + RADIUS, y1, x2 - RADIUS - 2, y2)
    # From the end of one row to the beginning of the next.
    bend = y2 - RADIUS - 10
    path = f"M{x1} {y1 + RADIUS} V{bend} H{x2} V{y2 - RADIUS - 2}"
    return f'<path class="link" d="{path}"/>'


def _arrow(x1: int, y1: int, x2: int, y2: int) -> str:
    return f'<path class="link" d="M{x1} {y1} L{x2} {y2} m-6 -5 l6 5 l-6 5"/>'


def _circle(index: int, chain: Chain) -> str:
    x, y = _at(index)
    if index == 0:
        label, below, strength = "S", f"{len(chain.original.split())} words", 0.0
    else:
        one = chain.retellings[index - 1]
        label, below, strength = str(one.place), f"{one.words} words", one.to_original
    return (
        f'<circle class="node" cx="{x}" cy="{y}" r="{RADIUS}"/>'
        f'<circle class="far" cx="{x}" cy="{y}" r="{RADIUS}" fill-opacity="{0.75 * strength:.2f}"/>'
        f'<text class="label" x="{x}" y="{y + 5}">{label}</text>'
        f'<text class="small" x="{x}" y="{y + RADIUS + 16}">{below}</text>'
    )


def drift_figure(chain: Chain, name: str) -> str:
    """Plot drift to the original and to the parent against the place in the chain."""
    places = len(chain.retellings)

    def x(place: float) -> float:
        return LEFT + (place - 1) * (WIDTH - LEFT - RIGHT) / max(places - 1, 1)

    def y(value: float) -> float:
        return TOP + (1 - value) * (HEIGHT - TOP - BOTTOM)

    described = "Drift to the original and to the parent at each place; the table below holds the numbers."
    parts = _opening(name, WIDTH, HEIGHT, "Drift along the chain", described) + _axes(places, x, y)
    for kind, values in (
        ("original", [one.to_original for one in chain.retellings]),
        ("parent", [one.to_parent for one in chain.retellings]),
    ):
        parts += _line(kind, [(x(place), y(value)) for place, value in enumerate(values, start=1)])
    return "\n".join([*parts, *_legend(), "</svg>"])


def _axes(places: int, x: Callable[[float], float], y: Callable[[float], float]) -> list[str]:
    lines = []
    for tenth in range(0, 11, 2):
        height = y(tenth / 10)
        lines.append(f'<path class="grid" d="M{LEFT} {height:.1f}H{WIDTH - RIGHT}"/>')
        lines.append(f'<text class="tick end" x="{LEFT - 8}" y="{height + 4:.1f}">{tenth / 10:.1f}</text>')
    every = max(1, -(-places // 20))
    lines += [
        f'<text class="tick" x="{x(place):.1f}" y="{HEIGHT - BOTTOM + 18}">{place}</text>'
        for place in range(1, places + 1, every)
    ]
    across, down = LEFT + (WIDTH - LEFT - RIGHT) / 2, TOP + (HEIGHT - TOP - BOTTOM) / 2
    turned = f'transform="translate(18 {down}) rotate(-90)"'
    lines.append(f'<text class="axis" x="{across}" y="{HEIGHT - 24}">place in the chain</text>')
    lines.append(f'<text class="axis" {turned}>normalised edit distance</text>')
    return lines


def _line(kind: str, points: Sequence[tuple[float, float]]) -> list[str]:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    marks = [_mark(kind, x, y) for x, y in points]
    return [f'<polyline class="series {kind}" points="{path}"/>', *marks]


def _mark(kind: str, x: float, y: float) -> str:
    """Circles for the original, squares for the parent: the lines differ without their colours too."""
    if kind == "original":
        return f'<circle class="mark {kind}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'
    return f'<rect class="mark {kind}" x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8"/>'


def _legend() -> list[str]:
    lines = []
    for kind, text, x in (("original", "to the original", LEFT), ("parent", "to the parent", LEFT + 190)):
        y = HEIGHT - 8
        lines.append(f'<path class="series {kind}" d="M{x} {y - 4}h28"/>{_mark(kind, x + 14, y - 4)}')
        lines.append(f'<text class="legend" x="{x + 36}" y="{y}">{text}</text>')
    return lines
