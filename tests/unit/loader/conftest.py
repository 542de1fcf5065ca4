"""Folders of authors, written for one test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chalicelib.experiment.loader.experiment_folder import LoadedExperiment, load_experiment

Load = Callable[..., LoadedExperiment]

STUDY = """
from petri import Experiment, get_config

config = get_config()

class Study(Experiment):
    pass
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write an author's folder: write({"experiment.py": ...}) returns its path."""

    def write(files: dict[str, str], name: str = "study") -> Path:
        for path, text in {"config.txt": "[Experiment]\n", **files}.items():
            (tmp_path / name / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / path).write_text(text, encoding="utf-8")
        return tmp_path / name

    return write


@pytest.fixture
def load(write, tmp_path: Path) -> Load:
    """Load an author's folder from the code that follows the usual beginning."""

    def load(code: str = "", files: dict[str, str] | None = None, **sources: Any) -> LoadedExperiment:
        folder = write({"experiment.py": STUDY + code, **(files or {})})
        return load_experiment(
            folder, environ=sources.pop("environ", {}), home=tmp_path / "nobody", **sources
        )

    return load
