"""What a run of the game looks like: the efforts of each group, round by round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from petri.report import table

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Round:
    """One round of one group."""

    number: int
    players: int
    mean: float
    lowest: int
    silent: int


@dataclass(frozen=True)
class Group:
    """One group."""

    number: int
    rounds: tuple[Round, ...]


def groups_of(networks: Sequence[Row]) -> list[Group]:
    """Read the rounds from what each network kept."""
    return [
        Group(network["id"], tuple(_round(past) for past in (network["details"] or {}).get("history", [])))
        for network in networks
    ]


def _round(past: Mapping[str, Any]) -> Round:
    efforts = list(past["efforts"].values())
    return Round(past["round"], len(efforts), fmean(efforts), past["lowest"], len(past["silent"]))


def report_lines(groups: Sequence[Group]) -> list[str]:
    lines: list[str] = []
    for group in groups:
        lines += [f"Group {group.number}", "round  players  mean effort  lowest  silent"]
        lines += [
            f"{one.number:5}  {one.players:7}  {one.mean:11.1f}  {one.lowest:6}  {one.silent:6}"
            for one in group.rounds
        ]
    return lines or ["No rounds have been played yet."]


def report_html(groups: Sequence[Group]) -> str:
    sections = "\n".join(_section(group) for group in groups) or "<p>No rounds have been played yet.</p>"
    return f"""<p>All earn by the lowest effort of their group and pay for their own, so any effort at
which all meet is
stable, and 7 is the best for all (Van Huyck, Battalio &amp; Beil, 1990).</p>
{sections}"""


def _section(group: Group) -> str:
    head = ("round", "players", "mean effort", "lowest", "silent")
    rows = [(one.number, one.players, f"{one.mean:.1f}", one.lowest, one.silent) for one in group.rounds]
    return f"<h2>Group {group.number}</h2>\n{table(head, rows)}"
