"""Transmission chains: the texts that were passed on, and how far each is from where it began.

```python
from petri.chains import text_chains

for chain in text_chains(data):
    print([round(link.to_original, 2) for link in chain.links])
```

The distance of two texts is the edit (Levenshtein) distance: how many characters have to be inserted, deleted
or replaced to turn one into the other. As a share of the longer text it lies between 0 (the same) and 1. Line
breaks and repeated blanks don't count: they say more about the text field than about memory.

Levenshtein, V. I. (1966). Binary codes capable of correcting deletions, insertions, and reversals.
Soviet Physics Doklady, 10, 707-710.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["ChainLink", "TextChain", "edit_distance", "text_chains", "text_distance"]

Row = Mapping[str, Any]


class ChainTables(Protocol):
    """The tables that are read: those of `petri.data.Data`."""

    @property
    def nodes(self) -> Iterable[Row]:
        """The nodes."""

    @property
    def infos(self) -> Iterable[Row]:
        """The infos."""

    @property
    def transmissions(self) -> Iterable[Row]:
        """The transmissions."""


@dataclass(frozen=True)
class ChainLink:
    """What one participant of a chain wrote, and how far it is from what there was before."""

    #: The place in the chain, from 1.
    place: int
    node_id: int
    text: str
    #: What the participant had read.
    read: str
    #: The distance to the text with which the chain began, and to the text that was read.
    to_original: float
    to_parent: float

    @property
    def words(self) -> int:
        """The number of words."""
        return len(self.text.split())


@dataclass(frozen=True)
class TextChain:
    """A network in which each participant passed a text on to the next one, in their order."""

    network_id: int
    #: The text with which the chain began.
    original: str
    links: tuple[ChainLink, ...]


def edit_distance(one: str, other: str) -> int:
    """Return the Levenshtein distance between two texts, in characters.

    A whole column of the table of distances is kept as the bits of one integer (Myers, 1999, in Hyyrö's form
    of 2003), so two texts of 2,000 characters take milliseconds instead of seconds.

    Args:
        one: A text.
        other: Another text.

    Returns:
        How many characters have to be inserted, deleted or replaced.

    Example:
        >>> edit_distance("kitten", "sitting")
        3

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


def text_distance(one: str, other: str) -> float:
    """Return the edit distance of two texts as a share of the longer one.

    Args:
        one: A text.
        other: Another text.

    Returns:
        0.0 for the same text, 1.0 for nothing in common.

    Example:
        >>> text_distance("abcdefgh", "abcd")
        0.5

    """
    one, other = _plain(one), _plain(other)
    return edit_distance(one, other) / max(len(one), len(other), 1)


def _plain(text: str) -> str:
    """Return the text with composed characters and single blanks: what is compared."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def text_chains(data: ChainTables) -> list[TextChain]:
    """Follow each network's texts from its source down the chain, leaving out what failed.

    Args:
        data: The data of a run, a `petri.data.Data`.

    Returns:
        A chain for each network in which something was passed on, in the order of the networks.

    """
    infos = sorted(data.infos, key=lambda info: int(info["id"]))
    texts = {int(info["id"]): str(info["contents"]) for info in infos}
    read = {int(sent["destination_id"]): int(sent["info_id"]) for sent in data.transmissions}
    wrote: dict[int, int] = {}
    for info in infos:
        if not _is_true(info["failed"]) and info["type"] == "info":
            wrote.setdefault(int(info["origin_id"]), int(info["id"]))
    living: dict[int, list[int]] = {}
    for node in sorted(data.nodes, key=lambda node: int(node["id"])):
        node_id = int(node["id"])
        if not _is_true(node["failed"]) and node_id in wrote and node_id in read:
            living.setdefault(int(node["network_id"]), []).append(node_id)
    return [
        _follow(network_id, [(one, texts[read[one]], texts[wrote[one]]) for one in ids])
        for network_id, ids in sorted(living.items())
    ]


def _is_true(value: object) -> bool:
    """Read True as data hold it: the value itself, or its word in a CSV file."""
    return str(value) == "True"


def _follow(network_id: int, told: Sequence[tuple[int, str, str]]) -> TextChain:
    original = told[0][1]
    links = (
        ChainLink(place, node_id, text, read, text_distance(text, original), text_distance(text, read))
        for place, (node_id, read, text) in enumerate(told, start=1)
    )
    return TextChain(network_id, original, tuple(links))
