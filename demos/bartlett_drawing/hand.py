"""How the bots redraw: a small model of an unsteady hand and a leaky memory.

Each stroke may be forgotten, and comes back a little shifted, resized and wavy. Strokes that are short
compared with the rest are details, and go first. Everything is drawn by chance from a seeded generator.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from .drawing import SIZE, Drawing, Point


@dataclass(frozen=True)
class Hand:
    """How a bot draws; 0 redraws exactly.

    `stroke_loss`: how likely a stroke of usual length is forgotten; `tremor`: how far lines stray, in units
    of the sheet's 400; `stretch`: how much strokes change in size, as a share.
    """

    stroke_loss: float = 0.06
    tremor: float = 4.0
    stretch: float = 0.04


def redraw(drawing: Drawing, hand: Hand, draw: random.Random) -> Drawing:
    """Return the drawing as it is remembered; the longest stroke always comes back."""
    longest = max(range(len(drawing.strokes)), key=lambda index: len(drawing.strokes[index]))
    usual = sum(len(stroke) for stroke in drawing.strokes) / len(drawing.strokes)
    strokes = []
    for index, stroke in enumerate(drawing.strokes):
        detail = min(3.0, usual / len(stroke))
        is_lost = draw.random() < hand.stroke_loss * detail and index != longest
        if not is_lost:
            strokes.append(_wavy(_shifted(stroke, hand, draw), hand, draw))
    return Drawing(tuple(strokes))


def _shifted(stroke: tuple[Point, ...], hand: Hand, draw: random.Random) -> tuple[Point, ...]:
    """Move a stroke a little, and make it a little larger or smaller around its middle."""
    middle_x = sum(x for x, _ in stroke) / len(stroke)
    middle_y = sum(y for _, y in stroke) / len(stroke)
    size = 1 + draw.gauss(0, hand.stretch)
    across, down = draw.gauss(0, hand.tremor), draw.gauss(0, hand.tremor)
    return tuple(
        (middle_x + (x - middle_x) * size + across, middle_y + (y - middle_y) * size + down)
        for x, y in stroke
    )


def _wavy(stroke: tuple[Point, ...], hand: Hand, draw: random.Random) -> tuple[Point, ...]:
    """Let a stroke stray in slow waves, as a hand does, and stay on the sheet."""
    phases = draw.uniform(0, math.tau), draw.uniform(0, math.tau)
    wave = draw.uniform(0.5, 2.0) * math.tau / max(len(stroke), 2)
    height = hand.tremor / 2
    return tuple(
        (
            _on_sheet(x + height * math.sin(phases[0] + index * wave)),
            _on_sheet(y + height * math.sin(phases[1] + index * wave)),
        )
        for index, (x, y) in enumerate(stroke)
    )


def _on_sheet(value: float) -> float:
    return min(max(value, 0.0), float(SIZE))
