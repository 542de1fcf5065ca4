"""Computes what the SVG of a network contains, in its own units: circles with links, lines with arrows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chalicelib.operations.listings.network_map import NetworkMap
from chalicelib.operations.listings.record_rows import NodeRow

from .layout import Arrangement, place

#: The distance of neighbours, the radius of a node, and the room around the picture, in units of the SVG.
STEP: Final = 64.0
RADIUS: Final = 20.0
MARGIN: Final = 34.0
#: With more nodes than this their numbers would be too small to read, so circles are smaller and bare.
MOST_LABELLED: Final = 120
SMALL_STEP: Final = 30.0
SMALL_RADIUS: Final = 9.0


@dataclass(frozen=True, slots=True)
class DrawnNode:
    """A node of the picture."""

    node: NodeRow
    x: float
    y: float
    #: The class of the style sheet: failed, source, answered, open.
    state: str


@dataclass(frozen=True, slots=True)
class DrawnVector:
    """A line of the picture, from the edge of one circle to the edge of the other."""

    x1: float
    y1: float
    x2: float
    y2: float
    failed: bool
    #: Whether there is a vector back: then the line has two arrows, and is drawn once.
    is_mutual: bool


@dataclass(frozen=True, slots=True)
class NetworkDrawing:
    """The whole picture."""

    width: float
    height: float
    radius: float
    nodes: list[DrawnNode]
    vectors: list[DrawnVector]
    has_labels: bool


def draw(network: NetworkMap, arrangement: Arrangement | None = None) -> NetworkDrawing:
    """Return the picture of the part of a network that a map holds.

    Args:
        network: The nodes and vectors.
        arrangement: How to arrange the nodes; by default as the network's shape suggests.

    Returns:
        The circles and lines, with the size of the picture.

    """
    ids = [one.id for one in network.nodes]
    has_labels = len(ids) <= MOST_LABELLED
    step, radius = (STEP, RADIUS) if has_labels else (SMALL_STEP, SMALL_RADIUS)
    edges = [(one.origin_id, one.destination_id) for one in network.vectors]
    places = {
        one: (MARGIN + point.x * step, MARGIN + point.y * step)
        for one, point in place(ids, edges, arrangement).items()
    }
    nodes = [DrawnNode(one, *_rounded(places[one.id]), _state(one)) for one in network.nodes]
    return NetworkDrawing(
        width=round(max((x for x, _ in places.values()), default=0.0) + MARGIN, 1),
        height=round(max((y for _, y in places.values()), default=0.0) + MARGIN, 1),
        radius=radius,
        nodes=nodes,
        vectors=_lines(network, places, radius),
        has_labels=has_labels,
    )


def _lines(network: NetworkMap, places: dict[int, tuple[float, float]], radius: float) -> list[DrawnVector]:
    alive = {(one.origin_id, one.destination_id): one.failed for one in network.vectors}
    lines = []
    for (origin, destination), failed in alive.items():
        is_mutual = (destination, origin) in alive
        if origin not in places or destination not in places or (is_mutual and destination < origin):
            continue
        ends = _shortened(places[origin], places[destination], radius)
        lines.append(DrawnVector(*ends, failed=failed, is_mutual=is_mutual))
    return lines


def _shortened(
    start: tuple[float, float], end: tuple[float, float], radius: float
) -> tuple[float, float, float, float]:
    """Return a line that begins and ends at the circles, with room for the arrow."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = math.hypot(dx, dy) or 1.0
    ux, uy = dx / length, dy / length
    gap = radius + 3.0
    return (
        *_rounded((start[0] + ux * gap, start[1] + uy * gap)),
        *_rounded((end[0] - ux * gap, end[1] - uy * gap)),
    )


def _rounded(point: Sequence[float]) -> tuple[float, float]:
    return round(point[0], 1), round(point[1], 1)


def _state(node: NodeRow) -> str:
    if node.failed:
        return "failed"
    if node.participant_id is None:
        return "source"
    return "answered" if node.answered or node.n_infos else "open"
