"""A valid folder, in which each test introduces one fault."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from infra.verify import Finding, verify

EXPERIMENT = """
from petri import Chain, Experiment, get_config

config = get_config()

def extra_parameters():
    config.register("n", int)

class Study(Experiment):
    def configure(self):
        self.experiment_repeats = 1
        self.n = config.get("n", 3)

    def create_network(self):
        return Chain(max_size=self.n)
"""
GOOD = {
    "experiment.py": EXPERIMENT,
    "config.txt": "[Experiment]\nn = 4\nbase_payment = 1.00\n",
    "README.md": "# A study\n",
    "templates/exp.html": '{% extends "layout.html" %}{% block body %}{{ config.title }}{% endblock %}',
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "study"


@pytest.fixture
def check(folder: Path, tmp_path: Path) -> Callable[..., list[Finding]]:
    """Verify the good folder with changes: check({"config.txt": None}) is without that file."""

    def check(changes: dict[str, str | None] | None = None, **options) -> list[Finding]:
        for name, text in {**GOOD, **(changes or {})}.items():
            if text is not None:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(text, encoding="utf-8")
        return verify(folder, environ=options.pop("environ", {}), home=tmp_path / "nobody", **options)

    return check
