"""The demo `chance_book` has a class: it is imported, three members read and answer, and are graded."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from pytest_socket import enable_socket
from typer.testing import CliRunner

from chalicelib.operations.assignments.gradebook import give_points
from chalicelib.operations.classes.class_records import members_of
from chalicelib.operations.participant.create_participant import create_participant
from chalicelib.operations.participant.entry_verification import EntryRequest
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.services import App
from infra.cli.main import app as command
from infra.local.lifecycle.run_paths import RunPaths
from infra.operator.run_session import opened
from tests.contract.factories import ANY_CALLER
from tests.demos.conftest import ROOT
from tests.demos.serving import serving
from tests.study.contract.players import Player

pytestmark = pytest.mark.e2e

FILES = ROOT / "demos" / "chance_book" / "class"
#: What each member answers on each page.
ANSWERS = {
    "Ada Lovelace": {"chance": {"next_toss": "equal"}, "frequencies": {"share_of_heads": 0.55}},
    "Emmy Noether": {"chance": {"next_toss": "tails"}, "evidence": {"rare_illness": "nine"}},
    "Alan Turing": {"evidence": {"rare_illness": "ninety", "in_own_words": "The illness is rare."}},
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    enable_socket()
    with serving("chance_book", tmp_path):
        monkeypatch.chdir(tmp_path)
        yield tmp_path


def said(*arguments: str) -> str:
    result = CliRunner().invoke(command, list(arguments))
    assert result.exit_code == 0, result.output
    return result.output


def read(app: App, link: str, answers: dict[str, dict[str, Any]]) -> None:
    """Begin with the link of a member, open pages of the book, and answer them."""
    ids = dict(parse_qsl(urlsplit(link).query))
    entry = EntryRequest(
        ids["workerId"], ids["hitId"], ids["assignmentId"], ids["mode"], ids["recruiter"], more=ids
    )
    created = app.run(create_participant, entry, caller=ANY_CALLER)
    player = Player(app, int(created["participant"]["id"]))
    player.get()
    for page, given in answers.items():
        chapter = "evidence" if page == "evidence" else "chance"
        assert player.open(f"book/{chapter}/{page}")["page"] == page
        player.post(**given)


def test_a_class_is_imported_reads_the_book_and_has_a_gradebook_with_three_heading_rows(folder: Path) -> None:
    assert "Class 1 is created" in said(
        "classes", "create", "--name", "Chance, section A", "--time-zone", "Europe/Berlin"
    )
    assert "3 added" in said("classes", "import", "1", "--file", str(FILES / "students.csv"))
    assigned = ("classes", "assign", "1", "--file", str(FILES / "assignments.toml"))
    assert "2 assignments set, 0 were there already" in said(*assigned)
    assert "0 assignments set, 2 were there already" in said(*assigned)
    said("classes", "links", "1", "--file", "links.csv")
    with (folder / "links.csv").open(encoding="utf-8", newline="") as file:
        links = {row["name"]: row["link"] for row in csv.DictReader(file)}
    with opened(None, RunPaths(folder)) as session:
        run = partial(session.app.run, caller=OPERATOR_CALLER)
        seats = {one.name: one.seat for one in run(members_of, 1)}
        for name, answers in ANSWERS.items():
            read(session.app, links[_stored(name, seats)], answers)
        run(give_points, 1, 2, seats[_stored("Alan Turing", seats)], "item:in_own_words", Decimal(2), "Good.")
    assert "3 members" in said("gradebook", "1", "--out", "grades.csv").replace("\n", " ")
    rows = list(csv.reader((folder / "grades.csv").read_text(encoding="utf-8").splitlines()))
    pages, labels, possible, *members = rows
    assert [cell for cell in pages if cell] == [
        *("book/chance/chance", "book/chance/frequencies", "book/evidence/evidence"),
    ]
    assert labels[3].startswith("A fair coin has shown heads five times")
    assert labels[6] == "Say in your own words why the answer surprises many people."
    assert possible[-4:] == ["1", "2", "2", "3"]
    # Blank isn't zero: Emmy hasn't answered Exercise 2, and her answer to Exercise 1 is wrong.
    assert {row[2]: row[-4:] for row in members} == {
        "Ada": ["1", "2", "", ""],
        "Emmy": ["0", "", "2", ""],
        "Alan": ["", "", "0", "2"],
    }
    assert [row[0] for row in members if row[2] == "Ada"] == ["ada@example.org"]


def _stored(name: str, seats: dict[str, str]) -> str:
    """Return a name as the class has it: a list with two columns gives the last name first."""
    return next(one for one in seats if set(re.findall(r"\w+", one)) == set(name.split()))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[assignment]]\nname = 'A'\n", "name and parts"),
        ("[[assignment]]\nname = 'A'\nparts = ['item a 1']\nweigth = '1'\n", "no 'weigth'"),
        ("[[assignment]]\nname = 'A'\nparts = 'item a 1'\n", "a list of texts"),
        ("[[assignment]]\nname = 'A'\nparts = [1]\n", "a list of texts"),
        ("[[assignment]]\nname = 'A'\nparts = []\nminutes = true\n", "a whole number"),
        ("[[assignment]]\nname = 'A'\nparts = []\ndue = 2030-10-14\n", "a text in quotes"),
        (
            "[[assignment]]\nname = 'A b'\nparts = []\n[[assignment]]\nname = 'A  b'\nparts = []\n",
            "two assignments with the name 'A b'",
        ),
        ("assignment = 1", r"\[\[assignment\]\]"),
        ("[[other]]\n", r"\[\[assignment\]\]"),
        ("[[assignment", "isn't TOML"),
    ],
)
def test_a_file_that_defines_no_assignments_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    from chalicelib.errors import BadRequest
    from infra.operator.assignment_files import read_assignment_file

    file = tmp_path / "assignments.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadRequest, match=problem):
        read_assignment_file(file)
