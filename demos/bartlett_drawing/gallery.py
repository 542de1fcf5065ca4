"""What became of the drawing: lines for the terminal, and the report's body: all drawings side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .drawing import Drawing, NotADrawing, distance, read_drawing, svg

STYLE = (Path(__file__).parent / "gallery.css").read_text(encoding="utf-8")
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Copy:
    """One participant's drawing, and how far it is from the first and from the one it was copied from."""

    place: int
    drawing: Drawing
    to_original: float
    to_parent: float


@dataclass(frozen=True)
class Gallery:
    """A chain of drawings; `unreadable` counts contents that weren't a drawing."""

    original: Drawing
    copies: tuple[Copy, ...]
    unreadable: int = 0


def galleries(nodes: Sequence[Row], infos: Sequence[Row], transmissions: Sequence[Row]) -> list[Gallery]:
    """Follow each network's drawings down its chain, leaving out what failed."""
    contents = {int(info["id"]): str(info["contents"]) for info in infos}
    seen = {int(sent["destination_id"]): int(sent["info_id"]) for sent in transmissions}
    drew: dict[int, int] = {}
    for info in sorted(infos, key=lambda info: int(info["id"])):
        if str(info["failed"]) != "True" and info["type"] == "info":
            drew.setdefault(int(info["origin_id"]), int(info["id"]))
    chains: dict[int, list[tuple[str, str]]] = {}
    for node in sorted(nodes, key=lambda node: int(node["id"])):
        node_id = int(node["id"])
        if str(node["failed"]) != "True" and node_id in seen and node_id in drew:
            pair = contents[seen[node_id]], contents[drew[node_id]]
            chains.setdefault(int(node["network_id"]), []).append(pair)
    return [_gallery(pairs) for _, pairs in sorted(chains.items())]


def _gallery(pairs: Sequence[tuple[str, str]]) -> Gallery:
    original = read_drawing(pairs[0][0])
    copies: list[Copy] = []
    unreadable = 0
    for place, (seen, drew) in enumerate(pairs, start=1):
        try:
            parent, drawing = read_drawing(seen), read_drawing(drew)
        except NotADrawing:
            unreadable += 1
            continue
        copies.append(Copy(place, drawing, distance(drawing, original), distance(drawing, parent)))
    return Gallery(original, tuple(copies), unreadable)


def gallery_lines(found: Sequence[Gallery]) -> list[str]:
    """Return a table for each chain."""
    if not found:
        return ["There are no drawings yet."]
    lines: list[str] = []
    for gallery in found:
        lines.append("place  strokes  to original  to parent")
        lines += [
            f"{copy.place:5}  {len(copy.drawing.strokes):7}  {copy.to_original:11.3f}  {copy.to_parent:9.3f}"
            for copy in gallery.copies
        ]
        if gallery.unreadable:
            lines.append(f"{gallery.unreadable} could not be read as a drawing.")
    return lines


def gallery_html(found: Sequence[Gallery]) -> str:
    """Return the report's body: every chain's drawings, in their order."""
    sections = "\n".join(_section(number, gallery) for number, gallery in enumerate(found, start=1))
    return f"""<p>Each person saw what the person before had drawn, and drew it again from memory, after
Bartlett, <cite>Remembering</cite> (1932). Distances are the mean way from a point of one drawing
to the nearest point
of the other, as a share of the sheet's side.</p>
{sections or "<p>There are no drawings yet.</p>"}"""


def _section(number: int, gallery: Gallery) -> str:
    items = "\n".join(
        f"<li>{svg(copy.drawing, f'The drawing at place {copy.place}')}Place {copy.place}: "
        f"{copy.to_original:.3f} from the original, {copy.to_parent:.3f} from the parent</li>"
        for copy in gallery.copies
    )
    return f"""<section><h2>Chain {number}</h2>
<ol class="gallery"><li>{svg(gallery.original, "The original drawing")}The original</li>
{items}</ol></section>"""
