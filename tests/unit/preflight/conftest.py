"""A chain study, which tests simulate as it is or with one fault."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from infra.preflight import PreflightOptions, PreflightReport, preflight

EXPERIMENT = """
from petri import Chain, Experiment
from .bots import Bot

class Study(Experiment):
    def configure(self):
        self.experiment_repeats = 1

    def create_network(self):
        return Chain(max_size=3)

    def bonus(self, participant):
        return 0.25
"""
BOTS = """
from petri import HighPerformanceBotBase

class Bot(HighPerformanceBotBase):
    def participate(self):
        while node := self.create_agent():
            self.create_info(node["id"], "one two three")
"""
CONFIG = """[Experiment]
base_payment = 1.00
max_bonus = 0.50
duration = 0.5
contact_email_on_error = lab@example.org
"""
STUDY = {
    "experiment.py": EXPERIMENT,
    "bots.py": BOTS,
    "config.txt": CONFIG,
    "README.md": "# A study\n",
    "templates/exp.html": '{% extends "layout.html" %}{% block body %}Go on{% endblock %}',
}


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))


@pytest.fixture
def study(tmp_path: Path) -> Callable[..., Path]:
    """Write the study with changes: study(bots="...") has other bots."""

    def write(**changes: str) -> Path:
        folder = tmp_path / "study"
        for name, text in STUDY.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(changes.get(path.stem, text), encoding="utf-8")
        return folder

    return write


@pytest.fixture
def tried(study: Callable[..., Path]) -> Callable[..., PreflightReport]:
    """Simulate the study with changes, without checking accounts."""

    def preflight_of(
        participants: int | None = None, options: PreflightOptions | None = None, **changes: str
    ) -> PreflightReport:
        return preflight(study(**changes), participants, options or PreflightOptions(doors=None))

    return preflight_of
