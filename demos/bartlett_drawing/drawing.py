"""Drawings as strokes: reading them from contents, measuring how alike two are, showing them as SVG.

The contents of an info are JSON: {"size": 400, "strokes": [[x, y, x, y, ...], ...]}, whole numbers from 0 to
size, x to the right and y down. A drawing of a minute's work takes a few kilobytes, and can be replayed.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from pathlib import Path

SIZE = 400
#: Two drawings are compared at points this far apart along their strokes.
SPACING = 8.0
#: Enough for any sheet; a scribble with more is thinned out evenly before it is compared.
MOST_COMPARED = 800
#: What a canvas can't have made; anything above isn't a drawing of this experiment.
MOST_POINTS = 60_000
STIMULI = Path(__file__).parent / "static" / "stimuli"

Point = tuple[float, float]


class NotADrawing(ValueError):
    """The contents don't describe a drawing."""


@dataclass(frozen=True)
class Drawing:
    """Strokes in the order in which they were drawn."""

    strokes: tuple[tuple[Point, ...], ...]

    def contents(self) -> str:
        """Return the JSON that an info holds."""
        flat = [[round(value) for point in stroke for value in point] for stroke in self.strokes]
        return json.dumps({"size": SIZE, "strokes": flat}, separators=(",", ":"))

    @property
    def ink(self) -> float:
        """The length of all strokes together."""
        return sum(math.dist(a, b) for stroke in self.strokes for a, b in pairwise(stroke))


def read_drawing(contents: str) -> Drawing:
    """Parse untrusted contents; NotADrawing says what is wrong with them."""
    try:
        found = json.loads(contents)
    except (ValueError, RecursionError) as error:
        raise NotADrawing("The contents are not JSON.") from error
    strokes = found.get("strokes") if isinstance(found, dict) else None
    if not isinstance(strokes, list) or not strokes:
        raise NotADrawing("The contents have no strokes.")
    drawing = Drawing(tuple(_stroke(stroke) for stroke in strokes))
    if sum(len(stroke) for stroke in drawing.strokes) > MOST_POINTS:
        raise NotADrawing("The drawing has more points than a person draws.")
    return drawing


def _stroke(numbers: object) -> tuple[Point, ...]:
    is_list = isinstance(numbers, list) and len(numbers) >= 2 and len(numbers) % 2 == 0
    if not is_list or not all(type(number) in {int, float} and 0 <= number <= SIZE for number in numbers):
        raise NotADrawing(f"A stroke is a list of coordinates between 0 and {SIZE}.")
    return tuple(zip(map(float, numbers[::2]), map(float, numbers[1::2]), strict=True))


def read_stimulus(name: str) -> str:
    """Return the contents of a source drawing."""
    return (STIMULI / f"{name}.json").read_text(encoding="utf-8").strip()


def distance(one: Drawing, other: Drawing) -> float:
    """Return how far two drawings are apart: 0.0 the same lines, 0.1 a tenth of the sheet's side on average.

    The mean distance from points along the one's strokes to the nearest point of the other's, taken both ways
    and averaged (the chamfer distance of Barrow et al., 1977), as a share of the sheet's side.
    """
    ours, theirs = _sampled(one), _sampled(other)
    return (_one_way(ours, theirs) + _one_way(theirs, ours)) / 2 / SIZE


def _one_way(points: list[Point], others: list[Point]) -> float:
    return sum(min(math.dist(point, other) for other in others) for point in points) / len(points)


def _sampled(drawing: Drawing) -> list[Point]:
    """Return points along all strokes, SPACING apart, so that slow and fast hands count the same."""
    points: list[Point] = []
    for stroke in drawing.strokes:
        points.append(stroke[0])
        for start, end in pairwise(stroke):
            steps = max(1, math.ceil(math.dist(start, end) / SPACING))
            points += [_between(start, end, step / steps) for step in range(1, steps + 1)]
    return points[:: math.ceil(len(points) / MOST_COMPARED)]


def _between(start: Point, end: Point, share: float) -> Point:
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def svg(drawing: Drawing, title: str) -> str:
    """Return the drawing as an inline SVG picture with a name for screen readers."""
    lines = "".join(f'<polyline points="{_path(stroke)}"/>' for stroke in drawing.strokes)
    return (
        f'<svg role="img" aria-label="{escape(title)}" class="drawing" '
        f'viewBox="-6 -6 {SIZE + 12} {SIZE + 12}">{lines}</svg>'
    )


def _path(stroke: tuple[Point, ...]) -> str:
    # A dot is a stroke of one point, which a line has to be given twice to be seen.
    points = stroke if len(stroke) > 1 else stroke * 2
    return " ".join(f"{x:.0f},{y:.0f}" for x, y in points)
