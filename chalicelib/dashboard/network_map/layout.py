"""Places the nodes of a network on a plane by its shape: a chain, a star, layers, a circle or a grid.

Coordinates are in steps, the distance of two neighbouring nodes, from the origin at the top left.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final, NamedTuple


class Arrangement(StrEnum):
    """How the nodes of a network are arranged."""

    CHAIN = "chain"
    STAR = "star"
    LAYERS = "layers"
    CIRCLE = "circle"
    GRID = "grid"


class Point(NamedTuple):
    """Where a node stands, in steps from the top left."""

    x: float
    y: float


Edge = tuple[int, int]

#: A chain goes on in the next row after this many nodes.
CHAIN_ROW: Final = 12
#: More nodes than this make a circle too large to read.
MOST_IN_CIRCLE: Final = 60
#: A layer with more nodes than this is broken into several rows.
LAYER_ROW: Final = 25


def arrange(nodes: Sequence[int], edges: Iterable[Edge]) -> Arrangement:
    """Return the arrangement that fits the shape of a network.

    Args:
        nodes: The ids of the nodes, oldest first.
        edges: Pairs of origin and destination; those of other nodes are ignored.

    Returns:
        The arrangement.

    """
    graph = _Graph(nodes, edges)
    if graph.is_chain():
        return Arrangement.CHAIN
    if graph.hub() is not None:
        return Arrangement.STAR
    if graph.layers() is not None:
        return Arrangement.LAYERS
    return Arrangement.CIRCLE if len(nodes) <= MOST_IN_CIRCLE else Arrangement.GRID


def place(
    nodes: Sequence[int], edges: Iterable[Edge], arrangement: Arrangement | None = None
) -> dict[int, Point]:
    """Return a place for each node.

    Args:
        nodes: The ids of the nodes, oldest first.
        edges: Pairs of origin and destination; those of other nodes are ignored.
        arrangement: How to arrange them; by default as their shape suggests.

    Returns:
        The places by node, all coordinates at least 0.

    """
    edges = list(edges)
    graph = _Graph(nodes, edges)
    chosen = arrange(nodes, edges) if arrangement is None else arrangement
    if chosen is Arrangement.CHAIN:
        return _serpentine(nodes)
    if chosen is Arrangement.STAR:
        hub = graph.hub()
        return _star(nodes, nodes[0] if hub is None else hub) if nodes else {}
    if chosen is Arrangement.LAYERS:
        return _rows(graph.layers() or [list(nodes)])
    if chosen is Arrangement.CIRCLE:
        return _circle(nodes)
    return _grid(nodes)


class _Graph:
    """The nodes on the map and the edges between them."""

    def __init__(self, nodes: Sequence[int], edges: Iterable[Edge]) -> None:
        self.nodes = nodes
        known = set(nodes)
        pairs = {(a, b) for a, b in edges if a in known and b in known and a != b}
        self.edges = pairs
        self.outgoing: defaultdict[int, list[int]] = defaultdict(list)
        self.incoming: defaultdict[int, list[int]] = defaultdict(list)
        for a, b in sorted(pairs):
            self.outgoing[a].append(b)
            self.incoming[b].append(a)

    def is_chain(self) -> bool:
        """Whether each node has at most one before and one after it, and most nodes are in one line."""
        if any(len(self.outgoing[one]) > 1 or len(self.incoming[one]) > 1 for one in self.nodes):
            return False
        is_cyclic = any((b, a) in self.edges for a, b in self.edges)
        return not is_cyclic and len(self.edges) >= max(1, len(self.nodes) // 2) and self.layers() is not None

    def hub(self) -> int | None:
        """Return the node that all edges have in common; None without one, or with less than four nodes."""
        if len(self.nodes) < 4 or not self.edges:  # noqa: PLR2004 - three others make a star
            return None
        first, second = next(iter(self.edges))
        for one in (first, second):
            others = {*self.outgoing[one], *self.incoming[one]}
            if len(others) == len(self.nodes) - 1 and all(one in edge for edge in self.edges):
                return one
        return None

    def layers(self) -> list[list[int]] | None:
        """Return the nodes by the length of the longest path to them; None with a cycle or without edges."""
        if not self.edges:
            return None
        left = {one: len(self.incoming[one]) for one in self.nodes}
        depth = dict.fromkeys(self.nodes, 0)
        ready = deque(one for one in self.nodes if not left[one])
        seen = 0
        while ready:
            one = ready.popleft()
            seen += 1
            for after in self.outgoing[one]:
                depth[after] = max(depth[after], depth[one] + 1)
                left[after] -= 1
                if not left[after]:
                    ready.append(after)
        if seen < len(self.nodes):
            return None
        found: list[list[int]] = [[] for _ in range(max(depth.values()) + 1)]
        for one in self.nodes:
            found[depth[one]].append(one)
        return found


def _serpentine(nodes: Sequence[int]) -> dict[int, Point]:
    """Place a chain in rows that turn around, so that neighbours in the chain stay neighbours."""
    places = {}
    for number, one in enumerate(nodes):
        row, column = divmod(number, CHAIN_ROW)
        places[one] = Point(float(column if row % 2 == 0 else CHAIN_ROW - 1 - column), float(row))
    return places


def _rows(layers: Sequence[Sequence[int]]) -> dict[int, Point]:
    rows = [layer[start : start + LAYER_ROW] for layer in layers for start in range(0, len(layer), LAYER_ROW)]
    width = max((len(row) for row in rows), default=1)
    return {
        one: Point((width - len(row)) / 2 + column, float(number))
        for number, row in enumerate(rows)
        for column, one in enumerate(row)
    }


def _circle(nodes: Sequence[int]) -> dict[int, Point]:
    if len(nodes) == 1:
        return {nodes[0]: Point(0.0, 0.0)}
    radius = max(1.0, len(nodes) / (2 * math.pi))
    return _around(nodes, radius, Point(radius, radius))


def _star(nodes: Sequence[int], hub: int) -> dict[int, Point]:
    """Place the hub in the middle, and the others on circles around it."""
    others = [one for one in nodes if one != hub]
    rings: list[Sequence[int]] = []
    start, radius = 0, 2.0
    while start < len(others):
        room = max(6, int(2 * math.pi * radius))
        rings.append(others[start : start + room])
        start, radius = start + room, radius + 1.0
    outermost = 1.0 + len(rings)
    middle = Point(outermost, outermost)
    places = {hub: middle}
    for number, ring in enumerate(rings):
        places |= _around(ring, 2.0 + number, middle)
    return places


def _around(nodes: Sequence[int], radius: float, middle: Point) -> dict[int, Point]:
    places = {}
    for number, one in enumerate(nodes):
        angle = 2 * math.pi * number / len(nodes) - math.pi / 2
        places[one] = Point(middle.x + radius * math.cos(angle), middle.y + radius * math.sin(angle))
    return places


def _grid(nodes: Sequence[int]) -> dict[int, Point]:
    columns = max(1, math.ceil(math.sqrt(len(nodes) * 1.8)))
    return {one: Point(float(number % columns), float(number // columns)) for number, one in enumerate(nodes)}
