"""The data of a study that was played: its answers, and the code book of the code that ran."""

from __future__ import annotations

import contextlib
import json
import zipfile
from pathlib import Path
from types import MappingProxyType

import pytest

from chalicelib.experiment.loader.experiment_folder import load_experiment
from chalicelib.export import write_zip
from infra.importing import load_zip
from infra.packaging import provenance
from infra.packaging.study_codebook import study_codebook
from petri.study import Embed, End, Form, Page, Study, choice, email, number
from tests.study.studies import ULTIMATUM_PAGES, OpenStudy, Ultimatum, answer, due
from tests.study.test_ultimatum import pair

STUDY = """
from petri.study import End, Page, Study, number


class Sharing(Study):
    offer = number("How much do you offer?", minimum=0, maximum=10)
    timeline = [Page("ask", ask="offer"), End()]
"""
DEMOS = Path(__file__).parents[2] / "demos"


class Colours(Study):
    """A study with a design."""

    conditions = MappingProxyType({"colour": ["red", "blue"]})
    offer = number("How much?", minimum=0, maximum=10, unit="points")
    answer = choice("Do you agree?", {"yes": "Yes", "no": "No"})
    timeline = (Page("ask"), End())


def test_the_code_book_has_items_conditions_and_cells() -> None:
    book = study_codebook(Colours)
    assert set(book["items"]) == {"offer", "answer"}
    assert (book["items"]["offer"]["prompt"], book["items"]["offer"]["kind"]) == ("How much?", "number")
    assert book["conditions"] == {"colour": ["red", "blue"]}
    assert [row["cell"] for row in book["cells"]] == ["colour=red", "colour=blue"]
    json.dumps(book)


def test_the_archive_of_a_studys_code_has_its_code_book(tmp_path: Path) -> None:
    folder = tmp_path / "sharing"
    (folder / "pages").mkdir(parents=True)
    (folder / "experiment.py").write_text(STUDY, encoding="utf-8")
    (folder / "pages" / "ask.md").write_text("# A question\n", encoding="utf-8")
    with contextlib.chdir(folder):
        loaded = load_experiment(folder, environ={}, home=tmp_path)
    code = provenance.archive(loaded, provenance.describe(loaded), tmp_path / "code.zip")
    with zipfile.ZipFile(code) as archive:
        book = json.loads(archive.read("codebook.json"))
    assert book["items"]["offer"]["prompt"] == "How much do you offer?"


def test_the_archive_of_another_experiments_code_has_none(tmp_path: Path) -> None:
    folder = DEMOS / "pushbutton"
    with contextlib.chdir(folder):
        loaded = load_experiment(folder, environ={}, home=tmp_path)
    code = provenance.archive(loaded, provenance.describe(loaded), tmp_path / "code.zip")
    with zipfile.ZipFile(code) as archive:
        assert "codebook.json" not in archive.namelist()


def test_a_study_that_was_exported_half_way_goes_on_when_it_is_loaded(
    open_study: OpenStudy, tmp_path: Path
) -> None:
    class Sharing(Ultimatum):
        conditions = MappingProxyType({"colour": ["red", "blue"]})

    here = open_study(Sharing, ULTIMATUM_PAGES, points_per_dollar=10, participants=2)
    proposer, responder = pair(here)
    answer(proposer, offer=4)
    before = {person.id: due(person).body for person in (proposer, responder)}
    path = write_zip(here.engine, tmp_path, app_id="run", scrub=False)
    again = open_study(Sharing, ULTIMATUM_PAGES, launch=False, points_per_dollar=10, participants=2)
    load_zip(path, again.engine)
    again.arrived = 2
    # They open their entry links again.
    proposer, responder = (
        again.arrive(workerId=person.worker_id, assignmentId=person.assignment_id)
        for person in (proposer, responder)
    )
    assert {person.id: due(person)["path"] for person in (proposer, responder)} == {
        number: body["path"] for number, body in before.items()
    }
    assert "They offer 4." in due(responder)["html"]
    answer(responder, accept="yes")
    assert "You have 6 points." in due(proposer)["html"]
    again.work()
    # A newcomer gets the next slot of the design.
    newcomer = again.arrive()
    due(newcomer)
    (place,) = [item for item in again.items("place") if item["participant_id"] == newcomer.id]
    assert place["slot"] == "conditions#3"


ADDRESS = "ann@example.org"


class Addresses(Study):
    """Asks for an address in an item, in a form of SurveyJS, and in a task that records trials."""

    where = email("Where may we write to you?")
    timeline = (Form("first", ask="where"), Embed("form.html"), Embed("task.html", trials=True), End())


@pytest.mark.parametrize("scrub", [True, False])
def test_a_shared_export_has_no_address_that_a_participant_gave(
    open_study: OpenStudy, tmp_path: Path, scrub: bool
) -> None:
    here = open_study(Addresses)
    person = here.arrive()
    answer(person, where=ADDRESS)
    contacts = {"home": ADDRESS, "name": "Ann"}
    answers = [
        {"item": "mail", "kind": "email", "answer": f"me {ADDRESS}"},
        {"item": "contacts", "kind": "multipletext", "answer": contacts},
    ]
    answer(person, 2, first=0, trials=[], done=True, answers=answers)
    trial = {"response": {"Q0": ADDRESS}, "rt": 5}
    answer(person, 3, first=0, trials=[trial], done=True)
    here.work()
    with zipfile.ZipFile(write_zip(here.engine, tmp_path, app_id="run", scrub=scrub)) as archive:
        texts = [archive.read(name).decode(errors="replace") for name in archive.namelist()]
    assert any("Ann" in text for text in texts)
    assert any(ADDRESS in text for text in texts) is not scrub
