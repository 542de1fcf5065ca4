"""A folder with settings, and a home without any."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chalicelib.experiment.config.configuration import Configuration

Load = Callable[..., Configuration]


@pytest.fixture
def config() -> Configuration:
    return Configuration()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    return home


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "study"
    folder.mkdir()
    return folder


@pytest.fixture
def load(config: Configuration, folder: Path, home: Path) -> Load:
    """Write config.txt and load it: load("title = Hello", runtime={...})."""

    def load(text: str = "", **sources: Any) -> Configuration:
        (folder / "config.txt").write_text(f"[Experiment]\n{text}\n", encoding="utf-8")
        environ = sources.pop("environ", {})
        config.load_for(folder, sources.pop("runtime", None), environ=environ, home=home, **sources)
        return config

    return load
