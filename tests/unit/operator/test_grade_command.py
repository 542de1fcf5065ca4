"""`petri grade`, as an operator types it."""

from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib.operations.run.launch import launch
from chalicelib.operations.shared.context import OPERATOR_CALLER, PARTICIPANT, Caller
from chalicelib.operations.study.pages import due_page
from infra.local.lifecycle import origin
from tests.contract.factories import arrive
from tests.unit.operator.runs import RUN, Scene
from tests.unit.operator.test_commands import Say, petri

__all__ = ["petri"]

STUDY = """
from petri.study import End, Form, Study, text


class Essays(Study):
    essay = text("Why?", points=4, grading="manual")
    timeline = [Form("write", ask="essay"), End()]
"""


@pytest.fixture
def essays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A run in which two participants have written an essay."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "experiment.py").write_text(STUDY, encoding="utf-8")
    (folder / "config.txt").write_text("[Experiment]\ntitle = Essays\nbase_payment = 1\n", encoding="utf-8")
    scene = Scene(tmp_path)
    origin.record_origin(origin.Origin(folder, {"auto_recruit": False}), RUN, scene.places)
    with scene.app() as app:
        app.run(launch, caller=OPERATOR_CALLER)
        for number in (1, 2):
            caller = Caller(PARTICIPANT, arrive(app, f"w{number}"), 1)
            app.run(due_page.get_page, caller=caller)
            app.run(due_page.post_page, 1, {"essay": "Because."}, caller=caller)
    return scene


def test_answers_are_listed_written_to_a_sheet_and_graded(essays: Scene, petri: Say) -> None:
    assert "essay: 2" in petri("grade")
    assert "sheet.csv: 2." in petri("grade", "--sheet", "sheet.csv")
    file = essays.root / "sheet.csv"
    sheet = file.read_text(encoding="utf-8-sig")
    assert ("w1" in sheet, sheet.count("Because.")) == (False, 2)
    file.write_text(sheet.replace("Because.,4,,", "Because.,4,3,", 1), encoding="utf-8")
    assert "Valid grades: 1. Nothing was stored." in petri("grade", "--take", "sheet.csv", "--dry-run")
    assert "Grades stored: 1; stored before: 0." in petri("grade", "--take", "sheet.csv")
    assert "Grades stored: 0; stored before: 1." in petri("grade", "--take", "sheet.csv")
    assert "essay: 1" in petri("grade", str(essays.root))
    assert "essay: 2" in petri("grade", "--all")


def test_a_sheet_with_a_wrong_line_is_refused(essays: Scene, petri: Say) -> None:
    petri("grade", "--sheet", "sheet.csv")
    file = essays.root / "sheet.csv"
    file.write_text(
        file.read_text(encoding="utf-8").replace("Because.,4,,", "Because.,4,9,"), encoding="utf-8"
    )
    before = essays.everything()
    said = petri("grade", "--take", "sheet.csv", fails=True)
    assert "No grade was stored" in said
    assert "line 2" in said
    assert "line 3" in said
    assert essays.everything() == before


def test_a_folder_that_does_not_exist_and_two_sheets_at_once_are_refused(essays: Scene, petri: Say) -> None:
    assert "There is no folder" in petri("grade", "elsewhere", fails=True)
    assert "Give either" in petri("grade", "--sheet", "a.csv", "--take", "b.csv", fails=True)
    assert "can't be read" in petri("grade", "--take", "missing.csv", fails=True)
