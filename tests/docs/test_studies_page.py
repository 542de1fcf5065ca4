"""The studies of the documentation can be loaded, and the README shows the demo; Python about data runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib.study.study import Study
from infra.simulated_data.dataset import SimulationSpec, simulate
from petri.study import StudyBot

from .blocks import DOCS, ROOT, blocks

PAGES = [DOCS / "studies.md", ROOT / "README.md"]
SHOWN = [
    block.text
    for page in [*PAGES, DOCS / "sessions.md"]
    for block in blocks(page)
    if block.language == "python" and not block.what
]


def classes_of(code: str) -> list[type]:
    names: dict[str, object] = {"__name__": "shown"}
    exec(compile(code, "shown", "exec"), names)  # noqa: S102 - the documentation's own code
    return [one for one in names.values() if isinstance(one, type) and one.__module__ == "shown"]


@pytest.mark.parametrize("code", SHOWN, ids=[f"block {number}" for number in range(len(SHOWN))])
def test_a_study_that_is_shown_has_a_valid_timeline(code: str) -> None:
    found = classes_of(code)
    assert found
    for one in found:
        if issubclass(one, Study):
            if callable(one.timeline):
                one.timeline = one.timeline({"rounds": 2})
            assert list(one.plan().steps())
            assert [item.problems() for item in one.items().values() if item.problems()] == []
        else:
            assert issubclass(one, StudyBot)


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_the_ultimatum_game_is_shown_as_the_demo_has_it(page) -> None:
    demo = (ROOT / "demos" / "ultimatum" / "experiment.py").read_text(encoding="utf-8")
    shown = next(block.text for block in blocks(page) if "class Ultimatum" in block.text)
    words = "".join(demo.partition('"""\n\n')[2].split()).replace(",]", "]").replace(",)", ")")
    assert "".join(shown.split()).replace(",]", "]").replace(",)", ")") == words


def test_the_python_about_simulated_data_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    simulate(SimulationSpec(ROOT / "demos/ultimatum", 4, tmp_path / "data/my_study-simulated", 7))
    names: dict[str, object] = {"__name__": "snippet"}
    texts = [block.text for block in blocks(DOCS / "while-writing.md") if block.language == "python"]
    assert texts
    for text in texts:
        exec(compile(text, "snippet", "exec", dont_inherit=True), names)  # noqa: S102 - our own documents
