"""Statistics of a chat: the turns and words of each person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from petri.report import table

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Share:
    """How much one person said."""

    name: str
    turns: int
    words: int


@dataclass(frozen=True)
class Talk:
    """One room."""

    room: int
    shares: tuple[Share, ...]

    @property
    def turns(self) -> int:
        return sum(share.turns for share in self.shares)

    @property
    def evenness(self) -> float | None:
        """1 if all wrote equally many words, 0 if one wrote all of them; None without messages."""
        words = [share.words for share in self.shares]
        if not sum(words) or len(words) < 2:
            return None
        even = sum(words) / len(words)
        most_uneven = 2 * (sum(words) - even)
        return 1 - sum(abs(each - even) for each in words) / most_uneven


def talks(networks: Sequence[Row], nodes: Sequence[Row], infos: Sequence[Row]) -> list[Talk]:
    """Count each person's turns and words, room by room."""
    return [
        Talk(
            network["id"], tuple(_share(node, infos) for node in nodes if node["network_id"] == network["id"])
        )
        for network in networks
    ]


def _share(node: Row, infos: Sequence[Row]) -> Share:
    said = [i["contents"] or "" for i in infos if i["origin_id"] == node["id"] and i["type"] == "utterance"]
    return Share(node["property1"], len(said), sum(len(text.split()) for text in said))


def report_lines(found: Sequence[Talk]) -> list[str]:
    lines: list[str] = []
    for talk in found:
        lines += [headline(talk), "name      turns  words"]
        lines += [f"{share.name:8}  {share.turns:5}  {share.words:5}" for share in talk.shares]
    return lines or ["There are no messages yet."]


def headline(talk: Talk) -> str:
    even = "nothing was said" if talk.evenness is None else f"evenness {talk.evenness:.2f}"
    return f"Room {talk.room}: {talk.turns} turns, {even}"


def report_html(found: Sequence[Talk]) -> str:
    rooms = "\n".join(_section(talk) for talk in found) or "<p>There are no messages yet.</p>"
    return f"""<p>Evenness is 1 when all of a room said as many words, and 0 when one person said
everything.</p>
{rooms}"""


def _section(talk: Talk) -> str:
    rows = [(share.name, share.turns, share.words) for share in talk.shares]
    return f"<h2>{escape(headline(talk))}</h2>\n{table(('name', 'turns', 'words'), rows)}"
