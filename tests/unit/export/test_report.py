"""Reports of all experiments look alike, and say which run they are about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

from chalicelib.experiment.loader.experiment_folder import load_experiment
from chalicelib.export import write_zip
from chalicelib.model.participant import Participant
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from chalicelib.study.study import Study
from infra.reports.study_report import study_report
from infra.scaffold import create
from petri.data import Data
from petri.report import Report, about, figure, table
from petri.report_style import STYLE
from tests.unit.export.runs import at_minute

DEMOS = Path(__file__).parents[3] / "demos"
REPORTING = sorted(path.name for path in DEMOS.iterdir() if (path / "experiment.py").is_file())


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[SQLiteEngine]:
    made = SQLiteEngine(tmp_path / "run.sqlite")
    yield made
    made.close()


def exported(engine: SQLiteEngine, tmp_path: Path, *recruiters: str, **settings: Any) -> Data:
    for number, recruiter in enumerate(recruiters):
        with at_minute(engine, number * 24 * 60) as work:
            work.save(Participant(recruiter, f"w{number}", f"a{number}", "h", "live"))
            work.commit()
    manifest = {"experiment": "study <1>", "settings": settings}
    return Data(write_zip(engine, tmp_path / "run-data.zip", app_id="run", manifest=manifest))


@pytest.mark.parametrize(
    ("recruiters", "said"),
    [
        ((), "none"),
        (("mturk",), "1 person"),
        (("prolific", "link", "hotair"), "3 people"),
        (("bots:Bot",), "1 bot"),
        (("bots", "mturk", "bots:Bot", "mturk"), "2 people and 2 bots"),
    ],
)
def test_a_report_says_whether_people_or_bots_took_part(
    engine: SQLiteEngine, tmp_path: Path, recruiters: tuple[str, ...], said: str
) -> None:
    assert about(exported(engine, tmp_path, *recruiters))["Participants"] == said


def test_a_report_says_on_which_days_participants_began(engine: SQLiteEngine, tmp_path: Path) -> None:
    assert about(exported(engine, tmp_path, "mturk", "mturk"))["Date"] == "17 May 2024 to 18 May 2024"


@pytest.mark.parametrize(("settings", "seed"), [({"run_seed": 7}, "7"), ({"run_seed": 0}, "0"), ({}, "run")])
def test_a_report_says_from_which_seed_was_drawn(
    engine: SQLiteEngine, tmp_path: Path, settings: dict[str, int], seed: str
) -> None:
    assert about(exported(engine, tmp_path, **settings))["Seed"] == seed


def test_the_facts_stand_below_the_title_and_are_escaped(engine: SQLiteEngine, tmp_path: Path) -> None:
    page = Report("A & B", html="<p>body</p>", about=about(exported(engine, tmp_path))).page
    assert re.search(r"<h1>A &amp; B</h1>\s*<dl class=\"facts\">.*</dl>\s*<p>body</p>", page, re.DOTALL)
    assert "<dd>study &lt;1&gt;</dd>" in page
    assert STYLE in page


def test_a_table_is_escaped_and_sets_words_to_the_left() -> None:
    made = table(("name", "words", "said"), [("<b>", 3, "<i>"), ("Ann", "1,200", "-")], "Who & what")
    assert '<tr><th scope="row">&lt;b&gt;</th><td>3</td><td class="left">&lt;i&gt;</td></tr>' in made
    assert '<th scope="col">words</th><th scope="col" class="left">said</th>' in made
    assert "<caption>Who &amp; what</caption>" in made


def test_a_figure_has_its_caption_below_it() -> None:
    assert figure("<svg></svg>", "a < b") == (
        "<figure><svg></svg>\n<figcaption>a &lt; b</figcaption></figure>"
    )


def folder_of(name: str, tmp_path: Path) -> Path:
    return create("fresh", tmp_path) if name == "petri new" else DEMOS / name


@pytest.mark.parametrize("name", [*REPORTING, "petri new"])
def test_each_experiment_has_a_report_in_the_shared_style(
    engine: SQLiteEngine, tmp_path: Path, name: str
) -> None:
    folder = folder_of(name, tmp_path)
    with chdir(folder):
        loaded = load_experiment(folder, environ={}, home=tmp_path / "nobody")
        data = exported(engine, tmp_path)
        report = loaded.experiment_class().analyze(data)
    if report is None and issubclass(loaded.experiment_class, Study):
        # A study whose author has written none.
        report = study_report(data)
    assert isinstance(report, Report)
    assert report.title
    assert report.lines
    # Nothing of its own that the shared style decides: page, title, colours and fonts.
    own = report.html + report.style
    assert not re.search(r"<html|<h1|<style|font-family|font:|#[0-9a-f]{6}\b|body\s*\{|<table>\s*<tr", own)
    assert STYLE in report.page
