"""How far a retelling is from another text: the edit distance, as a share of the longer of the two.

The edit (Levenshtein) distance counts the characters that have to be inserted, deleted or replaced to turn
one text into the other. Divided by the length of the longer text it lies between 0 (the same) and 1.
Line breaks and repeated blanks don't count: they say more about the text field than about memory.

Levenshtein, V. I. (1966). Binary codes capable of correcting deletions, insertions, and reversals.
Soviet Physics Doklady, 10, 707-710.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]


def edit_distance(one: str, other: str) -> int:
    """Return the Levenshtein distance between two texts, in characters.

    A whole column of the table of distances is kept as the bits of one integer (Myers, 1999, in Hyyrö's form
    of 2003), so two texts of 2,000 characters take milliseconds instead of seconds.
    """
    if not one or not other:
        return len(one) or len(other)
    places: dict[str, int] = {}
    for place, character in enumerate(one):
        places[character] = places.get(character, 0) | 1 << place
    everywhere = (1 << len(one)) - 1
    last = 1 << (len(one) - 1)
    up, down, distance = everywhere, 0, len(one)
    for character in other:
        same = places.get(character, 0)
        diagonal = (((same & up) + up) ^ up) | same | down
        right = down | (everywhere & ~(diagonal | up))
        left = diagonal & up
        if right & last:
            distance += 1
        elif left & last:
            distance -= 1
        right = right << 1 | 1
        up = (left << 1) | (everywhere & ~(diagonal | right))
        up &= everywhere
        down = right & diagonal & everywhere
    return distance


def plain(text: str) -> str:
    """Return the text with composed characters and single blanks: what is compared."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def drift(one: str, other: str) -> float:
    """Return the normalised edit distance of two texts: 0.0 the same, 1.0 nothing in common."""
    one, other = plain(one), plain(other)
    return edit_distance(one, other) / max(len(one), len(other), 1)


@dataclass(frozen=True)
class Retelling:
    """What one participant wrote, and how far it is from what was read."""

    place: int
    node_id: int
    text: str
    read: str
    to_original: float
    to_parent: float

    @property
    def words(self) -> int:
        return len(self.text.split())


@dataclass(frozen=True)
class Chain:
    """One story and its retellings, in the order of the chain."""

    network_id: int
    story: str
    original: str
    retellings: tuple[Retelling, ...]


def is_true(value: object) -> bool:
    """Read True as data hold it: the value itself, or its word in a CSV file."""
    return str(value) == "True"


def chains(
    nodes: Sequence[Row], infos: Sequence[Row], transmissions: Sequence[Row], titles: Mapping[int, str]
) -> list[Chain]:
    """Follow each network's texts from its source down the chain, leaving out what failed.

    `titles` maps the id of a network to the name of its story.
    """
    texts = {int(info["id"]): str(info["contents"]) for info in infos}
    read = {int(sent["destination_id"]): int(sent["info_id"]) for sent in transmissions}
    wrote: dict[int, int] = {}
    for info in sorted(infos, key=lambda info: int(info["id"])):
        if not is_true(info["failed"]) and info["type"] == "info":
            wrote.setdefault(int(info["origin_id"]), int(info["id"]))
    living: dict[int, list[int]] = {}
    for node in sorted(nodes, key=lambda node: int(node["id"])):
        node_id = int(node["id"])
        if not is_true(node["failed"]) and node_id in wrote and node_id in read:
            living.setdefault(int(node["network_id"]), []).append(node_id)
    return [
        _follow(network_id, titles.get(network_id, ""), node_ids, texts, read, wrote)
        for network_id, node_ids in sorted(living.items())
    ]


def _follow(
    network_id: int,
    story: str,
    node_ids: Sequence[int],
    texts: Mapping[int, str],
    read: Mapping[int, int],
    wrote: Mapping[int, int],
) -> Chain:
    original = texts[read[node_ids[0]]]
    retellings = []
    for place, node_id in enumerate(node_ids, start=1):
        text, parent = texts[wrote[node_id]], texts[read[node_id]]
        retellings.append(Retelling(place, node_id, text, parent, drift(text, original), drift(text, parent)))
    return Chain(network_id, story, original, tuple(retellings))
