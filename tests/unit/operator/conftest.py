from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.operator.runs import Scene, make_run


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A launched run with two working participants, and its folder as the working directory."""
    monkeypatch.chdir(tmp_path)
    return make_run(tmp_path)
