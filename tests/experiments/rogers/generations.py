"""Statistics of a run: in each generation, how many learn from others, and how often each kind is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from petri.report import table

from .models import SOCIAL, LearningGene, RogersAgent

Row = Mapping[str, Any]
HEADINGS = ("generation", "agents", "learn from others", "right, looking", "right, asking", "mean fitness")


@dataclass(frozen=True)
class Generation:
    """The agents of one generation over all experiment rounds; a mean over no agents is None."""

    number: int
    agents: int
    social: float
    right_asocial: float | None
    right_social: float | None
    fitness: float

    def cells(self) -> list[str]:
        return [
            str(self.number),
            str(self.agents),
            f"{self.social:.0%}",
            _shown(self.right_asocial),
            _shown(self.right_social),
            f"{self.fitness:.2f}",
        ]


def _shown(mean: float | None) -> str:
    return "-" if mean is None else f"{mean:.0%}"


def by_generation(networks: Sequence[Row], nodes: Sequence[Row], infos: Sequence[Row]) -> list[Generation]:
    """Group the living agents of experiment rounds that have chosen."""
    rounds = {int(network["id"]) for network in networks if network["role"] == "experiment"}
    social = {
        int(info["origin_id"])
        for info in infos
        if info["type"] == LearningGene.type and info["contents"] == SOCIAL
    }
    agents: dict[int, list[Row]] = {}
    for node in nodes:
        chose = node["type"] == RogersAgent.type and str(node["property4"]) in {"0", "1"}
        if chose and str(node["failed"]) != "True" and int(node["network_id"]) in rounds:
            agents.setdefault(int(node["property2"]), []).append(node)
    return [_generation(number, members, social) for number, members in sorted(agents.items())]


def _generation(number: int, members: Sequence[Row], social: set[int]) -> Generation:
    asking = [int(node["property4"]) for node in members if int(node["id"]) in social]
    looking = [int(node["property4"]) for node in members if int(node["id"]) not in social]
    fitness = [float(node["property1"]) for node in members]
    return Generation(
        number=number,
        agents=len(members),
        social=len(asking) / len(members),
        right_asocial=_mean(looking),
        right_social=_mean(asking),
        fitness=sum(fitness) / len(fitness),
    )


def _mean(values: Sequence[int]) -> float | None:
    return sum(values) / len(values) if values else None


def report_lines(found: Sequence[Generation]) -> list[str]:
    """Return a table for the terminal."""
    if not found:
        return ["There are no choices yet."]
    rows = [list(HEADINGS), *(generation.cells() for generation in found)]
    return [
        "  ".join(cell.rjust(len(name)) for cell, name in zip(row, HEADINGS, strict=True)) for row in rows
    ]


def report_html(found: Sequence[Generation]) -> str:
    """Return the report's body: the same table."""
    rows = [generation.cells() for generation in found]
    shown = table(HEADINGS, rows) if rows else "<p>There are no choices yet.</p>"
    return f"""<p>Learning from others saves the cost of looking. Rogers (1988) showed that this alone
does not make
a population fitter: those who ask do well only while enough others look.</p>
{shown}"""
