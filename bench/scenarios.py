"""The scenarios: which experiment, how many participants, and how they arrive."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.clients.crowds import arriving, in_turn
from bench.clients.host import ROOT, Serving, fresh_folder, served
from bench.figures.checks import Findings, check
from bench.figures.tally import Tally

BARTLETT = ROOT / "tests" / "experiments" / "bartlett1932"
CROWD = ROOT / "bench" / "crowd"
#: Folder for the runs' files: inside the project, so on a real disk.
FILES = ROOT / "runs"


@dataclass(frozen=True)
class Scenario:
    """One scenario: `networks` networks with `places` places each, all of which are filled."""

    name: str
    title: str
    networks: int
    places: int
    come: Callable[[Serving, int], Coroutine[Any, Any, Tally]]
    folder: Path = BARTLETT
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def participants(self) -> int:
        return self.networks * self.places


@dataclass(frozen=True)
class Result:
    """The results of a scenario."""

    scenario: Scenario
    tally: Tally
    findings: Findings
    cpu: float
    peak_bytes: int
    conflicts: int

    @property
    def cpu_per_participant(self) -> float:
        """CPU milliseconds of the server per participant, including messages."""
        return self.cpu * 1000 / max(1, self.tally.finished)


def _clients(number: int) -> Callable[[Serving, int], Coroutine[Any, Any, Tally]]:
    return lambda server, people: in_turn(server.host, server.port, people, number)


def _arrival(within: float, thinking: float) -> Callable[[Serving, int], Coroutine[Any, Any, Tally]]:
    return lambda server, people: arriving(server.host, server.port, people, within, thinking)


SCENARIOS = (
    Scenario("chains-8", "20 chains of 50, 8 clients", 20, 50, _clients(8)),
    Scenario("chains-32", "20 chains of 50, 32 clients", 20, 50, _clients(32)),
    Scenario("one-chain", "one chain of 1,000, 32 clients", 1, 1000, _clients(32)),
    Scenario("crowd", "1,000 within 10 s, 5 s of thinking, 20 bursts of 50", 20, 50, _arrival(10, 5), CROWD),
    Scenario("queue", "1,000 within 10 s, 5 s of thinking, 100 chains of 10", 100, 10, _arrival(10, 5)),
)
LONG = Scenario("long", "10,000 participants, 200 chains of 50, 32 clients", 200, 50, _clients(32))


def measure(scenario: Scenario, profile: Path | None = None) -> Result:
    """Run a scenario on a new file, and check the file afterwards."""
    settings = {
        "experiment_repeats": scenario.networks,
        "num_participants": scenario.places,
        **scenario.settings,
    }
    with fresh_folder(FILES) as root:
        with served(scenario.folder, settings, root=root, profile=profile) as server:
            tally = asyncio.run(scenario.come(server, scenario.participants))
        findings = check(server.database, tally.infos, tally.completed)
    return Result(
        scenario,
        tally,
        findings,
        cpu=server.usage["cpu"],
        peak_bytes=server.usage["peak_bytes"],
        conflicts=server.usage["conflicts"],
    )
