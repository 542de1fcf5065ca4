"""`petri verify` warns of a book under a recruiter whose time limit is shorter than a reader's."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.verify import verify

CODE = """
from petri.study import Book, Chapter, End, Page, Practice, Study

class Course(Study):
    timeline = [Book([Chapter("intro", [Page("welcome"), Practice()])]{more}){end}]
"""


def findings(folder: Path, settings: str, code: str) -> list[str]:
    (folder / "pages").mkdir(parents=True)
    (folder / "pages" / "welcome.md").write_text("# Welcome\n", encoding="utf-8")
    (folder / "experiment.py").write_text(code, encoding="utf-8")
    (folder / "README.md").write_text("# A course\n", encoding="utf-8")
    (folder / "config.txt").write_text(f"[Experiment]\nduration = 1\n{settings}", encoding="utf-8")
    found = verify(folder, environ={}, home=folder / "home")
    return [f"{each.level}: {each.what}" for each in found if "Book" in each.what or each.level == "error"]


@pytest.mark.parametrize(
    ("recruiter", "name"),
    [("mturk", "Mechanical Turk"), ("prolific", "Prolific"), ("link", ""), ("hotair", "")],
)
def test_a_recruiter_that_takes_places_back_is_named(recruiter: str, name: str, tmp_path: Path) -> None:
    settings = f"base_payment = 1.00\nrecruiter = {recruiter}\n"
    found = findings(tmp_path / "study", settings, CODE.format(more="", end=", End()"))
    assert [one for one in found if "takes a place back" in one] == (
        [f"warning: {one}" for one in [_limited(name)]] if name else []
    )


def _limited(name: str) -> str:
    return (
        f"Book 'book' can be read for days, and {name} takes a place back when its own time limit is over: "
        "readers who leave the book unfinished aren't paid."
    )


@pytest.mark.parametrize(("pay", "count"), [("1.00", 1), ("0", 0)])
def test_pay_that_never_becomes_due_is_found(pay: str, count: int, tmp_path: Path) -> None:
    settings = f"base_payment = {pay}\nrecruiter = link\n"
    code = CODE.format(more=", can_finish=False", end="")
    found = findings(tmp_path / "study", settings, code)
    assert len([one for one in found if "no base pay becomes due" in one]) == count
