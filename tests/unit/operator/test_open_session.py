"""`petri open-session`, as an operator types it."""

from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib.operations.participant.submission import process_submission
from chalicelib.operations.run.launch import launch
from chalicelib.operations.shared.context import OPERATOR_CALLER, PARTICIPANT, Caller
from chalicelib.operations.study.pages import due_page
from infra.local.lifecycle import origin
from tests.contract.factories import arrive
from tests.unit.operator.runs import RUN, Scene
from tests.unit.operator.test_commands import Say, petri

__all__ = ["petri"]

STUDY = """
from petri.study import End, Form, Session, Study, days


class Memory(Study):
    timeline = [
        Form("today"),
        Session("week 2", after=days(7), open_for=days(3), remind="recruiter"),
        Form("later"),
        End(),
    ]
"""


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A run with a participant between two sessions, and one in the first session."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "experiment.py").write_text(STUDY, encoding="utf-8")
    (folder / "config.txt").write_text("[Experiment]\ntitle = Memory\nbase_payment = 1\n", encoding="utf-8")
    scene = Scene(tmp_path)
    origin.record_origin(origin.Origin(folder, {"auto_recruit": False}), RUN, scene.places)
    with scene.app() as app:
        app.run(launch, caller=OPERATOR_CALLER)
        for number in (1, 2):
            caller = Caller(PARTICIPANT, arrive(app, f"w{number}"), 1)
            app.run(due_page.get_page, caller=caller)
        app.run(due_page.post_page, 1, {}, caller=Caller(PARTICIPANT, 1, 1))
        app.run(process_submission, 1)
    return scene


def test_the_next_session_of_a_participant_is_opened_now_and_once(memory: Scene, petri: Say) -> None:
    assert "The session 'week 2' is open for participant 1 until" in petri("open-session", "1")
    with memory.app() as app:
        page = app.run(due_page.get_page, caller=Caller(PARTICIPANT, 1, 1))
    assert page.body["is_open"]
    assert "'week 2' until" in petri("open-session", "1", fails=True)


@pytest.mark.parametrize(
    ("participant", "problem"),
    [("2", "participant 2 has no session to come"), ("9", "no participant 9")],
)
def test_a_session_that_cannot_be_opened_is_named_and_nothing_changes(
    memory: Scene, petri: Say, participant: str, problem: str
) -> None:
    before = memory.everything()
    assert problem in " ".join(petri("open-session", participant, fails=True).split())
    assert memory.everything() == before
